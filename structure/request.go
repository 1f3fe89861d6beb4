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
	Services  []ServiceID `validate:"max=1000,dive,id"`      // otherwise these; not both
	Comment   string      `validate:"required,max=255,text"` // why
	From      authz.Date  `validate:"day"`                   // first day. Defaults to today.
	Until     authz.Date  `validate:"day"`                   // last day, included. Defaults to none: for ever.
}

func (r Request) scope() Scope {
	if r.Whole {
		return Whole()
	}
	return Services(r.Services...)
}

// Request asks to join a structure, or a member for more of it. It
// has no effect until a manager approves it; those who may are told by mail.
//
// Errors: ErrInvalid naming every bad field, services that are unknown there or not
// active among them; [ErrNotFound]; [ErrStructureInactive]; [ErrEmptyScope];
// [ErrRequestPending]; [ErrAlreadyMember]; [ErrMembershipDisabled].
func (s *Service) Request(ctx context.Context, by account.Actor, r Request) (Membership, error) {
	const op = "structure.Request"
	now := s.clock()
	today := authz.DateOf(now.In(s.zone))
	r.Comment = tidy(r.Comment)
	more := endsBeforeItBegins(r.From, r.Until)
	if r.Whole && len(r.Services) > 0 {
		more = append(more, fault.Field{Path: "services", Code: "excluded_by_whole"})
	}
	if !r.From.IsZero() && r.From.In(time.UTC).Before(today.In(time.UTC)) {
		more = append(more, fault.Field{Path: "from", Code: "past"})
	}
	err := check.Struct(op, r, more...)
	switch {
	case err == nil && r.scope().IsZero():
		return Membership{}, ErrEmptyScope
	case err != nil && r.scope().IsZero(): // named with the others
		scope := fault.Field{Path: "services", Code: "required"}
		return Membership{}, fault.Invalid(op, append([]fault.Field{scope}, fault.FieldsOf(err)...)...)
	case err != nil:
		return Membership{}, err
	}
	if r.From.IsZero() {
		r.From = today
	}
	comment, err := s.note(r.Comment)
	if err != nil {
		return Membership{}, err
	}
	fresh, err := s.ids.New(now)
	if err != nil {
		return Membership{}, err
	}
	var m Membership
	err = s.store.Update(ctx, func(tx Tx) error {
		at, units, err := s.joinable(ctx, tx, op, by, r, now)
		if err != nil {
			return err
		}
		held := at.Membership
		if held.ID == "" {
			held = Membership{ID: MembershipID(fresh), Account: by.ID, Structure: r.Structure, CreatedAt: now}
		}
		if m, err = held.Ask(r.scope(), authz.Between(r.From, r.Until, s.zone), comment, now); err != nil {
			return err
		}
		if err := s.putMembershipAfter(ctx, tx, at.Head, by, "membership.requested", &m, now); err != nil {
			return err
		}
		return s.tellApprovers(ctx, tx, at.Account, at.Structure, units, m, now)
	})
	if errors.Is(err, fault.ErrExists) {
		err = ErrRequestPending // the same person asked twice at the same moment
	}
	if err != nil {
		return Membership{}, err
	}
	return m, nil
}

// joinable loads who asks for what and checks that it can be asked for.
func (s *Service) joinable(ctx context.Context, tx Tx, op string, by account.Actor, r Request, now time.Time) (Standing, []Unit, error) {
	at, err := standing(ctx, tx, by, r.Structure)
	if err != nil {
		return at, nil, err
	}
	if at.Structure.Status != StatusActive {
		return at, nil, ErrStructureInactive
	}
	if r.Whole {
		return at, nil, nil
	}
	units, err := tx.Units(ctx, r.Structure)
	if err != nil {
		return at, nil, err
	}
	if bad := unavailable(units, r.scope(), now); len(bad) > 0 {
		return at, nil, fault.Invalid(op, bad...)
	}
	return at, units, nil
}

// unavailable names the services of a scope that the structure does not have or
// that may not be given at the instant.
func unavailable(units []Unit, scope Scope, now time.Time) []fault.Field {
	var bad []fault.Field
	for i, id := range scope.Services {
		j := slices.IndexFunc(units, func(u Unit) bool { return u.ID == id })
		if j < 0 || !units[j].Active || units[j].Validity.After(now) {
			bad = append(bad, fault.Field{Path: fmt.Sprintf("services[%d]", i), Code: "service"})
		}
	}
	return bad
}

// tellApprovers mails those who may decide: the principal manager, and secondary
// managers while the principal lends own powers.
func (s *Service) tellApprovers(ctx context.Context, tx Tx, applicant account.Account, st Structure, units []Unit, m Membership, now time.Time) error {
	roles := []Role{RolePrincipalManager}
	if st.Delegated.Users {
		roles = append(roles, RoleSecondaryManager)
	}
	for _, role := range roles {
		managers, err := tx.Members(ctx, MembershipQuery{Structures: []ID{st.ID}, Statuses: []MembershipStatus{StatusApproved}, Role: role})
		if err != nil {
			return err
		}
		for _, manager := range managers {
			to := manager.Account
			if to.ID == applicant.ID || s.permitted(to, st, manager.Membership, authz.ActionDecideMemberships, now) != nil {
				continue
			}
			if err := s.journal.Enqueue(ctx, tx, now, notify.Mail{
				Key:      fmt.Sprintf("requested/%s/%d/%s", m.ID, m.Version, to.ID),
				Template: notify.MailMembershipRequested, To: to.ContactEmail, Account: to.ID, Language: to.Language,
				Values: notify.Values{
					"Name": to.DisplayName(), "Applicant": applicant.DisplayName(), "Structure": st.DisplayName(),
					"Scope": describe(units, m.Asked), "Link": s.links.To(s.links.Requests, string(m.ID)),
				},
			}); err != nil {
				return err
			}
		}
	}
	return nil
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
