package structure

import "github.com/habilis-go/habilis/internal/check"

// RecordPolicy holds what a deployment decides about what managers keep of a
// structure. It is data.
type RecordPolicy struct {
	// Country is where structures are that do not say it: the default country of a head
	// office; "" for none. Defaults to "FR".
	Country string

	// MaxBankAccounts is how many bank accounts a structure may have. Defaults to
	// 20.
	MaxBankAccounts int
}

// RecordGuide2024 is the default policy of records: France, 20 bank accounts.
func RecordGuide2024() RecordPolicy { return RecordPolicy{Country: "FR", MaxBankAccounts: 20} }

// maxBankAccounts bounds what a policy may allow: the accounts are one part of a row.
const maxBankAccounts = 1000

func (p RecordPolicy) check() error {
	switch {
	case len(check.Value("", p.Country, "omitempty,country")) > 0:
		return ErrBadPolicy.With("the default country is not one")
	case p.MaxBankAccounts < 0 || p.MaxBankAccounts > maxBankAccounts:
		return ErrBadPolicy.With("a structure has 0 to 1000 bank accounts")
	default:
		return nil
	}
}
