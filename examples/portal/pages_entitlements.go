package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// showEntitlements lists the profiles of the person over all structures.
func (p *portal) showEntitlements(c *call) error {
	all, err := p.h.Structures.Entitlements(c.ctx(), c.actor())
	if err != nil {
		return err
	}
	v := c.view("entitlements.title").underAccount()
	v.Data = all
	return c.show("entitlements", v)
}

// Unit is what people call a service among others, "" for what the membership covers.
func (v *page) Unit(units []structure.Unit, id structure.ServiceID) string {
	for _, u := range units {
		if u.ID == id {
			return u.Code + " " + u.Name
		}
	}
	return v.T("entitlements.covered")
}

// entitlementData is the form of the profiles in one scope.
type entitlementData struct {
	askSpacesData
	Scope   structure.EntitlementScope
	Unit    structure.Unit // the zero Unit for all that the membership covers
	Before  []string       // what was ticked as the form was opened: held or asked for
	Asked   []string       // of these, what waits for a decision
	Path    string
	HasLine bool // there is a line to remove
}

// entitling begins the form of one scope.
func (p *portal) entitling(c *call) (*page, entitlementData, error) {
	_, ask, err := p.askingSpaces(c)
	if err != nil {
		return nil, entitlementData{}, err
	}
	d := entitlementData{askSpacesData: ask}
	service := structure.ServiceID(c.r.URL.Query().Get("service"))
	if c.r.Method == http.MethodPost {
		service = structure.ServiceID(c.r.PostFormValue("service"))
	}
	d.Scope = structure.EntitlementScope{Structure: ask.Case.Structure.ID, Service: service}
	if service != "" {
		i := slices.IndexFunc(ask.Units, func(u structure.Unit) bool { return u.ID == service })
		if i < 0 {
			return nil, d, structure.ErrNotFound
		}
		d.Unit = ask.Units[i]
	}
	d.Path = entitlementsPath + "/" + url.PathEscape(string(ask.Case.Structure.ID))
	lines, err := p.h.Structures.MySubscriptions(c.ctx(), c.actor())
	if err != nil {
		return nil, d, err
	}
	for _, l := range lines {
		if s := l.Subscription; s.ID != "" && s.Structure == d.Scope.Structure && s.Service == service {
			right := string(s.Space) + ":" + string(s.Level)
			d.Before, d.HasLine = append(d.Before, right), true
			if s.Undecided() {
				d.Asked = append(d.Asked, right)
			}
		}
	}
	v := c.view("entitlements.edit", "Structure", ask.Case.Structure.DisplayName()).underAccount()
	v.Crumbs = append(v.Crumbs, crumb{entitlementsPath, v.T("entitlements.title")})
	v.Data = d
	return v, d, nil
}

// Waits reports whether a right is asked for and not decided.
func (d entitlementData) Waits(space, level string) bool {
	return slices.Contains(d.Asked, space+":"+level)
}

func (p *portal) showEntitlementForm(c *call) error {
	v, d, err := p.entitling(c)
	if err != nil {
		return err
	}
	v.Form.Values = url.Values{"rights": d.Before}
	return c.show("entitlementform", v)
}

// edits turns what was ticked before and what is ticked now into changes. One level in
// place of the other of the same space is one change.
func edits(before, now []string) []structure.EntitlementChange {
	profile := func(right string) structure.Profile {
		space, level, _ := strings.Cut(right, ":")
		return structure.Profile{Space: authz.Space(space), Level: authz.Level(level)}
	}
	var out []structure.EntitlementChange
	for _, right := range before {
		if !slices.Contains(now, right) {
			out = append(out, structure.EntitlementChange{From: profile(right)})
		}
	}
	for _, right := range now {
		if slices.Contains(before, right) {
			continue
		}
		to := profile(right)
		i := slices.IndexFunc(out, func(c structure.EntitlementChange) bool {
			return c.From.Space == to.Space && c.To == structure.Profile{}
		})
		if i >= 0 {
			out[i].To = to
			continue
		}
		out = append(out, structure.EntitlementChange{To: to})
	}
	return out
}

// editEntitlements applies the edits of the form together, or none.
func (p *portal) editEntitlements(c *call) error {
	v, d, err := p.entitling(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	if f.Has("before") { // what was ticked as the page was opened, so that nothing else is taken away unseen
		d.Before = slices.DeleteFunc(slices.Clone(f["before"]), func(right string) bool { return right == "" })
		v.Data = d
	}
	changes := edits(d.Before, f["rights"])
	if len(changes) == 0 && f.Get("step") != "change" {
		c.notice(false, v.T("entitlements.same"))
		return c.redirect(d.here())
	}
	names := make([]string, 0, len(changes))
	for _, ch := range changes {
		one := ch.To
		if one == (structure.Profile{}) {
			one = ch.From
		}
		names = append(names, v.RightName(one.Space, one.Level))
	}
	return c.refusedLines(v, "entitlementform", p.applied(c, v, d, func(h *habilis.Habilis) (structure.EntitlementOutcome, error) {
		out, err := h.Structures.ApplyEntitlementChanges(c.ctx(), c.actor(), d.Scope, changes)
		return out, c.aboutLines(err, names)
	}, change{Path: d.Path, Title: v.T("entitlements.preview"), Submit: v.T("entitlements.submit"), form: "entitlementform"}))
}

// removeEntitlements removes every profile of the scope that has a line.
func (p *portal) removeEntitlements(c *call) error {
	v, d, err := p.entitling(c)
	if err != nil {
		return err
	}
	v.Form.Values = url.Values{"service": {string(d.Scope.Service)}}
	return p.applied(c, v, d, func(h *habilis.Habilis) (structure.EntitlementOutcome, error) {
		return h.Structures.RemoveAllEntitlements(c.ctx(), c.actor(), d.Scope)
	}, change{
		Path: d.Path + "/remove-all", Title: v.T("entitlements.removeall"), Submit: v.T("entitlements.removesubmit"), Danger: true,
		Notes: []string{v.T("entitlements.roles")},
	})
}

// here is the address of the form of this scope.
func (d entitlementData) here() string {
	if d.Scope.Service == "" {
		return d.Path
	}
	return d.Path + "?" + url.Values{"service": {string(d.Scope.Service)}}.Encode()
}

// Here is here, for links.
func (d entitlementData) Here() string { return d.here() }

// applied shows and does a change of entitlements.
func (p *portal) applied(
	c *call, v *page, d entitlementData, do func(*habilis.Habilis) (structure.EntitlementOutcome, error), ch change,
) error {
	var out structure.EntitlementOutcome
	ch.Back = d.here()
	ch.where = map[habilis.Code]string{"structure_inactive": "", "membership_disabled": "", "membership_ended": ""}
	ch.Facts = []fact{{v.T("col.structure"), d.Case.Structure.DisplayName()}, {v.T("col.scope"), v.Unit(d.Units, d.Scope.Service)}}
	ch.do = func(h *habilis.Habilis) (err error) {
		out, err = do(h)
		return err
	}
	ch.done = func() error { return c.done(entitlementsPath, "entitlements.done") }
	ch.seen = func(ch *change) {
		for text, lines := range map[string][]structure.Subscription{
			v.T("subscriptions.gone"): out.Removed, v.T("askspaces.atonce"): out.Granted, v.T("askspaces.waits"): out.Requested,
		} {
			for _, l := range lines {
				ch.Rows = append(ch.Rows, outcome{Name: v.RightName(l.Space, l.Level), Text: text, Good: true})
			}
		}
		slices.SortFunc(ch.Rows, func(a, b outcome) int { return strings.Compare(a.Name+a.Text, b.Name+b.Text) })
		if len(ch.Rows) == 0 {
			ch.Notes = append(ch.Notes, v.T("entitlements.nothing"))
		}
	}
	return c.change(v, ch)
}
