package structure

import (
	"context"

	"github.com/habilis-go/habilis/account"
)

// Hearer is an optional ability of a [Tx]: to read at once what a request needs and who
// hears of it, which saves ways to a database and back.
type Hearer interface {
	// Hearing returns what Standing returns, under the same obligations, and who is heard
	// in the structure. What does not exist is zero and no error.
	Hearing(ctx context.Context, a account.ID, s ID) (Hearing, error)
}

// Hearing is the standing of an account in a structure, and who is heard there.
type Hearing struct {
	Standing

	Principal  Member         // the approved principal manager
	Organisers []Subscription // the approved lines for authz.SpaceOrganisation by RequestedAt, then ID
}

// hearing is standing for whoever has others told. Without a Hearer, who is heard is nil
// and still to be asked.
func hearing(ctx context.Context, tx Tx, by account.Actor, id ID) (Standing, *Hearing, error) {
	h, able := tx.(Hearer)
	if !able {
		at, err := standing(ctx, tx, by, id)
		return at, nil, err
	}
	var heard Hearing
	at, err := standingFrom(by, id, func(a account.ID, s ID) (at Standing, err error) {
		heard, err = h.Hearing(ctx, a, s)
		return heard.Standing, err
	})
	return at, &heard, err
}
