package structure_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

const (
	people  = 3
	window  = 60 * 24 * time.Hour
	pending = 30 * 24 * time.Hour
)

// step is one thing that happens: what, to whom, and with which successor or span.
type step struct{ Op, Who, Arg int }

var (
	moves = []time.Duration{
		time.Microsecond, time.Minute, 30 * time.Minute, time.Hour - time.Microsecond, time.Hour,
		24 * time.Hour, pending - time.Hour, window - time.Hour, window - time.Microsecond, window, -time.Minute,
	}
	steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{rapid.SampledFrom(weights).Draw(t, "op"), rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2}).Draw(t, "who"), rapid.IntRange(0, len(moves)-1).Draw(t, "arg")}
	}), 10, 80)
	weights = []int{0, 0, 1, 1, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 7, 7, 7, 8, 9, 9, 9}
)

// link is what the model knows of a mailed link.
type link struct {
	token         string
	made, expires time.Time
	dead          bool
}

// usable reports whether following the link must work.
func (l link) usable(now time.Time) bool { return l.token != "" && !l.dead && now.Before(l.expires) }

// resident is what the model knows of one address.
type resident struct {
	login                string
	id                   account.ID
	status               account.Status // "" while the address is free
	since, until         time.Time
	activation, comeback link
	password             int
	session              account.Session
	left, back           int
}

// life is the model: what must be true of a store that went the same way.
type life struct {
	w         *worldtest.World
	residents []*resident
	place     structure.ID
	principal int // -1 for none: the structure is not there yet
	siret     string
}

// The life of accounts against a model, over every store: what may work works, nothing
// else does, and the invariants hold after every step: I2 (a link works once), I3 (no
// session of an account that is not active), I5 (one account for an address), I7 (the
// history proves itself), I8 (every mail is owed), I12 (whole before the end of the
// window, gone after the next run), and one principal manager of the structure.
func TestLifeOfAccountsAgainstAModel(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		p := account.Guide2024()
		p.Lifecycle.Purge = account.PurgeAtWindowEnd
		p.AnonymousMails = account.MailBudget{PerHour: 1000, PerDay: 1000} // it has a test of its own
		w.Configure(t, &account.Options{Policy: &p}, &structure.Options{})
		run := 0
		walk := func(tb testing.TB, w *worldtest.World, way []step) {
			run++
			l := &life{w: w, principal: -1, siret: luhnSIRET(run)}
			for i := range people {
				l.residents = append(l.residents, &resident{login: fmt.Sprintf("p%d.%d@terneuil.example", run, i)})
			}
			if len(way)%4 > 0 { // most ways begin with a structure whose people are all there
				begun := []step{{Op: 0}, {Op: 1}, {Op: 6}}
				for i := 1; i < people; i++ {
					begun = append(begun, step{Op: 0, Who: i}, step{Op: 1, Who: i})
				}
				way = append(begun, way...)
			}
			for _, s := range way {
				l.take(tb, s)
				l.check(tb)
			}
		}
		for seed := range 6 {
			walk(t, w, steps.Example(seed))
		}
		if e, ok := w.Store.(interface{ Ephemeral() bool }); ok && e.Ephemeral() {
			rapid.Check(t, func(rt *rapid.T) {
				w := worldtest.New(t, memory.New())
				w.Configure(t, &account.Options{Policy: &p}, &structure.Options{})
				walk(worldtest.InRapid{TB: t, Rapid: rt}, w, steps.Draw(rt, "way"))
				w.Proven(worldtest.InRapid{TB: t, Rapid: rt})
			})
		}
		w.Proven(t)
	})
}

// luhnSIRET makes the n-th identifier that passes the check.
func luhnSIRET(n int) string {
	for i := n * 1000; ; i++ {
		if s := fmt.Sprintf("732829320%05d", i%100000); structure.SIRET(s).Valid(structure.Strict) {
			return s
		}
	}
}

func passwordOf(n int) string { return fmt.Sprintf("Correct-Horse-%d-Battery", n) }

// over tells the end of what waits: no operation finds it any more.
func (l *life) over(r *resident) bool {
	now := l.w.Clock.Now()
	switch r.status {
	case account.StatusPendingActivation:
		return !now.Before(r.since.Add(pending))
	case account.StatusDeactivated:
		return !now.Before(r.until) && (!r.comeback.usable(now) || !r.comeback.expires.After(r.until))
	default:
		return false
	}
}

func (l *life) take(tb testing.TB, s step) {
	ctx, w, r, now := tb.Context(), l.w, l.residents[s.Who], l.w.Clock.Now()
	pause := func(k link) bool { return k.token != "" && now.Before(k.made.Add(time.Minute)) }
	switch s.Op {
	case 0: // register
		_, err := w.Accounts.Register(ctx, account.Anonymous(), worldtest.Registration(r.login))
		require.NoError(tb, err)
		if r.status == "" || l.over(r) {
			*r = resident{login: r.login, status: account.StatusPendingActivation, since: now}
			r.id = l.find(tb, r.login).ID
		}
		switch {
		case r.status == account.StatusPendingActivation && !pause(r.activation):
			r.activation = link{token: w.Token(tb, r.login), made: now, expires: minTime(now.Add(time.Hour), r.since.Add(pending))}
		case r.status == account.StatusDeactivated:
			l.offered(tb, r, pause(r.comeback))
		}
	case 1: // activate
		_, err := w.Accounts.Activate(ctx, r.activation.token, passwordOf(0))
		works := r.status == account.StatusPendingActivation && r.activation.usable(now)
		require.Equal(tb, works, err == nil, "activate: %v", err)
		if works {
			r.status, r.activation.dead = account.StatusActive, true
			l.signIn(tb, r)
		}
	case 2, 3: // deactivate
		if r.id != "" {
			l.deactivate(tb, r, l.residents[s.Arg%people])
		}
	case 4: // ask to come back
		_, err := w.Accounts.RequestReactivation(ctx, account.Anonymous(), r.login)
		require.NoError(tb, err)
		if r.status == account.StatusDeactivated {
			l.offered(tb, r, pause(r.comeback))
		}
	case 5: // come back
		next := passwordOf(r.password + 1)
		_, err := w.Accounts.CompleteReactivation(ctx, r.comeback.token, account.NewPassword{Password: next, Confirmation: next})
		works := r.status == account.StatusDeactivated && r.comeback.usable(now)
		require.Equal(tb, works, err == nil, "come back: %v", err)
		if works {
			r.status, r.comeback.dead = account.StatusActive, true
			r.password++
			r.back++
			l.signIn(tb, r)
		}
	case 6: // found a structure
		if r.status == account.StatusActive && l.principal < 0 {
			st, err := w.Structures.Create(ctx, account.Person(r.id), structure.Creation{Identifier: structure.SIRET(l.siret), LegalName: "x", Type: structure.Private})
			require.NoError(tb, err)
			l.place, l.principal = st.ID, s.Who
		}
	case 7: // time goes by
		w.Clock.Move(moves[s.Arg])
	case 9: // ask, wait, and come back
		l.take(tb, step{Op: 4, Who: s.Who})
		l.take(tb, step{Op: 7, Arg: s.Arg % 5})
		l.take(tb, step{Op: 5, Who: s.Who})
	default: // the clock work runs
		_, err := w.Accounts.CatchUp(ctx)
		require.NoError(tb, err)
		for _, r := range l.residents {
			if l.over(r) {
				require.Equal(tb, account.StatusAnonymized, w.Account(tb, r.id).Status, "I12")
				*r = resident{login: r.login}
			}
		}
	}
}

// offered follows what a deactivated owner is mailed who asks to come back.
func (l *life) offered(tb testing.TB, r *resident, pause bool) {
	now := l.w.Clock.Now()
	if now.Before(r.until) && !pause {
		r.comeback = link{token: l.w.TokenIn(tb, r.login, notify.MailReactivation), made: now, expires: now.Add(time.Hour)}
	}
}

func (l *life) deactivate(tb testing.TB, r, heir *resident) {
	ctx, by, d := tb.Context(), account.Person(r.id), structure.Deactivation{Confirmed: true, SuccessorForAll: structure.Successor{Login: heir.login}}
	c, err := l.w.Structures.PrepareDeactivation(ctx, by)
	require.Equal(tb, r.status == account.StatusActive, err == nil, "prepare: %v", err)
	d.Token = c.Token
	c, err = l.w.Structures.Deactivate(ctx, by, d)
	manages := l.principal >= 0 && l.residents[l.principal] == r
	fits := !manages || heir != r && heir.status == account.StatusActive
	switch {
	case r.status == account.StatusActive && fits:
		require.NoError(tb, err)
		r.status, r.until = account.StatusDeactivated, l.w.Clock.Now().Add(window)
		r.comeback.dead, r.activation.dead = true, true
		r.left++
		if manages {
			l.principal = slices.Index(l.residents, heir)
		}
		require.Equal(tb, r.until, c.Until)
	case r.status == account.StatusDeactivated && err == nil:
		require.Equal(tb, r.until, c.Until, "R-108: again changes nothing")
	default:
		require.Error(tb, err)
	}
}

// signIn keeps a session as a sign-in would give it.
func (l *life) signIn(tb testing.TB, r *resident) {
	r.session = account.Session{Account: r.id, Stamp: l.w.Account(tb, r.id).Stamp}
}

func (l *life) find(tb testing.TB, login string) (a account.Account) {
	require.NoError(tb, l.w.Store.View(tb.Context(), func(tx storage.Tx) (err error) {
		a, err = tx.AccountByLogin(tb.Context(), login)
		return err
	}))
	return a
}

func (l *life) check(tb testing.TB) {
	for _, r := range l.residents {
		if r.status == "" {
			continue
		}
		a := l.w.Account(tb, r.id)
		if !l.over(r) {
			require.Equal(tb, r.status, a.Status)
			require.Equal(tb, a.ID, l.find(tb, r.login).ID, "I5")
			require.Equal(tb, "Julie BON", a.DisplayName(), "I12: whole until the end")
		}
		if r.session.Stamp != "" {
			_, err := l.w.Accounts.Resume(tb.Context(), r.session)
			require.Equal(tb, r.status == account.StatusActive, err == nil, "I3")
		}
		for _, k := range []link{r.activation, r.comeback} {
			if k.dead && k.token != "" {
				_, err := l.w.Accounts.Activate(tb.Context(), k.token, passwordOf(9))
				require.Error(tb, err, "I2")
			}
		}
		require.Equal(tb, r.left, l.mailed(tb, r.id, notify.MailAccountDeactivated), "I8")
		require.Equal(tb, r.back, l.mailed(tb, r.id, notify.MailAccountReactivated), "I8")
	}
	if l.principal >= 0 {
		require.Equal(tb, []account.ID{l.residents[l.principal].id}, principals(tb, l.w, l.place), "one principal manager")
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// mailed counts the mails of a kind that an account was owed, erased ones included.
func (l *life) mailed(tb testing.TB, id account.ID, t notify.Template) (n int) {
	tb.Helper()
	for _, m := range l.w.Mails(tb) {
		if m.Account == id && m.Template == t {
			n++
		}
	}
	return n
}
