package account

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/authz"
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
	AcceptConditions bool   // the person accepts the conditions of use; needed where the form is filled in for oneself
}

// consent names the consent if it is missing.
func (r Registration) consent() []fault.Field {
	if r.AcceptConditions {
		return nil
	}
	return []fault.Field{{Path: "acceptConditions", Code: "required"}}
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

// Register opens an account for whoever fills in the form, and mails a link to the
// login address; the account waits for its activation. It answers the same
// whether or not the address has an account (EN-05): the owner of an active one gets a
// notice instead, one that still waits or is deactivated gets a fresh link, at most
// once in a while.
//
// Errors: ErrInvalid naming every bad field; [ErrActor] for anybody but [Anonymous],
// see [Service.RegisterFor].
func (s *Service) Register(ctx context.Context, by Actor, r Registration) (Sent, error) {
	const op = "account.Register"
	r = r.normalised()
	if err := check.Struct(op, r, r.consent()...); err != nil {
		return Sent{}, err
	}
	if by.Kind != notify.ActorAnonymous {
		return Sent{}, ErrActor
	}
	return s.register(ctx, by, r, s.clock(), s.admit)
}

// RegisterFor opens an account for somebody else. It is [Service.Register] but
// for the consent: nobody accepts conditions in another's name, so AcceptConditions is
// not looked at and the person accepts at the activation, [Service.ActivateAccepting].
// One address gets only so many mails a day this way, whoever asks.
//
// The actor is [Anonymous], support, or a person, who must be active: [ErrNotActive].
// Other errors: ErrInvalid naming every bad field; [ErrActor] for any other actor.
func (s *Service) RegisterFor(ctx context.Context, by Actor, r Registration) (Sent, error) {
	r = r.normalised()
	if err := check.Struct("account.RegisterFor", r); err != nil {
		return Sent{}, err
	}
	if !mayHelp(by) {
		return Sent{}, ErrActor
	}
	return s.register(ctx, by, r, s.clock(), func(ctx context.Context, tx Tx, by Actor, r Registration, now time.Time) error {
		if by.Kind == notify.ActorPerson {
			if _, err := Acting(ctx, tx, by); err != nil {
				return err
			}
		}
		return s.invite(ctx, tx, by, r, now)
	})
}

// mayHelp reports whether an actor is of a kind that asks for others: programs do not, nor
// does the clock, and what they cause would be in no budget.
func mayHelp(by Actor) bool {
	return by.Kind == notify.ActorAnonymous || by.Kind == notify.ActorPerson || by.Kind == notify.ActorSupport
}

// register runs one way of opening an account as a unit.
func (s *Service) register(
	ctx context.Context, by Actor, r Registration, now time.Time,
	open func(context.Context, Tx, Actor, Registration, time.Time) error,
) (Sent, error) {
	if err := s.MakeRoom(ctx, r.Login); err != nil {
		return Sent{}, err
	}
	unit := func(tx Tx) error { return open(ctx, tx, by, r, now) }
	err := s.store.Update(ctx, unit)
	if errors.Is(err, fault.ErrExists) {
		err = s.store.Update(ctx, unit) // somebody was faster; now the account is there
	}
	if err != nil {
		return Sent{}, err
	}
	return Sent{To: r.Login, Until: now.Add(s.policy.ActivationLifetime)}, nil
}

// InviteIn is [Service.RegisterFor] inside a unit of work that is open already, for
// package structure, which knows who may. Call [Service.MakeRoom] before. If it returns
// ErrExists, somebody was faster and the unit is to be run again.
func (s *Service) InviteIn(ctx context.Context, tx Tx, by Actor, r Registration, now time.Time) (Sent, error) {
	r = r.normalised()
	if err := check.Struct("account.InviteIn", r); err != nil {
		return Sent{}, err
	}
	return Sent{To: r.Login, Until: now.Add(s.policy.ActivationLifetime)}, s.invite(ctx, tx, by, r, now)
}

// SpendInvitationIn takes one from what the managers of a structure may invite in an
// hour, or returns [ErrThrottled].
func (s *Service) SpendInvitationIn(ctx context.Context, tx Tx, id authz.StructureID, now time.Time) error {
	ok, err := s.spend(ctx, tx, ID(id), factorInviting, s.policy.Lifecycle.InvitationsPerHour, time.Hour, now)
	if err == nil && !ok {
		return ErrThrottled
	}
	return err
}

// invite is admit for somebody else: without consent, and within the daily budget of
// the address.
func (s *Service) invite(ctx context.Context, tx Tx, by Actor, r Registration, now time.Time) error {
	r.AcceptConditions = false
	known, there, err := s.known(ctx, tx, r.Login, now)
	if err != nil {
		return err
	}
	if !there {
		if known, err = s.open(ctx, tx, by, r, now); err != nil {
			return err
		}
	}
	ok, err := s.spend(ctx, tx, known.ID, factorInvited, s.policy.Lifecycle.InvitationsPerDay, day, now)
	if err != nil || !ok {
		return err // answered alike
	}
	return s.welcome(ctx, tx, by, known, now)
}

// admit opens an account unless there is one, and tells its owner by mail.
func (s *Service) admit(ctx context.Context, tx Tx, by Actor, r Registration, now time.Time) error {
	known, there, err := s.known(ctx, tx, r.Login, now)
	if err != nil {
		return err
	}
	if !there {
		if known, err = s.open(ctx, tx, by, r, now); err != nil {
			return err
		}
	}
	return s.welcome(ctx, tx, by, known, now)
}

// known looks for the account of an address. One that is over, though the clock work
// has not seen to it yet, is erased first and is not there; but where the host may keep
// it, MakeRoom asked before, and what is left is kept.
func (s *Service) known(ctx context.Context, tx Tx, login string, now time.Time) (Account, bool, error) {
	a, err := tx.AccountByLogin(ctx, login)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return Account{}, false, nil
	case err != nil:
		return Account{}, false, err
	}
	over, err := s.over(ctx, tx, a, now)
	if err != nil {
		return Account{}, false, err
	}
	if over && s.legalHold == nil {
		return Account{}, false, s.erase(ctx, tx, System(), a, now)
	}
	return a, true, nil
}

// welcome mails the owner of an address what there is to do with the account. Nobody reads
// mails at the login of a program.
func (s *Service) welcome(ctx context.Context, tx Tx, by Actor, a Account, now time.Time) error {
	if a.Kind == KindTechnical {
		return nil
	}
	switch a.Status {
	case StatusPendingActivation:
		_, err := s.sendActivation(ctx, tx, by, a, now)
		return err
	case StatusActive:
		return s.tellRegistered(ctx, tx, by, a, now)
	case StatusDeactivated:
		return s.offerReactivation(ctx, tx, by, a, now)
	case StatusAnonymized:
		return nil
	default:
		return nil
	}
}

// open puts a new account, which waits for its activation.
func (s *Service) open(ctx context.Context, tx Tx, by Actor, r Registration, now time.Time) (Account, error) {
	id, err := s.ids.New(now)
	if err != nil {
		return Account{}, err
	}
	stamp, _, err := secret.New(s.ids)
	if err != nil {
		return Account{}, err
	}
	salt, _, err := secret.New(s.ids)
	if err != nil {
		return Account{}, err
	}
	a := Account{
		ID: ID(id), Kind: KindPerson, Status: StatusPendingActivation, Login: r.Login, ContactEmail: r.ContactEmail,
		GivenName: r.GivenName, FamilyName: r.FamilyName, Language: r.Language,
		Stamp: stamp, Salt: salt, CreatedAt: now, StatusSince: now,
	}
	if r.AcceptConditions {
		a.ConditionsAcceptedAt = now
	}
	fill(&a.ContactEmail, a.Login)
	fill(&a.Language, "fr")
	a.DueAt = s.policy.due(a, nil, now)
	return a, s.put(ctx, tx, by, "account.registered", &a, now)
}

// put stores an account and records what happened to it.
func (s *Service) put(ctx context.Context, tx Tx, by Actor, kind notify.Kind, a *Account, now time.Time) error {
	return Put(ctx, tx, s.journal, by, kind, a, now)
}

// sendActivation replaces the account's activation link by a fresh one and mails it,
// unless that is too soon, too late or once too often; it reports whether there was a mail.
// A link never outlives the account that waits for it.
func (s *Service) sendActivation(ctx context.Context, tx Tx, by Actor, a Account, now time.Time) (sent bool, err error) {
	until := earliest(now.Add(s.policy.ActivationLifetime), s.policy.Lifecycle.lapse(a))
	if !now.Before(until) {
		return false, nil
	}
	text, link, err := s.issue(ctx, tx, by, a, PurposeActivation, until, now)
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
func (s *Service) tellRegistered(ctx context.Context, tx Tx, by Actor, a Account, now time.Time) error {
	if ok, err := s.mayNotice(ctx, tx, by, a.ID, now); err != nil || !ok {
		return err
	}
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "already_registered/" + string(a.ID) + "/" + strconv.FormatInt(now.UnixMicro(), 10), Template: notify.MailAlreadyRegistered,
		To: a.Login, Account: a.ID, Language: a.Language,
		Values: notify.Values{"Name": a.DisplayName(), "Link": s.links.To(s.links.SignIn, "")},
	})
}
