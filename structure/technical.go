package structure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// TechnicalSpec is what a principal manager tells about a new technical account.
type TechnicalSpec struct {
	Login        string `validate:"required,address"`     // composed by the manager, unique, of the policy's pattern
	Name         string `validate:"required,max=80,line"` // what people call the program
	ContactEmail string `validate:"omitempty,address"`    // who runs it. Defaults to the manager's contact address.
}

// Technical is a technical account as its structure's principal manager sees it.
type Technical struct {
	ID           account.ID
	Login        string
	Name         string
	ContactEmail string
	Status       account.Status
	CreatedAt    time.Time
	ChangedAt    time.Time // when the secret was made
	ExpiresAt    time.Time // when it stops working
	LastUsedAt   time.Time // to the day; zero for never
}

func (s *Service) technical(a account.Account) Technical {
	return Technical{
		ID: a.ID, Login: a.Login, Name: a.FamilyName, ContactEmail: a.ContactEmail, Status: a.Status, CreatedAt: a.CreatedAt,
		ChangedAt: a.Credentials.ChangedAt, ExpiresAt: a.SecretExpiresAt(s.accounts.TechnicalPolicy()), LastUsedAt: a.LastSignInAt,
	}
}

// CreateTechnical opens a technical account for the interfaces of a structure and ties
// it to the whole of it. Only the principal manager may. What it may
// do there are the default spaces of the role; it never signs in, decides or manages.
// The credentials leave in the one file that the handover writes.
//
// Errors: ErrInvalid naming every bad field, a login that another account has among
// them; [ErrNotFound]; [ErrDenied]; [ErrStructureInactive]; [ErrTechnicalLimit];
// account.ErrProofRequired if the manager's last proof is older than the policy's
// FreshProof.
func (s *Service) CreateTechnical(ctx context.Context, by account.Actor, id ID, spec TechnicalSpec) (*account.Handover, error) {
	if s.accounts == nil {
		return nil, errNoAccounts
	}
	const op = "structure.CreateTechnical"
	spec = spec.normalised()
	var more []fault.Field
	if spec.Login != "" && !s.accounts.TechnicalPolicy().Fits(spec.Login) {
		more = append(more, fault.Field{Path: "login", Code: "technical_login"})
	}
	if err := check.Struct(op, spec, more...); err != nil {
		return nil, err
	}
	now := s.clock()
	if err := s.accounts.RequireProof(by, now); err != nil {
		return nil, err
	}
	fresh, m, text, err := s.freshTechnical(spec, id, by, now)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		at, err := s.authorised(ctx, tx, by, id, authz.ActionManageTechnical, now)
		if err != nil {
			return err
		}
		if err := s.roomForTechnical(ctx, tx, at.Structure); err != nil {
			return err
		}
		if _, there, err := known(tx.AccountByLogin(ctx, spec.Login)); err != nil || there {
			return errors.Join(err, loginTaken(op, there))
		}
		a, join := fresh, m // a second run starts from the same values
		a.Language = at.Account.Language
		if a.ContactEmail == "" {
			a.ContactEmail = at.Account.ContactEmail
		}
		if err := account.Put(ctx, tx, s.journal, by, "account.technical_created", &a, now); err != nil {
			return err
		}
		if err := tx.PutStructure(ctx, at.Structure); err != nil { // guards the limit
			return err
		}
		return s.putMembership(ctx, tx, by, "membership.approved", &join, now)
	})
	if errors.Is(err, fault.ErrExists) {
		err = loginTaken(op, true) // somebody was faster by a moment
	}
	if err != nil {
		return nil, err
	}
	return account.NewHandover(fresh, text, s.accounts.TechnicalPolicy()), nil
}

func (t TechnicalSpec) normalised() TechnicalSpec {
	for _, field := range []*string{&t.Login, &t.ContactEmail} {
		if canonical, err := address.Parse(*field); err == nil {
			*field = canonical
		}
	}
	t.Name = tidy(t.Name)
	return t
}

// freshTechnical makes the account, its membership and its secret.
func (s *Service) freshTechnical(spec TechnicalSpec, id ID, by account.Actor, now time.Time) (account.Account, Membership, string, error) {
	var names [2]string
	var secrets [3]struct{ text, digest string } // the secret, the stamp, the salt
	var errs [5]error
	for i := range names {
		names[i], errs[i] = s.ids.New(now)
	}
	for i := range secrets {
		secrets[i].text, secrets[i].digest, errs[2+i] = secret.New(s.ids)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return account.Account{}, Membership{}, "", err
	}
	a := account.Account{
		ID: account.ID(names[0]), Kind: account.KindTechnical, Status: account.StatusActive,
		Login: spec.Login, ContactEmail: spec.ContactEmail, FamilyName: spec.Name,
		Salt: secrets[2].text, CreatedAt: now, ActivatedAt: now, StatusSince: now,
	}.WithSecret(secrets[0].digest, secrets[1].text, s.accounts.TechnicalPolicy(), now)
	m := Membership{
		ID: MembershipID(names[1]), Account: a.ID, Structure: id, Status: StatusApproved, Role: RoleTechnical,
		Granted: Whole(), DecidedAt: now, DecidedBy: by.ID, CreatedAt: now,
	}
	return a, m, secrets[0].text, nil
}

func (s *Service) roomForTechnical(ctx context.Context, tx Tx, st Structure) error {
	if st.Status != StatusActive {
		return ErrStructureInactive
	}
	there, err := tx.Memberships(ctx, MembershipQuery{
		Structures: []ID{st.ID}, Statuses: []MembershipStatus{StatusApproved}, Role: RoleTechnical, Limit: s.accounts.TechnicalPolicy().PerStructure,
	})
	if err == nil && len(there) >= s.accounts.TechnicalPolicy().PerStructure {
		return ErrTechnicalLimit
	}
	return err
}

func loginTaken(op string, taken bool) error {
	if !taken {
		return nil
	}
	return fault.Invalid(op, fault.Field{Path: "login", Code: "taken"})
}

// TechnicalReset confirms that the former secret may stop working.
type TechnicalReset struct {
	// Confirmed says that the manager was told what happens: calls with the former
	// secret fail from now on, and whoever runs the program must be given the new one
	//
	Confirmed bool
}

// ResetTechnical gives a technical account a new secret and tells its contact. The
// former one is void at once, or after the policy's overlap.
//
// Errors: ErrInvalid if it was not confirmed; [ErrNotFound]; [ErrDenied];
// account.ErrProofRequired.
func (s *Service) ResetTechnical(ctx context.Context, by account.Actor, id ID, who account.ID, r TechnicalReset) (*account.Handover, error) {
	if s.accounts == nil {
		return nil, errNoAccounts
	}
	if !r.Confirmed {
		return nil, fault.Invalid("structure.ResetTechnical", fault.Field{Path: "confirmed", Code: "required"})
	}
	now := s.clock()
	if err := s.accounts.RequireProof(by, now); err != nil {
		return nil, err
	}
	text, digest, err := secret.New(s.ids)
	if err != nil {
		return nil, err
	}
	stamp, _, err := secret.New(s.ids)
	if err != nil {
		return nil, err
	}
	var a account.Account
	err = s.store.Update(ctx, func(tx Tx) error {
		st, m, found, err := s.managedTechnical(ctx, tx, by, id, who, now)
		if err != nil {
			return err
		}
		if m.Status != StatusApproved {
			return ErrNotFound
		}
		a = found.WithSecret(digest, stamp, s.accounts.TechnicalPolicy(), now)
		if err := account.Put(ctx, tx, s.journal, by, "account.technical_reset", &a, now); err != nil {
			return err
		}
		return s.tellContact(ctx, tx, st, a, notify.MailTechnicalReset, now)
	})
	if err != nil {
		return nil, err
	}
	return account.NewHandover(a, text, s.accounts.TechnicalPolicy()), nil
}

// CloseTechnical ends a technical account for good: its secret stops working at once.
// Closing one that is closed does nothing.
//
// Errors: [ErrNotFound]; [ErrDenied].
func (s *Service) CloseTechnical(ctx context.Context, by account.Actor, id ID, who account.ID) error {
	now := s.clock()
	stamp, _, err := secret.New(s.ids)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		st, m, a, err := s.managedTechnical(ctx, tx, by, id, who, now)
		if err != nil || m.Status != StatusApproved {
			return err
		}
		return s.closeTechnical(ctx, tx, by, st, m, a, stamp, now)
	})
}

// closeTechnical ends one technical account. The stamp voids what was signed in with it.
func (s *Service) closeTechnical(ctx context.Context, tx Tx, by account.Actor, st Structure, m Membership, a account.Account, stamp string, now time.Time) error {
	a.Status, a.StatusSince, a.Stamp, a.DueAt = account.StatusDeactivated, now, stamp, time.Time{}
	a.Credentials = account.Credentials{}
	if err := account.Put(ctx, tx, s.journal, by, "account.technical_closed", &a, now); err != nil {
		return err
	}
	m.Status, m.Granted, m.DecidedAt, m.DecidedBy = StatusRemoved, Scope{}, now, by.ID
	if err := s.putMembership(ctx, tx, by, "membership.removed", &m, now); err != nil {
		return err
	}
	if err := s.endSubscriptions(ctx, tx, by, a.ID, st.ID, nil, now); err != nil {
		return err
	}
	return s.tellContact(ctx, tx, st, a, notify.MailTechnicalClosed, now)
}

// Technicals lists the technical accounts of a structure, closed ones included, oldest
// first, at most 1000, to its principal manager. Errors: [ErrNotFound]; [ErrDenied].
func (s *Service) Technicals(ctx context.Context, by account.Actor, id ID) ([]Technical, error) {
	if s.accounts == nil {
		return nil, errNoAccounts
	}
	now := s.clock()
	var out []Technical
	err := s.store.View(ctx, func(tx Tx) error {
		out = nil
		st, err := s.authorise(ctx, tx, by, id, authz.ActionManageTechnical, now)
		if err != nil {
			return err
		}
		ms, err := tx.Memberships(ctx, MembershipQuery{Structures: []ID{st.ID}, Role: RoleTechnical, Limit: 1000})
		if err != nil {
			return err
		}
		for _, m := range ms {
			a, err := tx.Account(ctx, m.Account)
			if err != nil {
				return err
			}
			out = append(out, s.technical(a))
		}
		slices.SortStableFunc(out, func(a, b Technical) int { return a.CreatedAt.Compare(b.CreatedAt) })
		return nil
	})
	return out, err
}

// managedTechnical loads a technical account of a structure for its principal manager: the
// account before what it is there, so that writing it collides with whoever closes it.
func (s *Service) managedTechnical(
	ctx context.Context, tx Tx, by account.Actor, id ID, who account.ID, now time.Time,
) (Structure, Membership, account.Account, error) {
	st, err := s.authorise(ctx, tx, by, id, authz.ActionManageTechnical, now)
	if err != nil {
		return st, Membership{}, account.Account{}, err
	}
	a, err := find(ctx, tx.Account, who)
	if err != nil {
		return st, Membership{}, a, err
	}
	at, err := tx.Standing(ctx, who, st.ID)
	if err != nil {
		return st, Membership{}, a, err
	}
	if at.Membership.Role != RoleTechnical || a.Kind != account.KindTechnical {
		return st, Membership{}, account.Account{}, ErrNotFound
	}
	return st, at.Membership, a, nil
}

// standingOf loads what somebody is in a structure, but only under a name that can exist.
func standingOf(ctx context.Context, tx Tx, who account.ID, id ID) (Standing, error) {
	return find(ctx, func(ctx context.Context, who account.ID) (Standing, error) { return tx.Standing(ctx, who, id) }, who)
}

func (s *Service) tellContact(ctx context.Context, tx Tx, st Structure, a account.Account, t notify.Template, now time.Time) error {
	return s.tell(ctx, tx, a.Card(), st, notify.Mail{
		Key: fmt.Sprintf("%s/%s/%d", t, a.ID, a.Version), Template: t,
		Values: notify.Values{"Name": a.FamilyName, "Login": a.LocalLogin(), "At": now.Format(time.RFC3339)},
	}, now)
}
