package account_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

// ML-01, ML-03, LG-02, DS-03: bad text is refused at once, named, and leaves no trace.
func TestHostileFieldsAreRefused(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := w.Join(t, "julie@terneuil.example")
	huge := strings.Repeat("é", 5<<20)
	refused := func(p account.Patch, want map[string]string, why string) {
		w.Unchanged(t, func() {
			_, changed, err := w.Accounts.PatchProfile(t.Context(), julie, p)
			require.Equal(t, want, codes(err), why)
			require.Empty(t, changed, why)
			require.Less(t, len(err.Error()), 500, "no input in an error")
		})
	}
	for why, bad := range map[string]string{
		"NUL": "a\x00b", "CR LF": "a\r\nBcc: b", "invalid UTF-8": "a\xffb", "bidi": "a\u202eb", "isolate": "a\u2066b", "escape": "\x1b[31ma", "separator": "a\u2028b",
	} {
		refused(account.Patch{
			GivenName: &bad, FamilyName: &bad, Phone: &bad,
			Address: &account.PostalAddress{Street: bad, Complement: bad, Postcode: bad, Town: bad, Country: "FR"},
		}, map[string]string{
			"givenName": "line ", "familyName": "line ", "phone": "phone ", "address.street": "line ",
			"address.complement": "line ", "address.postcode": "line ", "address.town": "line ",
		}, why)
	}
	for why, bad := range map[string]string{"NUL": "a\x00", "invalid UTF-8": "\xff", "bidi": "a\u202eb", "escape": "\x1b[31m"} {
		refused(account.Patch{Biography: &bad}, map[string]string{"biography": "text "}, why)
	}
	for why, bad := range map[string]string{
		"full-width @": "a＠b.example", "two": "a@b.example,c@d.example", "quoted": `"a@b"@c.example`, "CR LF": "a@b.example\r\nBcc: x@y.example", "huge": huge + "@b.example",
	} {
		refused(account.Patch{ContactEmail: &bad}, map[string]string{"contactEmail": "address "}, why)
	}
	refused(account.Patch{
		GivenName: &huge, FamilyName: &huge, Phone: &huge, Biography: &huge, Language: &huge, Photo: new(account.AttachmentID(huge)),
		Survey:  &account.Answer{Yes: true, Conditions: huge},
		Address: &account.PostalAddress{Street: huge, Complement: huge, Postcode: huge, Town: huge, Country: huge},
	}, map[string]string{
		"givenName": "max80 ", "familyName": "max80 ", "phone": "phone ", "biography": "max1000 ", "language": "oneoffr en ", "photo": "photo ", "survey": "conditions1 ",
		"address.street": "max120 ", "address.complement": "max120 ", "address.postcode": "max16 ", "address.town": "max80 ", "address.country": "country ",
	}, "10 MB")
}

// DS-03: what is far too long is not even copied. Not parallel, since it measures what
// the process allocates.
func TestHugeFieldsAreRefusedWithoutReadingThem(t *testing.T) {
	w := memoryWorld(t)
	julie := w.Join(t, "julie@terneuil.example")
	huge := strings.Repeat("e\u0301\r\n", 2<<20)
	p := account.Patch{
		GivenName: &huge, ContactEmail: &huge, Phone: &huge, Biography: &huge, Language: &huge, Photo: new(account.AttachmentID(huge)),
		Address: &account.PostalAddress{Street: huge, Postcode: huge, Country: huge},
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := w.Accounts.PatchProfile(t.Context(), julie, p)
	runtime.ReadMemStats(&after)
	require.Len(t, codes(err), 9)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), "bytes")
}

func TestLimitsAreExact(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := w.Join(t, "julie@terneuil.example")
	name, biography := strings.Repeat("é", account.MaxName), strings.Repeat("é", 1000)
	address := strings.Repeat("a", 64) + "@" + strings.Repeat("b", 60) + "." + strings.Repeat("c", 60) + "." + strings.Repeat("d", 60) + ".fr"
	require.LessOrEqual(t, len(address), 254)
	address = strings.Replace(address, ".fr", "."+strings.Repeat("e", 254-len(address)+2), 1)
	require.Len(t, address, 254)
	a, _, err := w.Accounts.PatchProfile(t.Context(), julie, account.Patch{GivenName: &name, FamilyName: &name, Biography: &biography, ContactEmail: &address})
	require.NoError(t, err)
	require.Equal(t, biography, a.Profile.Biography)
	w.Unchanged(t, func() {
		_, _, err = w.Accounts.PatchProfile(t.Context(), julie, account.Patch{
			GivenName: new(name + "x"), FamilyName: new(name + "x"), Biography: new(biography + "x"), ContactEmail: new(address + "e"),
		})
		require.Equal(t, map[string]string{"givenName": "max80 ", "familyName": "max80 ", "biography": "max1000 ", "contactEmail": "address "}, codes(err))
	})
	decomposed := strings.Repeat("e\u0301", account.MaxName)
	a, changed, err := w.Accounts.PatchProfile(t.Context(), julie, account.Patch{GivenName: &decomposed})
	require.NoError(t, err)
	require.Empty(t, changed, "composed, it is the name that was there")
	require.Equal(t, name, a.GivenName)
}

// only the person changes these things, while the account is active.
func TestOnlyTheOwnerChangesTheProfile(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		require.NoError(t, register(t, w, worldtest.Registration("waiting@terneuil.example")))
		waiting, err := byLogin(t, w, "waiting@terneuil.example")
		require.NoError(t, err)
		w.Unchanged(t, func() {
			for _, c := range []struct {
				by   account.Actor
				want error
			}{
				{account.Anonymous(), account.ErrActor},
				{account.Support("A-1"), account.ErrActor},
				{account.System(), account.ErrActor},
				{account.Actor{}, account.ErrActor},
				{account.Person("x\x00"), account.ErrNotActive},
				{account.Person("019ab000-0000-7000-8000-000000000000"), account.ErrNotActive},
				{account.Person(waiting.ID), account.ErrNotActive},
			} {
				_, _, err := w.Accounts.UpdateProfile(ctx, c.by, update())
				require.ErrorIs(t, err, c.want)
				_, _, err = w.Accounts.UpdatePreferences(ctx, c.by, account.Preferences{Language: "fr", Accessibility: true})
				require.ErrorIs(t, err, c.want)
				_, _, err = w.Accounts.PatchProfile(ctx, c.by, account.Patch{Accessibility: new(true)})
				require.ErrorIs(t, err, c.want)
				_, err = w.Accounts.Overview(ctx, c.by)
				require.ErrorIs(t, err, c.want)
			}
		})
	})
}

// the names of an account whose identity a directory keeps are not changed here;
// all the rest is.
func TestADirectoryKeepsItsNames(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := w.Join(t, "julie@terneuil.example")
	change(t, w, julie, func(a *account.Account) { a.External = true })
	other := update()
	other.FamilyName = "Autre"
	w.Unchanged(t, func() {
		_, _, err := w.Accounts.UpdateProfile(t.Context(), julie, other)
		require.Equal(t, map[string]string{"familyName": "external "}, codes(err))
	})
	_, changed, err := w.Accounts.UpdateProfile(t.Context(), julie, update())
	require.NoError(t, err)
	require.True(t, changed.Has(account.FieldContactEmail))
}

// a reference table of the host is asked about what is acceptable in itself.
func TestAReferenceTableOfTowns(t *testing.T) {
	t.Parallel()
	var asked []account.PostalAddress
	broken := errors.New("table unreachable")
	w := memoryWorld(t)
	julie := w.Join(t, "julie@terneuil.example")
	s, err := account.New(storage.Accounts(w.Store), w.Keys, &account.Options{
		Now: w.Clock.Now,
		Towns: func(_ context.Context, a account.PostalAddress) (bool, error) {
			if asked = append(asked, a); a.Town == "Atlantis" {
				return false, broken
			}
			return a.Town == "Paris", nil
		},
	})
	require.NoError(t, err)
	try := func(a account.PostalAddress) error {
		_, _, err := s.PatchProfile(t.Context(), julie, account.Patch{Address: &a})
		return err
	}
	require.NoError(t, try(account.PostalAddress{Postcode: "75001", Town: " Paris"}))
	w.Unchanged(t, func() {
		require.Equal(t, map[string]string{"address.town": "town75001 "}, codes(try(account.PostalAddress{Postcode: "75001", Town: "Lyon"})))
		require.ErrorIs(t, try(account.PostalAddress{Postcode: "75001", Town: "Atlantis"}), broken)
		require.Equal(t, map[string]string{"address.postcode": "postcodeFR "}, codes(try(account.PostalAddress{Postcode: "7", Town: "Paris"})))
	})
	require.NoError(t, try(account.PostalAddress{Town: "Lyon"}), "no postcode, nothing to compare")
	require.Equal(t, account.PostalAddress{Postcode: "75001", Town: "Paris", Country: "FR"}, asked[0])
	require.Len(t, asked, 3)
}

func TestProfilePoliciesThatContradictThemselves(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*account.ProfilePolicy){
		"no country":       func(p *account.ProfilePolicy) { p.Country = "" },
		"odd country":      func(p *account.ProfilePolicy) { p.Country = "fr" },
		"no language":      func(p *account.ProfilePolicy) { p.Languages = nil },
		"odd language":     func(p *account.ProfilePolicy) { p.Languages = []string{"fr", "fr-FR"} },
		"biography":        func(p *account.ProfilePolicy) { p.MaxBiography = -1 },
		"long biography":   func(p *account.ProfilePolicy) { p.MaxBiography = 100_001 },
		"no conditions":    func(p *account.ProfilePolicy) { p.SurveyConditions = "" },
		"many conditions":  func(p *account.ProfilePolicy) { p.SurveyConditions = strings.Repeat("1", 65) },
		"nothing whatever": func(p *account.ProfilePolicy) { *p = account.ProfilePolicy{} },
	} {
		p := account.Guide2024()
		change(&p.Profile)
		_, err := account.New(storage.Accounts(memory.New()), memoryWorld(t).Keys, &account.Options{Policy: &p})
		require.ErrorIs(t, err, account.ErrBadPolicy, name)
	}
}
