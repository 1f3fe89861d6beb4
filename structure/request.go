package structure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Request is what somebody asks of a structure: to join the whole of it or some of
// its services.
type Request struct {
	Structure ID          `validate:"required,id"`
	Whole     bool        // the whole structure, present and future services
	Services  []ServiceID `validate:"max=1000,dive,id"` // otherwise these; not both
	Comment   string      `validate:"max=255,text"`     // why; required unless the policy says otherwise
	From      authz.Date  `validate:"day"`              // first day. Defaults to today.
	Until     authz.Date  `validate:"day"`              // last day, included. Defaults to none: for ever.

	// Via is the structure, a management centre, on whose behalf the person asks; one
	// has to belong to it. Defaults to none: in the person's own name.
	Via ID `validate:"omitempty,id"`
}

func (r Request) scope() Scope {
	if r.Whole {
		return Whole()
	}
	return Services(r.Services...)
}

// Request asks to join a structure, or a member for more of it. It
// has no effect until a manager approves it; those who may are told by mail.
// [Service.PrepareRequest] tells beforehand what there is to know.
//
// Errors: ErrInvalid naming every bad field, services that are unknown there or not
// active among them, and a management centre that the person does not belong to;
// [ErrNotFound]; [ErrStructureInactive]; [ErrEmptyScope]; [ErrRequestPending];
// [ErrAlreadyMember]; [ErrMembershipDisabled]; [ErrSupplierJoinsBuyer].
func (s *Service) Request(ctx context.Context, by account.Actor, r Request) (Membership, error) {
	o := s.request(ctx, by, r, s.clock())
	return o.Membership, o.Err
}

// RequestMany asks to join several structures, each as [Service.Request] does, in a unit
// of its own and with a result of its own, in the order given. The results carry
// the warnings of the policy. Errors of the whole: ErrInvalid for more than
// MaxBulk.
func (s *Service) RequestMany(ctx context.Context, by account.Actor, rs ...Request) ([]Outcome, error) {
	if err := checkBulk("structure.RequestMany", "requests", len(rs)); err != nil {
		return nil, err
	}
	now := s.clock()
	out := make([]Outcome, 0, len(rs))
	for _, r := range rs {
		out = append(out, s.request(ctx, by, r, now))
	}
	return out, nil
}

func (s *Service) request(ctx context.Context, by account.Actor, r Request, now time.Time) Outcome {
	const op = "structure.Request"
	o := Outcome{Structure: r.Structure}
	today := authz.DateOf(now.In(s.zone))
	r.Comment = multiline(r.Comment)
	err := check.Struct(op, r, s.badAsking(r.Comment, r.Whole, r.Services, r.From, r.Until, today)...)
	switch {
	case err == nil && r.scope().IsZero():
		err = ErrEmptyScope
	case err != nil && r.scope().IsZero(): // named with the others
		scope := fault.Field{Path: "services", Code: "required"}
		err = fault.Invalid(op, append([]fault.Field{scope}, fault.FieldsOf(err)...)...)
	}
	if err != nil {
		o.Err = err
		return o
	}
	if r.From.IsZero() {
		r.From = today
	}
	comment, noteErr := s.note(r.Comment)
	fresh, idErr := s.ids.New(now)
	if o.Err = errors.Join(noteErr, idErr); o.Err != nil {
		return o
	}
	o.Err = s.store.Update(ctx, func(tx Tx) error {
		o.Membership, o.Warnings = Membership{}, nil
		j, err := s.joinable(ctx, tx, op, by, r, now)
		if err != nil {
			return err
		}
		held := j.Membership
		if held.ID == "" {
			held = Membership{ID: MembershipID(fresh), Account: by.ID, Structure: r.Structure, CreatedAt: now}
		}
		if held.Status != StatusApproved {
			held.Via = r.Via
		}
		m, err := held.Ask(r.scope(), authz.Between(r.From, r.Until, s.zone), comment, now)
		if err != nil {
			return err
		}
		if err := keepActive(ctx, tx, by.ID); err != nil {
			return err
		}
		if err := s.putMembershipAfter(ctx, tx, j.Head, by, "membership.requested", &m, now); err != nil {
			return err
		}
		o.Membership, o.Warnings = m, j.warnings
		return s.tellOfRequest(ctx, tx, j.heard, notify.MailMembershipRequested, j.Account, j.Structure, j.units, m, fmt.Sprintf("requested/%s/%d", m.ID, m.Version), now)
	})
	if errors.Is(o.Err, fault.ErrExists) {
		o.Err = ErrRequestPending // the same person asked twice at the same moment
	}
	if o.Err != nil {
		o.Membership, o.Warnings = Membership{}, nil
	}
	o.ID = o.Membership.ID
	return o
}

// badAsking names what is wrong with a comment, a scope and days, however they are
// meant: a comment that the policy asks for, two scopes in one, days that are over.
func (s *Service) badAsking(comment string, whole bool, services []ServiceID, from, until, today authz.Date) []fault.Field {
	bad := endsBeforeItBegins(from, until)
	if comment == "" && !s.policy.Memberships.CommentOptional {
		bad = append(bad, fault.Field{Path: "comment", Code: "required"})
	}
	if whole && len(services) > 0 {
		bad = append(bad, fault.Field{Path: "services", Code: "excluded_by_whole"})
	}
	over := func(d authz.Date) bool { return !d.IsZero() && d.In(time.UTC).Before(today.In(time.UTC)) }
	if over(from) {
		bad = append(bad, fault.Field{Path: "from", Code: "past"})
	}
	if over(until) && len(endsBeforeItBegins(from, until)) == 0 {
		bad = append(bad, fault.Field{Path: "until", Code: "past"})
	}
	return bad
}

// joining is who asks for what, with what the policy has to say about it.
type joining struct {
	Standing
	heard    *Hearing // nil if it is still to be asked who is
	units    []Unit   // of the structure, if the request names any
	warnings []Warning
}

// joinable loads who asks for what and checks that it can be asked for.
func (s *Service) joinable(ctx context.Context, tx Tx, op string, by account.Actor, r Request, now time.Time) (joining, error) {
	at, heard, err := hearing(ctx, tx, by, r.Structure)
	j := joining{Standing: at, heard: heard}
	if err != nil {
		return j, err
	}
	if at.Structure.Status != StatusActive {
		return j, ErrStructureInactive
	}
	var bad []fault.Field
	if !r.Whole {
		if j.units, err = tx.Units(ctx, r.Structure); err != nil {
			return j, err
		}
		bad = unavailable(j.units, r.scope(), Scope{}, now)
	}
	if r.Via != "" {
		belongs, err := s.belongs(ctx, tx, by.ID, r.Via, now)
		if err != nil {
			return j, err
		}
		if !belongs || r.Via == r.Structure {
			bad = append(bad, fault.Field{Path: "via", Code: "member"})
		}
	}
	if len(bad) > 0 {
		return j, fault.Invalid(op, bad...)
	}
	j.warnings, err = s.supplierJoins(ctx, tx, at, now)
	return j, err
}

// belongs reports whether an account is a member of a structure that may look at it, at
// an instant.
func (s *Service) belongs(ctx context.Context, tx Tx, who account.ID, id ID, now time.Time) (bool, error) {
	at, err := tx.Standing(ctx, who, id)
	if err != nil {
		return false, err
	}
	return at.Structure.ID != "" && s.permitted(at.Account, at.Structure, at.Membership, authz.ActionViewStructure, now) == nil, nil
}

// unavailable names the services of a scope that the structure does not have, and those
// that are neither held nor may be given at the instant.
func unavailable(units []Unit, scope, held Scope, now time.Time) []fault.Field {
	var bad []fault.Field
	for i, id := range scope.Services {
		j := slices.IndexFunc(units, func(u Unit) bool { return u.ID == id })
		over := j >= 0 && (!units[j].Active || units[j].Validity.After(now))
		if j < 0 || over && !held.Covers(Services(id)) {
			bad = append(bad, fault.Field{Path: fmt.Sprintf("services[%d]", i), Code: "service"})
		}
	}
	return bad
}

// tellOfRequest mails those who may decide about a request.
func (s *Service) tellOfRequest(
	ctx context.Context, tx Tx, heard *Hearing, t notify.Template, applicant account.Card, st Structure, units []Unit, m Membership, key string, now time.Time,
) error {
	return s.tellManagers(ctx, tx, heard, st, authz.ActionDecideMemberships, applicant.ID, key, t, notify.Values{
		"Applicant": applicant.DisplayName(), "Scope": describe(units, m.Asked), "At": m.RequestedAt.Format(time.RFC3339),
		"Link": s.links.To(s.links.Requests, string(m.ID)),
	}, now)
}

// describe names the services of a scope for people; the whole structure is "".
func describe(units []Unit, scope Scope) string {
	var names []string
	for _, u := range units {
		if slices.Contains(scope.Services, u.ID) {
			names = append(names, u.Code+" "+u.Name)
		}
	}
	return strings.Join(names, ", ")
}
