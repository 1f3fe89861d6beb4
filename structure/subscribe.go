package structure

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// SubscriptionRequest is what a member asks of a structure: rights in its spaces.
type SubscriptionRequest struct {
	Structure ID         `validate:"required,id"`
	Lines     []Line     `validate:"min=1,max=100,dive"` // reading and writing are a line each
	From      authz.Date `validate:"day"`                // first day; required
	Comment   string     `validate:"max=255,text"`       // Defaults to none.
}

// RequestSubscriptions asks for rights in the spaces of a structure, all lines or none
// . A line has no effect until a manager approves it; those who may are
// told by mail. Lines are approved at once for a manager who may grant them, and
// for spaces that are open to all (C-22).
//
// Errors: ErrInvalid naming every bad field; [ErrNotFound] for whoever is no member;
// [ErrStructureInactive]; [ErrMembershipDisabled]; [ErrMembershipEnded]; and, naming the
// lines, [ErrSpaceNotOpen], [ErrSpaceFixed], [ErrServiceNotHeld], [ErrSubscriptionPending],
// [ErrAlreadySubscribed].
func (s *Service) RequestSubscriptions(ctx context.Context, by account.Actor, r SubscriptionRequest) ([]Subscription, error) {
	const op = "structure.RequestSubscriptions"
	now := s.clock()
	r.Comment = multiline(r.Comment)
	if err := check.Struct(op, r, append(repeats("lines", r.Lines), s.firstDay(r.From, now)...)...); err != nil {
		return nil, err
	}
	var out []Subscription
	err := s.store.Update(ctx, func(tx Tx) error {
		d, err := s.desk(ctx, tx, by, by.ID, r.Structure, now)
		if err != nil {
			return err
		}
		out, err = s.begin(ctx, tx, by, d, asking{op: op, lines: r.Lines, from: r.From, comment: r.Comment})
		return err
	})
	if errors.Is(err, fault.ErrExists) {
		err = ErrSubscriptionPending.In(op) // the same person asked twice at the same moment
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// firstDay names what is wrong with the day from which a subscription is to hold.
func (s *Service) firstDay(from authz.Date, now time.Time) []fault.Field {
	switch {
	case from.IsZero():
		return []fault.Field{{Path: "from", Code: "required"}}
	case from.Valid() && from.In(time.UTC).Before(authz.DateOf(now.In(s.zone)).In(time.UTC)):
		return []fault.Field{{Path: "from", Code: "past"}}
	default:
		return nil
	}
}

// desk loads what subscriptions of an account in a structure are decided from, for
// somebody who acts there. Whoever is no member there gets [ErrNotFound].
func (s *Service) desk(ctx context.Context, tx Tx, by account.Actor, who account.ID, st ID, now time.Time) (desk, error) {
	d := desk{at: now}
	var err error
	if d.Standing, err = standing(ctx, tx, by, st); err != nil {
		return d, err
	}
	if d.Membership.ID == "" || !ids.Valid(who) {
		return d, ErrNotFound
	}
	if d.subject = d.Standing; who != by.ID {
		if d.subject, err = tx.Standing(ctx, who, st); err != nil {
			return d, err
		}
	}
	if d.units, err = tx.Units(ctx, st); err != nil {
		return d, err
	}
	if d.lines, err = linesOf(ctx, tx, SubscriptionQuery{Account: who, Structures: []ID{st}}); err != nil {
		return d, err
	}
	if d.own = d.lines; who != by.ID {
		d.own, err = linesOf(ctx, tx, SubscriptionQuery{Account: by.ID, Structures: []ID{st}, Statuses: openLines()})
	}
	return d, err
}

// may checks that whoever acts may do an action on lines for a space. The space that
// gives powers of a manager takes more: only the principal manager, and who holds it,
// pass it on.
func (s *Service) may(d desk, act authz.Action, space authz.Space) error {
	if err := s.permitted(d.Account, d.Structure, d.Membership, act, d.at, d.own...); err != nil || space != authz.SpaceOrganisation {
		return err
	}
	if d.Membership.Role == RolePrincipalManager {
		return nil
	}
	held := authz.Decide(Facts(s.authz, d.Account, d.Structure, d.units, d.Membership, d.own...), authz.Request{
		Account: d.Account.ID, Structure: d.Structure.ID, Space: space, Level: authz.Write, At: d.at,
	})
	if s.policy.Subscriptions.OrganisationByPrincipal || !held.Allowed {
		return ErrDenied
	}
	return nil
}

// asking is what is to become of some lines.
type asking struct {
	op      string
	lines   []Line
	from    authz.Date
	comment string
	grant   bool // a manager gives; otherwise who may not give asks
}

// begin writes lines that the subject asks for or is given.
func (s *Service) begin(ctx context.Context, tx Tx, by account.Actor, d desk, a asking) ([]Subscription, error) {
	if d.Structure.Status != StatusActive {
		return nil, ErrStructureInactive
	}
	if err := d.member(); err != nil {
		return nil, err
	}
	from := a.from.In(s.zone).UTC()
	if begins := d.subject.Membership.Validity.FirstDay(s.zone); !begins.IsZero() && from.Before(begins.In(s.zone)) {
		return nil, fault.Invalid(a.op, fault.Field{Path: "from", Code: "before_membership"})
	}
	batch, err := s.ids.New(d.at)
	if err != nil {
		return nil, err
	}
	found := make([]objection, len(a.lines))
	out := make([]Subscription, len(a.lines))
	for i, l := range a.lines {
		if found[i] = d.object(s.authz, l); found[i].code != "" {
			continue
		}
		comment, err := s.note(a.comment)
		if err != nil {
			return nil, err
		}
		out[i], err = s.start(by, d, l, batch, authz.Validity{From: from}, comment, a.grant)
		var no *fault.Error
		if errors.As(err, &no) && (errors.Is(err, ErrSubscriptionPending) || errors.Is(err, ErrAlreadySubscribed)) {
			found[i] = objects(no)
		} else if err != nil {
			return nil, err
		}
	}
	if err := complain(a.op, "lines", found); err != nil {
		return nil, err
	}
	return out, s.putAsked(ctx, tx, by, d, out)
}

// start returns a line as it begins: granted by who may, taken where that is free, else
// asked for.
func (s *Service) start(by account.Actor, d desk, l Line, batch string, v authz.Validity, comment Note, grant bool) (Subscription, error) {
	line, err := s.newLine(d, l)
	if err != nil {
		return line, err
	}
	spec, _ := s.authz.Spec(l.Space)
	may := s.may(d, authz.ActionGrantSubscriptions, l.Space)
	switch {
	case may == nil:
		return line.Grant(OriginManager, batch, v, comment, by.ID, d.at)
	case grant:
		return line, may
	case spec.SelfService:
		return line.Grant(OriginSelfService, batch, v, comment, by.ID, d.at)
	default:
		return line.Ask(OriginRequest, batch, v, comment, d.at)
	}
}

// newLine returns the subject's line for a right, with a name of its own if it is new.
func (s *Service) newLine(d desk, l Line) (Subscription, error) {
	line := d.find(l)
	if line.ID != "" {
		return line, nil
	}
	id, err := s.ids.New(d.at)
	line.ID, line.CreatedAt = SubscriptionID(id), d.at
	return line, err
}

// putAsked stores lines that begin, and tells who has to know.
func (s *Service) putAsked(ctx context.Context, tx Tx, by account.Actor, d desk, lines []Subscription) error {
	if err := keepAsking(ctx, tx, by, lines); err != nil {
		return err
	}
	if err := s.putSubscriptions(ctx, tx, d.Head, by, lines, Subscription.began, d.at); err != nil {
		return err
	}
	return s.tellAsked(ctx, tx, by, d, lines)
}

// keepAsking is keepActive for whoever leaves a line that waits for a decision.
func keepAsking(ctx context.Context, tx Tx, by account.Actor, lines []Subscription) error {
	if !slices.ContainsFunc(lines, Subscription.Undecided) {
		return nil
	}
	return keepActive(ctx, tx, by.ID)
}

// tellAsked tells who has to know of lines that begin: those who decide about what waits,
// and the subject of what somebody else gave.
func (s *Service) tellAsked(ctx context.Context, tx Tx, by account.Actor, d desk, lines []Subscription) error {
	var asked, given []Subscription
	for _, line := range lines {
		if line.Undecided() {
			asked = append(asked, line)
		} else {
			given = append(given, line)
		}
	}
	if len(asked) > 0 {
		if err := s.tellOfLines(ctx, tx, d.subject.Account, d.Structure, d.units, asked, d.at); err != nil {
			return err
		}
	}
	if len(given) > 0 && d.subject.Account.ID != by.ID {
		return s.tellGranted(ctx, tx, d, given)
	}
	return nil
}
