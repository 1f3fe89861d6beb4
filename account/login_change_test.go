package account_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

const (
	before = "julie@terneuil.example"
	after  = "julie.bon@atelier.example"
)

// proven joins an account and returns its owner with a fresh proof.
func proven(t *testing.T, w *worldtest.World, login string) account.Actor {
	t.Helper()
	by := w.Join(t, login)
	by.ProvenAt = w.Clock.Now()
	w.Clock.Move(time.Minute)
	return by
}

// again returns the actor with a proof of this moment.
func again(w *worldtest.World, by account.Actor) account.Actor {
	by.ProvenAt = w.Clock.Now()
	return by
}

// tokenTo returns the secret in the newest mail of a kind to an address.
func tokenTo(t *testing.T, w *worldtest.World, to string, m notify.Template) string {
	t.Helper()
	_, token, ok := strings.Cut(w.Last(t, to, m).Values["Link"], "token=")
	require.True(t, ok)
	return token
}

// sent lists the mails that begin like this as "kind to address", sorted; those that
// were enqueued since an instant if one is given.
func sent(t *testing.T, w *worldtest.World, prefix string, since ...time.Time) (out []string) {
	t.Helper()
	for _, m := range w.Mails(t) {
		line := string(m.Template) + " " + m.To
		if strings.HasPrefix(line, prefix) && (since == nil || !m.CreatedAt.Before(since[0])) {
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return out
}

// request starts the change of Julie's address and returns its secrets.
func request(t *testing.T, w *worldtest.World, by account.Actor, to string) (confirm, cancel string) {
	t.Helper()
	_, err := w.Accounts.RequestLoginChange(t.Context(), again(w, by), to)
	require.NoError(t, err)
	return tokenTo(t, w, to, notify.MailLoginChange), tokenTo(t, w, load(t, w, by).Login, notify.MailLoginChangeWarning)
}

func load(t *testing.T, w *worldtest.World, by account.Actor) (a account.Account) {
	t.Helper()
	require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) (err error) {
		a, err = tx.Account(t.Context(), by.ID)
		return err
	}))
	return a
}

// change changes the row of an account behind the library's back.
func change(t *testing.T, w *worldtest.World, by account.Actor, edit func(*account.Account)) {
	t.Helper()
	require.NoError(t, w.Store.Update(t.Context(), func(tx storage.Tx) error {
		a, err := tx.Account(t.Context(), by.ID)
		if err != nil {
			return err
		}
		edit(&a)
		return tx.PutAccount(t.Context(), a)
	}))
}

func beginWith(t *testing.T, w *worldtest.World, login string) error {
	t.Helper()
	_, err := w.SignIns.Begin(t.Context(), mfa.Credentials{Login: login, Password: worldtest.Password})
	return err
}

// withPolicy returns the account service of w under another policy.
func withPolicy(t *testing.T, w *worldtest.World, edit func(*account.Policy)) *account.Service {
	t.Helper()
	p := account.Guide2024()
	edit(&p)
	s, err := account.New(storage.Accounts(w.Store), w.Keys, &account.Options{Now: w.Clock.Now, Hasher: cheap(t), Policy: &p})
	require.NoError(t, err)
	return s
}

// LC-16, LC-17: the link goes to the new
// address and a warning to the old one; the old address signs in until the new one is
// proven, then the new one does; everything that was open ends, and both are told.
func TestLoginChange(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := proven(t, w, before)
		held := w.SignIn(t, before)
		w.Clock.Move(time.Minute)

		got, err := w.Accounts.RequestLoginChange(ctx, again(w, julie), " Julie.BON@Atelier.Example ")
		require.NoError(t, err)
		now := w.Clock.Now()
		require.Equal(t, account.LoginChange{Address: after, RequestedAt: now, ExpiresAt: now.Add(24 * time.Hour)}, got)
		require.Equal(t, []string{"login_change " + after, "login_change_warning " + before}, sent(t, w, "login_"))
		under, err := w.Accounts.PendingLoginChange(ctx, julie)
		require.NoError(t, err)
		require.Equal(t, got, under)
		require.NoError(t, beginWith(t, w, before), "the old address stays good")
		require.ErrorIs(t, beginWith(t, w, after), account.ErrInvalidCredentials)
		_, err = w.Accounts.Resume(ctx, held)
		require.NoError(t, err)

		token := tokenTo(t, w, after, notify.MailLoginChange)
		require.Regexp(t, `^[A-Za-z0-9_-]{43}$`, token, "R-094: nothing that copying and pasting could break")
		require.Contains(t, w.Last(t, after, notify.MailLoginChange).Values["Link"], "/login-address/confirm?token=")
		w.Clock.Move(time.Hour)
		a, err := w.Accounts.ConfirmLoginChange(ctx, token)
		require.NoError(t, err)
		require.Equal(t, after, a.Login)
		require.Equal(t, load(t, w, julie), a)
		require.Equal(t, before, a.ContactEmail, "the contact address is another field, also when it said the same")

		_, err = w.Accounts.Resume(ctx, held)
		require.ErrorIs(t, err, account.ErrSessionEnded)
		require.ErrorIs(t, beginWith(t, w, before), account.ErrInvalidCredentials)
		require.NoError(t, beginWith(t, w, after))
		_, err = w.Accounts.PendingLoginChange(ctx, julie)
		require.ErrorIs(t, err, fault.ErrNotFound)
		require.Equal(t, []string{"login_change_undo " + before, "login_changed " + after}, sent(t, w, "login_", w.Clock.Now()))
		kinds := w.Kinds(t)
		require.Contains(t, kinds, notify.Kind("account.login_change_requested"))
		require.Contains(t, kinds, notify.Kind("account.login_changed"))
		w.Unchanged(t, func() {
			_, err = w.Accounts.ConfirmLoginChange(ctx, token)
			require.ErrorIs(t, err, account.ErrLinkUsed)
			require.ErrorIs(t, w.Accounts.CancelLoginChangeByLink(ctx, tokenTo(t, w, before, notify.MailLoginChangeWarning)), account.ErrLinkExpired)
		})
		w.Proven(t)
	})
}

// who may ask, and for what.
func TestWhoMayChangeTheLoginAddress(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx := t.Context()
	julie := proven(t, w, before)
	refused := func(by account.Actor, to string, want error, because string) {
		t.Helper()
		w.Unchanged(t, func() {
			_, err := w.Accounts.RequestLoginChange(ctx, by, to)
			require.ErrorIs(t, err, want, because)
		})
	}
	refused(account.Anonymous(), after, account.ErrActor, "nobody")
	refused(account.Support("A-1"), after, account.ErrActor, "nor anybody else")
	refused(account.Person(julie.ID), after, account.ErrProofRequired, "no proof is known")
	stale := again(w, julie)
	w.Clock.Move(15 * time.Minute)
	refused(stale, after, account.ErrProofRequired, "the proof is as old as the policy allows")
	stale.ProvenAt = w.Clock.Now().Add(time.Second)
	refused(stale, after, account.ErrProofRequired, "the proof is from the future")
	fresh := again(w, julie)
	for _, same := range []string{before, "JULIE@Terneuil.EXAMPLE", " " + before + " "} {
		w.Unchanged(t, func() {
			_, err := w.Accounts.RequestLoginChange(ctx, fresh, same)
			require.Equal(t, map[string]string{"address": "same_address "}, codes(err), "%q", same)
		})
	}
	off := withPolicy(t, w, func(p *account.Policy) { p.LoginChange.Allowed = false })
	_, err := off.RequestLoginChange(ctx, fresh, after)
	require.ErrorIs(t, err, account.ErrLoginChangeNotAllowed, "C-24")

	change(t, w, julie, func(a *account.Account) { a.External = true })
	refused(fresh, after, account.ErrLoginChangeNotAllowed, "a directory outside keeps the account")
	change(t, w, julie, func(a *account.Account) { a.External, a.Status = false, account.StatusDeactivated })
	refused(fresh, after, account.ErrNotActive, "not active")
	change(t, w, julie, func(a *account.Account) { a.Status = account.StatusActive })

	at := again(w, julie)
	w.Clock.Move(15*time.Minute - time.Microsecond)
	_, err = w.Accounts.RequestLoginChange(ctx, at, after)
	require.NoError(t, err, "the last moment of a fresh proof")
}

// R-100, FL-23, ML-02, ML-03: what is not one plain address is refused, and nobody gets
// a mail.
func TestOddAddressesAreRefused(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := proven(t, w, before)
	for _, odd := range []string{
		"nobody", "@", "a@b", "a@x.example,b@y.example", "a@x.example;b@y.example", "a@x.example b@y.example", `["a@x.example"]`,
		`"e@attacker.example"@victim.example`, "a@x.example>", "<a@x.example> SIZE=1", "<a@x.example>", "Julie <a@x.example>", "a(b)@x.example",
		"group: a@x.example;", "a@[192.0.2.1]", "a@192.0.2.1", "a＠x.example", "a@ｘ.example", "a@x.example\r\nBcc: b@y.example", "a\x00@x.example",
		"julie\u200b@x.example", strings.Repeat("a", 65) + "@x.example", "a@" + strings.Repeat("x.", 130) + "example",
	} {
		w.Unchanged(t, func() {
			_, err := w.Accounts.RequestLoginChange(t.Context(), again(w, julie), odd)
			require.ErrorIs(t, err, fault.ErrInvalid, "%q", odd)
			require.Equal(t, map[string]string{"address": "address "}, codes(err), "%q", odd)
		})
	}
	_, err := w.Accounts.RequestLoginChange(t.Context(), again(w, julie), "")
	require.Equal(t, map[string]string{"address": "required "}, codes(err))
}

// one change at a time; it ends by being confirmed, cancelled or over.
func TestOneLoginChangeAtATime(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := proven(t, w, before)
		confirm, _ := request(t, w, julie, after)
		until := w.Clock.Now().Add(24 * time.Hour)
		w.Clock.Move(24*time.Hour - time.Microsecond)
		w.Unchanged(t, func() {
			for _, to := range []string{after, "other@atelier.example"} {
				_, err := w.Accounts.RequestLoginChange(ctx, again(w, julie), to)
				require.ErrorIs(t, err, account.ErrLoginChangePending)
				require.ErrorContains(t, err, until.Format(time.RFC3339), "it tells when it is over")
			}
		})
		w.Clock.Move(time.Microsecond)
		_, err := w.Accounts.PendingLoginChange(ctx, julie)
		require.ErrorIs(t, err, fault.ErrNotFound, "over is over, whether or not the clock job ran")
		next, _ := request(t, w, julie, "other@atelier.example")
		kinds := w.Kinds(t)
		require.Equal(t, []notify.Kind{"account.login_change_requested", "account.login_change_expired", "account.login_change_requested"}, kinds[len(kinds)-3:])
		_, err = w.Accounts.ConfirmLoginChange(ctx, confirm)
		require.ErrorIs(t, err, account.ErrLinkExpired, "RP-14: changed again")
		a, err := w.Accounts.ConfirmLoginChange(ctx, next)
		require.NoError(t, err)
		require.Equal(t, "other@atelier.example", a.Login)
		w.Proven(t)
	})
}

// R-097, RP-14: the owner cancels, from within or by the link; then no link works.
func TestCancellingALoginChange(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := proven(t, w, before)
		require.ErrorIs(t, w.Accounts.CancelLoginChange(ctx, julie), fault.ErrNotFound)
		for i, cancel := range []func(link string) error{
			func(string) error { return w.Accounts.CancelLoginChange(ctx, julie) },
			func(link string) error { return w.Accounts.CancelLoginChangeByLink(ctx, link) },
		} {
			confirm, link := request(t, w, julie, after)
			require.NoError(t, cancel(link))
			w.Unchanged(t, func() {
				_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
				require.ErrorIs(t, err, account.ErrLinkExpired)
				require.ErrorIs(t, w.Accounts.CancelLoginChangeByLink(ctx, link), account.ErrLinkExpired)
				require.ErrorIs(t, w.Accounts.CancelLoginChange(ctx, julie), fault.ErrNotFound)
				_, err = w.Accounts.RequestLoginChange(ctx, again(w, julie), after)
				require.ErrorIs(t, err, account.ErrThrottled, "nobody mails strangers as fast as they can click")
				w.Clock.Move(-time.Hour)
				_, err = w.Accounts.ConfirmLoginChange(ctx, confirm)
				require.ErrorIs(t, err, account.ErrLinkExpired, "nor on a clock that went back")
				w.Clock.Move(time.Hour + time.Minute - time.Microsecond)
				_, err = w.Accounts.RequestLoginChange(ctx, again(w, julie), after)
				require.ErrorIs(t, err, account.ErrThrottled)
			})
			w.Clock.Move(time.Microsecond)
			require.Len(t, sent(t, w, "login_change_cancelled "+before), i+1)
		}
		require.Equal(t, before, load(t, w, julie).Login)
		off := withPolicy(t, w, func(p *account.Policy) { p.LoginChange.OwnerMayCancel = false })
		_, link := request(t, w, julie, after)
		require.ErrorIs(t, off.CancelLoginChange(ctx, julie), account.ErrLoginChangeNotAllowed)
		require.NoError(t, off.CancelLoginChangeByLink(ctx, link), "whoever never asked can always stop it")
		w.Proven(t)
	})
}

// R-099, LC-18: 24 hours are 24 elapsed hours, to the microsecond, also on the days on
// which the wall clock jumps.
func TestALoginChangeLivesFor24Hours(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	for name, day := range map[string]struct{ asked, over time.Time }{
		"ordinary":    {time.Date(2027, 1, 12, 20, 0, 0, 0, paris), time.Date(2027, 1, 13, 20, 0, 0, 0, paris)},
		"short night": {time.Date(2027, 3, 27, 20, 0, 0, 0, paris), time.Date(2027, 3, 28, 21, 0, 0, 0, paris)},
		"long night":  {time.Date(2027, 10, 30, 20, 0, 0, 0, paris), time.Date(2027, 10, 31, 19, 0, 0, 0, paris)},
	} {
		for early, want := range map[time.Duration]error{time.Microsecond: nil, 0: account.ErrLinkExpired} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := memoryWorld(t)
				julie := proven(t, w, before)
				w.Clock.Move(day.asked.Sub(w.Clock.Now()))
				confirm, cancel := request(t, w, julie, after)
				require.Equal(t, day.over.UTC().Format(time.RFC3339), w.Last(t, after, notify.MailLoginChange).Values["Until"])
				w.Clock.Move(day.over.Sub(w.Clock.Now()) - early)
				info, err := w.Accounts.InspectLink(t.Context(), confirm)
				require.ErrorIs(t, err, want)
				if want != nil {
					require.ErrorIs(t, w.Accounts.CancelLoginChangeByLink(t.Context(), cancel), want)
				} else {
					require.Equal(t, account.LinkInfo{Purpose: account.PurposeLoginChange, Address: after, Until: day.over.UTC()}, info)
				}
				_, err = w.Accounts.ConfirmLoginChange(t.Context(), confirm)
				require.ErrorIs(t, err, want)
			})
		}
	}
}

// the clock records a change that was never confirmed, once, and not too early.
func TestTheClockRecordsAnExpiredLoginChange(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := proven(t, w, before)
		none := func() {
			t.Helper()
			w.Unchanged(t, func() { require.NoError(t, w.Accounts.ExpireLoginChange(ctx, julie.ID)) })
		}
		none()
		request(t, w, julie, after)
		w.Clock.Move(24*time.Hour - time.Microsecond)
		none()
		w.Clock.Move(time.Microsecond)
		require.NoError(t, w.Accounts.ExpireLoginChange(ctx, julie.ID))
		kinds := w.Kinds(t)
		require.Equal(t, notify.Kind("account.login_change_expired"), kinds[len(kinds)-1])
		none()
		require.Equal(t, before, load(t, w, julie).Login)
		confirm, _ := request(t, w, julie, after)
		_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
		require.NoError(t, err, "a new request is allowed at once")
		w.Clock.Move(24 * time.Hour)
		none()
		w.Proven(t)
	})
}

// A change that was dropped with its account is not there when the account comes back.
func TestADroppedLoginChangeIsGone(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := proven(t, w, before)
	require.NoError(t, w.Accounts.DropLoginChange(t.Context(), julie.ID))
	confirm, cancel := request(t, w, julie, after)
	change(t, w, julie, func(a *account.Account) { a.Status = account.StatusDeactivated })
	_, err := w.Accounts.ConfirmLoginChange(t.Context(), confirm)
	require.ErrorIs(t, err, account.ErrLinkExpired, "only an active account changes its address")
	change(t, w, julie, func(a *account.Account) { a.Status = account.StatusActive })
	require.NoError(t, w.Accounts.DropLoginChange(t.Context(), julie.ID))
	w.Unchanged(t, func() {
		_, err := w.Accounts.ConfirmLoginChange(t.Context(), confirm)
		require.ErrorIs(t, err, account.ErrLinkExpired)
		require.ErrorIs(t, w.Accounts.CancelLoginChangeByLink(t.Context(), cancel), account.ErrLinkExpired)
	})
}

func TestLoginChangePolicy(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	for name, bad := range map[string]func(*account.LoginChangePolicy){
		"no time":       func(p *account.LoginChangePolicy) { p.Lifetime = 0 },
		"negative undo": func(p *account.LoginChangePolicy) { p.UndoLifetime = -1 },
	} {
		p := account.Guide2024()
		bad(&p.LoginChange)
		_, err := account.New(storage.Accounts(w.Store), w.Keys, &account.Options{Policy: &p})
		require.ErrorIs(t, err, account.ErrBadPolicy, name)
	}
	p := account.Guide2024()
	p.LoginChange = account.LoginChangePolicy{}
	_, err := account.New(storage.Accounts(w.Store), w.Keys, &account.Options{Policy: &p})
	require.NoError(t, err, "the policy of 2019: none")
}
