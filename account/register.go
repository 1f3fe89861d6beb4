package account

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// Registration is what somebody tells about a new account.
type Registration struct {
	Login            string `validate:"required,address"`      // becomes the login address
	ContactEmail     string `validate:"omitempty,address"`     // where notices go. Defaults to Login.
	GivenName        string `validate:"required,max=80,line"`  // mandatory
	FamilyName       string `validate:"required,max=80,line"`  // mandatory
	Language         string `validate:"omitempty,oneof=fr en"` // of mails and labels. Defaults to "fr".
	AcceptConditions bool   `validate:"required"`              // the person accepts the conditions of use
}

func (r Registration) normalised() Registration {
	r.Login, r.ContactEmail = canonical(r.Login), canonical(r.ContactEmail)
	r.GivenName, r.FamilyName = tidy(r.GivenName), tidy(r.FamilyName)
	return r
}

// canonical returns the canonical form of an address, or what was typed so that
// validation names it.
func canonical(typed string) string {
	if a, err := address.Parse(typed); err == nil {
		return a
	}
	return typed
}

func tidy(s string) string { return strings.TrimSpace(norm.NFC.String(s)) }

// Sent tells where a link went and how long it lives. It is the same whether or not
// there was anything to send.
type Sent struct {
	To    string    // canonical address
	Until time.Time // the link is dead from this instant on
}

// Register opens an account that waits for its activation, and mails a link to the
// login address. It answers the same whether or not the address has an
// account (EN-05): the owner of an active one gets a notice instead, one that still
// waits gets a fresh link, at most once in a while.
//
// The actor is whoever fills in the form: usually [Anonymous], or a person who
// helps somebody else. Errors: ErrInvalid naming every bad field;
// [ErrNotActive] if the helper is not.
func (s *Service) Register(ctx context.Context, by Actor, r Registration) (Sent, error) {
	const op = "account.Register"
	r = r.normalised()
	if err := check.Struct(op, r); err != nil {
		return Sent{}, err
	}
	now := s.clock()
	register := func(tx Tx) error {
		if by.Kind == notify.ActorPerson {
			if _, err := Acting(ctx, tx, by); err != nil {
				return err
			}
		}
		known, err := tx.AccountByLogin(ctx, r.Login)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			return s.open(ctx, tx, by, r, now)
		case err != nil:
			return err
		case known.Status == StatusPendingActivation:
			return s.sendActivation(ctx, tx, known, now)
		default:
			return s.tellRegistered(ctx, tx, known, now)
		}
	}
	err := s.store.Update(ctx, register)
	if errors.Is(err, fault.ErrExists) {
		err = s.store.Update(ctx, register) // somebody was faster; now the account is there
	}
	if err != nil {
		return Sent{}, err
	}
	return Sent{To: r.Login, Until: now.Add(s.policy.ActivationLifetime)}, nil
}

func (s *Service) open(ctx context.Context, tx Tx, by Actor, r Registration, now time.Time) error {
	id, err := s.ids.New(now)
	if err != nil {
		return err
	}
	stamp, _, err := secret.New(s.ids)
	if err != nil {
		return err
	}
	salt, _, err := secret.New(s.ids)
	if err != nil {
		return err
	}
	a := Account{
		ID: ID(id), Kind: KindPerson, Status: StatusPendingActivation, Login: r.Login, ContactEmail: r.ContactEmail,
		GivenName: r.GivenName, FamilyName: r.FamilyName, Language: r.Language,
		Stamp: stamp, Salt: salt, ConditionsAcceptedAt: now, CreatedAt: now, StatusSince: now,
	}
	fill(&a.ContactEmail, a.Login)
	fill(&a.Language, "fr")
	if err := s.put(ctx, tx, by, "account.registered", &a, now); err != nil {
		return err
	}
	return s.sendActivation(ctx, tx, a, now)
}

// put stores an account and records what happened to it.
func (s *Service) put(ctx context.Context, tx Tx, by Actor, kind notify.Kind, a *Account, now time.Time) error {
	return Put(ctx, tx, s.journal, by, kind, a, now)
}

// sendActivation replaces the account's activation link by a fresh one and mails
// it, unless the last one is younger than the policy's pause.
func (s *Service) sendActivation(ctx context.Context, tx Tx, a Account, now time.Time) error {
	_, err := s.mailActivation(ctx, tx, a, now)
	return err
}

// mailActivation is sendActivation that reports whether there was a mail.
func (s *Service) mailActivation(ctx context.Context, tx Tx, a Account, now time.Time) (bool, error) {
	text, link, err := s.issue(ctx, tx, a, PurposeActivation, s.policy.ActivationLifetime, now)
	if err != nil || text == "" {
		return false, err
	}
	return true, s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "activation/" + link.Digest, Template: notify.MailActivation,
		To: a.Login, Account: a.ID, Language: a.Language, ExpiresAt: link.ExpiresAt,
		Values: notify.Values{
			"Name": a.DisplayName(), "Link": s.links.WithToken(s.links.Activate, text),
			"Until": link.ExpiresAt.Format(time.RFC3339),
		},
	})
}

// tellRegistered lets the owner of an account know that somebody tried to open
// another one with the address, once in a pause.
func (s *Service) tellRegistered(ctx context.Context, tx Tx, a Account, now time.Time) error {
	if a.Status != StatusActive {
		return nil
	}
	window := now.Truncate(max(s.policy.MailPause, time.Second)).Unix()
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "already_registered/" + string(a.ID) + "/" + strconv.FormatInt(window, 10), Template: notify.MailAlreadyRegistered,
		To: a.Login, Account: a.ID, Language: a.Language,
		Values: notify.Values{"Name": a.DisplayName(), "Link": s.links.To(s.links.SignIn, "")},
	})
}
