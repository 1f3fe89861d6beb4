package account

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// ProfileUpdate is the whole block of personal information, as a form with one button
// sends it. What is empty in it is emptied.
type ProfileUpdate struct {
	GivenName    string        // mandatory, at most MaxName characters
	FamilyName   string        // mandatory, at most MaxName characters
	ContactEmail string        // where notices go; mandatory
	Phone        string        // as [ParsePhone] takes it; "" for none
	Address      PostalAddress // the zero value for none
}

// Preferences are the whole block of preferences.
type Preferences struct {
	Language      string // of the policy's list; mandatory
	Accessibility bool
	Survey        Answer
}

// Answer is what a person says when asked to agree to satisfaction surveys.
type Answer struct {
	Yes        bool
	Conditions string // version of the conditions that were shown; not looked at for a no
}

// Patch changes some fields and leaves the others: nil means as it is.
type Patch struct {
	GivenName     *string
	FamilyName    *string
	ContactEmail  *string
	Phone         *string
	Address       *PostalAddress // as a whole, since its parts depend on one another
	Biography     *string        // plain text; line breaks are kept
	Photo         *AttachmentID  // a stored image of the person's own; "" for none
	Language      *string
	Accessibility *bool
	Survey        *Answer
	Notices       *notify.Preferences // which news of structures to have, as a whole
}

// on returns the account with those fields of the patch that are acceptable, and what
// is wrong with the others.
func (p Patch) on(a Account, policy ProfilePolicy, notices notify.NoticePolicy, now time.Time) (Account, []fault.Field) {
	e := editing{Account: a, policy: policy}
	e.name(FieldGivenName, &e.GivenName, p.GivenName)
	e.name(FieldFamilyName, &e.FamilyName, p.FamilyName)
	if p.ContactEmail != nil {
		e.accept(FieldContactEmail, &e.ContactEmail, canonical(*p.ContactEmail), "required,address")
	}
	if p.Address != nil {
		e.address(*p.Address)
	}
	if p.Phone != nil {
		e.phone(*p.Phone, a.Profile.Address)
	}
	if p.Biography != nil {
		limit := policy.MaxBiography
		e.accept(FieldBiography, &e.Profile.Biography, lines(*p.Biography, limit), "max="+strconv.Itoa(limit)+",text")
	}
	if p.Photo != nil {
		e.photo(*p.Photo)
	}
	if p.Language != nil {
		e.language(*p.Language)
	}
	if p.Accessibility != nil {
		e.Profile.Accessibility = *p.Accessibility
	}
	if p.Notices != nil {
		e.notices(*p.Notices, notices)
	}
	if p.Survey != nil {
		e.survey(*p.Survey, now)
	}
	return e.Account, e.bad
}

// editing is an account that is being changed, and what could not be.
type editing struct {
	Account
	policy ProfilePolicy
	bad    []fault.Field
}

func (e *editing) refuse(field ProfileField, code, param string) {
	e.bad = append(e.bad, fault.Field{Path: string(field), Code: code, Param: param})
}

// accept sets a text that keeps the rules.
func (e *editing) accept(field ProfileField, into *string, v, rules string) {
	if found := check.Value(string(field), v, rules); len(found) > 0 {
		e.bad = append(e.bad, found...)
		return
	}
	*into = v
}

// name sets a name. That of an account whose identity a directory outside keeps is its
// own.
func (e *editing) name(field ProfileField, into, typed *string) {
	if typed == nil {
		return
	}
	v := tidied(*typed, MaxName)
	if e.External && v != *into {
		e.refuse(field, "external", "")
		return
	}
	e.accept(field, into, v, "required,"+line(MaxName))
}

func (e *editing) address(typed PostalAddress) {
	a := typed.Tidied(e.policy.Country)
	if found := a.Check(); len(found) > 0 {
		e.bad = append(e.bad, found...)
		return
	}
	e.Profile.Address = a
}

// phone sets the telephone number. What was shown before the address changed, was, is
// not read anew as a number of another country.
func (e *editing) phone(typed string, was PostalAddress) {
	if strings.TrimSpace(typed) == "" {
		e.Profile.Phone = ""
		return
	}
	for _, country := range append(phoneCountries(was, e.policy.Country), e.policy.Country) {
		if len(typed) <= MaxPhone && sameDigits(typed, FormatPhone(e.Profile.Phone, country)) {
			return
		}
	}
	for _, country := range phoneCountries(e.Profile.Address, e.policy.Country) {
		if number, err := ParsePhone(typed, country); err == nil {
			e.Profile.Phone = number
			return
		}
	}
	e.refuse(FieldPhone, "phone", "")
}

func (e *editing) photo(id AttachmentID) {
	if id != "" && !ids.Valid(id) {
		e.refuse(FieldPhoto, "photo", "")
		return
	}
	e.Profile.Photo = id
}

func (e *editing) language(typed string) {
	tag := e.policy.language(typed)
	if tag == "" {
		e.refuse(FieldLanguage, "oneof", strings.Join(e.policy.Languages, " "))
		return
	}
	e.Language = tag
}

// notices sets which news the person has; of categories that there are.
func (e *editing) notices(typed notify.Preferences, policy notify.NoticePolicy) {
	codes := policy.Codes()
	if len(typed.Categories) > notify.MaxCategories ||
		slices.ContainsFunc(typed.Categories, func(c notify.Category) bool { return !slices.Contains(codes, c) }) {
		names := make([]string, 0, len(codes))
		for _, c := range codes {
			names = append(names, string(c))
		}
		e.refuse(FieldNotices, "oneof", strings.Join(names, " "))
		return
	}
	e.Notices = typed.Normalised()
}

// survey sets the consent. Saying yes twice to the same conditions keeps the first yes.
func (e *editing) survey(said Answer, now time.Time) {
	switch {
	case !said.Yes:
		e.Profile.Survey = Consent{}
	case said.Conditions != e.policy.SurveyConditions:
		e.refuse(FieldSurvey, "conditions", e.policy.SurveyConditions)
	case !e.policy.agreed(e.Profile.Survey):
		e.Profile.Survey = Consent{Conditions: said.Conditions, At: now}
	}
}

// widest bounds how many bytes one character may come in, generously: it may be
// decomposed.
const widest = 16

// tidied is tidy for text that may have limit characters. What is far too long stays as
// it is, for validation to refuse (DS-03).
func tidied(s string, limit int) string {
	if len(s) > widest*limit {
		return s
	}
	return tidy(s)
}

// lines is tidied for text of several lines, which browsers end with CR LF.
func lines(s string, limit int) string {
	if len(s) > widest*limit {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(tidy(s), "\r\n", "\n"), "\r", "\n")
}
