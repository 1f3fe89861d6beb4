package account

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// Reactivable returns nil if the owner may ask for the account back now:
// [ErrNotDeactivated], which a program is never in this sense; [ErrExternallyManaged]; or
// [ErrReactivationWindowClosed] from the very end of the window on and for an
// account that somebody else closed (LC-06).
func (a Account) Reactivable(now time.Time) error {
	switch {
	case a.Status != StatusDeactivated || a.Kind == KindTechnical:
		return ErrNotDeactivated
	case a.External:
		return ErrExternallyManaged
	case !now.Before(a.ReactivableUntil):
		return ErrReactivationWindowClosed
	default:
		return nil
	}
}

// Reactivated returns the account as its owner takes it up again, with a new
// password, or [ErrLinkUsed] if it is not deactivated any more. What the memberships
// were stays what they are; sessions from before stay closed (LC-08).
func (a Account) Reactivated(p PasswordPolicy, passwordHash, stamp string, now time.Time) (Account, error) {
	if a.Status != StatusDeactivated {
		return a, ErrLinkUsed
	}
	a.Status, a.StatusSince, a.ReactivatedAt, a.ReactivableUntil = StatusActive, now, now, time.Time{}
	a = a.WithPassword(p, passwordHash, stamp, now)
	a.Credentials.ResetAt = now
	return a.Delivered(), nil
}

// addressed is what an anonymous caller names an account by.
type addressed struct {
	Login string `validate:"required,address"`
}

// RequestReactivation mails a reactivation link to the owner of a deactivated account
// who asks within the window; each link voids the one before, and asking again
// too soon sends nothing. After the window the owner is told to ask support.
// The answer is the same for every address, whatever is known of it (EN-08).
//
// Errors: ErrInvalid for what is no address; [ErrActor] for whoever is signed in.
func (s *Service) RequestReactivation(ctx context.Context, by Actor, login string) (Sent, error) {
	now := s.clock()
	return s.answer(ctx, "account.RequestReactivation", by, login, now.Add(s.policy.Lifecycle.ReactivationLifetime), func(tx Tx, a Account) error {
		return s.offerReactivation(ctx, tx, by, a, now)
	})
}

// answer does something for the owner of an address who cannot sign in, if it has an
// account, and answers the same if it has none.
func (s *Service) answer(ctx context.Context, op string, by Actor, login string, until time.Time, do func(Tx, Account) error) (Sent, error) {
	in := addressed{canonical(login)}
	if err := check.Struct(op, in); err != nil {
		return Sent{}, err
	}
	if by.Kind != notify.ActorAnonymous {
		return Sent{}, ErrActor
	}
	err := s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.AccountByLogin(ctx, in.Login)
		if errors.Is(err, fault.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return do(tx, a)
	})
	if err != nil {
		return Sent{}, err
	}
	return Sent{To: in.Login, Until: until}, nil
}

// offerReactivation mails a deactivated owner who asks what there is to do.
func (s *Service) offerReactivation(ctx context.Context, tx Tx, by Actor, a Account, now time.Time) error {
	err := a.Reactivable(now)
	switch {
	case errors.Is(err, ErrReactivationWindowClosed):
		return s.tellClosed(ctx, tx, by, a, now)
	case err != nil:
		return nil //nolint:nilerr // the answer is constant
	}
	link, err := tx.Link(ctx, a.ID, PurposeReactivation)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	paused := now.Before(link.CreatedAt.Add(s.policy.MailPause))
	if ok, err := s.mayMail(ctx, tx, by, a.ID, !paused, now); err != nil || !ok {
		return err
	}
	if a, err = s.sendReactivation(ctx, tx, a, link, now); err != nil {
		return err
	}
	return s.put(ctx, tx, by, "account.reactivation_requested", &a, now)
}

// sendReactivation replaces the reactivation link by a fresh one and mails it. It
// returns the account, to be put, with the clock set to what the link means for it.
func (s *Service) sendReactivation(ctx context.Context, tx Tx, a Account, former Link, now time.Time) (Account, error) {
	text, link, err := s.putFresh(ctx, tx, former, Link{
		Account: a.ID, Purpose: PurposeReactivation, Address: a.Login,
		CreatedAt: now, ExpiresAt: now.Add(s.policy.Lifecycle.ReactivationLifetime),
	})
	if err != nil {
		return Account{}, err
	}
	a.DueAt = s.policy.due(a, &link, now)
	return a, s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "reactivation/" + link.Digest, Template: notify.MailReactivation,
		To: a.Login, Account: a.ID, Language: a.Language, ExpiresAt: link.ExpiresAt,
		Values: notify.Values{
			"Name": a.DisplayName(), "Link": s.links.WithToken(s.links.Reactivate, text),
			"Until": link.ExpiresAt.Format(time.RFC3339),
		},
	})
}

// tellClosed tells an owner who asks too late to ask support, once in a pause.
func (s *Service) tellClosed(ctx context.Context, tx Tx, by Actor, a Account, now time.Time) error {
	if ok, err := s.mayNotice(ctx, tx, by, a.ID, now); err != nil || !ok {
		return err
	}
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "reactivation_closed/" + string(a.ID) + "/" + strconv.FormatInt(now.UnixMicro(), 10), Template: notify.MailReactivationClosed,
		To: a.Login, Account: a.ID, Language: a.Language,
		Values: notify.Values{"Name": a.DisplayName(), "Link": s.links.To(s.links.Support, "")},
	})
}

// CompleteReactivation follows a reactivation link: its holder chooses a new
// password, and the account is active again with every right that did not end
// meanwhile. The link works once, and to its own end, even if the
// window closes before.
//
// Errors: ErrInvalid naming every unmet rule of the password, the former password
// among them, after which the link still works; [ErrLinkExpired];
// [ErrLinkUsed].
func (s *Service) CompleteReactivation(ctx context.Context, token string, in NewPassword) (Account, error) {
	const op = "account.CompleteReactivation"
	now := s.clock()
	digest := secret.Digest(token)
	var a Account
	err := s.store.View(ctx, func(tx Tx) (err error) {
		a, _, err = followed(ctx, tx, digest, PurposeReactivation, now)
		return err
	})
	if err != nil {
		return Account{}, err
	}
	if fields := s.policy.Credentials.Question.Check(in.Question, in.Answer); len(fields) > 0 {
		return Account{}, fault.Invalid(op, append(s.passwordFields(in.Password, in.Confirmation, a), fields...)...)
	}
	if err := s.acceptable(ctx, op, in.Password, in.Confirmation, a); err != nil {
		return Account{}, err
	}
	hash, stamp, err := s.hashed(ctx, in.Password) // outside any unit: it takes its time
	if err != nil {
		return Account{}, err
	}
	question, answer, err := s.asked(ctx, in)
	if err != nil {
		return Account{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		current, link, err := followed(ctx, tx, digest, PurposeReactivation, now)
		if err != nil {
			return err
		}
		if a, err = current.Reactivated(s.policy.Password, hash, stamp, now); err != nil {
			return err
		}
		a.Credentials.Question, a.Credentials.Answer = question, answer
		a.DueAt = s.policy.due(a, nil, now)
		link.UsedAt = now
		if err := tx.PutLink(ctx, link); err != nil {
			return err
		}
		if err := s.put(ctx, tx, Person(a.ID), "account.reactivated", &a, now); err != nil {
			return err
		}
		return s.journal.Enqueue(ctx, tx, now, notify.Mail{
			Key: "reactivated/" + digest, Template: notify.MailAccountReactivated, To: a.Login, Account: a.ID, Language: a.Language,
			Values: notify.Values{"Name": a.DisplayName(), "At": now.Format(time.RFC3339)},
		})
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// grant is what support tells about letting somebody back in.
type grant struct {
	Reason string `validate:"required,max=255,text"`
}

// granted is the state after support let somebody back in: the history refers to the
// reason by a digest that can be checked against the file and that erasing the account
// makes meaningless.
type granted struct {
	State
	Reason string `json:"reason"`
}

// SupportReactivate mails a reactivation link to the owner of a deactivated account at
// any time: the person still chooses the password alone. The reason is the
// operator's, of 1 to 255 characters; keep it in the file of the case, the history
// holds its digest only.
//
// Errors: ErrInvalid; [ErrActor] for anybody but support; ErrNotFound, also for an
// account that is to be purged; [ErrNotDeactivated], also for a program, which never comes
// back; [ErrExternallyManaged].
func (s *Service) SupportReactivate(ctx context.Context, by Actor, id ID, reason string) (Sent, error) {
	in := grant{lines(reason, 255)}
	if err := check.Struct("account.SupportReactivate", in); err != nil {
		return Sent{}, err
	}
	switch {
	case by.Kind != notify.ActorSupport:
		return Sent{}, ErrActor
	case !ids.Valid(id):
		return Sent{}, fault.ErrNotFound
	}
	now := s.clock()
	var sent Sent
	err := s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		link, err := s.watched(ctx, tx, a)
		switch {
		case err != nil:
			return err
		case a.Status == StatusAnonymized || s.policy.Lifecycle.over(a, link, now):
			return fault.ErrNotFound
		case a.Status != StatusDeactivated || a.Kind == KindTechnical:
			return ErrNotDeactivated
		case a.External:
			return ErrExternallyManaged
		case link == nil:
			link = &Link{}
		}
		if a, err = s.sendReactivation(ctx, tx, a, *link, now); err != nil {
			return err
		}
		if err := tx.PutAccount(ctx, a); err != nil {
			return err
		}
		sent = Sent{To: a.Login, Until: now.Add(s.policy.Lifecycle.ReactivationLifetime)}
		return s.journal.Record(ctx, tx, notify.Fact{
			At: now, Actor: by, Kind: "account.reactivation_granted", Object: notify.Object{Type: ObjectType, ID: string(a.ID)},
			Account: a.ID, State: granted{StateOf(a), notify.Digest(a.Salt, "reason", in.Reason)},
		})
	})
	return sent, err
}
