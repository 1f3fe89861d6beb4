package account

import (
	"context"

	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// IDByLogin tells the operator's staff which account has a login address, for what they
// do on its owner's request. Nobody else gets to ask: the answer says whether there is
// one.
//
// Errors: [ErrActor]; ErrInvalid with the field "login" for what is no address;
// ErrNotFound.
func (s *Service) IDByLogin(ctx context.Context, by Actor, login string) (ID, error) {
	if by.Kind != notify.ActorSupport {
		return "", ErrActor
	}
	canonical, err := address.Parse(login)
	if err != nil {
		return "", fault.Invalid("account.IDByLogin", fault.Field{Path: "login", Code: "address"})
	}
	var id ID
	err = s.store.View(ctx, func(tx Tx) error {
		a, err := tx.AccountByLogin(ctx, canonical)
		id = a.ID
		return err
	})
	return id, err
}
