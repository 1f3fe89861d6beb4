package structure

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
)

// SearchPolicy holds what a deployment decides about searches that can find strangers.
type SearchPolicy struct {
	// StrangersPerHour is how many searches that can find people outside of the structure
	// one person makes in an hour, in all structures together; the hour begins with the
	// first. Defaults to 100.
	StrangersPerHour int
}

func (p SearchPolicy) withDefaults() SearchPolicy {
	if p.StrangersPerHour == 0 {
		p.StrangersPerHour = 100
	}
	return p
}

func (p SearchPolicy) check() error {
	if p.StrangersPerHour < 0 {
		return ErrBadPolicy.With("a person may make some searches for people in an hour")
	}
	return nil
}

// factorSearching counts the searches for strangers of one person.
const factorSearching account.Factor = "searching"

// spendSearch takes one search from what a person may make, or returns
// account.ErrThrottled.
func (s *Service) spendSearch(ctx context.Context, tx Tx, by account.Actor, now time.Time) error {
	counter, err := account.Counter(ctx, tx, by.ID, factorSearching)
	if err != nil {
		return err
	}
	counter, ok := counter.Spend(s.policy.Searches.StrangersPerHour, time.Hour, now)
	if !ok {
		return account.ErrThrottled
	}
	return tx.PutThrottle(ctx, counter)
}

// searched counts and records a search for strangers, without what it was for.
func (s *Service) searched(ctx context.Context, tx Tx, by account.Actor, at Standing, found int, now time.Time) error {
	if err := s.spendSearch(ctx, tx, by, now); err != nil {
		return err
	}
	name, err := s.ids.New(now)
	if err != nil {
		return err
	}
	return s.journal.RecordAfter(ctx, tx, at.Head, notify.Fact{
		At: now, Actor: by, Kind: "people.searched", Object: notify.Object{Type: ObjectSearch, ID: name},
		Account: by.ID, Structure: at.Structure.ID, State: SearchState{Found: found},
	})
}
