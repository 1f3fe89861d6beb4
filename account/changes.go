package account

import (
	"slices"

	"github.com/habilis-go/habilis/notify"
)

// ProfileField names what the owner of an account may change about it. An error about
// a field has the same path.
type ProfileField string

// Fields.
const (
	FieldGivenName     ProfileField = "givenName"
	FieldFamilyName    ProfileField = "familyName"
	FieldContactEmail  ProfileField = "contactEmail"
	FieldPhone         ProfileField = "phone"
	FieldStreet        ProfileField = "address.street"
	FieldComplement    ProfileField = "address.complement"
	FieldPostcode      ProfileField = "address.postcode"
	FieldTown          ProfileField = "address.town"
	FieldCountry       ProfileField = "address.country"
	FieldBiography     ProfileField = "biography"
	FieldPhoto         ProfileField = "photo"
	FieldLanguage      ProfileField = "language"
	FieldNotices       ProfileField = "notices"
	FieldAccessibility ProfileField = "accessibility"
	FieldSurvey        ProfileField = "survey"
)

// Changed lists the fields that an update changed, in the order of the constants; it is
// empty if nothing did, and then nothing was written or sent.
type Changed []ProfileField

// Any reports whether anything changed, so that a page must be refreshed.
func (c Changed) Any() bool { return len(c) > 0 }

// Has reports whether one of the fields changed.
func (c Changed) Has(fields ...ProfileField) bool {
	return slices.ContainsFunc(fields, func(f ProfileField) bool { return slices.Contains(c, f) })
}

// changes lists the fields in which two states of an account differ.
func changes(a, b Account) Changed {
	p, q := a.Profile, b.Profile
	var out Changed
	for _, f := range []struct {
		field   ProfileField
		differs bool
	}{
		{FieldGivenName, a.GivenName != b.GivenName},
		{FieldFamilyName, a.FamilyName != b.FamilyName},
		{FieldContactEmail, a.ContactEmail != b.ContactEmail},
		{FieldPhone, p.Phone != q.Phone},
		{FieldStreet, p.Address.Street != q.Address.Street},
		{FieldComplement, p.Address.Complement != q.Address.Complement},
		{FieldPostcode, p.Address.Postcode != q.Address.Postcode},
		{FieldTown, p.Address.Town != q.Address.Town},
		{FieldCountry, p.Address.Country != q.Address.Country},
		{FieldBiography, p.Biography != q.Biography},
		{FieldPhoto, p.Photo != q.Photo},
		{FieldLanguage, a.Language != b.Language},
		{FieldNotices, !a.Notices.Equal(b.Notices)},
		{FieldAccessibility, p.Accessibility != q.Accessibility},
		{FieldSurvey, p.Survey.Conditions != q.Survey.Conditions || !p.Survey.At.Equal(q.Survey.At)},
	} {
		if f.differs {
			out = append(out, f.field)
		}
	}
	return out
}

// kinds tells what the history says about the changes that led to a: one event for
// each kind of change, since a consent must be found again by itself.
func (c Changed) kinds(a Account) []notify.Kind {
	var out []notify.Kind
	rest := len(c)
	for _, k := range []struct {
		kind   notify.Kind
		fields []ProfileField
	}{
		{"account.contact_changed", []ProfileField{FieldContactEmail}},
		{"account.preferences_changed", []ProfileField{FieldLanguage, FieldAccessibility}},
		{"account.notices_changed", []ProfileField{FieldNotices}},
		{surveyKind(a), []ProfileField{FieldSurvey}},
	} {
		for _, f := range k.fields {
			if c.Has(f) {
				rest--
			}
		}
		if c.Has(k.fields...) {
			out = append(out, k.kind)
		}
	}
	if rest > 0 {
		out = append([]notify.Kind{"account.profile_changed"}, out...)
	}
	return out
}

func surveyKind(a Account) notify.Kind {
	if a.Profile.Survey.At.IsZero() {
		return "account.survey_withdrawn"
	}
	return "account.survey_accepted"
}
