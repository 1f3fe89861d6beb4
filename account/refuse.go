package account

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/notify"
)

func chainOf(id ID) notify.Chain { return notify.AccountChain(id) }

// Try takes one try of a factor from the account's budget, or reports false if the
// throttle delays. It writes the counter in either case, so that a locked account
// takes the time of any other (EN-13).
func Try(ctx context.Context, tx Tx, id ID, f Factor, p ThrottlePolicy, now time.Time) (bool, error) {
	counter, err := Counter(ctx, tx, id, f)
	if err != nil {
		return false, err
	}
	counter, throttled := counter.Take(p, now)
	if throttled != nil && !errors.Is(throttled, ErrThrottled) {
		return false, throttled
	}
	return throttled == nil, tx.PutThrottle(ctx, counter)
}

// GiveBack clears the counter of a factor after a success.
func GiveBack(ctx context.Context, tx Tx, id ID, f Factor) error {
	counter, err := Counter(ctx, tx, id, f)
	if err != nil {
		return err
	}
	return tx.PutThrottle(ctx, counter.Cleared())
}

// Undo gives one try back that could not be made, because the machine was busy.
func Undo(ctx context.Context, tx Tx, id ID, f Factor, p ThrottlePolicy) error {
	counter, err := Counter(ctx, tx, id, f)
	if err != nil {
		return err
	}
	return tx.PutThrottle(ctx, counter.Undone(p))
}

// Refuse records a failed try of a factor. With the try that begins the delays, it
// also mails the owner: once, however many follow (BF-01).
func Refuse(ctx context.Context, tx Tx, j *notify.Journal, by Actor, kind notify.Kind, id ID, f Factor, p ThrottlePolicy, now time.Time) error {
	a, err := tx.Account(ctx, id)
	if err != nil {
		return err
	}
	if err := Record(ctx, tx, j, by, kind, a, now); err != nil {
		return err
	}
	counter, err := Counter(ctx, tx, id, f)
	if err != nil || counter.Failures != p.Free {
		return err
	}
	return j.Enqueue(ctx, tx, now, notify.Mail{
		Key:      "locked/" + string(a.ID) + "/" + strconv.FormatInt(counter.LockedUntil.Unix(), 10),
		Template: notify.MailAccountLocked, To: a.Login, Account: a.ID, Language: a.Language,
		Values: notify.Values{"Name": a.DisplayName(), "Until": counter.LockedUntil.Format(time.RFC3339)},
	})
}
