package structure

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// NewBankAccount is what a manager tells about a bank account.
type NewBankAccount struct {
	Label string `validate:"max=100,line"` // what people call it. Defaults to none.
	IBAN  string `form:"required"`         // see [IBAN]
	BIC   string // see [BIC]. Defaults to none.
}

// checked returns n in canonical form and names every bad field.
func (n NewBankAccount) checked() (NewBankAccount, []fault.Field) {
	n.Label = tidy(n.Label)
	bad := check.Fields(n)
	var ok bool
	if n.IBAN, ok = IBAN(n.IBAN); !ok {
		bad = append(bad, fault.Field{Path: "iban", Code: "iban"})
	}
	if n.BIC, ok = BIC(n.BIC); !ok && n.BIC != "" {
		bad = append(bad, fault.Field{Path: "bic", Code: "bic"})
	}
	return n, bad
}

// AddBankAccount adds a bank account to a structure, by whoever may modify it. The
// principal manager is told by mail, whoever did it.
//
// Errors: ErrInvalid naming every bad field, an account that is listed already among
// them; [ErrBankAccountLimit]; [ErrNotFound] for whoever is no member; [ErrDenied].
func (s *Service) AddBankAccount(ctx context.Context, by account.Actor, id ID, n NewBankAccount) (BankAccount, error) {
	const op = "structure.AddBankAccount"
	n, wrong := n.checked()
	name, err := s.ids.New(s.clock())
	if err != nil {
		return BankAccount{}, err
	}
	b := BankAccount{ID: name, Label: n.Label, IBAN: n.IBAN, BIC: n.BIC}
	_, err = s.modifyBank(ctx, by, id, "structure.bank_account_added", func(_ Tx, st *Structure, _ time.Time) error {
		switch {
		case len(wrong) > 0:
			return fault.Invalid(op, wrong...)
		case slices.ContainsFunc(st.Sheet.Accounts, func(o BankAccount) bool { return o.IBAN == b.IBAN }):
			return fault.Invalid(op, fault.Field{Path: "iban", Code: "iban_listed"})
		case len(st.Sheet.Accounts) >= s.policy.Records.MaxBankAccounts:
			return ErrBankAccountLimit.With("the structure may have " + strconv.Itoa(s.policy.Records.MaxBankAccounts) + " bank accounts")
		}
		st.Sheet.Accounts = append(st.Sheet.Accounts, b)
		return nil
	})
	if err != nil {
		return BankAccount{}, err
	}
	return b, nil
}

// BankAccounts lists the bank accounts of a structure in the order in which they were
// added, for whoever may modify it. Errors: [ErrNotFound] for whoever is no
// member; [ErrDenied].
func (s *Service) BankAccounts(ctx context.Context, by account.Actor, id ID) ([]BankAccount, error) {
	now := s.clock()
	var out []BankAccount
	err := s.store.View(ctx, func(tx Tx) error {
		st, err := s.authorise(ctx, tx, by, id, authz.ActionModifyStructure, now)
		out = slices.Clone(st.Sheet.Accounts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// RemoveBankAccount removes a bank account from a structure, by whoever may modify it
// . The principal manager is told by mail, whoever did it. Errors: [ErrNotFound] for an account that it does not have, and for whoever is
// no member; [ErrDenied].
func (s *Service) RemoveBankAccount(ctx context.Context, by account.Actor, id ID, bank string) error {
	_, err := s.modifyBank(ctx, by, id, "structure.bank_account_removed", func(_ Tx, st *Structure, _ time.Time) error {
		i := slices.IndexFunc(st.Sheet.Accounts, func(o BankAccount) bool { return o.ID == bank })
		if i < 0 {
			return ErrNotFound
		}
		if st.Sheet.Accounts = slices.Delete(st.Sheet.Accounts, i, i+1); len(st.Sheet.Accounts) == 0 {
			st.Sheet.Accounts = nil
		}
		return nil
	})
	return err
}

// modifyBank is modify for the bank accounts: whoever takes over a manager's account
// would have money go elsewhere, so the principal manager hears of every change.
func (s *Service) modifyBank(
	ctx context.Context, by account.Actor, id ID, kind notify.Kind, change func(Tx, *Structure, time.Time) error,
) (Structure, error) {
	return s.modifyAnd(ctx, by, id, kind, change, func(tx Tx, st Structure, now time.Time) error {
		principal, there, err := principalOf(ctx, tx, st.ID)
		if err != nil || !there || !reachable(principal.Account) {
			return err
		}
		return s.tellOfStructure(ctx, tx, st, []Member{principal}, notify.MailBankAccountsChanged, now)
	})
}
