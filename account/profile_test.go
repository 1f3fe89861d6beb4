package account_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func update() account.ProfileUpdate {
	return account.ProfileUpdate{
		GivenName: "Julie", FamilyName: "Bon", ContactEmail: "bureau@terneuil.example", Phone: "01 49 96 10 12",
		Address: account.PostalAddress{Street: "1 place de la Mairie", Postcode: "97500", Town: "Terneuil sur Seine"},
	}
}

// the block is saved whole, what may be
// changed is changed as often as one likes, and the login address stays.
func TestTheWholeBlockIsSaved(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, "julie@terneuil.example")
		before := load(t, w, julie)
		a, changed, err := w.Accounts.UpdateProfile(ctx, julie, update())
		require.NoError(t, err)
		require.Equal(t, account.Changed{
			account.FieldContactEmail, account.FieldPhone, account.FieldStreet, account.FieldPostcode, account.FieldTown, account.FieldCountry,
		}, changed)
		require.Equal(t, a, load(t, w, julie), "the answer is what is stored")
		require.Equal(t, before.Version+1, a.Version)
		require.Equal(t, "julie@terneuil.example", a.Login)
		require.Equal(t, "+33149961012", a.Profile.Phone, "R-044: the plan of France, whatever the fictional postcode (R-045)")
		require.Equal(t, "FR", a.Profile.Address.Country)
		require.Equal(t, []notify.Kind{"account.registered", "account.activated", "account.profile_changed", "account.contact_changed"}, w.Kinds(t))

		again := update()
		again.GivenName, again.FamilyName, again.Phone, again.Address = " Élodie ", "Pierre", "", account.PostalAddress{}
		a, changed, err = w.Accounts.UpdateProfile(ctx, julie, again)
		require.NoError(t, err)
		require.True(t, changed.Has(account.FieldGivenName, account.FieldTown))
		require.False(t, changed.Has(account.FieldContactEmail))
		require.Equal(t, "Élodie PIERRE", a.DisplayName())
		require.Zero(t, a.Profile, "what is emptied is gone")
		w.Proven(t)
	})
}

// nothing is saved unless everything is right, not even half
// of it, and every bad field is named.
func TestTheWholeBlockIsSavedOrNothing(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, "julie@terneuil.example")
		w.Unchanged(t, func() {
			_, changed, err := w.Accounts.UpdateProfile(t.Context(), julie, account.ProfileUpdate{
				GivenName: " ", ContactEmail: "nobody", Phone: "12",
				Address: account.PostalAddress{Street: "a\nb", Postcode: "x\x00", Country: "ZZ"},
			})
			require.ErrorIs(t, err, fault.ErrInvalid)
			require.False(t, changed.Any())
			require.Equal(t, map[string]string{
				"givenName": "required ", "familyName": "required ", "contactEmail": "address ", "phone": "phone ",
				"address.street": "line ", "address.postcode": "line ", "address.country": "country ",
			}, codes(err))
			bad := update()
			bad.ContactEmail, bad.Address.Postcode = "", "7500"
			_, _, err = w.Accounts.UpdateProfile(t.Context(), julie, bad)
			require.Equal(t, map[string]string{"contactEmail": "required ", "address.postcode": "postcodeFR "}, codes(err))
		})
		require.Equal(t, "Bon", load(t, w, julie).FamilyName)
	})
}

// what does not differ, however it is written, is no change: no event, no
// mail, no version.
func TestIdenticalValuesAreNoChange(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, "julie@terneuil.example")
		_, _, err := w.Accounts.UpdateProfile(ctx, julie, update())
		require.NoError(t, err)
		_, _, err = w.Accounts.UpdatePreferences(ctx, julie, account.Preferences{Language: "fr", Survey: account.Answer{Yes: true, Conditions: "1"}})
		require.NoError(t, err)
		before := load(t, w, julie)
		w.Clock.Move(time.Hour)
		w.Unchanged(t, func() {
			same := update()
			same.Phone, same.ContactEmail, same.GivenName = "+33 (0)1.49.96.10.12", "Bureau@TERNEUIL.example ", " Julie "
			same.Address.Country = "fr"
			a, changed, err := w.Accounts.UpdateProfile(ctx, julie, same)
			require.NoError(t, err)
			require.False(t, changed.Any())
			require.Equal(t, before, a)
			_, changed, err = w.Accounts.UpdatePreferences(ctx, julie, account.Preferences{Language: "FR", Survey: account.Answer{Yes: true, Conditions: "1"}})
			require.NoError(t, err)
			require.Empty(t, changed, "R-040: a consent keeps the time of the first yes")
			_, changed, err = w.Accounts.PatchProfile(ctx, julie, account.Patch{})
			require.NoError(t, err)
			require.Empty(t, changed)
		})
		require.Equal(t, before, load(t, w, julie))
	})
}

// one field alone; a bad one keeps no other from being saved, nor
// does one that was stored before.
func TestAPatchSavesEachFieldForItself(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, "julie@terneuil.example")
		change(t, w, julie, func(a *account.Account) { a.Profile.Phone = "not a number" })
		a, changed, err := w.Accounts.PatchProfile(ctx, julie, account.Patch{Biography: new(" Juriste.\r\nMarchés publics.\r")})
		require.NoError(t, err, "what is stored is not judged")
		require.Equal(t, account.Changed{account.FieldBiography}, changed)
		require.Equal(t, "Juriste.\nMarchés publics.", a.Profile.Biography)

		a, changed, err = w.Accounts.PatchProfile(ctx, julie, account.Patch{
			FamilyName: new(""), Phone: new("01 49 96 10 12"), Language: new("tlh"), Address: &account.PostalAddress{Postcode: "1"}, Accessibility: new(true),
		})
		require.ErrorIs(t, err, fault.ErrInvalid)
		require.Equal(t, map[string]string{"familyName": "required ", "language": "oneoffr en ", "address.postcode": "postcodeFR "}, codes(err))
		require.Equal(t, account.Changed{account.FieldPhone, account.FieldAccessibility}, changed)
		require.Equal(t, a, load(t, w, julie))
		require.Equal(t, "Bon", a.FamilyName)
		w.Unchanged(t, func() {
			a, changed, err = w.Accounts.PatchProfile(ctx, julie, account.Patch{GivenName: new("")})
			require.ErrorIs(t, err, fault.ErrInvalid)
			require.Empty(t, changed)
			require.Equal(t, "Julie", a.GivenName, "the account comes with the error")
		})
	})
}

// a national number that was shown stays what it was when the country changes in
// the same form, and a new one is read in the new country.
func TestPhonesAreReadInTheCountryOfTheAddress(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := w.Join(t, "julie@terneuil.example")
	save := func(phone, country string) (string, error) {
		u := update()
		u.Phone, u.Address = phone, account.PostalAddress{Town: "x", Country: country}
		a, _, err := w.Accounts.UpdateProfile(t.Context(), julie, u)
		return a.Profile.Phone, err
	}
	for _, step := range []struct{ phone, country, want string }{
		{"01 49 96 10 12", "FR", "+33149961012"},
		{"01 49 96 10 12", "BE", "+33149961012"}, // shown before, left alone
		{"02 512 34 56", "BE", "+3225123456"},
		{"02 512 34 56", "FR", "+3225123456"},
		{"01 49 96 10 12", "RE", "+33149961012"}, // a territory falls back to France
		{"0692 12 34 56", "RE", "+262692123456"},
		{"41 12 34", "PM", "+508411234"},
	} {
		got, err := save(step.phone, step.country)
		require.NoError(t, err, step)
		require.Equal(t, step.want, got, step)
	}
	_, err := save("01 49 96 10 12", "BE")
	require.Equal(t, map[string]string{"phone": "phone "}, codes(err), "nobody's number there")
}

// the contact address changes alone, may be anybody's, and
// both addresses hear of it; what waits for the old one goes to the new.
func TestANewContactAddressIsToldToBoth(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := w.Company(t, worldtest.SIRETCompany, "hubert@terneuil.example")
		julie := w.Join(t, "julie@terneuil.example")
		_, err := w.Structures.Request(ctx, julie, requestAll(c))
		require.NoError(t, err)
		w.Clock.Move(time.Second)
		a, _, err := w.Accounts.PatchProfile(ctx, c.Manager, account.Patch{ContactEmail: new("Accueil@Terneuil.example")})
		require.NoError(t, err)
		require.Equal(t, "hubert@terneuil.example", a.Login)
		require.Equal(t, "hubert@terneuil.example", w.Last(t, "hubert@terneuil.example", notify.MailContactFormer).To)
		m := w.Last(t, "accueil@terneuil.example", notify.MailContactNew)
		require.Equal(t, notify.Values{"Name": "Julie BON", "At": w.Clock.Now().Format(time.RFC3339)}, m.Values, "no address is told")
		require.Equal(t, c.Manager.ID, m.Account)
		w.Last(t, "accueil@terneuil.example", notify.MailMembershipRequested)
		w.Last(t, "hubert@terneuil.example", notify.MailActivation) // what proves the login address stays there

		_, _, err = w.Accounts.PatchProfile(ctx, julie, account.Patch{ContactEmail: new("accueil@terneuil.example")})
		require.NoError(t, err, "R-022: two people, one address")
		w.SignIn(t, "julie@terneuil.example")
		w.Proven(t)
	})
}

// Whoever changes the address to and fro mails each address once in the policy's pause.
func TestAContactAddressIsToldOncePerPause(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := w.Join(t, "julie@terneuil.example")
	to := func(address string) {
		_, _, err := w.Accounts.PatchProfile(t.Context(), julie, account.Patch{ContactEmail: &address})
		require.NoError(t, err)
	}
	count := func() (n int) {
		for _, m := range w.Mails(t) {
			if m.To == "victim@else.example" && m.Template == notify.MailContactNew {
				n++
			}
		}
		return n
	}
	for range 5 {
		to("victim@else.example")
		to("julie@terneuil.example")
	}
	require.Equal(t, 1, count())
	w.Clock.Move(time.Minute)
	to("victim@else.example")
	require.Equal(t, 2, count())
}

// the block of preferences; consent is stamped, and taken back as
// easily as it was given.
func TestPreferences(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, "julie@terneuil.example")
		require.False(t, w.Accounts.MayBeSurveyed(load(t, w, julie)), "no is the default")
		require.False(t, load(t, w, julie).Profile.Accessibility, "R-039: off by default")
		at := w.Clock.Now()
		a, changed, err := w.Accounts.UpdatePreferences(ctx, julie, account.Preferences{
			Language: "en", Accessibility: true, Survey: account.Answer{Yes: true, Conditions: "1"},
		})
		require.NoError(t, err)
		require.Equal(t, account.Changed{account.FieldLanguage, account.FieldAccessibility, account.FieldSurvey}, changed)
		require.Equal(t, account.Consent{Conditions: "1", At: at}, a.Profile.Survey)
		require.True(t, w.Accounts.MayBeSurveyed(a))
		w.Clock.Move(time.Hour)
		require.NoError(t, w.Accounts.SignOutEverywhere(ctx, julie))
		require.Equal(t, "en", w.Last(t, a.Login, notify.MailSignedOutEverywhere).Language, "R-041: mails follow")

		a, changed, err = w.Accounts.UpdatePreferences(ctx, julie, account.Preferences{Language: "en", Accessibility: true})
		require.NoError(t, err)
		require.Equal(t, account.Changed{account.FieldSurvey}, changed)
		require.Zero(t, a.Profile.Survey)
		require.False(t, w.Accounts.MayBeSurveyed(a))
		require.Equal(t, []notify.Kind{
			"account.registered", "account.activated", "account.preferences_changed", "account.survey_accepted",
			"account.signed_out_everywhere", "account.survey_withdrawn",
		}, w.Kinds(t))
		w.Unchanged(t, func() {
			for _, tag := range []string{"", "tlh", "fr-CA", "français", "fr_FR", "e\x00n", strings.Repeat("f", 36), strings.Repeat("fr-", 1<<20)} {
				_, _, err = w.Accounts.UpdatePreferences(ctx, julie, account.Preferences{Language: tag, Survey: account.Answer{Yes: true, Conditions: "0"}})
				require.Equal(t, map[string]string{"language": "oneoffr en ", "survey": "conditions1 "}, codes(err))
			}
		})
		w.Proven(t)
	})
}

// a consent holds for the conditions that it was given to, and for a living
// account of a person.
func TestSurveysAreFilteredOnConsent(t *testing.T) {
	t.Parallel()
	p := account.ProfileGuide2024()
	yes := account.Account{Kind: account.KindPerson, Status: account.StatusActive}
	yes.Profile.Survey = account.Consent{Conditions: "1", At: worldtest.Start}
	require.True(t, p.MayBeSurveyed(yes))
	for name, change := range map[string]func(*account.Account){
		"no answer":      func(a *account.Account) { a.Profile.Survey = account.Consent{} },
		"no time":        func(a *account.Account) { a.Profile.Survey.At = time.Time{} },
		"old conditions": func(a *account.Account) { a.Profile.Survey.Conditions = "0" },
		"a program":      func(a *account.Account) { a.Kind = account.KindTechnical },
		"not activated":  func(a *account.Account) { a.Status = account.StatusPendingActivation },
		"closed":         func(a *account.Account) { a.Status = account.StatusDeactivated },
		"erased":         func(a *account.Account) { a.Status = account.StatusAnonymized },
	} {
		a := yes
		change(&a)
		require.False(t, p.MayBeSurveyed(a), name)
	}
	p.SurveyConditions = "2"
	require.False(t, p.MayBeSurveyed(yes), "asked again under new conditions")
}

// a photo is an image of the person's own that is there to be used.
func TestAPhotoIsAnImageOfOnesOwn(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie, hubert := w.Join(t, "julie@terneuil.example"), w.Join(t, "hubert@terneuil.example")
		n := 0
		file := func(change func(*account.Attachment)) account.AttachmentID {
			n++
			f := account.Attachment{
				ID: account.AttachmentID("019ab000-0000-7000-8000-00000000000" + string(rune('0'+n))), Owner: account.Owner{Account: julie.ID},
				Status: account.AttachmentStored, MediaType: "image/png", Size: 2_000_000, Key: "key" + string(rune('0'+n)), CreatedAt: worldtest.Start, StatusSince: worldtest.Start,
			}
			change(&f)
			require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error { return tx.PutAttachment(ctx, f) }))
			return f.ID
		}
		good := file(func(*account.Attachment) {})
		a, changed, err := w.Accounts.PatchProfile(ctx, julie, account.Patch{Photo: &good})
		require.NoError(t, err)
		require.Equal(t, account.Changed{account.FieldPhoto}, changed)
		require.Equal(t, good, a.Profile.Photo)
		w.Unchanged(t, func() {
			for name, id := range map[string]account.AttachmentID{
				"another's": file(func(f *account.Attachment) { f.Owner.Account = hubert.ID }),
				"a structure's": file(func(f *account.Attachment) {
					f.Owner = account.Owner{Structure: "019ab000-0000-7000-8000-0000000000aa"}
				}),
				"not yet there":  file(func(f *account.Attachment) { f.Status = account.AttachmentUploading }),
				"quarantined":    file(func(f *account.Attachment) { f.Status = account.AttachmentQuarantined }),
				"no image":       file(func(f *account.Attachment) { f.MediaType = "application/pdf" }),
				"a drawing":      file(func(f *account.Attachment) { f.MediaType = "image/svg+xml" }),
				"a byte too big": file(func(f *account.Attachment) { f.Size++ }),
				"unknown":        "019ab000-0000-7000-8000-0000000000ff", "no identifier": "../../etc/passwd", "NUL": "\x00",
			} {
				_, _, err := w.Accounts.PatchProfile(ctx, julie, account.Patch{Photo: &id})
				require.Equal(t, map[string]string{"photo": "photo "}, codes(err), name)
			}
		})
		o, err := w.Accounts.Overview(ctx, julie)
		require.NoError(t, err)
		require.Equal(t, good, o.Photo.ID)
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error { return tx.DeleteAttachment(ctx, o.Photo) }))
		o, err = w.Accounts.Overview(ctx, julie)
		require.NoError(t, err)
		require.Zero(t, o.Photo, "a photo that is gone is none")
		a, _, err = w.Accounts.PatchProfile(ctx, julie, account.Patch{Photo: new(account.AttachmentID(""))})
		require.NoError(t, err)
		require.Empty(t, a.Profile.Photo)
	})
}

// FI-17: another photo removes the one that was uploaded as such, whichever
// way it is chosen, and never a file of the owner's list, which the host may need.
func TestAPhotoTakesNoFileWithIt(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Configure(t, &account.Options{
			InUse: func(context.Context, account.Attachment) (bool, error) { return true, nil },
		}, &structure.Options{})
		julie := w.Join(t, "julie@terneuil.example")
		badge, err := w.Accounts.AddAttachment(ctx, julie, file("badge"), bytes.NewReader(png()))
		require.NoError(t, err)
		choose := func(id account.AttachmentID) {
			t.Helper()
			_, _, err := w.Accounts.PatchProfile(ctx, julie, account.Patch{Photo: &id})
			require.NoError(t, err)
		}
		upload := func() account.AttachmentID {
			t.Helper()
			photo, err := w.Accounts.SetPhoto(ctx, julie, bytes.NewReader(png()))
			require.NoError(t, err)
			return photo.ID
		}
		stored := func(photos int, why string) {
			t.Helper()
			list, err := w.Accounts.Attachments(ctx, julie, account.AttachmentList{})
			require.NoError(t, err)
			require.Len(t, list.Attachments, 1, why)
			require.Equal(t, badge.ID, list.Attachments[0].ID)
			require.Len(t, w.Contents.Keys(), 1+photos, why)
		}
		choose(badge.ID)
		photo := upload()
		stored(1, "the file was the photo before")
		choose("")
		stored(0, "nobody could remove it any more")
		_, _, err = w.Accounts.PatchProfile(ctx, julie, account.Patch{Photo: &photo})
		require.Equal(t, map[string]string{"photo": "photo "}, codes(err), "it is gone")
		upload()
		choose(badge.ID)
		stored(0, "the file takes its place")
		require.NoError(t, w.Accounts.RemovePhoto(ctx, julie))
		stored(0, "a file that is no photo any more")
		require.Empty(t, load(t, w, julie).Profile.Photo)
		w.Proven(t)
	})
}

// R-003, TI-11: the overview shows the same files as the list, with the photo beside them, and
// of none where its content lies.
func TestTheOverviewShowsFilesAsTheListDoes(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, by := t.Context(), w.Join(t, julieBon)
		add(t, w.Accounts, by, "RIB", pdf(10))
		w.Clock.Move(time.Second)
		photo, err := w.Accounts.SetPhoto(ctx, by, bytes.NewReader(png()))
		require.NoError(t, err)
		w.Clock.Move(time.Second)
		add(t, w.Accounts, by, "Kbis", pdf(10))
		list, err := w.Accounts.Attachments(ctx, by, account.AttachmentList{})
		require.NoError(t, err)
		o, err := w.Accounts.Overview(ctx, by)
		require.NoError(t, err)
		require.Equal(t, list.Attachments, o.Attachments)
		require.Equal(t, photo.ID, o.Photo.ID)
		require.Empty(t, o.Photo.Key)
		all, err := w.Structures.Overview(ctx, by)
		require.NoError(t, err)
		require.Equal(t, o, account.Overview{Personal: all.Personal, Attachments: all.Attachments})
	})
}

// Of many parallel updates every one is there in the end or refused, and the history
// proves itself.
func TestParallelPatchesAllArrive(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, "julie@terneuil.example")
		patches := []account.Patch{
			{GivenName: new("Élodie")},
			{FamilyName: new("Pierre")},
			{Phone: new("01 49 96 10 12")},
			{Biography: new("Juriste")},
			{Language: new("en")},
			{Accessibility: new(true)},
			{ContactEmail: new("x@terneuil.example")},
			{Address: &account.PostalAddress{Town: "Paris"}},
		}
		for _, err := range race(len(patches), func(ctx context.Context, i int) error {
			_, _, err := w.Accounts.PatchProfile(ctx, julie, patches[i])
			return err
		}) {
			require.NoError(t, err)
		}
		a := load(t, w, julie)
		require.Equal(t, []string{"Élodie", "Pierre", "en", "x@terneuil.example"}, []string{a.GivenName, a.FamilyName, a.Language, a.ContactEmail})
		require.Equal(t, account.Profile{
			Phone: "+33149961012", Biography: "Juriste", Accessibility: true, Address: account.PostalAddress{Town: "Paris", Country: "FR"},
		}, a.Profile)
		w.Proven(t)
	})
}
