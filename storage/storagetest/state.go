package storagetest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// state is all that a store holds, as far as the suite's identifiers go.
type state struct {
	Accounts      []account.Account
	Links         []account.Link
	Throttles     []account.Throttle
	Attachments   []account.Attachment
	SignIns       []mfa.SignIn
	Factors       []mfa.Factor
	Structures    []structure.Structure
	Units         []structure.Unit
	Memberships   []structure.Membership
	Subscriptions []structure.Subscription
	Events        []notify.Event
	Messages      []notify.Message
	Notices       []notify.Notice
	Runs          []notify.Run
}

// read returns the state of the store under test.
func read(b *bench) state {
	b.Helper()
	return list(b, func(tx storage.Tx) (state, error) { return stateOf(b.ctx, tx) })
}

const most = 1000

func stateOf(ctx context.Context, tx storage.Tx) (state, error) {
	var s state
	var errs [14]error
	s.Accounts, errs[0] = tx.Accounts(ctx, account.Query{Limit: most})
	s.SignIns, errs[1] = tx.ExpiredSignIns(ctx, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), most)
	s.Structures, errs[2] = tx.Structures(ctx, structure.Query{Limit: most})
	s.Memberships, errs[3] = tx.Memberships(ctx, structure.MembershipQuery{Limit: most})
	s.Events, errs[4] = tx.Events(ctx, notify.EventQuery{Limit: most})
	s.Messages, errs[5] = tx.Messages(ctx, notify.MessageQuery{Limit: most})
	s.Attachments, errs[9] = tx.Attachments(ctx, account.AttachmentQuery{Limit: most})
	s.Subscriptions, errs[10] = tx.Subscriptions(ctx, structure.SubscriptionQuery{Limit: most})
	s.Notices, errs[12] = tx.Notices(ctx, notify.NoticeQuery{Limit: most})
	for n := range 20 {
		if r, err := tx.Run(ctx, newRun(n).Rhythm); err == nil {
			s.Runs = append(s.Runs, r)
		} else if !errors.Is(err, storage.ErrNotFound) {
			errs[13] = err
		}
		units, err := tx.Units(ctx, structureID(n))
		errs[6] = cmp.Or(errs[6], err)
		s.Units = append(s.Units, units...)
		factors, err := tx.Factors(ctx, accountID(n))
		errs[11] = cmp.Or(errs[11], err)
		s.Factors = append(s.Factors, factors...)
		for _, purpose := range []account.Purpose{account.PurposeActivation, "another"} {
			if l, err := tx.Link(ctx, accountID(n), purpose); err == nil {
				s.Links = append(s.Links, l)
			} else if !errors.Is(err, storage.ErrNotFound) {
				errs[7] = err
			}
		}
		for _, factor := range []account.Factor{account.FactorPassword, account.FactorMailCode} {
			if c, err := tx.Throttle(ctx, accountID(n), factor); err == nil {
				s.Throttles = append(s.Throttles, c)
			} else if !errors.Is(err, storage.ErrNotFound) {
				errs[8] = err
			}
		}
	}
	return s, errors.Join(slices.Clone(errs[:])...)
}
