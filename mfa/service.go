package mfa

import (
	"io"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ceremony"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// Service is the entry point of this package. It is immutable after [New] and safe
// for concurrent use.
type Service struct {
	store   Store
	keys    *account.Keys
	journal *notify.Journal
	ids     ids.Maker
	now     func() time.Time
	hasher  *account.Hasher
	policy  Policy
	sources Sources

	accounts   *account.Service
	ceremonies *ceremony.Ceremonies // nil without security keys
}

// Options are the optional parts of a [Service].
type Options struct {
	Now    func() time.Time // The only clock. Defaults to time.Now.
	Random io.Reader        // Source of identifiers, handles and codes. Defaults to crypto/rand.Reader.
	Hasher *account.Hasher  // Checks passwords; give it the accounts' own. Defaults to account.NewHasher(account.Hashing{}, Random).
	Policy *Policy          // Defaults to Guide2024().
	// Accounts says which passwords must be replaced after a sign-in: those of the policy's
	// age, and those that nobody could choose today. Defaults to none: only those that
	// account.Service.RequirePasswordChange was called for.
	Accounts *account.Service

	Sources Sources // Budgets of sources. Defaults to NewMemorySources(SourcePolicy{}).
}

// Policy holds what a deployment decides about signing in. It is data.
type Policy struct {
	SignInLifetime time.Duration // from the right password to the last factor
	CodeDigits     int           // length of a mail code, 6 to 10
	CodeLifetime   time.Duration // of a mail code; at most 10 minutes (SP 800-63B-4 section 3.1.3.2)
	CodePause      time.Duration // before another code may be asked for
	CodeTries      int           // codes that may be tried in one sign-in

	Password account.ThrottlePolicy // what failed passwords cost; that of account.CredentialPolicy, the counter being the same
	MailCode account.ThrottlePolicy // what failed mail codes cost, over all sign-ins of an account

	Factors FactorPolicy
	Keys    KeyPolicy
}

// Guide2024 is the default policy.
func Guide2024() Policy {
	return Policy{
		SignInLifetime: 15 * time.Minute,
		CodeDigits:     6,
		CodeLifetime:   10 * time.Minute,
		CodePause:      30 * time.Second,
		CodeTries:      5,
		Password:       account.PasswordThrottle(),
		MailCode:       account.ThrottlePolicy{Free: 10, FirstDelay: 30 * time.Second, MaxDelay: time.Hour},
		Factors:        factors2024(),
		Keys:           keys2024(),
	}
}

// ErrBadPolicy reports a policy that contradicts itself or is unsafe.
var ErrBadPolicy = fault.New("bad_sign_in_policy", "the sign-in policy is not acceptable")

func (p Policy) check() error {
	switch {
	case p.CodeDigits < 6 || p.CodeDigits > 10:
		return ErrBadPolicy.With("a mail code has 6 to 10 digits")
	case p.CodeLifetime <= 0 || p.CodeLifetime > 10*time.Minute:
		return ErrBadPolicy.With("a mail code lives for at most 10 minutes")
	case p.SignInLifetime <= 0 || p.SignInLifetime > time.Hour:
		return ErrBadPolicy.With("a sign-in lives for at most an hour")
	case p.CodeTries < 1 || p.CodeTries > 10:
		return ErrBadPolicy.With("a sign-in allows 1 to 10 tries")
	case p.CodePause < 0:
		return ErrBadPolicy.With("the pause between codes is negative")
	}
	if err := p.Password.Check(); err != nil {
		return err
	}
	if err := p.MailCode.Check(); err != nil {
		return err
	}
	if err := p.Factors.check(); err != nil {
		return err
	}
	return p.Keys.check()
}

// New returns a Service over the store. The key ring makes mail codes recognisable
// without storing them; it must be the accounts' own.
func New(store Store, keys *account.Keys, opts *Options) (*Service, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if store == nil || keys == nil {
		return nil, ErrBadPolicy.With("a store and a key ring are needed")
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if o.Policy == nil {
		p := Guide2024()
		o.Policy = &p
	}
	if err := o.Policy.check(); err != nil {
		return nil, err
	}
	if o.Hasher == nil {
		var err error
		if o.Hasher, err = account.NewHasher(account.Hashing{}, o.Random); err != nil {
			return nil, err
		}
	}
	if o.Sources == nil {
		var err error
		if o.Sources, err = NewMemorySources(SourcePolicy{}); err != nil {
			return nil, err
		}
	}
	var ceremonies *ceremony.Ceremonies
	if o.Policy.Keys.Domain != "" {
		var err error
		if ceremonies, err = ceremony.New(o.Policy.Keys.party()); err != nil {
			return nil, ErrBadPolicy.With(err.Error())
		}
	}
	maker := ids.NewMaker(o.Random)
	return &Service{
		store: store, keys: keys, journal: notify.NewJournal(keys, maker), ids: maker,
		now: o.Now, hasher: o.Hasher, policy: *o.Policy, sources: o.Sources,
		accounts: o.Accounts, ceremonies: ceremonies,
	}, nil
}

func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }
