package account

import (
	"context"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// Deactivated returns the account as its owner leaves it: without access, to come
// back until an instant. Errors: [ErrNotActive];
// [ErrExternallyManaged].
func (a Account) Deactivated(stamp string, until, now time.Time) (Account, error) {
	switch {
	case a.Status != StatusActive:
		return a, ErrNotActive
	case a.External:
		return a, ErrExternallyManaged
	}
	a.Status, a.StatusSince, a.ReactivableUntil, a.Stamp = StatusDeactivated, now, until, stamp
	return a, nil
}

// Erased returns the account without anything personal: what the history says of its
// chain stays true, and nothing links it to a person any more. The login address is
// free again.
func (a Account) Erased(now time.Time) Account {
	return Account{
		ID: a.ID, Kind: a.Kind, Status: StatusAnonymized, Login: erasedLogin(a.ID), External: a.External,
		CreatedAt: a.CreatedAt, ActivatedAt: a.ActivatedAt, ReactivatedAt: a.ReactivatedAt, LastSignInAt: a.LastSignInAt,
		StatusSince: now, Version: a.Version,
	}
}

// erasedLogin stands where a login address stood. It is no address, so nothing that
// anybody types can equal it.
func erasedLogin(id ID) string { return "erased/" + string(id) }

// DeactivationDeadline returns until when an account that is deactivated now could
// come back.
func (s *Service) DeactivationDeadline(now time.Time) time.Time {
	return now.Add(s.policy.Lifecycle.ReactivationWindow)
}

// DeactivateIn closes an account for its owner inside a unit of work that is open
// already: sessions end, links are void, and a mail tells until when it can come back
// . The link by which the owner of a former address undoes a change
// stays: whoever took an account over cannot shake its owner off by closing it. It is the
// part of structure.Service.Deactivate that concerns the account; call that instead, since
// it also hands over what the person manages.
//
// Errors: [ErrActor] for anybody but the owner; [ErrNotActive];
// [ErrExternallyManaged].
func (s *Service) DeactivateIn(ctx context.Context, tx Tx, by Actor, a Account, now time.Time) (Account, error) {
	if by.Kind != notify.ActorPerson || by.ID != a.ID {
		return Account{}, ErrActor
	}
	stamp, _, err := secret.New(s.ids)
	if err != nil {
		return Account{}, err
	}
	a, err = a.Deactivated(stamp, s.DeactivationDeadline(now), now)
	if err != nil {
		return Account{}, err
	}
	a.DueAt = s.policy.due(a, nil, now)
	if err := voidLinks(ctx, tx, a.ID, now, append(openable(), PurposeLoginChange, PurposeLoginChangeCancel)...); err != nil {
		return Account{}, err
	}
	if err := s.put(ctx, tx, by, "account.deactivated", &a, now); err != nil {
		return Account{}, err
	}
	return a, s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "deactivated/" + string(a.ID) + "/" + strconv.FormatInt(a.Version, 10), Template: notify.MailAccountDeactivated,
		To: a.Login, Account: a.ID, Language: a.Language, ExpiresAt: a.ReactivableUntil,
		Values: notify.Values{
			"Name": a.DisplayName(), "Until": a.ReactivableUntil.Format(time.RFC3339), "Link": s.links.To(s.links.Reactivate, ""),
		},
	})
}

// everyPurpose lists what links are for.
func everyPurpose() []Purpose {
	return append(openable(), PurposeLoginChange, PurposeLoginChangeCancel, PurposeLoginChangeUndo)
}

// erase blanks an account and what hangs on it in this package.
func (s *Service) erase(ctx context.Context, tx Tx, by Actor, a Account, now time.Time) error {
	kind := notify.Kind("account.purged")
	if a.Status == StatusPendingActivation {
		kind = "account.lapsed"
	}
	_, err := s.eraseAs(ctx, tx, by, kind, a, now)
	return err
}
