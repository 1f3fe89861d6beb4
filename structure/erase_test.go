package structure_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

var officer = account.Support("dpo-1")

// canaries are what is told of one person; none of it may be left once she is erased.
var canaries = []string{"zoe.roux", "Zoé", "Roux", "Dossiers-Canari", "Motif-Canari", "Pièce-Canari", "canari.pdf", "+33149961012", "Bio-Canari"}

// somebody is a person who left traces everywhere: profile, photo, file, a request that
// was refused, one that waits, mails, a login change under way, and sign-ins.
func somebody(t *testing.T, w *worldtest.World, c worldtest.Company) account.Actor {
	t.Helper()
	ctx := t.Context()
	_, err := w.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: "zoe.roux@terneuil.example", GivenName: "Zoé", FamilyName: "Roux", Language: "fr", AcceptConditions: true,
	})
	require.NoError(t, err)
	a, err := w.Accounts.Activate(ctx, w.Token(t, "zoe.roux@terneuil.example"), worldtest.Password)
	require.NoError(t, err)
	zoe := account.Person(a.ID)
	phone, bio := "01 49 96 10 12", "Bio-Canari"
	_, _, err = w.Accounts.PatchProfile(ctx, zoe, account.Patch{Phone: &phone, Biography: &bio})
	require.NoError(t, err)
	_, err = w.Accounts.AddAttachment(ctx, zoe, account.NewAttachment{Designation: "Pièce-Canari", Type: "other", FileName: "canari.pdf"}, strings.NewReader("%PDF-1.7 x"))
	require.NoError(t, err)
	m, err := w.Structures.Request(ctx, zoe, structure.Request{Structure: c.ID, Services: []structure.ServiceID{c.Urba.ID}, Comment: "Dossiers-Canari"})
	require.NoError(t, err)
	_, err = w.Structures.Reject(ctx, c.Manager, m.ID, structure.Refusal{Reason: "Motif-Canari"})
	require.NoError(t, err)
	other := w.Company(t, worldtest.SIRETCity, "other@terneuil.example")
	_, err = w.Structures.Request(ctx, zoe, structure.Request{Structure: other.ID, Whole: true, Comment: "Dossiers-Canari"})
	require.NoError(t, err)
	session := w.SignIn(t, "zoe.roux@terneuil.example")
	by, err := w.Accounts.Resume(ctx, session)
	require.NoError(t, err)
	_, err = w.Accounts.RequestLoginChange(ctx, by, "zoe.roux@autre.example")
	require.NoError(t, err)
	return zoe
}

// everything is all that the store holds, as text.
func everything(t *testing.T, w *worldtest.World) string {
	t.Helper()
	var b strings.Builder
	show := func(v any) {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		b.Write(text)
		fmt.Fprintf(&b, "%#v\n", v)
	}
	require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) error {
		ctx := t.Context()
		accounts, err := tx.Accounts(ctx, account.Query{})
		require.NoError(t, err)
		for _, a := range accounts {
			show(struct{ ID, Login, Contact, Given, Family, Profile any }{a.ID, a.Login, a.ContactEmail, a.GivenName, a.FamilyName, a.Profile})
			for _, p := range []account.Purpose{account.PurposeActivation, account.PurposeLoginChange, account.PurposeLoginChangeCancel} {
				if l, err := tx.Link(ctx, a.ID, p); err == nil {
					show(l)
				}
			}
		}
		ms, err := tx.Memberships(ctx, structure.MembershipQuery{})
		require.NoError(t, err)
		show(ms)
		events, err := tx.Events(ctx, notify.EventQuery{Limit: 1000})
		require.NoError(t, err)
		for _, e := range events {
			b.Write(e.State)
		}
		show(events)
		return nil
	}))
	for _, m := range w.Mails(t) {
		if m.Account != "" {
			show(m.To)
		}
	}
	return b.String()
}

// LG-11, R-430, TI-15, FI-17: erasing blanks a person everywhere, the history goes on
// proving itself, and the address is as free as if nobody had had it.
func TestErase(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
		zoe := somebody(t, w, c)
		for _, canary := range canaries {
			require.True(t, strings.Contains(everything(t, w)+fileNames(t, w), canary), "the test would notice %s", canary)
		}
		var plan structure.Erasure
		w.Unchanged(t, func() {
			var err error
			plan, err = w.Structures.PlanErasure(ctx, officer, zoe.ID)
			require.NoError(t, err)
		})
		require.True(t, plan.Possible())
		require.Equal(t, "Zoé ROUX", plan.Person.DisplayName)
		require.Equal(t, 2, plan.Memberships)
		require.Equal(t, 1, plan.Attachments)
		require.Positive(t, plan.Mails)

		w.Unchanged(t, func() {
			_, err := w.Structures.Erase(ctx, officer, zoe.ID, "another token")
			require.ErrorIs(t, err, structure.ErrConsequencesChanged)
		})
		_, err := w.Structures.Erase(ctx, officer, zoe.ID, plan.Token)
		require.NoError(t, err)
		w.Proven(t)

		// What managers were told about her is theirs: those mails are not addressed to her.
		left := everything(t, w)
		for _, canary := range canaries {
			require.False(t, strings.Contains(left, canary), "%s is left", canary)
		}
		w.Clock.Move(3 * time.Hour)
		_, err = w.Accounts.SweepAttachments(ctx)
		require.NoError(t, err)
		require.Empty(t, w.Contents.Keys(), "the contents are gone")
		require.NotContains(t, fileNames(t, w), "Canari")

		_, err = w.Structures.Mine(ctx, zoe)
		require.ErrorIs(t, err, account.ErrNotActive)
		_, err = w.Structures.PlanErasure(ctx, officer, zoe.ID)
		require.ErrorIs(t, err, structure.ErrNotFound, "there is nobody any more")

		again := w.Join(t, "zoe.roux@terneuil.example")
		require.NotEqual(t, zoe.ID, again.ID)
		mine, err := w.Structures.Mine(ctx, again)
		require.NoError(t, err)
		require.Empty(t, mine, "no old membership comes back")
	})
}

func fileNames(t *testing.T, w *worldtest.World) string {
	t.Helper()
	var out string
	require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) error {
		files, err := tx.Attachments(t.Context(), account.AttachmentQuery{})
		out = fmt.Sprintf("%+v", files)
		return err
	}))
	return out
}

// Who may erase, and what forbids it.
func TestWhatForbidsErasing(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
	clerk := w.Join(t, "clerk@terneuil.example")
	for _, by := range []account.Actor{clerk, c.Manager, account.Anonymous(), account.Technical(clerk.ID)} {
		w.Unchanged(t, func() {
			_, err := w.Structures.PlanErasure(ctx, by, clerk.ID)
			require.ErrorIs(t, err, account.ErrActor)
			_, err = w.Structures.Erase(ctx, by, clerk.ID, "")
			require.ErrorIs(t, err, account.ErrActor)
		})
	}
	plan, err := w.Structures.PlanErasure(ctx, officer, c.Manager.ID)
	require.NoError(t, err)
	require.False(t, plan.Possible())
	require.Equal(t, c.ID, plan.Principal[0].ID)
	w.Unchanged(t, func() {
		_, err := w.Structures.Erase(ctx, officer, c.Manager.ID, plan.Token)
		require.ErrorIs(t, err, structure.ErrSuccessorRequired, "LC-10: no structure is left without its principal")
	})
	_, err = w.Structures.PlanErasure(ctx, officer, "nobody")
	require.ErrorIs(t, err, structure.ErrNotFound)

	w.Configure(t, &account.Options{LegalHold: func(_ context.Context, id account.ID) (bool, error) { return id == clerk.ID, nil }}, &structure.Options{})
	plan, err = w.Structures.PlanErasure(ctx, officer, clerk.ID)
	require.NoError(t, err)
	require.True(t, plan.Held)
	w.Unchanged(t, func() {
		_, err := w.Structures.Erase(ctx, officer, clerk.ID, plan.Token)
		require.ErrorIs(t, err, account.ErrHeld)
	})
}

// LC-11, RC-13: the purge at the end of the window erases as an officer does, unless the
// host holds the account.
func TestPurgeErasesEverything(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		held := true
		policy := account.Guide2024()
		policy.Lifecycle.Purge = account.PurgeAtWindowEnd
		w.Configure(t, &account.Options{
			Policy:    &policy,
			LegalHold: func(context.Context, account.ID) (bool, error) { return held, nil },
		}, &structure.Options{})
		c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
		zoe := somebody(t, w, c)
		shown, err := w.Structures.PrepareDeactivation(ctx, zoe)
		require.NoError(t, err)
		_, err = w.Structures.Deactivate(ctx, zoe, structure.Deactivation{Confirmed: true, Token: shown.Token})
		require.NoError(t, err)
		w.Clock.Move(60 * 24 * time.Hour)
		for range 5 {
			_, err = w.Accounts.CatchUp(ctx)
			require.NoError(t, err)
		}
		require.True(t, strings.Contains(everything(t, w), "zoe.roux"), "the host holds it")
		held = false
		w.Clock.Move(24 * time.Hour)
		for range 5 {
			_, err = w.Accounts.CatchUp(ctx)
			require.NoError(t, err)
		}
		left := everything(t, w)
		for _, canary := range canaries {
			require.False(t, strings.Contains(left, canary), "%s is left", canary)
		}
		w.Proven(t)
	})
}

// a person gets everything that is kept about her, other people only as what they
// are, and it is recorded that she did.
func TestExportPersonalData(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
		zoe := somebody(t, w, c)
		for _, by := range []account.Actor{zoe, officer} {
			out, err := w.Structures.ExportPersonalData(ctx, by, zoe.ID)
			require.NoError(t, err)
			text, err := json.Marshal(out)
			require.NoError(t, err)
			for _, canary := range canaries {
				require.True(t, strings.Contains(string(text), canary), "%s is missing", canary)
			}
			for _, secret := range []string{"argon2", "manager@", "Julie", string(c.Manager.ID)} {
				require.False(t, strings.Contains(string(text), secret), "%s: nobody else's name, and no secret", secret)
			}
			require.Len(t, out.Summary, 7)
			require.Equal(t, "Votre compte zoe.roux@terneuil.example, créé le 22/11/2026, avec vos coordonnées et préférences.", out.Summary[0])
			require.Equal(t, []string{"self", "person"}, actors(out.History), "LG-08: others only as what they are")
		}
		out, err := w.Structures.ExportPersonalData(ctx, zoe, zoe.ID)
		require.NoError(t, err)
		exports := 0
		for _, e := range out.History {
			require.NotEqual(t, "event."+string(e.Kind), e.What, "every kind is in words")
			if e.Kind == "account.data_exported" {
				exports++
			}
		}
		require.Equal(t, 2, exports, "R-429: each export is recorded")
		w.Proven(t)

		for name, try := range map[string]struct {
			by   account.Actor
			id   account.ID
			want error
		}{
			"another's":    {c.Manager, zoe.ID, structure.ErrNotFound},
			"nobody's":     {officer, "nobody", structure.ErrNotFound},
			"anonymous":    {account.Anonymous(), zoe.ID, account.ErrActor},
			"a program's":  {account.Technical(zoe.ID), zoe.ID, account.ErrActor},
			"own, unknown": {account.Person("nobody"), "nobody", structure.ErrNotFound},
		} {
			w.Unchanged(t, func() {
				_, err := w.Structures.ExportPersonalData(ctx, try.by, try.id)
				require.ErrorIs(t, err, try.want, name)
			})
		}
	})
}

// actors lists who did things, each kind of actor once, anonymous left out.
func actors(history []structure.PersonalEvent) []string {
	var out []string
	for _, want := range []string{"self", "person"} {
		for _, e := range history {
			if e.By == want {
				out = append(out, want)
				break
			}
		}
	}
	return out
}
