package account_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

func requestAll(c worldtest.Company) structure.Request {
	return structure.Request{Structure: c.ID, Whole: true, Comment: "please"}
}

// a bounce marks the login address, the owner is warned in the overview, and the
// mark goes once a mail has arrived for sure.
func TestAnAddressThatBounces(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, "julie@terneuil.example")
		since := func() time.Time {
			o, err := w.Accounts.Overview(ctx, julie)
			require.NoError(t, err)
			return o.UndeliverableSince
		}
		require.Zero(t, since())
		require.NoError(t, w.Accounts.MarkUndeliverable(ctx, account.System(), " Julie@Terneuil.example"))
		require.Equal(t, worldtest.Start, since())
		w.Clock.Move(time.Hour)
		w.Unchanged(t, func() {
			require.NoError(t, w.Accounts.MarkUndeliverable(ctx, account.Support("A-1"), "julie@terneuil.example"))
		})
		require.Equal(t, worldtest.Start, since(), "the first time counts")
		w.SignIn(t, "julie@terneuil.example")
		require.Zero(t, since(), "the code arrived")

		require.NoError(t, w.Accounts.MarkUndeliverable(ctx, account.System(), "julie@terneuil.example"))
		require.NoError(t, w.Accounts.MarkDeliverable(ctx, account.Support("A-1"), "julie@terneuil.example"))
		w.Unchanged(t, func() {
			require.NoError(t, w.Accounts.MarkDeliverable(ctx, account.Support("A-1"), "julie@terneuil.example"))
		})
		require.Zero(t, since())
		require.Equal(t, []notify.Kind{
			"account.registered", "account.activated", "account.undeliverable", "account.signed_in", "account.undeliverable", "account.deliverable",
		}, w.Kinds(t))
		w.Proven(t)
	})
}

// the activation link proves the mailbox, too.
func TestActivationClearsTheMark(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	require.NoError(t, register(t, w, worldtest.Registration("julie@terneuil.example")))
	require.NoError(t, w.Accounts.MarkUndeliverable(t.Context(), account.System(), "julie@terneuil.example"))
	marked, err := byLogin(t, w, "julie@terneuil.example")
	require.NoError(t, err)
	require.Equal(t, worldtest.Start, marked.UndeliverableSince)
	a, err := w.Accounts.Activate(t.Context(), w.Token(t, "julie@terneuil.example"), worldtest.Password)
	require.NoError(t, err)
	require.Zero(t, a.UndeliverableSince)
	require.Equal(t, marked.UndeliverableSince, marked.Undeliverable(w.Clock.Now().Add(time.Hour)).UndeliverableSince)
}

// so does a link to a new password.
func TestAResetClearsTheMark(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := w.Join(t, julieLogin)
	require.NoError(t, w.Accounts.MarkUndeliverable(t.Context(), account.System(), julieLogin))
	require.NoError(t, reset(w, forgot(t, w), second))
	require.Zero(t, load(t, w, julie).UndeliverableSince)
	w.Proven(t)
}

// PE-16: the owner of an address that refuses mails cannot say that it works: a profile
// touches neither the login nor what is known of it.
func TestAProfileProvesNoAddress(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := w.Join(t, "julie@terneuil.example")
	require.NoError(t, w.Accounts.MarkUndeliverable(t.Context(), account.System(), "julie@terneuil.example"))
	before := load(t, w, julie)
	require.NotZero(t, before.UndeliverableSince)
	changed := update()
	changed.ContactEmail = "else@terneuil.example"
	_, _, err := w.Accounts.UpdateProfile(t.Context(), julie, changed)
	require.NoError(t, err)
	after := load(t, w, julie)
	require.Equal(t, "else@terneuil.example", after.ContactEmail)
	require.Equal(t, before.UndeliverableSince, after.UndeliverableSince)
	require.Equal(t, before.Login, after.Login)
	require.Equal(t, before.ActivatedAt, after.ActivatedAt)
	w.Unchanged(t, func() {
		require.ErrorIs(t, w.Accounts.MarkDeliverable(t.Context(), julie, before.Login), account.ErrActor)
	})
}

func TestOnlyTheOperatorMarksAddresses(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := w.Join(t, "julie@terneuil.example")
	w.Unchanged(t, func() {
		for _, by := range []account.Actor{julie, account.Anonymous(), {}} {
			require.ErrorIs(t, w.Accounts.MarkUndeliverable(t.Context(), by, "julie@terneuil.example"), account.ErrActor)
			require.ErrorIs(t, w.Accounts.MarkDeliverable(t.Context(), by, "julie@terneuil.example"), account.ErrActor)
		}
		require.ErrorIs(t, w.Accounts.MarkUndeliverable(t.Context(), account.System(), "nobody@terneuil.example"), fault.ErrNotFound)
		require.Equal(t, map[string]string{"login": "address "}, codes(w.Accounts.MarkUndeliverable(t.Context(), account.System(), "a＠b.example")))
	})
}

// what one sees of one's own account, in one read
// without a trace, and nothing that proves who one is.
func TestOverviewOfTheAccount(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, "julie@terneuil.example")
		o, err := w.Accounts.Overview(ctx, julie)
		require.NoError(t, err)
		require.Zero(t, o.LastSignInAt, "R-016: empty before the first sign-in")
		_, _, err = w.Accounts.UpdateProfile(ctx, julie, update())
		require.NoError(t, err)
		w.SignIn(t, "julie@terneuil.example")
		w.Unchanged(t, func() { o, err = w.Accounts.Overview(ctx, julie) })
		require.NoError(t, err)
		require.Equal(t, account.Overview{Personal: account.Personal{
			ID: julie.ID, Status: account.StatusActive, DisplayName: "Julie BON", SortName: "BON Julie", GivenName: "Julie", FamilyName: "Bon",
			Login: "julie@terneuil.example", ContactEmail: "bureau@terneuil.example", Phone: "+33149961012",
			Address:  account.PostalAddress{Street: "1 place de la Mairie", Postcode: "97500", Town: "Terneuil sur Seine", Country: "FR"},
			Language: "fr", CreatedAt: worldtest.Start, ActivatedAt: worldtest.Start, LastSignInAt: worldtest.Start.Add(time.Millisecond),
		}}, o)
		require.Equal(t, "01 49 96 10 12", account.FormatPhone(o.Phone, "FR"))
	})
}
