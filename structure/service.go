package structure

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// Service is the entry point of this package. It is immutable after [New] and safe
// for concurrent use.
type Service struct {
	store   Store
	journal *notify.Journal
	ids     ids.Maker
	now     func() time.Time
	zone    *time.Location
	policy  Policy
	authz   authz.Policy
	links   notify.Links

	attachments *account.AttachmentEngine
	accounts    *account.Service
	provisioner AccountProvisioner
	supportDesk string
	factors     func(context.Context, Tx, account.ID) ([]PersonalFactor, error)
}

// Options are the optional parts of a [Service].
type Options struct {
	Now    func() time.Time // The only clock. Defaults to time.Now.
	Random io.Reader        // Source of identifiers and salts. Defaults to crypto/rand.Reader.
	Zone   *time.Location   // Zone in which people mean their dates. Defaults to Europe/Paris.
	Links  notify.Links     // Defaults to the defaults of notify.Links.
	Policy *Policy          // Defaults to Guide2024().
	Authz  *authz.Policy    // Defaults to authz.Guide2024().

	// Accounts opens and closes the accounts of people, over the same store. Defaults to
	// none: what opens or closes accounts answers ErrBadPolicy, attachments
	// account.ErrNoContents.
	Accounts *account.Service

	// Provisioner creates the accounts of people whose structure has an external
	// directory. Defaults to none: CreatePerson answers ErrExternallyManaged.
	Provisioner AccountProvisioner

	// SupportDesk is the address that hears of principal managers who stay away. Defaults
	// to none: only they do.
	SupportDesk string

	// Factors lists what an account signs in with, for the export of personal data, in the
	// unit of work that makes it; the facade does. Defaults to none: exports hold no factors.
	Factors func(ctx context.Context, tx Tx, id account.ID) ([]PersonalFactor, error)
}

// Policy holds what a deployment decides about structures. It is data.
type Policy struct {
	Identifiers IdentifierPolicy // how strictly identifiers are checked

	Records RecordPolicy // what managers keep of a structure

	// SelfService lists the types of structure that any active account may create
	// and then manages. Others are created by support.
	SelfService []Type

	// Memberships says how people join and leave.
	Memberships MembershipPolicy

	Principals PrincipalPolicy // Defaults to those of PrincipalPolicy.

	Searches SearchPolicy // Defaults to those of SearchPolicy.

	// DirectoryContact tells whom to ask where an external directory keeps the accounts:
	// a sentence that is safe to show to anybody; it is the detail of
	// ErrExternallyManaged. Defaults to none: the error's own words.
	DirectoryContact string

	Subscriptions SubscriptionPolicy // Defaults to those of SubscriptionPolicy.

	// NoSecondaryManagers refuses the role of secondary manager from now on; see
	// [Service.MigrateSecondaryManagers] and authz.Policy.WithoutSecondaryManagers.
	// Defaults to false (C-07).
	NoSecondaryManagers bool
}

// Guide2024 is the default policy: strict identifiers, private structures by
// anybody, public ones by support (C-23).
func Guide2024() Policy {
	return Policy{
		Identifiers: Strict, Records: RecordGuide2024(), Memberships: memberships2024(), Subscriptions: subscriptions2024(),
		Principals: principals2024(), Searches: SearchPolicy{}.withDefaults(), SelfService: []Type{Private},
	}
}

func (p Policy) check() error {
	if p.Identifiers != Strict && p.Identifiers != FormatOnly {
		return ErrBadPolicy.With("identifiers are checked strictly or by format only")
	}
	if err := p.Records.check(); err != nil {
		return err
	}
	for _, t := range p.SelfService {
		if t != Public && t != Private {
			return ErrBadPolicy.With("there are public and private structures only")
		}
	}
	if err := p.Memberships.check(); err != nil {
		return err
	}
	if err := p.Principals.check(); err != nil {
		return err
	}
	if err := p.Searches.check(); err != nil {
		return err
	}
	return p.Subscriptions.check()
}

// New returns a Service over the store. The sealer seals what waits in the outbox;
// it must be the same as long as the data lives.
func New(store Store, sealer notify.Sealer, opts *Options) (*Service, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if store == nil || sealer == nil {
		return nil, ErrBadPolicy.With("a store and a key ring are needed")
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if o.Zone == nil {
		var err error
		if o.Zone, err = time.LoadLocation("Europe/Paris"); err != nil {
			return nil, ErrBadPolicy.With("no zone was given and Europe/Paris is not known here").Because(err)
		}
	}
	if o.Policy == nil {
		p := Guide2024()
		o.Policy = &p
	}
	if o.Authz == nil {
		p := authz.Guide2024()
		o.Authz = &p
	}
	if err := o.Policy.check(); err != nil {
		return nil, err
	}
	policy := *o.Policy
	policy.Principals, policy.Subscriptions = policy.Principals.withDefaults(), policy.Subscriptions.withDefaults()
	policy.Searches = policy.Searches.withDefaults()
	if o.SupportDesk != "" {
		if a, err := address.Parse(o.SupportDesk); err != nil || a != o.SupportDesk {
			return nil, ErrBadPolicy.With("the support desk has no address that mails can go to")
		}
	}
	links, err := o.Links.Checked()
	if err != nil {
		return nil, err
	}
	maker := ids.NewMaker(o.Random)
	return &Service{
		store: store, journal: notify.NewJournal(sealer, maker), ids: maker,
		now: o.Now, zone: o.Zone, policy: policy, authz: *o.Authz, links: links,
		accounts: o.Accounts, attachments: o.Accounts.AttachmentEngine(), provisioner: o.Provisioner,
		supportDesk: o.SupportDesk, factors: o.Factors,
	}, nil
}

func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// update runs a unit that may insert what somebody else inserts at the same moment: it runs
// once more then, and finds it there.
func (s *Service) update(ctx context.Context, unit func(Tx) error) error {
	err := s.store.Update(ctx, unit)
	if errors.Is(err, fault.ErrExists) {
		err = s.store.Update(ctx, unit)
	}
	return err
}

// note makes a note of free text, blinded for the history.
func (s *Service) note(text string) (Note, error) {
	salt, err := s.ids.Bytes(16)
	if err != nil {
		return Note{}, err
	}
	return newNote(text, salt), nil
}

// authorise checks that a person may do an administrative action on a structure,
// and returns the structure. Whoever is no member gets [ErrNotFound], a member
// without the right [ErrDenied].
func (s *Service) authorise(ctx context.Context, tx Tx, by account.Actor, id ID, act authz.Action, now time.Time) (Structure, error) {
	at, err := s.authorised(ctx, tx, by, id, act, now)
	return at.Structure, err
}

// authorised is authorise for those who also ask who acts.
func (s *Service) authorised(ctx context.Context, tx Tx, by account.Actor, id ID, act authz.Action, now time.Time) (Standing, error) {
	at, err := standing(ctx, tx, by, id)
	if err != nil {
		return Standing{}, err
	}
	return at, s.mayIn(ctx, tx, at, act, now)
}

// standing loads a person who acts, a structure, and what the one is in the other.
func standing(ctx context.Context, tx Tx, by account.Actor, id ID) (Standing, error) {
	return standingFrom(by, id, func(a account.ID, s ID) (Standing, error) { return tx.Standing(ctx, a, s) })
}

// standingFrom is standing for whoever loads more with it.
func standingFrom(by account.Actor, id ID, load func(account.ID, ID) (Standing, error)) (Standing, error) {
	if err := account.MayAct(by); err != nil {
		return Standing{}, err
	}
	if !ids.Valid(id) {
		id = "" // no structure has such a name
	}
	at, err := load(by.ID, id)
	if err == nil {
		err = at.check()
	}
	if err != nil {
		return Standing{}, err
	}
	return at, nil
}

// check says why nobody can act in this standing, if so.
func (at Standing) check() error {
	switch {
	case at.Account.Status != account.StatusActive:
		return account.ErrNotActive
	case at.Account.Kind == account.KindTechnical:
		return account.ErrActor // programs call interfaces and do nothing else
	case at.Structure.ID == "":
		return ErrNotFound
	default:
		return nil
	}
}

// deciding loads a membership with the person who is to act on it, and checks that this
// person may.
func (s *Service) deciding(ctx context.Context, tx Tx, by account.Actor, id MembershipID, act authz.Action, now time.Time) (Deciding, error) {
	if err := account.MayAct(by); err != nil {
		return Deciding{}, err
	}
	if !ids.Valid(id) {
		return Deciding{}, ErrNotFound
	}
	d, err := tx.Deciding(ctx, by.ID, id)
	if err == nil {
		err = d.check()
	}
	if err == nil {
		err = s.mayIn(ctx, tx, d.Standing, act, now)
	}
	if err == nil && d.Applicant.ID == "" {
		err = ErrNotFound
	}
	return d, err
}

// permitted checks that an account may do an administrative action. own are its
// subscriptions there; without them, a permission that an entitlement gives is refused.
func (s *Service) permitted(a account.Card, st Structure, m Membership, act authz.Action, now time.Time, own ...Subscription) error {
	d := authz.Decide(Facts(s.authz, a, st, nil, m, own...), authz.Request{Account: a.ID, Structure: st.ID, Action: act, At: now})
	switch {
	case d.Allowed:
		return nil
	case d.Role == "":
		return ErrNotFound
	default:
		return ErrDenied
	}
}

// find asks the store for one object, but only under a name that can exist.
func find[K ~string, V any](ctx context.Context, get func(context.Context, K) (V, error), id K) (V, error) {
	if !ids.Valid(id) {
		var none V
		return none, ErrNotFound
	}
	return get(ctx, id)
}

// known is find for what may be absent: it reports whether it is there.
func known[V any](v V, err error) (V, bool, error) {
	if errors.Is(err, fault.ErrNotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}
