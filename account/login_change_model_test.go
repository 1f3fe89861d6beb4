package account_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
)

// mailed is a link that somebody found in a mailbox.
type mailed struct {
	who     account.ID
	purpose account.Purpose
	address string // the mailbox that it was found in
	secret  string
	until   time.Time
	alive   bool // neither used, nor replaced, nor void
}

// person is what the model knows of an account.
type person struct {
	by    account.Actor
	login string
	asked account.LoginChange // the last request
	under bool                // it was neither confirmed nor ended
}

// loginModel says what the machine of login changes must do, in the fewest words.
type loginModel struct {
	t      *testing.T
	w      *worldtest.World
	people []*person
	links  []*mailed
	seen   map[notify.MessageID]bool
}

func newLoginModel(t *testing.T) *loginModel {
	t.Helper()
	m := &loginModel{t: t, w: worldtest.New(t, memory.New()), seen: map[notify.MessageID]bool{}}
	for _, login := range []string{"a@terneuil.example", "b@terneuil.example"} {
		m.people = append(m.people, &person{by: m.w.Join(t, login), login: login})
	}
	m.read()
	return m
}

func (m *loginModel) now() time.Time { return m.w.Clock.Now() }

// read opens the mailboxes.
func (m *loginModel) read() {
	m.t.Helper()
	purposes := map[notify.Template]account.Purpose{
		notify.MailLoginChange: account.PurposeLoginChange, notify.MailLoginChangeWarning: account.PurposeLoginChangeCancel,
		notify.MailLoginChangeUndo: account.PurposeLoginChangeUndo,
	}
	for _, mail := range m.w.Mails(m.t) {
		purpose, ours := purposes[mail.Template]
		if m.seen[mail.ID] || !ours {
			continue
		}
		m.seen[mail.ID] = true
		_, token, _ := strings.Cut(mail.Values["Link"], "token=")
		m.kill(mail.Account, purpose)
		m.links = append(m.links, &mailed{who: mail.Account, purpose: purpose, address: mail.To, secret: token, until: mail.ExpiresAt, alive: true})
	}
}

func (m *loginModel) kill(who account.ID, purposes ...account.Purpose) {
	for _, l := range m.links {
		if l.who == who && slices.Contains(purposes, l.purpose) {
			l.alive = false
		}
	}
}

// end is what happens to the model when a change ends.
func (m *loginModel) end(p *person) {
	p.under = false
	m.kill(p.by.ID, account.PurposeLoginChange, account.PurposeLoginChangeCancel)
}

func (m *loginModel) under(p *person) bool { return p.under && m.now().Before(p.asked.ExpiresAt) }

func (m *loginModel) held(address string) bool {
	return slices.ContainsFunc(m.people, func(p *person) bool { return p.login == address })
}

func (m *loginModel) owner(id account.ID) *person {
	return m.people[slices.IndexFunc(m.people, func(p *person) bool { return p.by.ID == id })]
}

// request asks for an address and says what must come of it.
func (m *loginModel) request(t *rapid.T, p *person, to string) {
	got, err := m.w.Accounts.RequestLoginChange(context.Background(), again(m.w, p.by), to)
	switch {
	case to == p.login:
		require.ErrorIs(t, err, fault.ErrInvalid)
	case m.under(p):
		require.ErrorIs(t, err, account.ErrLoginChangePending)
	case !p.under && !p.asked.RequestedAt.IsZero() && m.now().Before(p.asked.RequestedAt.Add(time.Minute)):
		require.ErrorIs(t, err, account.ErrThrottled)
	default:
		require.NoError(t, err)
		require.Equal(t, account.LoginChange{Address: to, RequestedAt: m.now(), ExpiresAt: m.now().Add(24 * time.Hour)}, got)
		m.end(p)
		p.asked, p.under = got, true
	}
}

// follow takes any link to any door and says what must come of it.
func (m *loginModel) follow(t *rapid.T, l *mailed, door account.Purpose) {
	err := follow(m.w.Accounts)[door](context.Background(), l.secret)
	p := m.owner(l.who)
	works := l.alive && l.purpose == door && m.now().Before(l.until)
	if door != account.PurposeLoginChangeCancel {
		works = works && !m.held(l.address)
	}
	if !works {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	m.end(p)
	switch door {
	case account.PurposeLoginChange:
		p.login = l.address // the mailbox that the secret was found in, and no other
		for _, other := range m.links {
			if other.who == l.who && other.purpose == account.PurposeLoginChangeUndo && other.address == p.login {
				other.alive = false
			}
		}
	case account.PurposeLoginChangeUndo:
		p.login = l.address
		l.alive = false
	case account.PurposeLoginChangeCancel, account.PurposeActivation, account.PurposePasswordReset,
		account.PurposeExpiredPassword, account.PurposeReactivation:
	}
}

// Whatever happens in whatever order: the login address is always one that was proven
// by a secret mailed to it, no two accounts share one, and a link works exactly when
// the model says so (R-095 to R-100, RC-04, RP-09, RP-14).
func TestLoginChangeMachine(t *testing.T) {
	t.Parallel()
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		m := newLoginModel(outer)
		addresses := rapid.SampledFrom([]string{"a@terneuil.example", "b@terneuil.example", "c@terneuil.example", "d@terneuil.example"})
		people := rapid.SampledFrom(m.people)
		doors := rapid.SampledFrom([]account.Purpose{account.PurposeLoginChange, account.PurposeLoginChangeCancel, account.PurposeLoginChangeUndo})
		pick := func(t *rapid.T) *mailed {
			if len(m.links) == 0 {
				t.Skip("no mail yet")
			}
			return rapid.SampledFrom(m.links).Draw(t, "link")
		}
		t.Repeat(map[string]func(*rapid.T){
			"request": func(t *rapid.T) { m.request(t, people.Draw(t, "who"), addresses.Draw(t, "to")) },
			"cancel": func(t *rapid.T) {
				p := people.Draw(t, "who")
				err := m.w.Accounts.CancelLoginChange(context.Background(), p.by)
				if m.under(p) {
					require.NoError(t, err)
					m.end(p)
				} else {
					require.ErrorIs(t, err, fault.ErrNotFound)
				}
			},
			"follow":  func(t *rapid.T) { l := pick(t); m.follow(t, l, l.purpose) },
			"misuse":  func(t *rapid.T) { m.follow(t, pick(t), doors.Draw(t, "door")) },
			"inspect": func(t *rapid.T) { _, _ = m.w.Accounts.InspectLink(context.Background(), pick(t).secret) },
			"squat": func(t *rapid.T) {
				_, err := m.w.Accounts.Register(context.Background(), account.Anonymous(), worldtest.Registration(addresses.Draw(t, "address")))
				require.NoError(t, err)
			},
			"expire": func(t *rapid.T) {
				p := people.Draw(t, "who")
				require.NoError(t, m.w.Accounts.ExpireLoginChange(context.Background(), p.by.ID))
				if !m.under(p) {
					m.end(p)
				}
			},
			"wait": func(t *rapid.T) {
				m.w.Clock.Move(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 24*time.Hour - time.Microsecond, 24 * time.Hour, 72 * time.Hour}).Draw(t, "for"))
			},
			"": func(t *rapid.T) {
				m.w.Clock.Move(time.Millisecond)
				m.read()
				for _, p := range m.people {
					a := load(outer, m.w, p.by)
					require.Equal(t, p.login, a.Login)
					require.Equal(t, account.StatusActive, a.Status)
					change, err := m.w.Accounts.PendingLoginChange(context.Background(), p.by)
					if m.under(p) {
						require.NoError(t, err)
						require.Equal(t, p.asked, change)
					} else {
						require.ErrorIs(t, err, fault.ErrNotFound)
					}
				}
			},
		})
		m.w.Proven(outer)
	})
}
