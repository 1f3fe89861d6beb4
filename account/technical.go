package account

import (
	"context"
	"crypto/subtle"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// TechnicalPolicy says what technical accounts look like and how long their secrets
// last. It is data.
type TechnicalPolicy struct {
	// Login is a regular expression (RE2) that the whole canonical login address of a
	// technical account matches. Defaults to "tech_[0-9]+_[a-z0-9]+@.+".
	Login string

	// Lifetime is how long a secret works. Defaults to 424 days.
	Lifetime time.Duration

	// Reminders are how long before the end of its secret the account's contact is
	// told. Defaults to 60, 30, 15, 7 and 1 days.
	Reminders []time.Duration

	// Overlap is how long the former secret works beside a new one, but never beyond its
	// own end. Defaults to 0: the former one is void at once.
	Overlap time.Duration

	// PerStructure is how many technical accounts a structure may have at a time
	// . Defaults to 20.
	PerStructure int
}

// TechnicalGuide2024 is the default: logins like TECH_1_21750001600019@cpro.example
// and secrets that last 424 days.
func TechnicalGuide2024() TechnicalPolicy {
	return TechnicalPolicy{
		Login:        `tech_[0-9]+_[a-z0-9]+@.+`,
		Lifetime:     424 * day,
		Reminders:    []time.Duration{60 * day, 30 * day, 15 * day, 7 * day, day},
		PerStructure: 20,
	}
}

// Check returns [ErrBadPolicy] if the policy contradicts itself.
func (p TechnicalPolicy) Check() error {
	_, err := regexp.Compile(p.Login)
	switch {
	case err != nil:
		return ErrBadPolicy.With("the pattern of technical logins is not a regular expression")
	case p.Lifetime <= 0 || p.Overlap < 0 || p.Overlap >= p.Lifetime:
		return ErrBadPolicy.With("a technical secret must live longer than its successor overlaps it")
	case slices.ContainsFunc(p.Reminders, func(d time.Duration) bool { return d <= 0 || d >= p.Lifetime }):
		return ErrBadPolicy.With("a reminder comes before the end of a technical secret and after its beginning")
	case p.PerStructure < 1:
		return ErrBadPolicy.With("a structure may have at least one technical account")
	default:
		return nil
	}
}

// TechnicalPolicy returns the policy of technical accounts, for package structure, whose
// managers make them.
func (s *Service) TechnicalPolicy() TechnicalPolicy { return s.policy.Technical }

// Fits reports whether a canonical login address may be that of a technical account.
func (p TechnicalPolicy) Fits(login string) bool {
	fits, err := regexp.MatchString(`^(?:`+p.Login+`)$`, login)
	return err == nil && fits
}

// secretPrefix makes secrets of technical accounts easy to find where they should not
// be, and keeps spreadsheets from reading one as a formula.
const secretPrefix = "habilis_"

// WithSecret returns the account with a new secret; the former one works for the
// policy's overlap, and never beyond its own end.
func (a Account) WithSecret(stored, stamp string, p TechnicalPolicy, now time.Time) Account {
	next := Credentials{Password: stored, ChangedAt: now}
	if ends := a.SecretExpiresAt(p); p.Overlap > 0 && a.Credentials.Password != "" && now.Before(ends) {
		next.Overlap, next.OverlapUntil = a.Credentials.Password, earliest(ends, now.Add(p.Overlap))
	}
	a.Credentials, a.Stamp = next, stamp
	a.DueAt = p.next(a, now)
	return a
}

// SecretExpiresAt is when the secret of a technical account stops working.
func (a Account) SecretExpiresAt(p TechnicalPolicy) time.Time {
	return a.Credentials.ChangedAt.Add(p.Lifetime)
}

// LocalLogin is what stands before the @ in the login address, to be shown where an
// address would invite to write to it.
func (a Account) LocalLogin() string {
	local, _, _ := strings.Cut(a.Login, "@")
	return local
}

// next returns when the next reminder of a technical account is due after an instant,
// zero if none is left.
func (p TechnicalPolicy) next(a Account, after time.Time) time.Time {
	var next time.Time
	for _, before := range p.Reminders {
		at := a.SecretExpiresAt(p).Add(-before)
		if at.After(after) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// Technical returns the actor for a program. Get it from [Service.AuthenticateTechnical].
func Technical(id ID) Actor { return Actor{Kind: notify.ActorTechnical, ID: id} }

// AuthenticateTechnical recognises a program by the login and the secret of its
// technical account, for the host's interfaces; what it may do there is asked of authz
// by account as for anybody. Nothing but such an interface accepts a technical
// account: it never signs in, has no second factor and no pages.
//
// The secret is 256 random bits, so no number of tries finds it and none locks the
// account: a lock would let anybody who knows the login stop the structure's
// integration. Its use is recorded at most once a day.
//
// Errors: [ErrInvalidCredentials] for whatever is wrong; [ErrSecretExpired] to whoever
// holds the right secret after its time.
func (s *Service) AuthenticateTechnical(ctx context.Context, login, presented string) (Actor, error) {
	now := s.clock()
	canonical, err := address.Parse(login)
	if err != nil {
		return Actor{}, ErrInvalidCredentials
	}
	text, _ := strings.CutPrefix(presented, secretPrefix)
	digest := secret.Digest(text)
	var a Account
	err = s.store.View(ctx, func(tx Tx) (err error) {
		a, err = tx.AccountByLogin(ctx, canonical)
		return err
	})
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return Actor{}, err
	}
	if err := a.recognises(digest, s.policy.Technical, now); err != nil {
		return Actor{}, err
	}
	if now.Before(a.LastSignInAt.Add(day)) {
		return Technical(a.ID), nil
	}
	return Technical(a.ID), s.store.Update(ctx, func(tx Tx) error {
		current, err := tx.Account(ctx, a.ID)
		if err != nil {
			return err
		}
		if err := current.recognises(digest, s.policy.Technical, now); err != nil {
			return err // it changed in between
		}
		if now.Before(current.LastSignInAt.Add(day)) {
			return nil
		}
		current.LastSignInAt = now
		return s.put(ctx, tx, Technical(a.ID), "account.technical_used", &current, now)
	})
}

// recognises returns nil if the digest is that of a secret that works now.
func (a Account) recognises(digest string, p TechnicalPolicy, now time.Time) error {
	same := func(stored string) bool {
		return stored != "" && subtle.ConstantTimeCompare([]byte(digest), []byte(stored)) == 1
	}
	current, former := same(a.Credentials.Password), same(a.Credentials.Overlap)
	switch {
	case a.Kind != KindTechnical || a.Status != StatusActive || digest == "":
		return ErrInvalidCredentials
	case former && !current && !now.Before(a.Credentials.OverlapUntil):
		return ErrInvalidCredentials
	case !current && !former:
		return ErrInvalidCredentials
	case current && !now.Before(a.SecretExpiresAt(p)):
		return ErrSecretExpired
	default:
		return nil
	}
}

// remindTechnical tells the contact of a technical account that its secret is about to end.
func (s *Service) remindTechnical(ctx context.Context, tx Tx, a Account, now time.Time) error {
	ends := a.SecretExpiresAt(s.policy.Technical)
	if !now.Before(ends) {
		return nil
	}
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key:      "technical_expiring/" + string(a.ID) + "/" + ends.Format(time.RFC3339) + "/" + now.Format(time.DateOnly),
		Template: notify.MailTechnicalExpiring, To: a.ContactEmail, Account: a.ID, Language: a.Language, ExpiresAt: ends,
		Values: notify.Values{"Name": a.FamilyName, "Login": a.LocalLogin(), "Until": ends.Format(time.RFC3339)},
	})
}
