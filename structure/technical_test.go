package structure_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

const technicalLogin = "TECH_1_21750001600019@cpro.example"

func program() structure.TechnicalSpec {
	return structure.TechnicalSpec{Login: technicalLogin, Name: "Comptabilité", ContactEmail: "dsi@terneuil.example"}
}

// proven is the actor with a factor proven just now.
func proven(w *worldtest.World, by account.Actor) account.Actor {
	by.ProvenAt = w.Clock.Now()
	return by
}

// secretIn exports a handover and returns the secret in it.
func secretIn(t *testing.T, h *account.Handover) string {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, h.Export(&file, account.CSV))
	r := csv.NewReader(&file)
	r.Comma = ';'
	lines, err := r.ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"login", "password", "expires_at", "notice"}, lines[0])
	require.Contains(t, lines[1][3], "SECRET")
	return lines[1][1]
}

// R-358..R-363, R-369, R-370: the principal manager makes a program's account, gets
// its credentials once, and the program can use the interfaces and nothing else.
func TestTechnicalAccount(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
		h, err := w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, program())
		require.NoError(t, err)
		secret := secretIn(t, h)

		by, err := w.Accounts.AuthenticateTechnical(ctx, technicalLogin, secret)
		require.NoError(t, err)
		require.Equal(t, account.Actor{Kind: notify.ActorTechnical, ID: h.Account}, by)

		ask := func(r authz.Request) authz.Decision {
			r.Account, r.Structure, r.At = by.ID, c.ID, w.Clock.Now()
			d, err := w.Authz.Check(ctx, r)
			require.NoError(t, err)
			return d
		}
		require.True(t, ask(authz.Request{Space: authz.SpaceInvoicesIssued, Level: authz.Write}).Allowed)
		require.False(t, ask(authz.Request{Space: authz.SpaceTicketsIssued, Level: authz.Read}).Allowed, "no space of people")
		require.False(t, ask(authz.Request{Space: authz.SpaceMyAccount, Level: authz.Read}).Allowed, "no profile page")
		for action := range authz.Guide2024().Permissions {
			require.False(t, ask(authz.Request{Action: action}).Allowed, "a program manages nothing: %s", action)
		}

		_, err = w.SignIns.Begin(ctx, mfa.Credentials{Login: technicalLogin, Password: secret})
		require.ErrorIs(t, err, account.ErrInvalidCredentials, "no interactive sign-in")
		_, err = w.Accounts.Resume(ctx, account.Session{Account: by.ID, Stamp: ""})
		require.ErrorIs(t, err, account.ErrSessionEnded)
		_, err = w.Structures.Mine(ctx, by)
		require.ErrorIs(t, err, account.ErrActor, "no page of people")

		list, err := w.Structures.Technicals(ctx, c.Manager, c.ID)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, strings.ToLower(technicalLogin), list[0].Login)
		require.Equal(t, "dsi@terneuil.example", list[0].ContactEmail)
		require.Equal(t, list[0].ChangedAt.Add(424*24*time.Hour), list[0].ExpiresAt)
		require.Equal(t, w.Clock.Now(), list[0].LastUsedAt)
		w.Proven(t)
	})
}

// nobody but the principal manager, with a fresh proof.
func TestTechnicalAccountsAreThePrincipalsOwn(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
	other := w.Company(t, worldtest.SIRETCity, "other@terneuil.example")
	h, err := w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, program())
	require.NoError(t, err)
	clerk := w.Join(t, "clerk@terneuil.example")
	m, err := w.Structures.Request(ctx, clerk, structure.Request{Structure: c.ID, Whole: true, Comment: "x"})
	require.NoError(t, err)
	_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Role: structure.RoleSecondaryManager})
	require.NoError(t, err)

	late := proven(w, c.Manager)
	late.ProvenAt = w.Clock.Now().Add(-15 * time.Minute)
	for name, try := range map[string]struct {
		by   account.Actor
		want error
	}{
		"a secondary manager":  {proven(w, clerk), structure.ErrDenied},
		"a stranger":           {proven(w, w.Join(t, "x@terneuil.example")), structure.ErrNotFound},
		"another's principal":  {proven(w, other.Manager), structure.ErrNotFound},
		"a program":            {proven(w, account.Technical(h.Account)), account.ErrActor},
		"without a proof":      {c.Manager, account.ErrProofRequired},
		"with a proof too old": {late, account.ErrProofRequired},
		"support":              {proven(w, account.Support("agent-7")), account.ErrActor},
	} {
		w.Unchanged(t, func() {
			_, err := w.Structures.CreateTechnical(ctx, try.by, c.ID, structure.TechnicalSpec{Login: "tech_2_a@cpro.example", Name: "B"})
			require.ErrorIs(t, err, try.want, name)
			_, err = w.Structures.ResetTechnical(ctx, try.by, c.ID, h.Account, structure.TechnicalReset{Confirmed: true})
			require.ErrorIs(t, err, try.want, name)
			if errors.Is(try.want, account.ErrProofRequired) {
				return
			}
			require.ErrorIs(t, w.Structures.CloseTechnical(ctx, try.by, c.ID, h.Account), try.want, name)
			_, err = w.Structures.Technicals(ctx, try.by, c.ID)
			require.ErrorIs(t, err, try.want, name)
		})
	}
	for name, id := range map[string]account.ID{
		"a person of the structure": clerk.ID, "a program of another": other.Manager.ID, "nobody": "nobody", "the manager": c.Manager.ID,
	} {
		_, err := w.Structures.ResetTechnical(ctx, proven(w, c.Manager), c.ID, id, structure.TechnicalReset{Confirmed: true})
		require.ErrorIs(t, err, structure.ErrNotFound, name)
		require.ErrorIs(t, w.Structures.CloseTechnical(ctx, c.Manager, c.ID, id), structure.ErrNotFound, name)
	}
}

// the login is free input of a pattern, unique over all accounts.
func TestTechnicalLogins(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
	create := func(spec structure.TechnicalSpec) error {
		_, err := w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, spec)
		return err
	}
	require.NoError(t, create(program()))
	for name, bad := range map[string]struct {
		spec structure.TechnicalSpec
		want []fault.Field
	}{
		"taken":          {program(), []fault.Field{{Path: "login", Code: "taken"}}},
		"a person's":     {structure.TechnicalSpec{Login: "julie@terneuil.example", Name: "x"}, []fault.Field{{Path: "login", Code: "technical_login"}}},
		"none":           {structure.TechnicalSpec{Name: "x"}, []fault.Field{{Path: "login", Code: "required"}}},
		"hidden pattern": {structure.TechnicalSpec{Login: "x.tech_1_a@cpro.example", Name: "x"}, []fault.Field{{Path: "login", Code: "technical_login"}}},
		"everything": {structure.TechnicalSpec{Login: "tech", ContactEmail: "a,b@x"}, []fault.Field{
			{Path: "login", Code: "address"}, {Path: "name", Code: "required"}, {Path: "contactEmail", Code: "address"}, {Path: "login", Code: "technical_login"},
		}},
		"long name": {structure.TechnicalSpec{Login: "tech_2_a@cpro.example", Name: strings.Repeat("é", 81)}, []fault.Field{{Path: "name", Code: "max", Param: "80"}}},
	} {
		w.Unchanged(t, func() { require.Equal(t, bad.want, fault.FieldsOf(create(bad.spec)), name) })
	}
	w.Clock.Move(time.Second)
	require.NoError(t, create(structure.TechnicalSpec{Login: "tech_2_a@cpro.example", Name: strings.Repeat("é", 80)}))
	list, err := w.Structures.Technicals(ctx, c.Manager, c.ID)
	require.NoError(t, err)
	require.Equal(t, "manager@terneuil.example", list[1].ContactEmail, "the manager's, unless another is given")
}

// several are allowed, up to the policy's limit, however many ask at once.
func TestTechnicalLimit(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
		limit := account.TechnicalGuide2024().PerStructure
		create := func(n int) error {
			_, err := w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, structure.TechnicalSpec{Login: fmt.Sprintf("tech_%d_a@cpro.example", n), Name: "x"})
			return err
		}
		for n := range limit - 1 {
			require.NoError(t, create(n))
		}
		errs := make([]error, 4)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = create(limit + i) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, structure.ErrTechnicalLimit)
		}
		require.Equal(t, 1, won)
		require.ErrorIs(t, create(99), structure.ErrTechnicalLimit)
	})
}

// CR-17, PE-14: the credentials leave once, marked secret, and show
// nowhere else.
func TestCredentialsLeaveOnce(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
	h, err := w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, program())
	require.NoError(t, err)
	encoded, err := json.Marshal(h)
	require.NoError(t, err)
	printed := fmt.Sprintf("%v %+v %#v %s", h, h, h, encoded)

	require.Error(t, h.Export(&bytes.Buffer{}, "xml"), "an unknown form uses nothing up")
	var file bytes.Buffer
	require.NoError(t, h.Export(&file, account.JSON))
	var out map[string]string
	require.NoError(t, json.Unmarshal(file.Bytes(), &out))
	require.Contains(t, out["notice"], "SECRET")
	require.NotContains(t, printed, out["password"])
	require.Equal(t, "secret-tech_1_21750001600019.json", h.FileName(account.JSON))
	require.Len(t, out["password"], len("habilis_")+43, "256 bits (BF-13)")

	file.Reset()
	require.ErrorIs(t, h.Export(&file, account.CSV), account.ErrHandedOver)
	require.Empty(t, file.String())

	require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
		a, err := tx.Account(ctx, h.Account)
		require.NoError(t, err)
		require.NotContains(t, fmt.Sprintf("%#v", struct{ P string }{a.Credentials.Password}), strings.TrimPrefix(out["password"], "habilis_"), "only its digest is stored")
		return nil
	}))
	for _, m := range w.Mails(t) {
		require.NotContains(t, fmt.Sprint(m.Values), out["password"])
	}
}

// a reset needs confirmation, voids the old secret at once, and tells
// whoever runs the program.
func TestTechnicalReset(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
		h, err := w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, program())
		require.NoError(t, err)
		old := secretIn(t, h)
		w.Unchanged(t, func() {
			_, err = w.Structures.ResetTechnical(ctx, proven(w, c.Manager), c.ID, h.Account, structure.TechnicalReset{})
			require.Equal(t, []fault.Field{{Path: "confirmed", Code: "required"}}, fault.FieldsOf(err))
		})
		h, err = w.Structures.ResetTechnical(ctx, proven(w, c.Manager), c.ID, h.Account, structure.TechnicalReset{Confirmed: true})
		require.NoError(t, err)
		_, err = w.Accounts.AuthenticateTechnical(ctx, technicalLogin, old)
		require.ErrorIs(t, err, account.ErrInvalidCredentials)
		_, err = w.Accounts.AuthenticateTechnical(ctx, technicalLogin, secretIn(t, h))
		require.NoError(t, err)
		require.Equal(t, c.DisplayName(), w.Last(t, "dsi@terneuil.example", notify.MailTechnicalReset).Values["Structure"])
		w.Proven(t)
	})
}

// RC-19: of two resets at once one secret is live, and each was shown once.
func TestParallelResetsLeaveOneSecret(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
		h, err := w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, program())
		require.NoError(t, err)
		made := make([]*account.Handover, 4)
		var wg sync.WaitGroup
		for i := range made {
			wg.Go(func() {
				made[i], _ = w.Structures.ResetTechnical(ctx, proven(w, c.Manager), c.ID, h.Account, structure.TechnicalReset{Confirmed: true})
			})
		}
		wg.Wait()
		live := 0
		for _, one := range made {
			require.NotNil(t, one)
			if _, err := w.Accounts.AuthenticateTechnical(ctx, technicalLogin, secretIn(t, one)); err == nil {
				live++
			}
		}
		require.Equal(t, 1, live)
		w.Proven(t)
	})
}

// R-369, LC-05: a closed program gets nothing any more; it cannot be made principal or
// approved into another role.
func TestTechnicalClosed(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
		h, err := w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, program())
		require.NoError(t, err)
		secret := secretIn(t, h)
		require.NoError(t, w.Structures.CloseTechnical(ctx, c.Manager, c.ID, h.Account))
		_, err = w.Accounts.AuthenticateTechnical(ctx, technicalLogin, secret)
		require.ErrorIs(t, err, account.ErrInvalidCredentials)
		d, err := w.Authz.Check(ctx, authz.Request{Account: h.Account, Structure: c.ID, Space: authz.SpaceInvoicesIssued, Level: authz.Read, At: w.Clock.Now()})
		require.NoError(t, err)
		require.False(t, d.Allowed)
		w.Last(t, "dsi@terneuil.example", notify.MailTechnicalClosed)
		w.Unchanged(t, func() {
			require.NoError(t, w.Structures.CloseTechnical(ctx, c.Manager, c.ID, h.Account), "again does nothing")
		})
		_, err = w.Structures.ResetTechnical(ctx, proven(w, c.Manager), c.ID, h.Account, structure.TechnicalReset{Confirmed: true})
		require.ErrorIs(t, err, structure.ErrNotFound)
		w.Proven(t)
	})
}

// R-369, EN-05, EN-06, LC-05: nobody reads mails at the login of a program, so none goes
// there, whoever asks for what; the answers are those about any address. A closed one never
// comes back, by support neither.
func TestNoMailGoesToTheLoginOfAProgram(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
		julie := w.Join(t, clerk)
		h, err := w.Structures.CreateTechnical(ctx, proven(w, c.Manager), c.ID, program())
		require.NoError(t, err)
		quiet := func() {
			t.Helper()
			for _, ask := range []func() (account.Sent, error){
				func() (account.Sent, error) {
					return w.Accounts.Register(ctx, account.Anonymous(), worldtest.Registration(h.Login))
				},
				func() (account.Sent, error) {
					return w.Accounts.RegisterFor(ctx, julie, worldtest.Registration(h.Login))
				},
				func() (account.Sent, error) {
					return w.Structures.CreatePerson(ctx, c.Manager, c.ID, worldtest.Registration(h.Login))
				},
				func() (account.Sent, error) {
					return w.Accounts.ResendActivation(ctx, account.Anonymous(), h.Login)
				},
				func() (account.Sent, error) {
					return w.Accounts.RequestReactivation(ctx, account.Anonymous(), h.Login)
				},
				func() (account.Sent, error) { return w.Accounts.ForgotPassword(ctx, account.Anonymous(), h.Login) },
			} {
				w.Clock.Move(time.Hour)
				sent, err := ask()
				require.NoError(t, err)
				require.Equal(t, account.Sent{To: h.Login, Until: w.Clock.Now().Add(time.Hour)}, sent)
			}
			_, err := w.Accounts.RequestLoginChange(ctx, proven(w, julie), h.Login)
			require.NoError(t, err)
			require.NoError(t, w.Accounts.CancelLoginChange(ctx, julie))
			for _, m := range w.Mails(t) {
				require.NotEqual(t, h.Login, m.To, "%s", m.Template)
			}
		}
		quiet()
		require.NoError(t, w.Structures.CloseTechnical(ctx, c.Manager, c.ID, h.Account))
		quiet()
		_, err = w.Accounts.SupportReactivate(ctx, account.Support("S-1"), h.Account, "asked by telephone")
		require.ErrorIs(t, err, account.ErrNotDeactivated)
		w.Proven(t)
	})
}

// A secret works to its last moment, and one that was replaced to the end of the
// overlap, but never beyond its own.
func TestTechnicalSecretsEndExactly(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	a := account.Guide2024()
	a.Technical.Overlap = time.Hour
	w.Configure(t, &account.Options{Policy: &a}, &structure.Options{})
	c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
	h, err := w.Structures.CreateTechnical(t.Context(), proven(w, c.Manager), c.ID, program())
	require.NoError(t, err)
	reset := func() string {
		h, err := w.Structures.ResetTechnical(t.Context(), proven(w, c.Manager), c.ID, h.Account, structure.TechnicalReset{Confirmed: true})
		require.NoError(t, err)
		return secretIn(t, h)
	}
	works := func(secret string) error {
		_, err := w.Accounts.AuthenticateTechnical(t.Context(), technicalLogin, secret)
		return err
	}
	first := secretIn(t, h)
	second := reset()
	w.Clock.Move(time.Hour - time.Microsecond)
	require.NoError(t, works(first))
	w.Clock.Move(time.Microsecond)
	require.ErrorIs(t, works(first), account.ErrInvalidCredentials)

	w.Clock.Move(a.Technical.Lifetime - time.Hour - time.Microsecond)
	require.NoError(t, works(second))
	third := reset()
	require.NoError(t, works(second))
	w.Clock.Move(time.Microsecond)
	require.ErrorIs(t, works(second), account.ErrInvalidCredentials, "an overlap lengthens no life")
	require.NoError(t, works(third))
	w.Clock.Move(a.Technical.Lifetime - time.Microsecond)
	require.ErrorIs(t, works(third), account.ErrSecretExpired)
	reset()
	require.ErrorIs(t, works(third), account.ErrInvalidCredentials, "nor does it revive what was over")
}
