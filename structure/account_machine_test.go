package structure_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// letter is what the model knows of a link: the mailbox it went to belongs to it.
type letter struct {
	token, to     string
	made, expires time.Time
	dead          bool
}

// machine is the model of one person's account: every row of the account's table in
// requirements 1.23 is an event of it, tried in every state.
type machine struct {
	w            *worldtest.World
	id           account.ID
	login, other string
	status       account.Status // "" while the address is free
	since, until time.Time
	activation   letter
	reset        letter
	comeback     letter
	change       letter // of the login address
	password     int
	failures     int
	locked       time.Time
	session      account.Session // "" once it ended
	lastAt       time.Time
	consent      bool
}

func (m *machine) now() time.Time { return m.w.Clock.Now() }

func (m *machine) is(s account.Status) bool { return m.status == s && !m.lapsed() }

func (m *machine) lapsed() bool {
	return m.status == account.StatusPendingActivation && !m.now().Before(m.since.Add(pending))
}

func (m *machine) paused(l letter) bool {
	return l.token != "" && m.now().Before(l.made.Add(time.Minute))
}

func (m *machine) works(l letter) bool {
	return l.token != "" && !l.dead && l.to == m.login && m.now().Before(l.expires)
}

func (m *machine) mailed(tb testing.TB, to string, t notify.Template, until time.Time) letter {
	tb.Helper()
	return letter{token: m.w.TokenIn(tb, to, t), to: to, made: m.now(), expires: until}
}

// activationMailed is what an activation mail does to the model.
func (m *machine) activationMailed(tb testing.TB) {
	tb.Helper()
	if !m.paused(m.activation) {
		m.activation = m.mailed(tb, m.login, notify.MailActivation, minTime(m.now().Add(time.Hour), m.since.Add(pending)))
	}
}

func (m *machine) comebackMailed(tb testing.TB) {
	tb.Helper()
	if m.now().Before(m.until) && !m.paused(m.comeback) {
		m.comeback = m.mailed(tb, m.login, notify.MailReactivation, m.now().Add(time.Hour))
	}
}

// replaced is what a new password does: sessions, open links and a login change end.
func (m *machine) replaced() {
	m.password++
	m.session = account.Session{}
	m.reset.dead, m.comeback.dead, m.change.dead = true, true, true
}

// tried counts a try of the password and reports whether it was checked.
func (m *machine) tried(right bool) bool {
	switch {
	case m.now().Before(m.locked):
		return false
	case right:
		m.failures, m.locked = 0, time.Time{}
	default:
		if m.failures++; m.failures >= 5 {
			m.locked = m.now().Add(min(30*time.Second<<(m.failures-5), time.Hour))
		}
	}
	return true
}

func (m *machine) current() string { return passwordOf(m.password) }

func (m *machine) next() account.NewPassword {
	p := passwordOf(m.password + 1)
	return account.NewPassword{Password: p, Confirmation: p}
}

// opened is what registering does, by oneself or for somebody else.
func (m *machine) opened(tb testing.TB, own bool) {
	tb.Helper()
	if m.status == "" || m.lapsed() {
		*m = machine{w: m.w, login: m.login, other: m.other, status: account.StatusPendingActivation, since: m.now(), consent: own}
	}
	switch m.status {
	case account.StatusPendingActivation:
		m.activationMailed(tb)
	case account.StatusDeactivated:
		m.comebackMailed(tb)
	case account.StatusActive, account.StatusAnonymized:
	}
	if m.id == "" {
		m.id = (&life{w: m.w}).find(tb, m.login).ID
	}
}

// happen makes one event happen and holds what comes of it against the model.
func (m *machine) happen(tb testing.TB, event string, arg int) {
	tb.Helper()
	ctx, w, a, now := tb.Context(), m.w, m.w.Accounts, m.now()
	switch event {
	case "create":
		_, err := a.Register(ctx, account.Anonymous(), worldtest.Registration(m.login))
		require.NoError(tb, err)
		m.opened(tb, true)
	case "create for":
		_, err := a.RegisterFor(ctx, account.Anonymous(), worldtest.Registration(m.login))
		require.NoError(tb, err)
		m.opened(tb, false)
	case "resend":
		_, err := a.ResendActivation(ctx, account.Anonymous(), m.login)
		require.NoError(tb, err)
		if m.is(account.StatusPendingActivation) {
			m.activationMailed(tb)
		}
	case "activate":
		_, err := a.ActivateWith(ctx, m.activation.token, account.NewPassword{Password: passwordOf(0), Confirmation: passwordOf(0), AcceptConditions: arg%2 == 0})
		ok := m.is(account.StatusPendingActivation) && m.works(m.activation) && (m.consent || arg%2 == 0)
		require.Equal(tb, ok, err == nil, "%v", err)
		if ok {
			m.status, m.activation.dead, m.password = account.StatusActive, true, 0
		}
	case "sign in":
		m.signIn(tb)
	case "fail to sign in":
		_, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: m.login, Password: "wrong"})
		require.Equal(tb, account.ErrInvalidCredentials, err)
		if m.status == account.StatusActive {
			m.tried(false)
		}
	case "change password":
		m.changePassword(tb, arg%2 == 0)
	case "forget password":
		_, err := a.ForgotPassword(ctx, account.Anonymous(), m.login)
		require.NoError(tb, err)
		switch {
		case m.status == account.StatusPendingActivation:
			m.activationMailed(tb)
		case m.status == account.StatusActive && !m.paused(m.reset):
			m.reset = m.mailed(tb, m.login, notify.MailPasswordReset, now.Add(time.Hour))
		}
	case "reset password":
		_, err := a.ResetPassword(ctx, m.reset.token, m.next())
		ok := m.is(account.StatusActive) && m.works(m.reset)
		require.Equal(tb, ok, err == nil, "%v", err)
		if ok {
			m.replaced()
			m.failures, m.locked = 0, time.Time{}
		}
	case "request login change":
		m.requestChange(tb)
	case "confirm login change":
		_, err := a.ConfirmLoginChange(ctx, m.change.token)
		ok := m.is(account.StatusActive) && m.change.token != "" && !m.change.dead && now.Before(m.change.expires)
		require.Equal(tb, ok, err == nil, "%v", err)
		if ok {
			m.login, m.other = m.other, m.login
			m.change.dead, m.reset.dead, m.session = true, true, account.Session{}
		}
	case "deactivate":
		m.deactivate(tb)
	case "ask back":
		_, err := a.RequestReactivation(ctx, account.Anonymous(), m.login)
		require.NoError(tb, err)
		if m.status == account.StatusDeactivated {
			m.comebackMailed(tb)
		}
	case "let back":
		if m.id == "" {
			return
		}
		_, err := a.SupportReactivate(ctx, account.Support("S-1"), m.id, "asked by telephone")
		switch {
		case m.status == account.StatusDeactivated:
			require.NoError(tb, err, "at any time")
			m.comeback = m.mailed(tb, m.login, notify.MailReactivation, now.Add(time.Hour))
		case m.is(account.StatusActive) || m.is(account.StatusPendingActivation):
			require.ErrorIs(tb, err, account.ErrNotDeactivated)
		default:
			require.ErrorIs(tb, err, fault.ErrNotFound)
		}
	case "come back":
		_, err := a.CompleteReactivation(ctx, m.comeback.token, m.next())
		ok := m.status == account.StatusDeactivated && m.works(m.comeback)
		require.Equal(tb, ok, err == nil, "%v", err)
		if ok {
			m.status = account.StatusActive
			m.replaced()
		}
	case "erase":
		m.erase(tb)
	case "clock work":
		before := len(w.Kinds(tb))
		_, err := a.CatchUp(ctx)
		require.NoError(tb, err)
		if m.status == account.StatusActive && m.change.token != "" && !m.change.dead && !now.Before(m.change.expires) {
			require.Len(tb, w.Kinds(tb), before+1, "the end of the change is recorded")
			require.Contains(tb, w.Kinds(tb), notify.Kind("account.login_change_expired"))
		}
		if m.lapsed() {
			require.Equal(tb, account.StatusAnonymized, w.Account(tb, m.id).Status)
			*m = machine{w: m.w, login: m.login, other: m.other}
		}
		m.change.dead = m.change.dead || !now.Before(m.change.expires)
	case "be locked out": // and get in again by mail
		for _, next := range []happening{{"fail to sign in", 0}, {"fail to sign in", 0}, {"fail to sign in", 0}, {"fail to sign in", 0}, {"fail to sign in", 0}, {"forget password", 0}, {"sign in", 0}, {"reset password", 0}, {"sign in", 0}} {
			w.Clock.Move(time.Millisecond)
			m.happen(tb, next.Event, next.Arg)
		}
	case "forget a login change":
		for _, next := range []happening{{"request login change", 0}, {"time", 6}, {"confirm login change", 0}, {"clock work", 0}} {
			m.happen(tb, next.Event, next.Arg)
		}
	case "time":
		w.Clock.Move([]time.Duration{
			time.Second, 30 * time.Second, time.Minute, time.Hour - time.Microsecond, time.Hour, 24*time.Hour - time.Microsecond, 24 * time.Hour, pending, window - time.Microsecond, window,
		}[arg%10])
	}
}

func (m *machine) signIn(tb testing.TB) {
	tb.Helper()
	ctx := tb.Context()
	c, err := m.w.SignIns.Begin(ctx, mfa.Credentials{Login: m.login, Password: m.current()})
	if !m.is(account.StatusActive) || !m.tried(true) {
		require.Equal(tb, account.ErrInvalidCredentials, err)
		return
	}
	require.NoError(tb, err)
	require.NoError(tb, m.w.SignIns.ProveMailCode(ctx, c.Handle, m.w.Last(tb, m.login, notify.MailSignInCode).Values["Code"]))
	m.session, err = m.w.SignIns.Finish(ctx, c.Handle)
	require.NoError(tb, err)
	m.lastAt = m.now()
}

func (m *machine) changePassword(tb testing.TB, right bool) {
	tb.Helper()
	if m.id == "" {
		return
	}
	current := "wrong"
	if right {
		current = m.current()
	}
	_, err := m.w.Accounts.ChangePassword(tb.Context(), account.Person(m.id), account.PasswordChange{Current: current, New: m.next().Password, Confirmation: m.next().Password})
	switch {
	case m.status != account.StatusActive:
		require.ErrorIs(tb, err, account.ErrNotActive)
	case !m.tried(right):
		require.ErrorIs(tb, err, account.ErrThrottled)
	case right:
		require.NoError(tb, err)
		m.replaced()
	default:
		require.Equal(tb, account.ErrInvalidCredentials, err)
	}
}

func (m *machine) requestChange(tb testing.TB) {
	tb.Helper()
	if m.id == "" {
		return
	}
	_, err := m.w.Accounts.RequestLoginChange(tb.Context(), proven(m.w, account.Person(m.id)), m.other)
	switch {
	case m.status != account.StatusActive:
		require.ErrorIs(tb, err, account.ErrNotActive)
	case m.change.token != "" && !m.change.dead && m.now().Before(m.change.expires):
		require.ErrorIs(tb, err, account.ErrLoginChangePending)
	case m.change.dead && m.paused(m.change):
		require.ErrorIs(tb, err, account.ErrThrottled)
	default:
		require.NoError(tb, err)
		m.change = m.mailed(tb, m.other, notify.MailLoginChange, m.now().Add(24*time.Hour))
	}
}

func (m *machine) deactivate(tb testing.TB) {
	tb.Helper()
	if m.id == "" {
		return
	}
	ctx, by := tb.Context(), account.Person(m.id)
	plan, err := m.w.Structures.PrepareDeactivation(ctx, by)
	require.Equal(tb, m.status == account.StatusActive, err == nil, "%v", err)
	got, err := m.w.Structures.Deactivate(ctx, by, structure.Deactivation{Confirmed: true, Token: plan.Token})
	switch m.status {
	case account.StatusActive:
		require.NoError(tb, err)
		m.status, m.until = account.StatusDeactivated, m.now().Add(window)
		m.session, m.reset.dead, m.change.dead, m.comeback.dead = account.Session{}, true, true, true
		require.Equal(tb, m.until, got.Until)
	case account.StatusDeactivated:
		require.True(tb, err != nil || got.Until.Equal(m.until), "R-108: again changes nothing")
	case account.StatusPendingActivation, account.StatusAnonymized:
		require.Error(tb, err)
	}
}

func (m *machine) erase(tb testing.TB) {
	tb.Helper()
	if m.id == "" {
		return
	}
	ctx, gone := tb.Context(), m.id
	plan, err := m.w.Structures.PlanErasure(ctx, account.Support("S-1"), gone)
	require.NoError(tb, err)
	_, err = m.w.Structures.Erase(ctx, account.Support("S-1"), gone, plan.Token)
	require.NoError(tb, err)
	old := *m
	*m = machine{w: m.w, login: m.login, other: m.other}
	require.Equal(tb, account.StatusAnonymized, m.w.Account(tb, gone).Status)
	_, err = m.w.Structures.PlanErasure(ctx, account.Support("S-1"), gone)
	require.ErrorIs(tb, err, fault.ErrNotFound, "it is final")
	for _, l := range []letter{old.activation, old.reset, old.comeback, old.change} {
		m.refusedEverywhere(tb, l.token)
	}
}

// refusedEverywhere takes a secret that is good for nothing to every door.
func (m *machine) refusedEverywhere(tb testing.TB, token string) {
	tb.Helper()
	ctx, p := tb.Context(), account.NewPassword{Password: passwordOf(9), Confirmation: passwordOf(9), AcceptConditions: true}
	for name, door := range map[string]func() (account.Account, error){
		"activate":  func() (account.Account, error) { return m.w.Accounts.ActivateWith(ctx, token, p) },
		"reset":     func() (account.Account, error) { return m.w.Accounts.ResetPassword(ctx, token, p) },
		"come back": func() (account.Account, error) { return m.w.Accounts.CompleteReactivation(ctx, token, p) },
		"confirm":   func() (account.Account, error) { return m.w.Accounts.ConfirmLoginChange(ctx, token) },
	} {
		_, err := door()
		require.Error(tb, err, "I2: %s", name)
	}
}

// check holds the account against the model.
func (m *machine) check(tb testing.TB) {
	tb.Helper()
	if m.status == "" || m.lapsed() {
		return
	}
	ctx, a := tb.Context(), m.w.Account(tb, m.id)
	require.Equal(tb, m.status, a.Status)
	require.Equal(tb, m.login, a.Login)
	require.Equal(tb, a.ID, (&life{w: m.w}).find(tb, m.login).ID, "I5")
	require.Equal(tb, m.lastAt, a.LastSignInAt)
	_, err := m.w.Accounts.Overview(ctx, account.Person(m.id))
	if m.status == account.StatusActive {
		require.NoError(tb, err)
	} else {
		require.ErrorIs(tb, err, account.ErrNotActive, "whatever is no way back is denied")
	}
	if m.session.Stamp != "" {
		_, err := m.w.Accounts.Resume(ctx, m.session)
		require.NoError(tb, err, "nothing ended it")
	}
	for _, l := range []letter{m.activation, m.reset, m.comeback, m.change} {
		if l.dead && l.token != "" {
			m.refusedEverywhere(tb, l.token)
		}
	}
}

type happening struct {
	Event string
	Arg   int
}

var happenings = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) happening {
	return happening{rapid.SampledFrom([]string{
		"create", "create", "create for", "resend", "activate", "activate", "activate", "sign in", "sign in", "fail to sign in",
		"change password", "forget password", "reset password", "request login change", "confirm login change", "deactivate",
		"be locked out", "forget a login change", "ask back", "let back", "come back", "come back", "erase", "clock work", "time", "time", "time",
	}).Draw(t, "event"), rapid.IntRange(0, 9).Draw(t, "arg")}
}), 10, 60)

// begun is how most walks begin, so that they do not end in front of the door.
var begun = []happening{{"create", 0}, {"activate", 0}, {"sign in", 0}}

// Requirements 1.23, table of accounts: every event in every state, over every store: what
// the table allows happens, with its side effects, and nothing else does. I2, I3, I5 and
// I7 of the invariants hold all along.
func TestEveryEventOfAnAccountInEveryState(t *testing.T) {
	t.Parallel()
	p := account.Guide2024()
	p.AnonymousMails = account.MailBudget{PerHour: 1000, PerDay: 1000}
	p.Lifecycle.InvitationsPerDay = 1000
	walk := func(tb testing.TB, w *worldtest.World, run int, way []happening) {
		w.Configure(tb, &account.Options{Policy: &p}, &structure.Options{})
		m := &machine{w: w, login: fmt.Sprintf("a%d@terneuil.example", run), other: fmt.Sprintf("b%d@terneuil.example", run)}
		if len(way)%4 > 0 {
			way = append(append([]happening{}, begun...), way...)
		}
		for _, h := range way {
			w.Clock.Move(time.Millisecond) // mails of one instant are in no order
			m.happen(tb, h.Event, h.Arg)
			m.check(tb)
		}
		w.Proven(tb)
	}
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		if e, ok := w.Store.(interface{ Ephemeral() bool }); ok && e.Ephemeral() {
			rapid.Check(t, func(rt *rapid.T) {
				walk(worldtest.InRapid{TB: t, Rapid: rt}, worldtest.New(t, memory.New()), 0, happenings.Draw(rt, "way"))
			})
			return
		}
		for seed := range 4 {
			walk(t, w, seed, happenings.Example(seed+1))
		}
	})
}
