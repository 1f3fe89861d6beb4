package account

import "context"

// ExpireLoginChange does what the clock does with an account whose login change is over.
func (s *Service) ExpireLoginChange(ctx context.Context, id ID) error {
	now := s.clock()
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		link, err := linkOf(ctx, tx, id, PurposeLoginChange)
		if err != nil {
			return err
		}
		return s.expireLoginChange(ctx, tx, &a, link, now)
	})
}

// DropLoginChange does what deactivating an account does with its login change.
func (s *Service) DropLoginChange(ctx context.Context, id ID) error {
	now := s.clock()
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		if err := s.dropLoginChange(ctx, tx, a, now); err != nil {
			return err
		}
		return tx.PutAccount(ctx, a)
	})
}
