package structure_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// together calls do n times at once and returns the errors.
func together(n int, do func(int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	return errs
}

// RC-16: the same lines asked for by many at once are there once, and carry what each of
// them says.
func TestTheSameLinesAtOnce(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c := company(t, w)
		openSpace(t, w, c, works)
		julie, _ := hire(t, w, c, clerk, c.Urba)
		won := 0
		for _, err := range together(16, func(int) error {
			_, err := w.Structures.RequestSubscriptions(t.Context(), julie, wish(c, read(works), write(works)))
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, structure.ErrSubscriptionPending)
		}
		require.Equal(t, 1, won)
		mine, err := w.Structures.MySubscriptions(t.Context(), julie)
		require.NoError(t, err)
		var lines []structure.Line
		for _, m := range mine {
			if m.Subscription.Space == works {
				lines = append(lines, m.Subscription.Line())
				require.Equal(t, mine[len(mine)-1].Subscription.Batch, m.Subscription.Batch, "one request won as a whole")
			}
		}
		require.ElementsMatch(t, []structure.Line{read(works), write(works)}, lines)
		w.Proven(t)
	})
}

// RC-20: whoever changes the dates of one membership at the same time leaves one of them,
// never two intervals.
func TestTheSameDatesAtOnce(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c := company(t, w)
		julie, m := hire(t, w, c, clerk, c.Urba)
		from := w.Clock.Now().Truncate(24 * time.Hour)
		until := func(i int) time.Time { return from.AddDate(0, 0, 1+i) }
		for _, err := range together(64, func(i int) error {
			_, err := w.Structures.ChangeMembership(t.Context(), c.Manager, m.ID, structure.Change{
				Validity: &authz.Validity{From: from, Until: until(i)},
			})
			return err
		}) {
			require.NoError(t, err)
		}
		all, err := w.Structures.MembershipsOf(t.Context(), c.Manager, c.ID, julie.ID)
		require.NoError(t, err)
		require.Len(t, all, 1)
		stored := all[0].Membership.Validity
		require.True(t, stored.From.Equal(from))
		require.False(t, stored.Until.Before(until(0)) || stored.Until.After(until(63)), stored)
		w.Proven(t)
	})
}

// PE-07, PE-08, LC-25: who may only read writes by no way of asking, raises nothing by
// deciding, granting or editing on their own, and a line that was taken away is gone for
// what is saved the next moment.
func TestReadersDoNotBecomeWriters(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		openSpace(t, w, c, works)
		julie, _ := hire(t, w, c, clerk, c.Urba)
		on := func(l structure.Line) structure.Line { l.Service = c.Urba.ID; return l }
		granted, err := w.Structures.GrantSubscriptions(ctx, c.Manager, structure.SubscriptionGrant{
			Structure: c.ID, Account: julie.ID, Lines: []structure.Line{read(works)}, From: today,
		})
		require.NoError(t, err)
		asked, err := w.Structures.RequestSubscriptions(ctx, julie, wish(c, write(works)))
		require.NoError(t, err)

		_, err = w.Structures.ApproveSubscriptions(ctx, julie, structure.Verdict{Requested: lineIDs(asked), Ticked: []structure.Line{write(works)}})
		require.Error(t, err)
		_, err = w.Structures.GrantSubscriptions(ctx, julie, structure.SubscriptionGrant{
			Structure: c.ID, Account: julie.ID, Lines: []structure.Line{write(works)}, From: today,
		})
		require.Error(t, err)
		outcomes, err := w.Structures.ApproveManySubscriptions(ctx, julie, lineIDs(asked)...)
		require.NoError(t, err)
		require.Error(t, outcomes[0].Err)

		require.True(t, allowed(t, w, julie.ID, c.ID, on(read(works))))
		require.False(t, allowed(t, w, julie.ID, c.ID, on(write(works))))
		held, err := w.Authz.Statement(ctx, julie.ID, c.ID, w.Clock.Now())
		require.NoError(t, err)
		for _, e := range held {
			require.False(t, e.Space == works && e.Level == authz.Write, "the statement promises no more")
		}

		_, err = w.Structures.RemoveSubscriptions(ctx, c.Manager, granted[0].ID)
		require.NoError(t, err)
		require.False(t, allowed(t, w, julie.ID, c.ID, on(read(works))), "LC-25")
	})
}

// LC-13, LC-14, TI-08: in a structure that is no longer active nobody has a right, people
// as little as programs, and a program has none in any other structure.
func TestInactiveStructuresGiveNothing(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		other := w.Company(t, worldtest.SIRETCity, "another@terneuil.example")
		julie, _ := hire(t, w, c, clerk, c.Urba)
		handed, err := w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, structure.TechnicalSpec{Login: "tech_1_" + worldtest.SIRETCompany + "@cpro.example", Name: "ERP"})
		require.NoError(t, err)
		program := handed.Account
		invoices := structure.Line{Service: c.Urba.ID, Space: authz.SpaceInvoicesIssued, Level: authz.Read}
		elsewhere := structure.Line{Service: other.Urba.ID, Space: authz.SpaceInvoicesIssued, Level: authz.Read}
		require.True(t, allowed(t, w, julie.ID, c.ID, invoices))
		require.False(t, allowed(t, w, program, other.ID, elsewhere), "TI-08")
		require.False(t, allowed(t, w, program, c.ID, elsewhere), "TI-08")

		_, err = w.Structures.DeactivateStructure(ctx, c.Manager, c.ID)
		require.NoError(t, err)
		for _, who := range []account.ID{julie.ID, program, c.Manager.ID} {
			require.False(t, allowed(t, w, who, c.ID, invoices))
			held, err := w.Authz.Statement(ctx, who, c.ID, w.Clock.Now())
			require.NoError(t, err)
			require.Empty(t, held)
		}
		_, err = w.Structures.RequestSubscriptions(ctx, julie, wish(c, write(works)))
		require.Error(t, err)
		_, err = w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, structure.TechnicalSpec{Login: "tech_2_" + worldtest.SIRETCompany + "@cpro.example", Name: "ERP 2"})
		require.Error(t, err)
	})
}

// TI-16: the identifier of a structure stays taken when it is no longer active, so that
// nobody makes another of it that inherits members, spaces or files.
func TestNobodyTakesOverAnIdentifier(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c := company(t, w)
		_, err := w.Structures.DeactivateStructure(t.Context(), c.Manager, c.ID)
		require.NoError(t, err)
		_, err = w.Structures.Create(t.Context(), w.Join(t, "another@terneuil.example"), structure.Creation{
			Identifier: c.Identifier, LegalName: "Another", Type: structure.Private,
		})
		require.ErrorIs(t, err, structure.ErrStructureExists)
	})
}

// deaf is a store whose history takes no event while it is told not to.
type deaf struct {
	storage.Store
	down bool
}

var errDisk = errors.New("the disk of the history is full")

func (s *deaf) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return s.Store.Update(ctx, func(tx storage.Tx) error { return fn(deafTx{tx, s}) })
}

type deafTx struct {
	storage.Tx
	of *deaf
}

func (tx deafTx) AppendEvent(ctx context.Context, e notify.Event) error {
	if tx.of.down {
		return errDisk
	}
	return tx.Tx.AppendEvent(ctx, e)
}

// LG-03, LG-04: what cannot be recorded does not happen, and no mail tells of it.
func TestNothingHappensUnrecorded(t *testing.T) {
	t.Parallel()
	store := &deaf{Store: memory.New()}
	w := worldtest.New(t, store)
	c := company(t, w)
	openSpace(t, w, c, works)
	julie, m := hire(t, w, c, clerk, c.Urba)
	paul := w.Join(t, "paul@terneuil.example")
	asked, err := w.Structures.Request(t.Context(), paul, ask(c))
	require.NoError(t, err)
	store.down = true
	w.Unchanged(t, func() {
		ctx := t.Context()
		for what, do := range map[string]func() error{
			"ask": func() error { _, err := w.Structures.Request(ctx, julie, ask(c, c.Voie)); return err },
			"approve": func() error {
				_, err := w.Structures.Approve(ctx, c.Manager, asked.ID, structure.Approval{})
				return err
			},
			"subscribe": func() error {
				_, err := w.Structures.RequestSubscriptions(ctx, julie, wish(c, read(works)))
				return err
			},
			"open": func() error {
				_, err := w.Structures.OpenSpace(ctx, c.Manager, c.ID, authz.SpaceInvoicesToValidate)
				return err
			},
			"add": func() error {
				_, err := w.Structures.AddService(ctx, c.Manager, c.ID, structure.ServiceSpec{Code: "NEW", Name: "New"})
				return err
			},
			"close":    func() error { _, err := w.Structures.DeactivateStructure(ctx, c.Manager, c.ID); return err },
			"sign out": func() error { return w.Accounts.SignOutEverywhere(ctx, julie) },
		} {
			require.ErrorIs(t, do(), errDisk, what)
		}
		one, err := w.Structures.DisableMembers(ctx, c.Manager, m.ID)
		require.NoError(t, err)
		require.ErrorIs(t, one[0].Err, errDisk)
	})
	store.down = false
	w.Proven(t)
}

// dying is a context that ends when it was looked at so many times.
type dying struct {
	context.Context
	left atomic.Int64
	end  context.CancelFunc
}

func dyingAfter(parent context.Context, looks int) *dying {
	ctx, cancel := context.WithCancel(parent)
	d := &dying{Context: ctx, end: cancel}
	d.left.Store(int64(looks))
	return d
}

func (d *dying) look() {
	if d.left.Add(-1) < 0 {
		d.end()
	}
}

func (d *dying) Err() error            { d.look(); return d.Context.Err() }
func (d *dying) Done() <-chan struct{} { d.look(); return d.Context.Done() }

// RC-22: whenever the caller goes away, a request was made as a whole or not at all, and
// the store serves the next one.
func TestCallersGoAwayAtAnyInstant(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c := company(t, w)
		julie := w.Join(t, clerk)
		for looks, done := 0, false; !done; looks++ {
			require.Less(t, looks, 1000, "it ends at last")
			ctx := dyingAfter(t.Context(), looks)
			_, err := w.Structures.Request(ctx, julie, ask(c))
			ctx.end()
			done = err == nil
			if err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
			all, err := w.Structures.Mine(t.Context(), julie)
			require.NoError(t, err)
			told := w.Count(t, boss, notify.MailMembershipRequested)
			require.Equal(t, len(all), told, "the mail goes with the request")
			if done {
				require.Len(t, all, 1)
			} else if len(all) == 1 { // the commit was made, only its answer was lost
				break
			}
		}
		w.Proven(t)
	})
}

// TI-01, R-143: whoever prepares a request, or waits for the answer to one, reads of
// a structure what anybody may, and neither its bank accounts nor what is between its managers.
func TestStrangersWhoPrepareReadNoSheet(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, c := t.Context(), company(t, w)
		const iban = "FR7630006000011234567890189"
		_, err := w.Structures.AddBankAccount(ctx, c.Manager, c.ID, structure.NewBankAccount{Label: "Current", IBAN: iban})
		require.NoError(t, err)
		lend(t, w, c, authz.Delegation{Users: true})
		stranger := w.Join(t, clerk)
		public, err := w.Structures.Structure(ctx, stranger, c.ID)
		require.NoError(t, err)
		require.Empty(t, public.Sheet.Accounts)

		p, err := w.Structures.PrepareRequest(ctx, stranger, c.ID)
		require.NoError(t, err)
		require.Equal(t, public, p.Structure)
		_, err = w.Structures.Request(ctx, stranger, ask(c))
		require.NoError(t, err)
		shown, err := w.Structures.PrepareDeactivation(ctx, stranger)
		require.NoError(t, err)
		require.Equal(t, []structure.Structure{public}, shown.Withdrawn)
		member, _ := hire(t, w, c, "rita@terneuil.example")
		public, err = w.Structures.Structure(ctx, member, c.ID)
		require.NoError(t, err)
		kept, err := w.Structures.Deactivate(ctx, member, structure.Deactivation{Confirmed: true, Token: "stale"})
		require.ErrorIs(t, err, structure.ErrConsequencesChanged)
		require.Equal(t, []structure.Structure{public}, kept.Kept)
	})
}
