package account

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// Service is the entry point of this package. It is immutable after [New] and safe
// for concurrent use.
type Service struct {
	store   Store
	keys    *Keys
	journal *notify.Journal
	ids     ids.Maker
	now     func() time.Time
	hasher  *Hasher
	policy  Policy
	links   notify.Links
	towns   Towns

	attachments *AttachmentEngine

	supportDesk string
	breaches    BreachChecker
	legalHold   func(context.Context, ID) (bool, error)
	erasing     func(context.Context, Tx, Actor, Account, time.Time) error
}

// Options are the optional parts of a [Service].
type Options struct {
	Now    func() time.Time // The only clock. Defaults to time.Now.
	Random io.Reader        // Source of identifiers, salts and secrets. Defaults to crypto/rand.Reader.
	Hasher *Hasher          // Defaults to NewHasher(Hashing{}, Random).
	Links  notify.Links     // Defaults to the defaults of notify.Links.
	Policy *Policy          // Defaults to Guide2024().
	Towns  Towns            // Checks postcodes against towns. Defaults to none: they need not match.

	Contents Contents // Where the contents of attachments lie. Defaults to none: attachments answer ErrNoContents.
	Scanner  Scanner  // Looks for malware in attachments. Defaults to none: nothing is looked for.

	// InUse reports whether the host needs an attachment that somebody wants to delete,
	// such as one that an invoice refers to. It runs before the unit of work.
	// Defaults to none: nothing is in use.
	InUse func(ctx context.Context, a Attachment) (bool, error)

	// SupportDesk is the address that requests of people who cannot sign in go to.
	// Defaults to none: AskSupport answers ErrNoSupportDesk.
	SupportDesk string

	// Breaches asks a service whether a password has leaked. Defaults to none: the
	// embedded list is all there is.
	Breaches BreachChecker

	// LegalHold reports whether the host must keep an account from being erased. It runs
	// outside any unit of work. Defaults to none: nothing is held.
	LegalHold func(ctx context.Context, id ID) (bool, error)

	// Erasing is what other packages do in the unit of work that erases an account;
	// give it structure.Service.Forget. Defaults to nothing.
	Erasing func(ctx context.Context, tx Tx, by Actor, a Account, now time.Time) error
}

// Policy holds what a deployment decides about accounts. It is data.
type Policy struct {
	Password    PasswordPolicy    // which passwords are acceptable
	LoginChange LoginChangePolicy // how the login address changes
	Attachments AttachmentPolicy  // which files are acceptable, and how many

	// ActivationLifetime is how long an activation link lives.
	ActivationLifetime time.Duration

	// MailPause is how long an anonymous caller must wait before the same mail is
	// sent to the same address again; asking earlier is answered alike and sends
	// nothing.
	MailPause time.Duration

	// AnonymousMails bounds how many mails callers who are not signed in cause to one
	// account.
	AnonymousMails MailBudget

	// Credentials says how passwords are proven and replaced.
	Credentials CredentialPolicy

	// FreshProof is how long a proven factor counts as fresh for what is sensitive:
	// changing the login address, exporting the secret of a technical account. 0 asks
	// for none.
	FreshProof time.Duration

	Technical TechnicalPolicy // technical accounts and their secrets
	Profile   ProfilePolicy   // what people may tell about themselves
	Lifecycle LifecyclePolicy // how accounts begin and end

	Notices notify.NoticePolicy // which news of structures people choose from
}

// Guide2024 is the default policy.
func Guide2024() Policy {
	return Policy{
		Attachments:        AttachmentsGuide2024(),
		Password:           PasswordClassic(),
		LoginChange:        loginChange2024(),
		ActivationLifetime: time.Hour,
		MailPause:          time.Minute,
		AnonymousMails:     mailBudget2024(),
		Credentials:        credentials2024(),
		FreshProof:         15 * time.Minute,
		Technical:          TechnicalGuide2024(),
		Profile:            ProfileGuide2024(),
		Lifecycle:          lifecycle2024(),
		Notices:            notify.NoticesGuide2024(),
	}
}

// ErrBadPolicy reports a policy that contradicts itself.
var ErrBadPolicy = fault.New("bad_policy", "the policy is not acceptable")

func (p Policy) check() error {
	switch {
	case p.ActivationLifetime <= 0:
		return ErrBadPolicy.With("an activation link must live for some time")
	case p.FreshProof < 0:
		return ErrBadPolicy.With("a fresh proof cannot last for less than no time")
	case p.MailPause < 0:
		return ErrBadPolicy.With("the pause between mails is negative")
	default:
		return errors.Join(p.Password.check(), p.Technical.Check(), p.LoginChange.check(), p.Profile.check(), p.Attachments.check(),
			p.Lifecycle.check(p.ActivationLifetime), p.Credentials.check(), p.AnonymousMails.check(), p.Notices.Check())
	}
}

// New returns a Service over the store. The key ring seals what waits in the
// outbox; it must be the same as long as the data lives.
func New(store Store, keys *Keys, opts *Options) (*Service, error) {
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
	if o.SupportDesk != "" {
		if a, err := address.Parse(o.SupportDesk); err != nil || a != o.SupportDesk {
			return nil, ErrBadPolicy.With("the support desk is no address in canonical form")
		}
	}
	links, err := o.Links.Checked()
	if err != nil {
		return nil, err
	}
	if o.Hasher == nil {
		if o.Hasher, err = NewHasher(Hashing{}, o.Random); err != nil {
			return nil, err
		}
	}
	maker := ids.NewMaker(o.Random)
	s := &Service{
		store: store, keys: keys, journal: notify.NewJournal(keys, maker), ids: maker,
		now: o.Now, hasher: o.Hasher, policy: *o.Policy, links: links, towns: o.Towns, supportDesk: o.SupportDesk, breaches: o.Breaches,
		legalHold: o.LegalHold, erasing: o.Erasing,
	}
	s.attachments = &AttachmentEngine{
		store: store, journal: s.journal, ids: maker, now: o.Now, policy: o.Policy.Attachments,
		contents: o.Contents, scanner: o.Scanner, inUse: o.InUse,
	}
	return s, nil
}

// clock reads the time once for an operation, in the precision that is stored.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }
