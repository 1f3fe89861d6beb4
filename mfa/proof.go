package mfa

import (
	"slices"

	"github.com/habilis-go/habilis/account"
)

// sufficient reports whether proofs are enough for a purpose: the password and one
// factor more.
func sufficient(_ Purpose, proofs []Proof) bool {
	second := slices.ContainsFunc(proofs, func(p Proof) bool { return p.Factor != account.FactorPassword })
	return second && proves(proofs, account.FactorPassword)
}

func proves(proofs []Proof, f account.Factor) bool {
	return slices.ContainsFunc(proofs, func(p Proof) bool { return p.Factor == f })
}

// kinds lists the factors that were proven.
func kinds(proofs []Proof) []account.Factor {
	var out []account.Factor
	for _, p := range proofs {
		out = append(out, p.Factor)
	}
	return out
}
