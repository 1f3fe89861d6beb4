package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// ForgotPassword mails a link to a new password to the login address of an active
// account, at most once in the policy's pause and within its budget of mails. An account that still waits for
// its activation gets a fresh activation link. A closed one gets nothing: all that is
// open to it is reactivation. Neither do programs and accounts that a directory
// keeps.
//
// The answer is the same whatever the address is, and so is the work (EN-04). The
// actor is as for [Service.RegisterFor]. Errors: ErrInvalid naming the field "login" if the
// text is not one address (FL-23); [ErrNotActive] if a person who helps is not; [ErrActor].
func (s *Service) ForgotPassword(ctx context.Context, by Actor, login string) (Sent, error) {
	to := canonical(login)
	if bad := check.Value("login", to, "required,address"); bad != nil {
		return Sent{}, fault.Invalid("account.ForgotPassword", bad...)
	}
	if !mayHelp(by) {
		return Sent{}, ErrActor
	}
	asking := by
	if by.Kind == notify.ActorPerson {
		asking = Anonymous() // who helps has no more rights to that mailbox than anybody
	}
	now := s.clock()
	decoy, err := Decoy(s.ids)
	if err != nil {
		return Sent{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		if by.Kind == notify.ActorPerson {
			if _, err := Acting(ctx, tx, by); err != nil {
				return err
			}
		}
		known, err := tx.AccountByLogin(ctx, to)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return err
		}
		sent := false
		switch {
		case err != nil || known.Kind != KindPerson || known.External ||
			known.Status != StatusPendingActivation && known.Status != StatusActive:
			if _, err = linkOf(ctx, tx, decoy, PurposePasswordReset); err == nil {
				_, err = s.mayMail(ctx, tx, asking, decoy, false, now)
			}
		case known.Status == StatusPendingActivation:
			sent, err = s.sendActivation(ctx, tx, asking, known, now)
		default:
			sent, err = s.mailReset(ctx, tx, asking, known, now)
		}
		if err != nil || sent {
			return err
		}
		return TouchDecoy(ctx, tx, decoy)
	})
	if err != nil {
		return Sent{}, err
	}
	return Sent{To: to, Until: now.Add(s.policy.Credentials.ResetLifetime)}, nil
}

// mailReset replaces the reset link and mails it, and reports whether pause and budget let
// it.
func (s *Service) mailReset(ctx context.Context, tx Tx, by Actor, a Account, now time.Time) (bool, error) {
	text, link, err := s.issue(ctx, tx, by, a, PurposePasswordReset, now.Add(s.policy.Credentials.ResetLifetime), now)
	if err != nil || text == "" {
		return false, err
	}
	return true, s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "password_reset/" + link.Digest, Template: notify.MailPasswordReset,
		To: a.Login, Account: a.ID, Language: a.Language, ExpiresAt: link.ExpiresAt,
		Values: notify.Values{
			"Name": a.DisplayName(), "Link": s.links.WithToken(s.links.ResetPassword, text),
			"Until": link.ExpiresAt.Format(time.RFC3339),
		},
	})
}

// ResetPassword follows the link of the mail: its holder chooses another password. No
// session opens, and what else the account proves itself with stays (FL-10). Sessions,
// half-logins and open links end as with [Service.ChangePassword]; failed passwords are
// forgotten, so that the owner of a locked account can sign in (a lock never closes the
// mailbox). If the account has a secret question, its answer is needed as well.
//
// Errors: ErrInvalid naming every bad field and [ErrWrongAnswer], after which the link
// still works; [ErrThrottled] after too many wrong answers; [ErrLinkExpired] for a link
// that is over, was replaced or never was, or whose account closed (LC-05);
// [ErrLinkUsed].
func (s *Service) ResetPassword(ctx context.Context, token string, p NewPassword) (Account, error) {
	return s.setByLink(ctx, "account.ResetPassword", token, PurposePasswordReset, p)
}

// ResetQuestion returns the secret question that a reset link's page must ask, "" if
// there is none. Errors: [ErrLinkExpired], [ErrLinkUsed].
func (s *Service) ResetQuestion(ctx context.Context, token string) (string, error) {
	a, err := s.holder(ctx, secret.Digest(token), PurposePasswordReset, s.clock())
	if err != nil || !s.asks(a) {
		return "", err
	}
	return a.Credentials.Question, nil
}

func (s *Service) asks(a Account) bool {
	return s.policy.Credentials.Question.Required && a.Credentials.Answer != ""
}

// holder returns the active account whose link somebody follows.
func (s *Service) holder(ctx context.Context, digest string, p Purpose, now time.Time) (a Account, err error) {
	err = s.store.View(ctx, func(tx Tx) (err error) {
		a, _, err = followedActive(ctx, tx, digest, p, now)
		return err
	})
	return a, err
}

func followedActive(ctx context.Context, tx Tx, digest string, p Purpose, now time.Time) (Account, Link, error) {
	a, link, err := followed(ctx, tx, digest, p, now)
	if err == nil && a.Status != StatusActive {
		err = ErrLinkExpired
	}
	return a, link, err
}

// setByLink sets the password of the account whose link somebody follows.
func (s *Service) setByLink(ctx context.Context, op, token string, purpose Purpose, p NewPassword) (Account, error) {
	now, digest := s.clock(), secret.Digest(token)
	a, err := s.holder(ctx, digest, purpose, now)
	if err != nil {
		return Account{}, err
	}
	byMail := purpose == PurposePasswordReset
	if byMail && s.asks(a) {
		if err := s.answered(ctx, &a, p.Answer, now); err != nil {
			return Account{}, err
		}
	}
	if err := s.acceptable(ctx, op, p.Password, p.Confirmation, a); err != nil {
		return Account{}, err
	}
	hash, stamp, err := s.hashed(ctx, p.Password)
	if err != nil {
		return Account{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		current, link, err := followedActive(ctx, tx, digest, purpose, now)
		if err != nil {
			return err
		}
		link.UsedAt = now
		if err := tx.PutLink(ctx, link); err != nil {
			return err
		}
		a = current.WithPassword(s.policy.Password, hash, stamp, now)
		kind := notify.Kind("account.password_changed")
		if byMail {
			a = a.Delivered() // the link arrived
			kind, a.Credentials.ResetAt = "account.password_reset", now
		}
		if err := VoidLinks(ctx, tx, a.ID, now); err != nil {
			return err
		}
		if err := GiveBack(ctx, tx, a.ID, FactorPassword); err != nil {
			return err
		}
		if err := s.put(ctx, tx, Person(a.ID), kind, &a, now); err != nil {
			return err
		}
		return s.tellChanged(ctx, tx, a, now)
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// answered checks the answer to the secret question under a counter of its own.
func (s *Service) answered(ctx context.Context, a *Account, answer string, now time.Time) error {
	right, err := s.prove(ctx, Anonymous(), FactorAnswer, s.policy.Credentials.Answer, "account.answer_failed", a, now, func() (bool, error) {
		if len(answer) > maxPasswordBytes {
			return false, nil
		}
		return s.hasher.CheckAnswer(ctx, answer, a.Credentials.Answer)
	})
	if err == nil && !right {
		err = ErrWrongAnswer
	}
	return err
}
