package account

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
)

// LoginChangePolicy says how owners change their login address.
type LoginChangePolicy struct {
	// Allowed says whether owners may change it at all (R-101, C-24). Defaults to true
	// in [Guide2024]; the guides of 2019 know no such change.
	Allowed bool

	// Lifetime is how long a change waits for its confirmation, in elapsed time and not
	// on the wall clock. Defaults to 24 hours in [Guide2024].
	Lifetime time.Duration

	// OwnerMayCancel says whether owners may cancel a change under way from within the
	// account. The link that is mailed to the present address works in any case.
	// Defaults to true in [Guide2024].
	OwnerMayCancel bool

	// UndoLifetime is for how long the former address can take a confirmed change back;
	// 0 for not at all. Whoever leaves a mailbox that others read wants it short.
	// Defaults to 72 hours in [Guide2024].
	UndoLifetime time.Duration
}

func loginChange2024() LoginChangePolicy {
	return LoginChangePolicy{Allowed: true, Lifetime: 24 * time.Hour, OwnerMayCancel: true, UndoLifetime: 72 * time.Hour}
}

func (p LoginChangePolicy) check() error {
	switch {
	case p.Allowed && p.Lifetime <= 0:
		return ErrBadPolicy.With("a login change must wait for some time")
	case p.UndoLifetime < 0:
		return ErrBadPolicy.With("a login change cannot be undone for less than no time")
	default:
		return nil
	}
}

// LoginChange is a change of the login address that waits for its confirmation.
type LoginChange struct {
	Address     string    // canonical new address
	RequestedAt time.Time // when its owner asked
	ExpiresAt   time.Time // over from this instant on
}

// RequestLoginChange starts the change of the actor's login address. A
// link to confirm it goes to the new address, and a warning with a link to cancel it to
// the present one, which stays the login address until the change is confirmed.
//
// A change under way reserves nothing: whoever proves the mailbox first gets the
// address. The answer is the same whether or not the address is another account's
// (EN-06); then no link is made, and the owner of the address is told. Addresses are
// compared in their canonical form: case does not matter, dots and plus signs do.
//
// Errors: [ErrLoginChangeNotAllowed] if the policy or a directory outside forbids it;
// [ErrProofRequired]; ErrInvalid naming the field "address"; [ErrLoginChangePending]
// with the instant at which the one under way is over; [ErrThrottled] within
// Policy.MailPause of the former request; [ErrActor]; [ErrNotActive].
func (s *Service) RequestLoginChange(ctx context.Context, by Actor, to string) (LoginChange, error) {
	const op = "account.RequestLoginChange"
	canonical, err := address.Parse(to)
	if err != nil {
		code := "address"
		if to == "" {
			code = "required"
		}
		return LoginChange{}, fault.Invalid(op, fault.Field{Path: "address", Code: code})
	}
	now := s.clock()
	var link Link
	err = s.store.Update(ctx, func(tx Tx) error {
		a, err := Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		former, err := linkOf(ctx, tx, a.ID, PurposeLoginChange)
		if err != nil {
			return err
		}
		if err := s.policy.mayChangeLogin(a, by, canonical, former, now); err != nil {
			return err
		}
		if err := s.expireLoginChange(ctx, tx, &a, former, now); err != nil {
			return err
		}
		var token string
		if token, link, err = s.replaceLink(ctx, tx, a.ID, PurposeLoginChange, canonical, now, now.Add(s.policy.LoginChange.Lifetime)); err != nil {
			return err
		}
		a.DueAt = s.policy.due(a, &link, now)
		if err := s.put(ctx, tx, by, "account.login_change_requested", &a, now); err != nil {
			return err
		}
		if err := s.mailLoginChange(ctx, tx, a, link, token, now); err != nil {
			return err
		}
		return s.warnOfLoginChange(ctx, tx, a, link, now)
	})
	if err != nil {
		return LoginChange{}, err
	}
	return link.change(), nil
}

// mayChangeLogin returns nil if the actor may ask now for another login address, after
// the former request.
func (p Policy) mayChangeLogin(a Account, by Actor, to string, former Link, now time.Time) error {
	if !p.LoginChange.Allowed || a.External || a.Kind != KindPerson {
		return ErrLoginChangeNotAllowed
	}
	if err := p.proven(by, now); err != nil {
		return err
	}
	switch {
	case to == a.Login:
		return fault.Invalid("account.RequestLoginChange", fault.Field{Path: "address", Code: "same_address"})
	case former.pending(now):
		return ErrLoginChangePending.With("a change of the login address is under way until " + former.ExpiresAt.UTC().Format(time.RFC3339))
	case former.Digest != "" && !former.open() && now.Before(former.CreatedAt.Add(p.MailPause)):
		return ErrThrottled
	default:
		return nil
	}
}

// open reports whether the link was neither used nor voided; it may be over.
func (l Link) open() bool { return l.UsedAt.IsZero() && l.Address != "" }

// pending reports whether a link still waits for its use.
func (l Link) pending(now time.Time) bool { return l.open() && now.Before(l.ExpiresAt) }

// change returns what a link for a login change says.
func (l Link) change() LoginChange {
	return LoginChange{Address: l.Address, RequestedAt: l.CreatedAt, ExpiresAt: l.ExpiresAt}
}

// voided returns the link without the address that it proved: it works for none, on
// whichever clock, and keeps no address that nobody proved.
func (l Link) voided(now time.Time) Link {
	l.Address, l.ExpiresAt = "", now
	return l
}

// PendingLoginChange returns the actor's login change under way, or ErrNotFound if there
// is none. One that is over is none, whether or not that was recorded yet.
func (s *Service) PendingLoginChange(ctx context.Context, by Actor) (LoginChange, error) {
	now := s.clock()
	var link Link
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		link, err = linkOf(ctx, tx, a.ID, PurposeLoginChange)
		return err
	})
	switch {
	case err != nil:
		return LoginChange{}, err
	case !link.pending(now):
		return LoginChange{}, errNoLoginChange()
	default:
		return link.change(), nil
	}
}

// CancelLoginChange ends the actor's login change under way, voids its links and tells
// the owner. Errors: [ErrLoginChangeNotAllowed] if the policy leaves that to the
// mailed link; ErrNotFound if none is under way; [ErrActor]; [ErrNotActive].
func (s *Service) CancelLoginChange(ctx context.Context, by Actor) error {
	now := s.clock()
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		if !s.policy.LoginChange.OwnerMayCancel {
			return ErrLoginChangeNotAllowed
		}
		return s.cancelLoginChange(ctx, tx, by, &a, now)
	})
}

func (s *Service) cancelLoginChange(ctx context.Context, tx Tx, by Actor, a *Account, now time.Time) error {
	link, err := linkOf(ctx, tx, a.ID, PurposeLoginChange)
	switch {
	case err != nil:
		return err
	case !link.pending(now):
		return errNoLoginChange()
	}
	if err := s.dropLoginChange(ctx, tx, *a, now); err != nil {
		return err
	}
	a.DueAt = s.policy.due(*a, nil, now)
	if err := s.put(ctx, tx, by, "account.login_change_cancelled", a, now); err != nil {
		return err
	}
	return s.tellLoginChangeCancelled(ctx, tx, *a, link, now)
}

func errNoLoginChange() error {
	return fault.ErrNotFound.With("no change of the login address is under way")
}

// expireLoginChange records that the login change of link was never confirmed in time
// and stores the account. It does nothing if none waits or its time has not
// come.
func (s *Service) expireLoginChange(ctx context.Context, tx Tx, a *Account, link Link, now time.Time) error {
	if !link.open() || link.pending(now) {
		return nil
	}
	if err := s.dropLoginChange(ctx, tx, *a, now); err != nil {
		return err
	}
	a.DueAt = s.policy.due(*a, nil, now)
	return s.put(ctx, tx, System(), "account.login_change_expired", a, now)
}

// dropLoginChange voids the links of a login change under way, if there is one. Whoever
// calls it stores the account in the same unit: that is what keeps it to one change.
func (s *Service) dropLoginChange(ctx context.Context, tx Tx, a Account, now time.Time) error {
	return voidLinks(ctx, tx, a.ID, now, PurposeLoginChange, PurposeLoginChangeCancel)
}
