package habilis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// Plan is what operations would do: the outcome of [Habilis.Preview].
type Plan struct {
	Events []notify.Event // what would be recorded, in order
	Mails  []PlannedMail  // what would be sent, in order
	Gained []Change       // rights that would begin to hold now
	Lost   []Change       // rights that would cease to hold now
}

// PlannedMail is a mail that would leave. What it says is not kept: it may hold a
// link or a code.
type PlannedMail struct {
	Template notify.Template
	To       string
	Language string
}

// Change is one right that somebody would gain or lose, with the names to show.
type Change struct {
	authz.Entitlement
	AccountName   string
	StructureName string
	ServiceName   string // code of the service, "" for the whole structure
}

// String renders the changes of rights for people, one a line: "+" gained, "-" lost.
func (p Plan) String() string {
	var b strings.Builder
	line := func(sign string, c Change) {
		where := c.StructureName
		if c.ServiceName != "" {
			where = c.ServiceName + " of " + where
		}
		fmt.Fprintf(&b, "%s %s may %s %s on %s\n", sign, c.AccountName, c.Level, c.Space, where)
	}
	for _, c := range p.Gained {
		line("+", c)
	}
	for _, c := range p.Lost {
		line("-", c)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

var errRehearsed = errors.New("a preview is always rolled back")

// ErrNoRollback reports a preview in a transaction of the host that cannot roll back a
// part of itself.
var ErrNoRollback = fault.New("no_rollback", "the transaction cannot roll back a preview alone")

// nobody stands in for the external process that creates accounts: it is not asked.
type nobody struct{}

// ProvisionAccount does nothing.
func (nobody) ProvisionAccount(context.Context, account.Actor, structure.Structure, account.Registration) error {
	return nil
}

// undone reports whether what is written to a store in a unit that fails is always rolled
// back, even if the store takes part in somebody else's transaction.
func undone(s storage.Store) bool {
	j, ok := s.(interface{ Nests() bool })
	return !storage.Joined(s) || ok && j.Nests()
}

// Preview runs fn with services whose unit of work is rolled back, whatever it does,
// and returns the events, mails and changes of rights that it would have caused.
// Nothing is written, nothing is sent, and Options.Provisioner is not asked. fn may run
// more than once; it must use the services that it is given, and only while it runs. fn's
// error comes back as it is, and the plan is empty then. Other error: [ErrNoRollback].
func (h *Habilis) Preview(ctx context.Context, fn func(*Habilis) error) (Plan, error) {
	if !undone(h.store) {
		return Plan{}, ErrNoRollback
	}
	var plan Plan
	err := storage.Update(ctx, h.store, func(tx storage.Tx) error {
		r := &rehearsal{Tx: tx, ctx: ctx, authz: h.Authz, now: h.instant()}
		bare := *h
		bare.opts.Mailer = nil
		if bare.opts.Provisioner != nil {
			bare.opts.Provisioner = nobody{}
		}
		bare.opts.Now = func() time.Time { return r.now }
		dry, err := bare.On(storage.Join(r.nestable()))
		if err != nil {
			return err
		}
		if err := fn(dry); err != nil {
			return err
		}
		if plan, err = r.plan(); err != nil {
			return err
		}
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		return plan, nil
	}
	return Plan{}, err
}

func (h *Habilis) instant() time.Time {
	if h.opts.Now != nil {
		return h.opts.Now().UTC()
	}
	return time.Now().UTC() //nolint:forbidigo // the default of the injected clock
}

// rehearsal is a unit of work that watches what is written: what is recorded, what is
// enqueued, and what each pair of account and structure could do before the first
// write that touches it.
type rehearsal struct {
	storage.Tx
	ctx    context.Context //nolint:containedctx // lives as long as the one unit it belongs to
	authz  *structure.Authorizer
	now    time.Time
	events []notify.Event
	mails  []PlannedMail
	before map[pair][]authz.Entitlement
	order  []pair
}

// nestable returns r with the ability to nest if the unit that it watches has it.
func (r *rehearsal) nestable() storage.Tx {
	if n, ok := r.Tx.(storage.Nester); ok {
		return nesting{r, n}
	}
	return r
}

// nesting is a rehearsal over a unit that can nest: what a failed part recorded is
// forgotten together with what it wrote.
type nesting struct {
	*rehearsal
	nester storage.Nester
}

func (n nesting) Nest(ctx context.Context, fn func(storage.Tx) error) error {
	outer, events, mails := n.Tx, len(n.events), len(n.mails)
	err := n.nester.Nest(ctx, func(inner storage.Tx) error {
		n.rehearsal.Tx = inner
		defer func() { n.rehearsal.Tx = outer }()
		return fn(n.nestable())
	})
	if err != nil {
		n.rehearsal.events, n.rehearsal.mails = n.events[:events], n.mails[:mails]
	}
	return err
}

type pair struct {
	account   account.ID
	structure structure.ID
}

func (r *rehearsal) AppendEvent(ctx context.Context, e notify.Event) error {
	r.events = append(r.events, e)
	return r.Tx.AppendEvent(ctx, e)
}

func (r *rehearsal) Enqueue(ctx context.Context, m notify.Message) error {
	r.mails = append(r.mails, PlannedMail{Template: m.Template, To: m.To, Language: m.Language})
	return r.Tx.Enqueue(ctx, m)
}

func (r *rehearsal) PutAccount(ctx context.Context, a account.Account) error {
	if err := r.touchAll(structure.MembershipQuery{Account: a.ID}); err != nil {
		return err
	}
	return r.Tx.PutAccount(ctx, a)
}

func (r *rehearsal) PutStructure(ctx context.Context, s structure.Structure) error {
	if err := r.touchAll(structure.MembershipQuery{Structures: []structure.ID{s.ID}}); err != nil {
		return err
	}
	return r.Tx.PutStructure(ctx, s)
}

func (r *rehearsal) PutUnit(ctx context.Context, u structure.Unit) error {
	if err := r.touchAll(structure.MembershipQuery{Structures: []structure.ID{u.Structure}}); err != nil {
		return err
	}
	return r.Tx.PutUnit(ctx, u)
}

func (r *rehearsal) PutMembership(ctx context.Context, m structure.Membership) error {
	if err := r.touch(pair{m.Account, m.Structure}); err != nil {
		return err
	}
	return r.Tx.PutMembership(ctx, m)
}

func (r *rehearsal) PutSubscription(ctx context.Context, s structure.Subscription) error {
	if err := r.touch(pair{s.Account, s.Structure}); err != nil {
		return err
	}
	return r.Tx.PutSubscription(ctx, s)
}

func (r *rehearsal) touchAll(q structure.MembershipQuery) error {
	for q.Limit = 1000; ; {
		ms, err := r.Tx.Memberships(r.ctx, q)
		if err != nil {
			return err
		}
		for _, m := range ms {
			if err := r.touch(pair{m.Account, m.Structure}); err != nil {
				return err
			}
			q.AfterAt, q.AfterID = m.RequestedAt, m.ID
		}
		if len(ms) < q.Limit {
			return nil
		}
	}
}

func (r *rehearsal) touch(p pair) error {
	if _, seen := r.before[p]; seen {
		return nil
	}
	rights, err := r.authz.StatementIn(r.ctx, r.Tx, p.account, p.structure, r.now)
	if err != nil {
		return err
	}
	if r.before == nil {
		r.before = map[pair][]authz.Entitlement{}
	}
	r.before[p] = rights
	r.order = append(r.order, p)
	return nil
}

// plan compares what every touched pair could do with what it can do now.
func (r *rehearsal) plan() (Plan, error) {
	out := Plan{Events: r.events, Mails: r.mails}
	for _, p := range r.order {
		after, err := r.authz.StatementIn(r.ctx, r.Tx, p.account, p.structure, r.now)
		if err != nil {
			return Plan{}, err
		}
		gained, lost := authz.Diff(r.before[p], after)
		if len(gained)+len(lost) == 0 {
			continue
		}
		name, err := r.namer(p)
		if err != nil {
			return Plan{}, err
		}
		for _, e := range gained {
			out.Gained = append(out.Gained, name(e))
		}
		for _, e := range lost {
			out.Lost = append(out.Lost, name(e))
		}
	}
	return out, nil
}

// namer loads the names that the changes of one pair mention.
func (r *rehearsal) namer(p pair) (func(authz.Entitlement) Change, error) {
	a, err := r.Tx.Account(r.ctx, p.account)
	if err != nil {
		return nil, err
	}
	s, err := r.Tx.Structure(r.ctx, p.structure)
	if err != nil {
		return nil, err
	}
	units, err := r.Tx.Units(r.ctx, p.structure)
	if err != nil {
		return nil, err
	}
	codes := map[structure.ServiceID]string{}
	for _, u := range units {
		codes[u.ID] = u.Code
	}
	return func(e authz.Entitlement) Change {
		return Change{Entitlement: e, AccountName: a.DisplayName(), StructureName: s.DisplayName(), ServiceName: codes[e.Service]}
	}, nil
}
