package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

func codes(err error) map[string]string {
	out := map[string]string{}
	for _, f := range fault.FieldsOf(err) {
		out[f.Path] += f.Code + f.Param + " "
	}
	return out
}

func register(t *testing.T, w *worldtest.World, r account.Registration) error {
	t.Helper()
	_, err := w.Accounts.Register(t.Context(), account.Anonymous(), r)
	return err
}

func byLogin(t *testing.T, w *worldtest.World, login string) (a account.Account, err error) {
	t.Helper()
	err = w.Store.View(t.Context(), func(tx storage.Tx) error {
		a, err = tx.AccountByLogin(t.Context(), login)
		return err
	})
	return a, err
}

// an account waits for its activation, the link of the
// mail activates it, and only then it may act.
func TestRegisterThenActivate(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		sent, err := w.Accounts.Register(ctx, account.Anonymous(), worldtest.Registration("  Julie.BON@Terneuil.Example "))
		require.NoError(t, err)
		require.Equal(t, account.Sent{To: "julie.bon@terneuil.example", Until: worldtest.Start.Add(time.Hour)}, sent)
		a, err := byLogin(t, w, "julie.bon@terneuil.example")
		require.NoError(t, err)
		require.Equal(t, account.StatusPendingActivation, a.Status)
		require.Equal(t, a.Login, a.ContactEmail, "R-102: contact defaults to login and is its own field")
		require.Equal(t, worldtest.Start, a.CreatedAt)
		require.Empty(t, a.Credentials.Password, "no password is known to the creator")
		require.ErrorIs(t, w.Accounts.SignOutEverywhere(ctx, account.Person(a.ID)), account.ErrNotActive)

		w.Clock.Move(10 * time.Minute)
		token := w.Token(t, a.Login)
		require.NotContains(t, token, "=", "R-094: nothing that copying and pasting could break")
		a, err = w.Accounts.Activate(ctx, token, worldtest.Password)
		require.NoError(t, err)
		require.Equal(t, account.StatusActive, a.Status)
		require.Equal(t, worldtest.Start.Add(10*time.Minute), a.ActivatedAt)
		require.Equal(t, []notify.Kind{"account.registered", "account.activated"}, w.Kinds(t))
		w.Proven(t)
	})
}

// every bad field is listed, and nothing is written or sent.
func TestRegisterListsEveryBadField(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	w.Unchanged(t, func() {
		_, err := w.Accounts.Register(t.Context(), account.Anonymous(), account.Registration{
			Login: "a@b, c@d.example", ContactEmail: "nobody", GivenName: " ", FamilyName: strings.Repeat("é", 81), Language: "tlh",
		})
		require.ErrorIs(t, err, fault.ErrInvalid)
		require.Equal(t, map[string]string{
			"login": "address ", "contactEmail": "address ", "givenName": "required ", "familyName": "max80 ",
			"language": "oneoffr en ", "acceptConditions": "required ",
		}, codes(err))
	})
	for name, bad := range map[string]string{
		"NUL": "Ju\x00lie", "line break": "Julie\nBcc: x@y.example", "invalid UTF-8": "Ju\xfflie", "bidi": "Ju\u202elie", "escape": "\x1b[31mJulie",
	} {
		r := worldtest.Registration("x@terneuil.example")
		r.GivenName = bad
		w.Unchanged(t, func() {
			require.Equal(t, map[string]string{"givenName": "line "}, codes(register(t, w, r)), "LG-02 ML-01 %s", name)
		})
	}
	r := worldtest.Registration("x@terneuil.example")
	r.FamilyName = strings.Repeat("é", 80)
	require.NoError(t, register(t, w, r), "80 characters are counted, not bytes")
}

// EN-05: registering an address that is taken is answered like a fresh one.
func TestRegisteringATakenAddressTellsItsOwnerOnly(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Join(t, "julie@terneuil.example")
		before, err := byLogin(t, w, "julie@terneuil.example")
		require.NoError(t, err)
		other := worldtest.Registration("Julie@TERNEUIL.example")
		other.GivenName = "Mallory"
		for range 3 {
			require.NoError(t, register(t, w, other))
		}
		after, err := byLogin(t, w, "julie@terneuil.example")
		require.NoError(t, err)
		require.Equal(t, before, after, "nothing of the account changed")
		n := 0
		for _, m := range w.Mails(t) {
			if m.Template == notify.MailAlreadyRegistered {
				n++
				require.Equal(t, "julie@terneuil.example", m.To)
			}
		}
		require.Equal(t, 1, n, "one notice in a minute, however often somebody tries")
	})
}

// R-014, RP-10: asking again voids the older link; asking too soon sends nothing.
func TestANewerLinkVoidsTheOlder(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		again := func() {
			require.NoError(t, register(t, w, worldtest.Registration("julie@terneuil.example")))
		}
		again()
		first := w.Token(t, "julie@terneuil.example")
		again()
		require.Equal(t, first, w.Token(t, "julie@terneuil.example"), "within a minute the first link stays the only one")
		w.Clock.Move(time.Minute)
		again()
		second := w.Token(t, "julie@terneuil.example")
		require.NotEqual(t, first, second)
		_, err := w.Accounts.Activate(ctx, first, worldtest.Password)
		require.ErrorIs(t, err, account.ErrLinkExpired)
		_, err = w.Accounts.Activate(ctx, second, worldtest.Password)
		require.NoError(t, err)
	})
}

// RP-08, RP-13, EN-16: a link works once, until its end, as it is.
func TestActivationLinks(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		linkFor := func(login string) string {
			require.NoError(t, register(t, w, worldtest.Registration(login)))
			return w.Token(t, login)
		}
		token := linkFor("julie@terneuil.example")
		w.Unchanged(t, func() {
			for name, bad := range map[string]string{
				"empty": "", "short": token[:42], "long": token + "A", "other case": strings.ToUpper(token), "random": strings.Repeat("A", 43),
				"padded": token + "=", "NUL": token[:42] + "\x00", "huge": strings.Repeat(token, 10000),
			} {
				_, err := w.Accounts.Activate(ctx, bad, worldtest.Password)
				require.ErrorIs(t, err, account.ErrLinkExpired, name)
			}
			_, err := w.Accounts.Activate(ctx, token, "short")
			require.ErrorIs(t, err, fault.ErrInvalid)
			require.Equal(t, "password_min12 password_digit password_upper password_special password_base_word ", codes(err)["password"], "R-052: all unmet rules at once")
		})
		w.Clock.Move(time.Hour - time.Microsecond)
		_, err := w.Accounts.Activate(ctx, token, worldtest.Password)
		require.NoError(t, err, "a bad password does not use the link up; it lives to its last moment")
		w.Unchanged(t, func() {
			_, err = w.Accounts.Activate(ctx, token, worldtest.Password)
			require.ErrorIs(t, err, account.ErrLinkUsed)
		})
		late := linkFor("hubert@terneuil.example")
		w.Clock.Move(time.Hour)
		_, err = w.Accounts.Activate(ctx, late, worldtest.Password)
		require.ErrorIs(t, err, account.ErrLinkExpired, "over at exactly its end")
	})
}

// RC-03: of 64 parallel uses of one link exactly one succeeds.
func TestOneLinkOneActivation(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		require.NoError(t, register(t, w, worldtest.Registration("julie@terneuil.example")))
		token := w.Token(t, "julie@terneuil.example")
		var won, lost int
		for _, err := range race(64, func(context.Context, int) error {
			_, err := w.Accounts.Activate(t.Context(), token, worldtest.Password)
			return err
		}) {
			switch {
			case err == nil:
				won++
			case errors.Is(err, account.ErrLinkUsed):
				lost++
			default:
				t.Errorf("unexpected: %v", err)
			}
		}
		require.Equal(t, []int{1, 63}, []int{won, lost})
		w.Proven(t)
	})
}

// Two people who register one address at the same moment get one account.
func TestParallelRegistrationOfOneAddress(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		for _, err := range race(16, func(ctx context.Context, _ int) error {
			_, err := w.Accounts.Register(ctx, account.Anonymous(), worldtest.Registration("julie@terneuil.example"))
			return err
		}) {
			require.NoError(t, err)
		}
		require.Equal(t, []notify.Kind{"account.registered"}, w.Kinds(t))
		require.Len(t, w.Mails(t), 1)
	})
}

func race(n int, fn func(context.Context, int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(context.Background(), i) })
	}
	wg.Wait()
	return errs
}
