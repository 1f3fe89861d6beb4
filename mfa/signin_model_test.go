package mfa_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

// step is one thing that is tried: what, in which of the sign-ins under way, with what.
type step struct{ Op, In, With int }

var steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
	return step{
		rapid.SampledFrom([]int{0, 1, 1, 2, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9}).Draw(t, "op"),
		rapid.IntRange(0, 2).Draw(t, "in"), rapid.IntRange(0, 11).Draw(t, "with"),
	}
}), 10, 40)

// half is a sign-in under way, as the model knows it.
type half struct {
	handle string
	asked  account.Factor
	tries  int
	code   string // that was mailed last, "" if none works any more
	sentAt time.Time
	proven []account.Factor // after the password
	at     time.Time        // of the last proof
	begun  time.Time
	until  time.Time
	over   bool // finished, locked, signed out of or purged: for good
}

// doorway says what the machine of sign-ins must do, in the fewest words.
type doorway struct {
	w        *worldtest.World
	login    string
	by       account.Actor
	e        mfa.Enrolment
	codes    []string // recovery codes; those before used are used up
	used     int
	accepted string // last code of the application that was right
	floor    int64  // and its time step

	halves   []*half
	failures map[account.Factor]int
	locked   map[account.Factor]time.Time
	from     map[account.Factor]time.Time // when the delay of locked began
	wrong    int                          // wrong codes of all kinds
	sessions int
	moved    time.Duration // of the clock, there and back
	seen     map[notify.MessageID]bool
}

var proofs = []account.Factor{account.FactorAuthenticator, account.FactorMailCode, account.FactorRecoveryCode}

func newDoorway(tb testing.TB, w *worldtest.World, run int) *doorway {
	tb.Helper()
	d := &doorway{
		w: w, login: fmt.Sprintf("p%d@terneuil.example", run), failures: map[account.Factor]int{}, locked: map[account.Factor]time.Time{},
		from: map[account.Factor]time.Time{}, seen: map[notify.MessageID]bool{},
	}
	d.by = w.Join(tb, d.login)
	by := d.by
	by.ProvenAt = d.now()
	var err error
	d.e, err = w.SignIns.BeginAuthenticator(tb.Context(), by)
	require.NoError(tb, err)
	d.accepted, d.floor = d.shown(tb, 0), d.now().Unix()/30
	_, err = w.SignIns.ConfirmAuthenticator(tb.Context(), by, d.e.ID, d.accepted, "")
	require.NoError(tb, err)
	d.codes, err = w.SignIns.NewRecoveryCodes(tb.Context(), by)
	require.NoError(tb, err)
	return d
}

func (d *doorway) now() time.Time { return d.w.Clock.Now() }

// shown is the code that the application shows some steps from now.
func (d *doorway) shown(tb testing.TB, ahead int64) string {
	tb.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(d.e.Secret, " ", ""), d.now().Add(time.Duration(ahead)*30*time.Second))
	require.NoError(tb, err)
	return code
}

// dead reports whether a sign-in is over now.
func (d *doorway) dead(h *half) bool {
	return h.over || !d.now().Before(h.until) || h.tries > 5 || h.tries == 5 && len(h.proven) == 0
}

// spent reports whether a factor is the recovery codes, and none is left.
func (d *doorway) spent(f account.Factor) bool {
	return f == account.FactorRecoveryCode && d.used == len(d.codes)
}

func (d *doorway) delayed(f account.Factor) bool { return d.now().Before(d.locked[f]) }

// take does one step and says what must come of it.
func (d *doorway) take(tb testing.TB, s step) {
	tb.Helper()
	ctx, in := tb.Context(), d.w.SignIns
	if s.Op == 0 || len(d.halves) == 0 {
		d.begin(tb)
		return
	}
	h := d.halves[max(0, len(d.halves)-1-s.In)]
	gone, enough := d.dead(h), len(h.proven) > 0
	switch s.Op {
	case 1:
		d.change(tb, h, []account.Factor{account.FactorAuthenticator, account.FactorMailCode, account.FactorRecoveryCode, account.FactorSecurityKey}[s.With%4])
	case 2:
		_, err := in.Resend(ctx, h.handle)
		d.mailed(tb, h, err, gone, h.asked != account.FactorMailCode, mfa.ErrNotAsked)
	case 3, 4: // with what is asked for, or not
		f := h.asked
		if s.Op == 4 {
			f = proofs[s.With%3]
		}
		d.prove(tb, h, f, s.With/3)
	case 5:
		got, err := in.Finish(ctx, h.handle)
		switch {
		case gone:
			require.ErrorIs(tb, err, mfa.ErrSignInOver)
		case !enough:
			require.ErrorIs(tb, err, mfa.ErrSecondFactorRequired)
		default:
			require.NoError(tb, err)
			require.Equal(tb, d.by.ID, got.Account)
			require.Equal(tb, append([]account.Factor{account.FactorPassword}, h.proven...), got.Factors)
			require.True(tb, h.at.Equal(got.At))
			require.False(tb, got.EnrolOnly)
			h.over = true
			d.sessions++
		}
		if err != nil {
			require.Zero(tb, got)
		}
	case 6:
		_, err := in.Renew(ctx, h.handle)
		if !gone && !enough {
			require.ErrorIs(tb, err, mfa.ErrSecondFactorRequired)
		} else {
			require.ErrorIs(tb, err, mfa.ErrSignInOver, "no new password is due")
		}
	case 7:
		d.clock(s.With)
	case 8:
		_, err := in.PurgeExpired(ctx)
		require.NoError(tb, err)
		for _, h := range d.halves {
			h.over = h.over || !d.now().Before(h.until)
		}
	case 9:
		if s.With > 1 {
			return // rarely
		}
		require.NoError(tb, d.w.Accounts.SignOutEverywhere(ctx, d.by))
		for _, h := range d.halves {
			h.over = true
		}
	}
}

func (d *doorway) begin(tb testing.TB) {
	c, err := d.w.SignIns.Begin(tb.Context(), mfa.Credentials{Login: d.login, Password: worldtest.Password})
	if d.wrong >= 33 {
		require.ErrorIs(tb, err, account.ErrInvalidCredentials)
		return
	}
	require.NoError(tb, err)
	h := &half{handle: c.Handle, begun: d.now(), until: d.now().Add(15 * time.Minute), asked: proofs[0]}
	for _, f := range []account.Factor{account.FactorRecoveryCode, account.FactorMailCode, account.FactorAuthenticator} {
		if !d.delayed(f) && !d.spent(f) {
			h.asked = f
		}
	}
	d.halves = append(d.halves, h)
	if h.asked == account.FactorMailCode {
		d.read(tb, h)
	}
}

// read opens the mailbox: the one code that was not seen yet is that of the sign-in.
func (d *doorway) read(tb testing.TB, h *half) {
	tb.Helper()
	q := notify.MessageQuery{Account: d.by.ID, Template: notify.MailSignInCode, Limit: 1000}
	require.NoError(tb, d.w.Store.View(tb.Context(), func(tx storage.Tx) error {
		all, err := tx.Messages(tb.Context(), q)
		fresh := slices.DeleteFunc(all, func(m notify.Message) bool { return d.seen[m.ID] })
		require.Len(tb, fresh, 1)
		d.seen[fresh[0].ID] = true
		plain, opened := d.w.Keys.Open(fresh[0].Sealed, "outbox/"+string(fresh[0].ID))
		require.NoError(tb, opened)
		var values notify.Values
		require.NoError(tb, json.Unmarshal(plain, &values))
		h.code, h.sentAt = values["Code"], d.now()
		return err
	}))
}

// mailed says what must come of a step that mails a code, unless it is refused.
func (d *doorway) mailed(tb testing.TB, h *half, err error, gone, refused bool, why error) {
	tb.Helper()
	switch {
	case gone:
		require.ErrorIs(tb, err, mfa.ErrSignInOver)
	case refused:
		require.ErrorIs(tb, err, why)
	case !h.sentAt.IsZero() && d.now().Before(h.sentAt.Add(30*time.Second)):
		require.ErrorIs(tb, err, mfa.ErrTooSoon)
	default:
		require.NoError(tb, err)
		d.read(tb, h)
	}
}

// change chooses another way.
func (d *doorway) change(tb testing.TB, h *half, to account.Factor) {
	tb.Helper()
	c, err := d.w.SignIns.Switch(tb.Context(), h.handle, to)
	gone, refused := d.dead(h), to == account.FactorSecurityKey || d.delayed(to) || d.spent(to)
	if to == account.FactorMailCode && (h.code == "" || !d.now().Before(h.sentAt.Add(10*time.Minute))) {
		d.mailed(tb, h, err, gone, refused, mfa.ErrWayRefused)
	} else {
		switch {
		case gone:
			require.ErrorIs(tb, err, mfa.ErrSignInOver)
		case refused:
			require.ErrorIs(tb, err, mfa.ErrWayRefused)
		default:
			require.NoError(tb, err)
		}
	}
	if err == nil {
		require.Equal(tb, to, c.Factor)
		h.asked = to
	}
}

// prove tries an answer: the right one, one that worked before, or a wrong one.
func (d *doorway) prove(tb testing.TB, h *half, f account.Factor, kind int) {
	tb.Helper()
	answer, right := d.answer(tb, h, f, kind)
	err := map[account.Factor]func() error{
		account.FactorAuthenticator: func() error { return d.w.SignIns.ProveAuthenticator(tb.Context(), h.handle, answer) },
		account.FactorMailCode:      func() error { return d.w.SignIns.ProveMailCode(tb.Context(), h.handle, answer) },
		account.FactorRecoveryCode:  func() error { return d.w.SignIns.ProveRecoveryCode(tb.Context(), h.handle, answer) },
	}[f]()
	free, longest := 10, time.Hour
	first := 30 * time.Second
	if f == account.FactorRecoveryCode {
		free, first = 5, time.Hour
	}
	switch {
	case d.dead(h):
		require.ErrorIs(tb, err, mfa.ErrSignInOver)
	case h.asked != f:
		require.ErrorIs(tb, err, mfa.ErrNotAsked)
	case d.spent(f):
		require.ErrorIs(tb, err, mfa.ErrWayRefused)
	case d.delayed(f), !h.begun.After(d.from[f]):
		require.ErrorIs(tb, err, mfa.ErrSignInOver)
		h.over = true
	case right:
		require.NoError(tb, err)
		h.tries++
		h.proven, h.at = append(h.proven, f), d.now()
		d.failures[f], d.locked[f], d.from[f] = 0, time.Time{}, time.Time{}
		switch f {
		case account.FactorAuthenticator:
			d.accepted, d.floor = answer, d.now().Unix()/30
		case account.FactorMailCode:
			h.code = ""
		default:
			d.used++
		}
	default:
		require.ErrorIs(tb, err, mfa.ErrWrongCode)
		h.tries++
		d.wrong++
		d.failures[f]++
		if over := d.failures[f] - free; over >= 0 {
			d.locked[f], d.from[f] = d.now().Add(min(first<<over, longest)), d.now()
		}
		if f == account.FactorMailCode && !d.now().Before(h.sentAt.Add(10*time.Minute)) {
			h.code = "" // it was found to be over
		}
	}
}

// answer returns an answer of a kind, and whether it is right.
func (d *doorway) answer(tb testing.TB, h *half, f account.Factor, kind int) (string, bool) {
	tb.Helper()
	switch f {
	case account.FactorAuthenticator:
		shown, at := d.shown(tb, 0), d.now().Unix()/30
		if kind < 2 && shown != d.shown(tb, -1) && shown != d.shown(tb, 1) {
			return shown, at > d.floor
		}
		works := slices.ContainsFunc([]int64{-1, 0, 1}, func(i int64) bool { return at+i > d.floor && d.shown(tb, i) == d.accepted })
		if kind == 2 && !works {
			return d.accepted, false
		}
	case account.FactorMailCode:
		if kind < 3 && h.code != "" {
			return h.code, d.now().Before(h.sentAt.Add(10 * time.Minute))
		}
	default:
		switch {
		case kind < 2 && d.used < len(d.codes):
			return d.codes[d.used], true
		case kind == 2 && d.used > 0:
			return d.codes[d.used-1], false
		}
	}
	return "no code", false
}

// clock moves to and fro: there is always a way back to where it was.
func (d *doorway) clock(with int) {
	jump := []time.Duration{
		time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10*time.Minute - time.Microsecond, 10 * time.Minute,
		15 * time.Minute, time.Hour, 48 * time.Hour, -time.Minute, -time.Hour, -48 * time.Hour,
	}[with]
	if d.moved+jump < 0 {
		jump = -d.moved
	}
	d.moved += jump
	d.w.Clock.Move(jump)
}

// check compares what is there with the model.
func (d *doorway) check(tb testing.TB) {
	tb.Helper()
	for _, h := range d.halves[max(0, len(d.halves)-3):] {
		c, err := d.w.SignIns.Challenge(tb.Context(), h.handle)
		if d.dead(h) {
			require.ErrorIs(tb, err, mfa.ErrSignInOver)
			continue
		}
		require.NoError(tb, err)
		require.Equal(tb, h.asked, c.Factor)
		require.True(tb, h.until.Equal(c.ExpiresAt))
	}
	require.NoError(tb, d.w.Store.View(tb.Context(), func(tx storage.Tx) error {
		for _, f := range proofs {
			counter, err := account.Counter(tb.Context(), tx, d.by.ID, f)
			require.NoError(tb, err)
			require.Equal(tb, d.failures[f], counter.Failures, f)
			require.True(tb, d.locked[f].Equal(counter.LockedUntil), f)
		}
		return nil
	}))
}

// opened checks that as many sessions are in the history as the model has.
func (d *doorway) opened(tb testing.TB) {
	tb.Helper()
	require.NoError(tb, d.w.Store.View(tb.Context(), func(tx storage.Tx) error {
		events, err := tx.Events(tb.Context(), notify.EventQuery{
			Chain: notify.AccountChain(d.by.ID), Kinds: []notify.Kind{"account.signed_in"}, Limit: 1000,
		})
		require.Len(tb, events, d.sessions)
		return err
	}))
}

// Sign-ins against a model, over every store, in any order of beginning, choosing, proving
// rightly, wrongly and again, finishing, waiting and going back in time: choosing a way
// proves nothing and resets no count (FL-03, BF-07, BF-08, BF-09), what is locked stays
// locked and ends the sign-in (BF-10), no code works twice (RP-01, RP-02, RP-07, RP-23), a
// session opens exactly when everything was proven, once (FL-02), and a clock that goes
// back gives no code another life (LC-23).
func TestSignInsAgainstAModel(t *testing.T) {
	t.Parallel()
	walk := func(tb testing.TB, w *worldtest.World, run int, way []step) {
		d := newDoorway(tb, w, run)
		for _, s := range way {
			d.take(tb, s)
			d.check(tb)
			w.Clock.Move(time.Millisecond) // mails of one instant are in no order
			d.moved += time.Millisecond
		}
		d.opened(tb)
	}
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		if e, ok := w.Store.(interface{ Ephemeral() bool }); ok && e.Ephemeral() {
			rapid.Check(t, func(rt *rapid.T) {
				w := worldtest.New(t, memory.New())
				walk(worldtest.InRapid{TB: t, Rapid: rt}, w, 0, steps.Draw(rt, "way"))
				w.Proven(worldtest.InRapid{TB: t, Rapid: rt})
			})
			return
		}
		ways := 2
		if longtest.Wanted() {
			ways = 100
		}
		for seed := range ways {
			walk(t, w, seed, steps.Example(seed))
		}
		w.Proven(t)
	})
}
