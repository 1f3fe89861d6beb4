package structure_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

const iban = "FR76 3000 6000 0112 3456 7890 189"

// the sections of a record, changed by the
// manager, each with its event, and the same again writes nothing.
func TestRecord(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, c := t.Context(), company(t, w)
		st, err := w.Structures.UpdateGeneral(ctx, c.Manager, c.ID, structure.General{LegalName: " Atelier Dufour ", Label: "Dufour", Postcode: "77000", Town: "Melun"})
		require.NoError(t, err)
		require.Equal(t, "Dufour", st.DisplayName())
		st, err = w.Structures.UpdateAddress(ctx, c.Manager, c.ID, account.PostalAddress{Street: "1 rue du Port", Postcode: "77000", Town: "Terneuil"})
		require.NoError(t, err)
		require.Equal(t, "FR", st.Sheet.Address.Country)
		require.Equal(t, "Terneuil", st.Town, "people find it where its head office is")
		b, err := w.Structures.AddBankAccount(ctx, c.Manager, c.ID, structure.NewBankAccount{Label: "Courant", IBAN: iban, BIC: "agrifrpp"})
		require.NoError(t, err)
		paper, err := attach(t, w, c, c.Manager)
		require.NoError(t, err)
		signing := structure.NewMandate{Signatory: "Pauline Dufour", SignedOn: authz.Date{Year: 2026, Month: 11, Day: 22}, Version: "2", Document: paper.ID}
		m, err := w.Structures.SignMandate(ctx, c.Manager, c.ID, signing)
		require.NoError(t, err)
		require.Equal(t, c.Manager.ID, m.By)

		w.Unchanged(t, func() {
			_, err := w.Structures.UpdateGeneral(ctx, c.Manager, c.ID, structure.General{LegalName: "Atelier Dufour", Label: "Dufour ", Postcode: "77000", Town: "Terneuil"})
			require.NoError(t, err)
			_, err = w.Structures.UpdateAddress(ctx, c.Manager, c.ID, account.PostalAddress{Street: "1 rue du Port", Postcode: "77000", Town: "Terneuil", Country: "fr"})
			require.NoError(t, err)
			_, err = w.Structures.SignMandate(ctx, c.Manager, c.ID, signing)
			require.NoError(t, err)
		})
		r, err := w.Structures.Record(ctx, c.Manager, c.ID)
		require.NoError(t, err)
		require.Equal(t, "Atelier Dufour", r.General.LegalName)
		require.Zero(t, r.General.Sheet)
		require.Equal(t, "1 rue du Port", r.Address.Street)
		require.Equal(t, []structure.BankAccount{{ID: b.ID, Label: "Courant", IBAN: "FR7630006000011234567890189", BIC: "AGRIFRPP"}}, r.Accounts)
		require.Equal(t, m, r.Mandate)
		require.Len(t, r.Services, 3)
		require.Equal(t, 1, r.Members)
		require.True(t, r.Modifiable)

		require.NoError(t, w.Structures.RemoveBankAccount(ctx, c.Manager, c.ID, b.ID))
		w.Unchanged(t, func() {
			require.ErrorIs(t, w.Structures.RemoveBankAccount(ctx, c.Manager, c.ID, b.ID), structure.ErrNotFound)
		})
		none, err := w.Structures.BankAccounts(ctx, c.Manager, c.ID)
		require.NoError(t, err)
		require.Empty(t, none)
		for _, kind := range []notify.Kind{"general_changed", "address_changed", "bank_account_added", "mandate_signed", "bank_account_removed"} {
			require.Contains(t, w.Kinds(t), "structure."+kind)
		}
		w.Proven(t)
	})
}

// Every bad field is named, and a refused change writes nothing.
func TestRecordNamesEveryBadField(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	_, err := w.Structures.UpdateAddress(ctx, c.Manager, c.ID, account.PostalAddress{Street: "1 rue du Port", Postcode: "77000", Town: "Terneuil"})
	require.NoError(t, err)
	w.Unchanged(t, func() {
		_, err := w.Structures.UpdateGeneral(ctx, c.Manager, c.ID, structure.General{Label: strings.Repeat("é", 256), Postcode: "a\nb", Town: strings.Repeat("x", 81)})
		require.Equal(t, map[string]string{"legalName": "required ", "label": "max255 ", "postcode": "line ", "town": "max80 "}, codes(err))
		_, err = w.Structures.UpdateGeneral(ctx, c.Manager, c.ID, structure.General{LegalName: "x", Postcode: "1234", Town: "Melun"})
		require.Equal(t, map[string]string{"postcode": "postcodeFR "}, codes(err), "the head office is in France")
		_, err = w.Structures.UpdateAddress(ctx, c.Manager, c.ID, account.PostalAddress{Street: "a\nb", Country: "ZZ"})
		require.Equal(t, map[string]string{"address.street": "line ", "address.country": "country "}, codes(err))
		_, err = w.Structures.AddBankAccount(ctx, c.Manager, c.ID, structure.NewBankAccount{Label: strings.Repeat("x", 101), IBAN: "FR76", BIC: "x"})
		require.Equal(t, map[string]string{"label": "max100 ", "iban": "iban ", "bic": "bic "}, codes(err))
		_, err = w.Structures.SignMandate(ctx, c.Manager, c.ID, structure.NewMandate{Document: "x"})
		require.Equal(t, map[string]string{"signatory": "required ", "signedOn": "required ", "version": "required ", "document": "id "}, codes(err))
		_, err = w.Structures.SignMandate(ctx, c.Manager, c.ID, structure.NewMandate{
			Signatory: "P", Version: "1", SignedOn: authz.Date{Year: 2026, Month: 11, Day: 23}, Document: "019ab000-0000-7000-8000-000000000000",
		})
		require.Equal(t, map[string]string{"signedOn": "future ", "document": "id "}, codes(err))
	})
	st, err := w.Structures.UpdateGeneral(ctx, c.Manager, c.ID, structure.General{LegalName: strings.Repeat("é", 255), Postcode: "75001", Town: "Paris"})
	require.NoError(t, err)
	require.Equal(t, "Paris", st.Sheet.Address.Town, "the head office moves along")
}

// a member views what is not the managers' own; for everybody
// else there is nothing, and what search shows holds no bank account.
func TestRecordIsTheManagersToChange(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	c, member, _ := decided(t, w)
	ctx, stranger := t.Context(), w.Join(t, "stranger@terneuil.example")
	_, err := w.Structures.AddBankAccount(ctx, c.Manager, c.ID, structure.NewBankAccount{IBAN: iban})
	require.NoError(t, err)
	_, err = w.Structures.UpdateAddress(ctx, c.Manager, c.ID, account.PostalAddress{Town: "Terneuil"})
	require.NoError(t, err)
	r, err := w.Structures.Record(ctx, member, c.ID)
	require.NoError(t, err)
	require.False(t, r.Modifiable)
	require.Empty(t, r.Accounts)
	require.Equal(t, "Terneuil", r.Address.Town)
	_, err = w.Structures.Record(ctx, stranger, c.ID)
	require.ErrorIs(t, err, structure.ErrNotFound)
	for by, want := range map[account.Actor]error{member: structure.ErrDenied, stranger: structure.ErrNotFound, account.Anonymous(): account.ErrActor} {
		w.Unchanged(t, func() {
			_, err := w.Structures.UpdateGeneral(ctx, by, c.ID, structure.General{})
			require.ErrorIs(t, err, want, "before anything is judged")
			_, err = w.Structures.UpdateAddress(ctx, by, c.ID, account.PostalAddress{Country: "ZZ"})
			require.ErrorIs(t, err, want)
			_, err = w.Structures.AddBankAccount(ctx, by, c.ID, structure.NewBankAccount{})
			require.ErrorIs(t, err, want)
			_, err = w.Structures.BankAccounts(ctx, by, c.ID)
			require.ErrorIs(t, err, want)
			require.ErrorIs(t, w.Structures.RemoveBankAccount(ctx, by, c.ID, "x"), want)
			_, err = w.Structures.SignMandate(ctx, by, c.ID, structure.NewMandate{})
			require.ErrorIs(t, err, want)
			_, err = w.Structures.Mandate(ctx, by, c.ID)
			require.ErrorIs(t, err, want)
			_, err = w.Structures.UpdateService(ctx, by, c.Urba.ID, structure.ServiceChange{})
			require.ErrorIs(t, err, want)
		})
	}
	shown, err := w.Structures.Structure(ctx, stranger, c.ID)
	require.NoError(t, err)
	require.Equal(t, structure.Sheet{Address: r.Address}, shown.Sheet)
	found, err := w.Structures.Search(ctx, stranger, structure.Search{Any: worldtest.SIRETCompany})
	require.NoError(t, err)
	require.Equal(t, structure.Sheet{Address: r.Address}, found.Structures[0].Sheet, "R-151: the address tells homonyms apart")
	require.Empty(t, found.Structures[0].Salt)
	taken, err := w.Structures.Create(ctx, stranger, structure.Creation{Identifier: c.Identifier, LegalName: "x", Type: structure.Private})
	require.ErrorIs(t, err, structure.ErrStructureExists)
	require.Equal(t, shown, taken, "R-129")
	mine, err := w.Structures.Mine(ctx, member)
	require.NoError(t, err)
	require.Empty(t, mine[0].Structure.Sheet.Accounts)
}

// as many bank accounts as the policy allows, each once.
func TestBankAccountLimit(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	p := structure.Guide2024()
	require.Equal(t, 20, p.Records.MaxBankAccounts)
	p.Records.MaxBankAccounts = 2
	w.Configure(t, &account.Options{}, &structure.Options{Policy: &p})
	ctx, c := t.Context(), company(t, w)
	for i, number := range ibans[:2] {
		_, err := w.Structures.AddBankAccount(ctx, c.Manager, c.ID, structure.NewBankAccount{IBAN: number})
		require.NoError(t, err)
		_, err = w.Structures.AddBankAccount(ctx, c.Manager, c.ID, structure.NewBankAccount{IBAN: " " + strings.ToLower(number)})
		require.Equal(t, map[string]string{"iban": "iban_listed "}, codes(err), strconv.Itoa(i))
	}
	_, err := w.Structures.AddBankAccount(ctx, c.Manager, c.ID, structure.NewBankAccount{IBAN: ibans[2]})
	require.ErrorIs(t, err, structure.ErrBankAccountLimit)
	require.NotContains(t, err.Error(), ibans[2])
}

// the principal manager hears of each change of the bank accounts, whoever made
// it, without a number; nobody hears of one that was refused.
func TestBankAccountsAreTold(t *testing.T) {
	t.Parallel()
	k := newCrew(t, authz.Delegation{Structure: true})
	ctx, told := t.Context(), func() int { return k.w.Count(t, boss, notify.MailBankAccountsChanged) }
	b, err := k.w.Structures.AddBankAccount(ctx, k.who["secondary"], k.c.ID, structure.NewBankAccount{IBAN: ibans[0]})
	require.NoError(t, err)
	require.Equal(t, 1, told())
	require.Equal(t, notify.Values{
		"Name": "Julie BON", "Structure": k.c.DisplayName(), "At": k.w.Clock.Now().Format(time.RFC3339),
	}, k.w.Last(t, boss, notify.MailBankAccountsChanged).Values)
	k.w.Unchanged(t, func() {
		_, err := k.w.Structures.AddBankAccount(ctx, k.who["secondary"], k.c.ID, structure.NewBankAccount{IBAN: ibans[0]})
		require.Error(t, err)
		require.ErrorIs(t, k.w.Structures.RemoveBankAccount(ctx, k.who["simple"], k.c.ID, b.ID), structure.ErrDenied)
	})
	require.NoError(t, k.w.Structures.RemoveBankAccount(ctx, k.c.Manager, k.c.ID, b.ID))
	require.Equal(t, 2, told())
	require.Zero(t, k.w.Count(t, "secondary@terneuil.example", notify.MailBankAccountsChanged))
	k.w.Proven(t)
}

// what bounds a service bounds every right on it at once, to the
// instant, and whoever asks for it.
func TestUpdateService(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c, member, _ := decided(t, w)
		ctx := t.Context()
		allowed := func() bool { return may(t, w, member.ID, c.ID, c.Urba.ID).Allowed }
		change := structure.ServiceChange{Name: "Urbanisme et voirie", Active: true, Until: authz.Date{Year: 2026, Month: 11, Day: 22}}
		u, err := w.Structures.UpdateService(ctx, c.Manager, c.Urba.ID, change)
		require.NoError(t, err)
		require.Equal(t, "URBA", u.Code)
		w.Unchanged(t, func() {
			_, err := w.Structures.UpdateService(ctx, c.Manager, c.Urba.ID, change)
			require.NoError(t, err)
			_, err = w.Structures.UpdateService(ctx, c.Manager, c.Urba.ID, structure.ServiceChange{
				From: authz.Date{Year: 2026, Month: 2, Day: 2}, Until: authz.Date{Year: 2026, Month: 2, Day: 1},
			})
			require.Equal(t, map[string]string{"name": "required ", "until": "before_from "}, codes(err))
			_, err = w.Structures.UpdateService(ctx, c.Manager, "x", change)
			require.ErrorIs(t, err, structure.ErrNotFound)
		})
		end := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC) // midnight in Paris
		w.Clock.Move(end.Add(-time.Microsecond).Sub(w.Clock.Now()))
		require.True(t, allowed())
		w.Clock.Move(time.Microsecond)
		require.False(t, allowed())
		offered, err := w.Structures.Services(ctx, member, c.ID)
		require.NoError(t, err)
		require.Len(t, offered, 2)

		change.Until = authz.Date{}
		_, err = w.Structures.UpdateService(ctx, c.Manager, c.Urba.ID, change)
		require.NoError(t, err)
		require.True(t, allowed())
		change.Active = false
		_, err = w.Structures.UpdateService(ctx, c.Manager, c.Urba.ID, change)
		require.NoError(t, err)
		require.False(t, allowed())
		_, err = w.Structures.Request(ctx, w.Join(t, "new@terneuil.example"), ask(c, c.Urba))
		require.Equal(t, map[string]string{"services[0]": "service "}, codes(err))
		w.Proven(t)
	})
}

// the picker finds a part of code or name, whatever case and
// accents, and holds no line for the whole structure.
func TestFindServices(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	_, err := w.Structures.AddService(ctx, c.Manager, c.ID, structure.ServiceSpec{Code: "650050", Name: "Élus 100%"})
	require.NoError(t, err)
	anybody := w.Join(t, clerk)
	for typed, want := range map[string][]string{
		"": {"650050", "ACHA", "URBA", "VOIE"}, "elus": {"650050"}, "ANISM": {"URBA"}, "oi": {"VOIE"}, "50": {"650050"}, "%": {"650050"}, "_": nil,
		"*r*e": {"URBA", "VOIE"}, "urb*": {"URBA"}, "rba*": nil, ".": nil,
	} {
		got, err := w.Structures.FindServices(ctx, anybody, c.ID, typed)
		require.NoError(t, err)
		var codes []string
		for _, u := range got {
			codes = append(codes, u.Code)
		}
		require.Equal(t, want, codes, typed)
	}
	_, err = w.Structures.FindServices(ctx, anybody, c.ID, strings.Repeat("x", 256))
	require.Equal(t, map[string]string{"text": "max255 "}, codes(err))
	_, err = w.Structures.FindServices(ctx, account.Anonymous(), c.ID, "")
	require.ErrorIs(t, err, account.ErrActor, "R-172: whoever has signed in")
	_, err = w.Structures.FindServices(ctx, anybody, "x", "")
	require.ErrorIs(t, err, structure.ErrNotFound)
}
