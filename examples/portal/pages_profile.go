package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/habilis-go/habilis/account"
)

// Account lists the pages about a person's own account, for the menu.
func (v *page) Account() []crumb {
	return []crumb{
		{"/account", v.T("account.overview")},
		{photoPath, v.T("photo.title")},
		{"/account/preferences", v.T("preferences.title")},
		{noticesPath, v.T("notices.title")},
		{"/account/login-address", v.T("login.title")},
		{"/account/password", v.T("password.title")},
		{factorsPath, v.T("factors.title")},
		{keysPath, v.T("keys.title")},
		{"/account/memberships", v.T("memberships.title")},
		{"/account/memberships/ask", v.T("search.title")},
		{subscriptionsPath, v.T("subscriptions.title")},
		{entitlementsPath, v.T("entitlements.title")},
		{attachmentsPath, v.T("attachments.title")},
		{activityPath, v.T("feed.title")},
		{newsPath, v.T("news.title")},
		{dataPath, v.T("data.title")},
		{"/account/deactivate", v.T("deactivate.title")},
		{"/sign-out/everywhere", v.T("everywhere.title")},
	}
}

// underAccount adds "my account" to the pages that lead to this one.
func (v *page) underAccount() *page { return v.under("/account", v.T("account.title")) }

// accountData is what the account holds. The overview of the library has it in one
// read; memberships have a page of their own.
type accountData struct {
	account.Overview
	Surveyed bool
	Pending  *account.LoginChange // nil: none under way
}

func (p *portal) showAccount(c *call) error {
	d := accountData{Surveyed: p.h.Accounts.MayBeSurveyed(*c.me)}
	var err error
	if d.Overview, err = p.h.Accounts.Overview(c.ctx(), c.actor()); err != nil {
		return err
	}
	if d.Pending, err = c.pendingLoginChange(); err != nil {
		return err
	}
	v := c.view("account.title").under()
	v.Data = d
	return c.show("account", v)
}

// Phone renders a telephone number the way people of the account's country write it.
func (v *page) Phone(number string) string {
	country := v.Me.Profile.Address.Country
	if country == "" {
		country = v.portal.accounts.Profile.Country
	}
	return account.FormatPhone(number, country)
}

// profileFields are those of the whole block, by the names that the library gives
// them, with what the browser may fill them with.
func profileFields() []choice {
	return append([]choice{{"givenName", "given-name"}, {"familyName", "family-name"}, {"contactEmail", "email"}, {"phone", "tel"}}, addressFields()...)
}

func addressFields() []choice {
	return []choice{
		{"address.street", "address-line1"},
		{"address.complement", "address-line2"},
		{"address.postcode", "postal-code"},
		{"address.town", "address-level2"},
		{"address.country", "country"},
	}
}

// editedField tells which inputs a single thing to edit has, none if it is unknown.
func editedField(name string) []choice {
	switch name {
	case "address":
		return addressFields()
	case "biography":
		return []choice{{"biography", ""}}
	}
	all := profileFields()[:4]
	if i := slices.IndexFunc(all, func(f choice) bool { return f.Value == name }); i >= 0 {
		return all[i : i+1]
	}
	return nil
}

// profileData is a form for some fields of the profile.
type profileData struct {
	Path   string
	Fields []choice
	Whole  bool // the whole block: mandatory fields are marked
}

// stored is what the fields hold now.
func (v *page) stored(a *account.Account) url.Values {
	address := a.Profile.Address
	return url.Values{
		"givenName": {a.GivenName}, "familyName": {a.FamilyName}, "contactEmail": {a.ContactEmail},
		"phone": {v.Phone(a.Profile.Phone)}, "biography": {a.Profile.Biography},
		"address.street": {address.Street}, "address.complement": {address.Complement},
		"address.postcode": {address.Postcode}, "address.town": {address.Town}, "address.country": {address.Country},
	}
}

// Need tells whether a field of the profile may stay empty.
func (v *page) Need(field string) string {
	switch field {
	case "givenName", "familyName", "contactEmail":
		return "required"
	default:
		return "optional"
	}
}

// Kind is the type of the input for a field of the profile.
func (v *page) Kind(field string) string {
	switch field {
	case "contactEmail":
		return "email"
	case "phone":
		return "tel"
	default:
		return "text"
	}
}

func (p *portal) viewProfile(c *call) *page {
	v := c.view("profile.title").underAccount()
	v.Data = profileData{Path: "/account/profile", Fields: profileFields(), Whole: true}
	return v
}

func (p *portal) showProfile(c *call) error {
	v := p.viewProfile(c)
	v.Form.Values = v.stored(c.me)
	return c.show("profile", v)
}

// profile saves the whole block, or nothing of it.
func (p *portal) profile(c *call) error {
	f := c.r.PostForm
	_, changed, err := p.h.Accounts.UpdateProfile(c.ctx(), c.actor(), account.ProfileUpdate{
		GivenName: f.Get("givenName"), FamilyName: f.Get("familyName"), ContactEmail: f.Get("contactEmail"),
		Phone: f.Get("phone"), Address: postal(f),
	})
	v := p.viewProfile(c)
	v.Form.Values = f
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "profile", v)
	case err != nil:
		return err
	}
	return c.saved(changed)
}

// saved says on the account's page what was saved.
func (c *call) saved(changed account.Changed) error {
	switch {
	case !changed.Any():
		return c.done("/account", "account.unchanged")
	case changed.Has(account.FieldContactEmail):
		return c.done("/account", "account.savedcontact")
	default:
		return c.done("/account", "account.saved")
	}
}

func postal(f url.Values) account.PostalAddress {
	a := account.PostalAddress{
		Street: f.Get("address.street"), Complement: f.Get("address.complement"),
		Postcode: f.Get("address.postcode"), Town: f.Get("address.town"), Country: f.Get("address.country"),
	}
	if strings.TrimSpace(a.Street+a.Complement+a.Postcode+a.Town) == "" {
		a.Country = "" // the list of countries always has one chosen
	}
	return a
}

func (p *portal) viewField(c *call) (*page, string, error) {
	name := c.r.PathValue("field")
	fields := editedField(name)
	if fields == nil {
		return nil, "", errNoPage
	}
	v := c.view("profile.one", "Field", c.p.texts.text(c.lang, "label."+name)).underAccount()
	v.Data = profileData{Path: "/account/profile/" + name, Fields: fields}
	return v, name, nil
}

func (p *portal) showField(c *call) error {
	v, _, err := p.viewField(c)
	if err != nil {
		return err
	}
	v.Form.Values = v.stored(c.me)
	return c.show("profile", v)
}

// field saves a single thing and leaves all others as they are.
func (p *portal) field(c *call) error {
	v, name, err := p.viewField(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	typed, address := f.Get(name), postal(f)
	var patch account.Patch
	switch name {
	case "givenName":
		patch.GivenName = &typed
	case "familyName":
		patch.FamilyName = &typed
	case "contactEmail":
		patch.ContactEmail = &typed
	case "phone":
		patch.Phone = &typed
	case "biography":
		patch.Biography = &typed
	case "address":
		patch.Address = &address
	}
	_, changed, err := p.h.Accounts.PatchProfile(c.ctx(), c.actor(), patch)
	v.Form.Values = f
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "profile", v)
	case err != nil:
		return err
	}
	return c.saved(changed)
}

func (p *portal) viewPreferences(c *call) *page {
	v := c.view("preferences.title").underAccount()
	v.Data = p.accounts.Profile.SurveyConditions
	return v
}

func (p *portal) showPreferences(c *call) error {
	v := p.viewPreferences(c)
	v.Form.Values = url.Values{"language": {c.me.Language}}
	if c.me.Profile.Accessibility {
		v.Form.Values.Set("accessibility", "yes")
	}
	if p.h.Accounts.MayBeSurveyed(*c.me) {
		v.Form.Values.Set("survey", "yes")
	}
	return c.show("preferences", v)
}

// preferences saves them all. The language that was chosen in the header gives way to
// the one of the account.
func (p *portal) preferences(c *call) error {
	f := c.r.PostForm
	me, changed, err := p.h.Accounts.UpdatePreferences(c.ctx(), c.actor(), account.Preferences{
		Language: f.Get("language"), Accessibility: f.Get("accessibility") == "yes",
		Survey: account.Answer{Yes: f.Get("survey") == "yes", Conditions: f.Get("conditions")},
	})
	v := p.viewPreferences(c)
	v.Form.Values = f
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "preferences", v)
	case err != nil:
		return err
	}
	c.forget(keyLanguage)
	c.lang = me.Language
	return c.saved(changed)
}

// editLink leads to the form for one thing.
type editLink struct{ Value, Text, Hidden string }

// Edit describes that link; what it is about is said to those who do not see where it is.
func (v *page) Edit(field string) editLink {
	return editLink{field, v.T("account.edit"), v.FieldName(field)}
}

// Home reports whether a country is the one to show as chosen.
func (v *page) Home(code string) bool {
	chosen := v.Form.Value("address.country")
	if chosen == "" {
		chosen = v.portal.accounts.Profile.Country
	}
	return code == chosen
}
