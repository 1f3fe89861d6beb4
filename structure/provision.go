package structure

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// AccountProvisioner is how a host plugs in the external process that creates the
// accounts of a structure with an external directory. It is called outside any
// unit of work, for a manager who may create accounts there. What it returns is what
// [Service.CreatePerson] returns.
type AccountProvisioner interface {
	ProvisionAccount(ctx context.Context, by account.Actor, st Structure, r account.Registration) error
}

// CreatePerson opens an account for somebody whom a manager wants to attach.
// The person gets the activation mail, accepts the conditions and chooses the password;
// the manager learns neither whether the address had an account nor its identifier
// (EN-07), and no secret (PE-05). It attaches nobody. r.AcceptConditions is not looked
// at.
//
// Where an external directory keeps the accounts, the request goes to
// Options.Provisioner, or is refused with [ErrExternallyManaged].
//
// Other errors: ErrInvalid naming every bad field; [ErrNotFound]; [ErrDenied];
// [ErrStructureInactive]; account.ErrThrottled once the structure's managers created as
// many in an hour as the policy allows (ML-07).
func (s *Service) CreatePerson(ctx context.Context, by account.Actor, id ID, r account.Registration) (account.Sent, error) {
	if s.accounts == nil {
		return account.Sent{}, errNoAccounts
	}
	now := s.clock()
	var sent account.Sent
	var st Structure
	if err := s.accounts.MakeRoom(ctx, r.Login); err != nil {
		return account.Sent{}, err
	}
	err := s.update(ctx, func(tx Tx) (err error) {
		if st, err = s.authorise(ctx, tx, by, id, authz.ActionManageMembers, now); err != nil {
			return err
		}
		switch {
		case st.Status != StatusActive:
			return ErrStructureInactive
		case st.External():
			return nil
		}
		if sent, err = s.accounts.InviteIn(ctx, tx, by, r, now); err != nil {
			return err
		}
		return s.accounts.SpendInvitationIn(ctx, tx, st.ID, now)
	})
	switch {
	case err != nil:
		return account.Sent{}, err
	case st.External() && s.provisioner != nil:
		return account.Sent{}, s.provisioner.ProvisionAccount(ctx, by, st, r)
	case st.External():
		return account.Sent{}, s.externallyManaged()
	default:
		return sent, nil
	}
}

var errNoAccounts = ErrBadPolicy.With("no account service was given; see Options.Accounts")

// externallyManaged is [ErrExternallyManaged] with whom to ask instead.
func (s *Service) externallyManaged() error {
	if s.policy.DirectoryContact == "" {
		return ErrExternallyManaged
	}
	return ErrExternallyManaged.With(s.policy.DirectoryContact)
}

// Resent is what became of one activation mail.
type Resent struct {
	Account account.ID
	Sent    account.Sent
	Err     error // nil if it was sent
}

// maxResend bounds how many people one call names.
const maxResend = 100

// ResendActivation mails another activation link to people of a structure who wait for
// one; each mail voids the link before. Every person is a unit of its own and
// has a result of its own, in the order given, at most 100: ErrNotFound for whoever
// has no membership there, account.ErrNotPending, account.ErrThrottled if the last mail
// is too young. The link itself is shown to nobody (PE-05).
//
// Errors of the whole: ErrInvalid for too many; [ErrNotFound]; [ErrDenied];
// [ErrExternallyManaged].
func (s *Service) ResendActivation(ctx context.Context, by account.Actor, id ID, people ...account.ID) ([]Resent, error) {
	switch {
	case s.accounts == nil:
		return nil, errNoAccounts
	case len(people) > maxResend:
		return nil, fault.Invalid("structure.ResendActivation", fault.Field{Path: "people", Code: "max", Param: "100"})
	}
	now := s.clock()
	may := func(tx Tx) error {
		st, err := s.authorise(ctx, tx, by, id, authz.ActionManageMembers, now)
		if err == nil && st.External() {
			err = s.externallyManaged()
		}
		return err
	}
	if err := s.store.View(ctx, may); err != nil {
		return nil, err
	}
	out := make([]Resent, 0, len(people))
	for _, person := range people {
		r := Resent{Account: person}
		r.Err = s.store.Update(ctx, func(tx Tx) error {
			if err := may(tx); err != nil {
				return err
			}
			if !ids.Valid(person) {
				return ErrNotFound
			}
			at, err := tx.Standing(ctx, person, id)
			switch m := at.Membership.Status; {
			case err != nil:
				return err
			case m != StatusPending && m != StatusApproved && m != StatusDisabled:
				return ErrNotFound
			}
			r.Sent, err = s.accounts.ResendActivationIn(ctx, tx, by, person, now)
			return err
		})
		out = append(out, r)
	}
	return out, nil
}
