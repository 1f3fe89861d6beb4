package structure

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Verdict is a manager's answer to lines that one person asked for in one structure.
type Verdict struct {
	Requested []SubscriptionID `validate:"min=1,max=100,dive,id"` // the lines that are answered
	Comment   string           `validate:"max=255,text"`          // the person reads it. Defaults to none.

	// Ticked is the outcome: requested lines that are not in it are refused, and what is
	// in it without having been requested is granted. Defaults to what was
	// requested.
	Ticked []Line `validate:"max=100,dive"`
}

// ApproveSubscriptions answers lines that one person asked for in one structure: what is
// ticked is approved, the rest of it refused, in one unit. What was checked when
// the person asked is checked again; if the membership has ended meanwhile, every line
// is cancelled. The person is told by mail.
//
// Errors: ErrInvalid naming every bad field; [ErrNotFound], also for lines of more than
// one person or structure; [ErrDenied]; [ErrOwnRequest]; [ErrApplicantGone];
// [ErrMembershipDisabled]; [ErrStructureInactive]; [ErrAlreadyDecided] together with the
// lines as they are; and, naming the ticked lines, [ErrSpaceNotOpen], [ErrSpaceFixed],
// [ErrServiceNotHeld], [ErrAlreadySubscribed].
func (s *Service) ApproveSubscriptions(ctx context.Context, by account.Actor, v Verdict) ([]Subscription, error) {
	const op = "structure.ApproveSubscriptions"
	v.Comment = multiline(v.Comment)
	bad := repeats("ticked", v.Ticked)
	if v.Ticked != nil && len(v.Ticked) == 0 {
		bad = append(bad, fault.Field{Path: "ticked", Code: "required"})
	}
	if err := check.Struct(op, v, bad...); err != nil {
		return nil, err
	}
	now := s.clock()
	var out []Subscription
	err := s.store.Update(ctx, func(tx Tx) error {
		d, lines, err := s.requested(ctx, tx, by, v.Requested, now)
		if err != nil {
			return err
		}
		if err := s.answerable(d, lines); err != nil {
			out = lines
			return err
		}
		if d.gone() {
			out, err = s.cancel(ctx, tx, by, d, lines)
			return err
		}
		out, err = s.verdict(op, by, d, lines, v)
		if err != nil {
			out = nil
			return err
		}
		return s.putDecided(ctx, tx, by, d, out, v.Comment)
	})
	return out, err
}

// RejectSubscriptions refuses lines that one person asked for in one structure, all of
// them or none; the person reads the reason.
//
// Errors: ErrInvalid without a reason of 1 to 255 characters; [ErrNotFound];
// [ErrDenied]; [ErrOwnRequest]; [ErrAlreadyDecided] together with the lines as they are.
func (s *Service) RejectSubscriptions(ctx context.Context, by account.Actor, ids []SubscriptionID, r Refusal) ([]Subscription, error) {
	const op = "structure.RejectSubscriptions"
	r.Reason = multiline(r.Reason)
	if err := check.Struct(op, r, check.Value("requested", ids, "min=1,max=100,dive,id")...); err != nil {
		return nil, err
	}
	now := s.clock()
	var out []Subscription
	err := s.store.Update(ctx, func(tx Tx) error {
		d, lines, err := s.requested(ctx, tx, by, ids, now)
		if err != nil {
			return err
		}
		out = slices.Clone(lines)
		for i, line := range lines {
			if out[i], err = s.rejected(by, d, line, r.Reason); err != nil {
				out = lines
				return err
			}
		}
		return s.putDecided(ctx, tx, by, d, out, r.Reason)
	})
	return out, err
}

// requested loads lines of one person in one structure for a manager who may decide
// about lines there.
func (s *Service) requested(ctx context.Context, tx Tx, by account.Actor, ids []SubscriptionID, now time.Time) (desk, []Subscription, error) {
	if err := account.MayAct(by); err != nil {
		return desk{}, nil, err
	}
	lines, err := linesOf(ctx, tx, SubscriptionQuery{IDs: ids})
	if err != nil {
		return desk{}, nil, err
	}
	for _, line := range lines {
		if line.Account != lines[0].Account || line.Structure != lines[0].Structure {
			return desk{}, nil, ErrNotFound
		}
	}
	unique := slices.Clone(ids)
	slices.Sort(unique)
	if len(lines) == 0 || len(lines) != len(slices.Compact(unique)) {
		return desk{}, nil, ErrNotFound
	}
	d, err := s.desk(ctx, tx, by, lines[0].Account, lines[0].Structure, now)
	if err != nil {
		return d, nil, err
	}
	return d, lines, s.may(d, authz.ActionDecideSubscriptions, "")
}

// answerable says why lines cannot be approved by whoever acts, if so.
func (s *Service) answerable(d desk, lines []Subscription) error {
	for _, line := range lines {
		if err := line.decidable(d.Account.ID); err != nil {
			return err
		}
		if err := s.may(d, authz.ActionDecideSubscriptions, line.Space); err != nil {
			return err
		}
	}
	switch {
	case d.Structure.Status != StatusActive:
		return ErrStructureInactive
	case !living(d.subject.Account):
		return ErrApplicantGone
	case d.subject.Membership.Status == StatusDisabled:
		return ErrMembershipDisabled
	default:
		return nil
	}
}

// gone reports whether the membership that would carry the lines has ended.
func (d desk) gone() bool {
	m := d.subject.Membership
	return m.Status != StatusApproved && m.Status != StatusDisabled || m.Validity.After(d.at)
}

// verdict decides every line of a verdict; the error names ticked lines that cannot be.
func (s *Service) verdict(op string, by account.Actor, d desk, lines []Subscription, v Verdict) ([]Subscription, error) {
	ticked := v.Ticked
	if ticked == nil {
		for _, line := range lines {
			ticked = append(ticked, line.Line())
		}
	}
	found := make([]objection, len(ticked))
	for i, l := range ticked {
		found[i] = d.object(s.authz, l)
	}
	if err := complain(op, "ticked", found); err != nil {
		return nil, err
	}
	var out []Subscription
	for _, line := range lines {
		reason, err := s.noteIf(v.Comment)
		if err != nil {
			return nil, err
		}
		if slices.Contains(ticked, line.Line()) {
			line, err = line.Approve(reason, by.ID, d.at)
		} else {
			line, err = line.Reject(reason, by.ID, d.at)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	for _, l := range ticked {
		more := d.find(l)
		if more.Status == SubscriptionApproved || slices.ContainsFunc(lines, func(s Subscription) bool { return s.Line() == l }) {
			continue
		}
		more, err := s.start(by, d, l, lines[0].Batch, lines[0].Validity, Note{}, true)
		if err != nil {
			return nil, err
		}
		out = append(out, more)
	}
	return out, nil
}

// noteIf is note, but no note of no text.
func (s *Service) noteIf(text string) (Note, error) {
	if text == "" {
		return Note{}, nil
	}
	return s.note(text)
}

// approved decides one line as it was asked for.
func (s *Service) approved(by account.Actor, d desk, line Subscription) (Subscription, error) {
	if err := s.answerable(d, []Subscription{line}); err != nil {
		return line, err
	}
	if err := complain("", "line", []objection{d.object(s.authz, line.Line())}); err != nil {
		return line, err
	}
	return line.Approve(Note{}, by.ID, d.at)
}

// rejected refuses one line.
func (s *Service) rejected(by account.Actor, d desk, line Subscription, reason string) (Subscription, error) {
	if err := line.decidable(by.ID); err != nil {
		return line, err
	}
	if err := s.may(d, authz.ActionDecideSubscriptions, line.Space); err != nil {
		return line, err
	}
	why, err := s.noteIf(reason)
	if err != nil {
		return line, err
	}
	return line.Reject(why, by.ID, d.at)
}

// cancel ends lines whose membership has ended.
func (s *Service) cancel(ctx context.Context, tx Tx, by account.Actor, d desk, lines []Subscription) ([]Subscription, error) {
	out := slices.Clone(lines)
	for i, line := range lines {
		var err error
		if out[i], err = line.End(by.ID, d.at); err != nil {
			return nil, err
		}
	}
	ended := func(Subscription) notify.Kind { return "subscription.ended" }
	return out, s.putSubscriptions(ctx, tx, d.Head, by, out, ended, d.at)
}

// becameByDecision is what the history calls the answer to a line.
func (s Subscription) becameByDecision() notify.Kind {
	if s.Status == SubscriptionApproved {
		return "subscription.approved"
	}
	return "subscription.rejected"
}

// putDecided stores decided lines of one person and tells that person.
func (s *Service) putDecided(ctx context.Context, tx Tx, by account.Actor, d desk, lines []Subscription, reason string) error {
	if len(lines) == 0 {
		return nil
	}
	if err := s.putSubscriptions(ctx, tx, d.Head, by, lines, Subscription.becameByDecision, d.at); err != nil {
		return err
	}
	var yes, no []Subscription
	for _, line := range lines {
		if line.Status == SubscriptionApproved {
			yes = append(yes, line)
		} else {
			no = append(no, line)
		}
	}
	to := d.subject.Account
	return s.tellSubscriber(ctx, tx, to, d.Structure, lines[0], notify.MailSubscriptionDecided, notify.Values{
		"Approved": s.describeLines(to.Language, d.units, yes), "Refused": s.describeLines(to.Language, d.units, no), "Reason": reason,
	}, d.at)
}
