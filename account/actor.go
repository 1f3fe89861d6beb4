package account

import (
	"context"
	"errors"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// Actor is who does something: always an explicit argument.
type Actor = notify.Actor

// Person returns the actor for a person. The host must know that the request is
// that person's: get the actor from [Service.Resume] wherever there is a session.
func Person(id ID) Actor { return Actor{Kind: notify.ActorPerson, ID: id} }

// Anonymous returns the actor for whoever has not signed in.
func Anonymous() Actor { return Actor{Kind: notify.ActorAnonymous} }

// Support returns the actor for the operator's staff. The reference is a staff
// number or the like; it ends up in the history, so it must not be a name.
func Support(reference string) Actor {
	return Actor{Kind: notify.ActorSupport, Reference: reference}
}

// System returns the actor for what happens by itself when its time has come.
func System() Actor { return Actor{Kind: notify.ActorSystem} }

// MayAct reports whether the actor is a person under a name that an account can have:
// nil, [ErrActor] or [ErrNotActive]. It does not look at the account.
func MayAct(by Actor) error {
	switch {
	case by.Kind != notify.ActorPerson:
		return ErrActor
	case !ids.Valid(by.ID):
		return ErrNotActive
	default:
		return nil
	}
}

// Acting loads the account of a person who acts and checks that it is active
// . Other kinds of actor, and programs, are refused with [ErrActor]; an
// account that is unknown or not active with [ErrNotActive].
func Acting(ctx context.Context, tx Tx, by Actor) (Account, error) {
	if err := MayAct(by); err != nil {
		return Account{}, err
	}
	a, err := tx.Account(ctx, by.ID)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return Account{}, ErrNotActive
	case err != nil:
		return Account{}, err
	case a.Status != StatusActive:
		return Account{}, ErrNotActive
	case a.Kind == KindTechnical:
		return Account{}, ErrActor
	default:
		return a, nil
	}
}
