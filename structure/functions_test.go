package structure_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// what people do with an account they do in any order; nothing but the guards of
// joining and leaving asks that something else was done before.
func TestFunctionsOfAnAccountInAnyOrder(t *testing.T) {
	t.Parallel()
	names := []string{"overview", "personal data", "preferences", "membership", "spaces", "attachments", "login address", "deactivate and reactivate"}
	rapid.Check(t, func(r *rapid.T) {
		w := worldtest.New(t, memory.New())
		does, by := functions(t, w), w.Join(t, clerk)
		require.Len(r, does, len(names))
		for _, name := range rapid.Permutation(names).Draw(r, "order") {
			require.NoError(r, does[name](by), name)
		}
	})
}

// functions are what people do with an account, each once.
func functions(t *testing.T, w *worldtest.World) map[string]func(account.Actor) error {
	t.Helper()
	ctx, c := t.Context(), company(t, w)
	return map[string]func(account.Actor) error{
		"overview": func(by account.Actor) error {
			_, err := w.Structures.Overview(ctx, by)
			return err
		},
		"personal data": func(by account.Actor) error {
			_, _, err := w.Accounts.PatchProfile(ctx, by, account.Patch{GivenName: new("Juliette")})
			return err
		},
		"preferences": func(by account.Actor) error {
			_, _, err := w.Accounts.UpdatePreferences(ctx, by, account.Preferences{Language: "en"})
			return err
		},
		"membership": func(by account.Actor) error {
			_, err := w.Structures.Request(ctx, by, ask(c, c.Urba))
			return err
		},
		"spaces": func(by account.Actor) error {
			_, err := w.Structures.MySubscriptions(ctx, by)
			return err
		},
		"attachments": func(by account.Actor) error {
			_, err := w.Accounts.AddAttachment(ctx, by, account.NewAttachment{Designation: "Note", Type: "other", FileName: "n.txt"}, strings.NewReader("x"))
			return err
		},
		"login address": func(by account.Actor) error {
			by.ProvenAt = w.Clock.Now()
			_, err := w.Accounts.RequestLoginChange(ctx, by, "new@terneuil.example")
			return err
		},
		"deactivate and reactivate": func(by account.Actor) error {
			login := w.Account(t, by.ID).Login
			shown, err := w.Structures.PrepareDeactivation(ctx, by)
			require.NoError(t, err)
			_, err = w.Structures.Deactivate(ctx, by, structure.Deactivation{Confirmed: true, Token: shown.Token})
			require.NoError(t, err)
			_, err = w.Accounts.RequestReactivation(ctx, account.Anonymous(), login)
			require.NoError(t, err)
			_, err = w.Accounts.CompleteReactivation(ctx, w.TokenIn(t, login, notify.MailReactivation), account.NewPassword{Password: "Another-Horse-8", Confirmation: "Another-Horse-8"})
			return err
		},
	}
}
