package habilis

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"
	_ "time/tzdata" // people's dates must mean the same on a machine without zone files

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// Habilis holds the services, wired to one store. It is immutable after [New] and
// safe for concurrent use.
type Habilis struct {
	Accounts   *account.Service      // who
	SignIns    *mfa.Service          // prove it
	Structures *structure.Service    // where
	Authz      *structure.Authorizer // may they
	Outbox     *notify.Dispatcher    // tell them
	Notices    *notify.Publisher     // what the host has to tell

	store    storage.Store
	opts     Options
	hasher   *account.Hasher
	messages *i18n.Catalogue
}

// Options are the optional parts of [Habilis]; nil means all defaults.
type Options struct {
	// Mailer delivers mails. Defaults to none: mails wait in the outbox for a process
	// that has one.
	Mailer notify.Mailer

	// Keys seal what waits in the outbox and make codes recognisable. They must be
	// the same as long as the data lives. Defaults to a fresh ring if the store keeps
	// nothing beyond the process (memory); otherwise they are required.
	Keys *account.Keys

	Now    func() time.Time // The only clock. Defaults to time.Now.
	Random io.Reader        // Source of identifiers, salts, secrets and codes. Defaults to crypto/rand.Reader.
	Zone   *time.Location   // Zone in which people mean their dates. Defaults to Europe/Paris.
	Links  notify.Links     // Pages of the host that mails point to. Defaults to those of notify.Links.

	// Messages lays the host's own texts over the built-in ones: files named
	// messages.LANG.json. Defaults to none.
	Messages fs.FS

	// Contents keeps the bytes of attachments and photos. Defaults to none: attachments
	// answer account.ErrNoContents. They do the same inside the host's own transaction
	// and in a preview, since bytes cannot be rolled back.
	Contents account.Contents

	Scanner account.Scanner                                               // Looks for malware in attachments. Defaults to none.
	InUse   func(ctx context.Context, a account.Attachment) (bool, error) // Whether the host needs an attachment; see account.Options.InUse. Defaults to none.

	// LegalHold reports whether the host must keep an account from being erased.
	// Defaults to none: nothing is held.
	LegalHold func(ctx context.Context, id account.ID) (bool, error)

	// Breaches asks a service whether a password has leaked. Defaults to none: the
	// embedded list is all there is.
	Breaches account.BreachChecker

	// SupportDesk is the address that requests of people who cannot sign in go to, and
	// news of principal managers who stay away.
	// Defaults to none.
	SupportDesk string

	// Provisioner creates the accounts of people whose structure has an external
	// directory. Defaults to none.
	Provisioner structure.AccountProvisioner

	Hashing  account.Hashing // Cost of a password hash. Defaults to those of account.Hashing.
	Accounts *account.Policy // Defaults to account.Guide2024().
	SignIns  *mfa.Policy     // Defaults to mfa.Guide2024().
	Sources  mfa.Sources     // Budgets of sources at sign-in. Defaults to mfa.NewMemorySources(mfa.SourcePolicy{}).
	// StrongFrom tells from when on an account must have an authenticator application or a
	// security key; see mfa.Options.StrongFrom. Defaults to none: never.
	StrongFrom func(ctx context.Context, id account.ID) (time.Time, error)

	Structure *structure.Policy         // Defaults to structure.Guide2024().
	Authz     *authz.Policy             // Defaults to authz.Guide2024().
	Dispatch  *notify.DispatcherOptions // Defaults to those of notify.DispatcherOptions; its Now is Options.Now.
	OnError   func(error)               // Called with what goes wrong in Run. Defaults to nothing.
}

// ErrKeysRequired reports that a store that outlives the process needs a key ring that does, too.
var ErrKeysRequired = fault.New("keys_required", "a store that outlives the process needs Options.Keys")

// New wires the services over a store. It reads nothing and starts nothing. The
// store is memory.New(), sqlite.Open, postgres.New or the host's own; required
// arguments are checked, policies validated.
func New(store storage.Store, opts *Options) (*Habilis, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if store == nil {
		return nil, account.ErrBadPolicy.With("a store is needed")
	}
	if o.Keys == nil {
		var err error
		if o.Keys, err = ephemeralKeys(store, o.Random); err != nil {
			return nil, err
		}
	}
	if o.Zone == nil {
		var err error
		if o.Zone, err = time.LoadLocation("Europe/Paris"); err != nil {
			return nil, err
		}
	}
	hasher, err := account.NewHasher(o.Hashing, o.Random)
	if err != nil {
		return nil, err
	}
	if err := oneThrottle(&o); err != nil {
		return nil, err
	}
	if o.Sources == nil {
		if o.Sources, err = mfa.NewMemorySources(mfa.SourcePolicy{}); err != nil { // once, for every store in On
			return nil, err
		}
	}
	if o.Dispatch, err = dispatch(o); err != nil {
		return nil, err
	}
	messages, err := i18n.Overlay(o.Messages)
	if err != nil {
		return nil, err
	}
	return (&Habilis{opts: o, hasher: hasher, messages: messages}).On(store)
}

// oneThrottle sees to it that both policies say the same of failed passwords, since
// the counter is the same: a policy that is left out follows the other.
func oneThrottle(o *Options) error {
	switch {
	case o.Accounts != nil && o.SignIns != nil:
		if o.Accounts.Credentials.Password != o.SignIns.Password {
			return account.ErrBadPolicy.With("the policies of accounts and sign-ins differ on failed passwords")
		}
	case o.Accounts != nil:
		p := mfa.Guide2024()
		p.Password = o.Accounts.Credentials.Password
		o.SignIns = &p
	case o.SignIns != nil:
		p := account.Guide2024()
		p.Credentials.Password = o.SignIns.Password
		o.Accounts = &p
	}
	return nil
}

func ephemeralKeys(store storage.Store, random io.Reader) (*account.Keys, error) {
	if e, ok := store.(interface{ Ephemeral() bool }); !ok || !e.Ephemeral() {
		return nil, ErrKeysRequired
	}
	key, err := ids.NewMaker(random).Bytes(account.KeySize)
	if err != nil {
		return nil, err
	}
	return account.NewKeys(key)
}

// On returns the services over another store, with everything else as it is. Give it
// what an adapter's Bind returns, and the operations take part in the host's own
// transaction: they are committed or rolled back with it.
func (h *Habilis) On(store storage.Store) (*Habilis, error) {
	o, hasher := h.opts, h.hasher
	h = &Habilis{store: store, opts: o, hasher: hasher, messages: h.messages}
	var err error
	contents := o.Contents
	if storage.Joined(store) {
		contents = nil
	}
	if h.Accounts, err = account.New(storage.Accounts(store), o.Keys, &account.Options{
		Now: o.Now, Random: o.Random, Hasher: hasher, Links: o.Links, Policy: o.Accounts,
		Contents: contents, Scanner: o.Scanner, InUse: o.InUse, SupportDesk: o.SupportDesk,
		Breaches: o.Breaches, LegalHold: o.LegalHold, Erasing: h.erasing,
	}); err != nil {
		return nil, err
	}
	if h.SignIns, err = mfa.New(storage.SignIns(store), o.Keys, &mfa.Options{
		Now: o.Now, Random: o.Random, Hasher: hasher, Policy: o.SignIns, Sources: o.Sources, Accounts: h.Accounts, StrongFrom: o.StrongFrom,
	}); err != nil {
		return nil, err
	}
	if h.Structures, err = structure.New(storage.Structures(store), o.Keys, &structure.Options{
		Now: o.Now, Random: o.Random, Zone: o.Zone, Links: o.Links, Policy: o.Structure, Authz: o.Authz,
		Accounts: h.Accounts, Provisioner: o.Provisioner, SupportDesk: o.SupportDesk, Factors: factors,
	}); err != nil {
		return nil, err
	}
	h.Authz = h.Structures.Authorizer()
	if h.Notices, err = h.publisher(store); err != nil {
		return nil, err
	}
	d := *o.Dispatch
	if d.Wanted == nil {
		d.Wanted = h.wanted
	}
	if d.Undeliverable == nil {
		d.Undeliverable = h.undeliverable
	}
	if d.Compose == nil {
		d.Compose = h.Notices.Compose
	}
	h.Outbox, err = notify.NewDispatcher(storage.Notices(store), o.Mailer, o.Keys, &d)
	return h, err
}

// publisher makes the service that takes business events.
func (h *Habilis) publisher(store storage.Store) (*notify.Publisher, error) {
	policy := account.Guide2024().Notices
	if h.opts.Accounts != nil {
		policy = h.opts.Accounts.Notices
	}
	return notify.NewPublisher(storage.Notices(store), h.opts.Keys, h.Structures.Readership(), &notify.PublisherOptions{
		Now: h.opts.Now, Random: h.opts.Random, Zone: h.opts.Zone, Links: h.opts.Links, Policy: &policy,
	})
}

// erasing is what packages above account do when one is erased.
func (h *Habilis) erasing(ctx context.Context, tx account.Tx, by account.Actor, a account.Account, now time.Time) error {
	full, ok := tx.(storage.Tx)
	if !ok {
		return account.ErrBadPolicy.With("the store's unit of work knows accounts alone")
	}
	if err := h.SignIns.Forget(ctx, full, a.ID); err != nil {
		return err
	}
	return h.Structures.Forget(ctx, full, by, a, now)
}

// factors lists for an export of personal data what somebody signs in with.
func factors(ctx context.Context, tx structure.Tx, id account.ID) ([]structure.PersonalFactor, error) {
	full, ok := tx.(storage.Tx)
	if !ok {
		return nil, account.ErrBadPolicy.With("the store's unit of work knows structures alone")
	}
	found, err := full.Factors(ctx, id)
	out := make([]structure.PersonalFactor, 0, len(found))
	for _, f := range found {
		out = append(out, structure.PersonalFactor{
			Kind: f.Kind, Label: f.Label, CreatedAt: f.CreatedAt, ConfirmedAt: f.ConfirmedAt, ExpiresAt: f.ExpiresAt, LastUsedAt: f.LastUsedAt,
		})
	}
	return out, err
}

// wanted reports whether a message may still be sent: only whoever is active gets news of
// structures (R-110, R-398, LC-04).
func (h *Habilis) wanted(ctx context.Context, m notify.Message) (bool, error) {
	if m.Account == "" || !m.Template.Notice() {
		return true, nil
	}
	var a account.Account
	err := h.store.View(ctx, func(tx storage.Tx) (err error) {
		a, err = tx.Account(ctx, m.Account)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return a.Status == account.StatusActive, err
}

// undeliverable marks the account whose login address a mail server refused. A
// contact address that is no login is nobody's mark.
func (h *Habilis) undeliverable(ctx context.Context, m notify.Message) error {
	err := h.Accounts.MarkUndeliverable(ctx, account.System(), m.To)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// dispatch completes the options of the dispatcher with what the host said once for
// everything.
func dispatch(o Options) (*notify.DispatcherOptions, error) {
	var d notify.DispatcherOptions
	if o.Dispatch != nil {
		d = *o.Dispatch
	}
	if d.Now == nil {
		d.Now = o.Now
	}
	if d.OnError == nil {
		d.OnError = o.OnError
	}
	if d.Templates == nil {
		var err error
		if d.Templates, err = notify.NewTemplates(nil, o.Zone); err != nil {
			return nil, err
		}
	}
	return &d, nil
}

// Verify proves that the history is unbroken and that the tables say what it adds up
// to; see structure.Verify.
func (h *Habilis) Verify(ctx context.Context) (structure.Report, error) {
	return structure.Verify(ctx, storage.Structures(h.store))
}

// Must returns v, or panics if err is not nil. It is for examples, tests and the first
// lines of a main function; nothing in this module calls it.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err) //nolint:forbidigo // that is what Must is for
	}
	return v
}
