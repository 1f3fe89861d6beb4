package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// maxTogether is how many structures one form asks to join.
const maxTogether = 50

// severalData is the structures that somebody asks to join together.
type severalData struct{ Prospects []structure.Prospect }

// joiningSeveral loads the structures that are named. One that nobody can ask for is told
// of and left out.
func (p *portal) joiningSeveral(c *call, names []string) (*page, severalData, error) {
	v := c.view("several.title").under(
		membershipsPath, p.texts.text(c.lang, "memberships.title"), structuresPath, p.texts.text(c.lang, "structures.title"),
	)
	var d severalData
	slices.Sort(names)
	for _, id := range slices.Compact(names) {
		if len(d.Prospects) == maxTogether {
			v.Form.add("", v.T("several.most", "Count", maxTogether))
			break
		}
		one, err := p.h.Structures.PrepareRequest(c.ctx(), c.actor(), structure.ID(id))
		switch {
		case errors.Is(err, structure.ErrStructureInactive), errors.Is(err, structure.ErrSupplierJoinsBuyer):
			v.Form.add("", p.h.Localize(err, c.tag()))
		case err != nil:
			return nil, d, err
		default:
			d.Prospects = append(d.Prospects, one)
		}
	}
	v.Data = d
	return v, d, nil
}

func (p *portal) showAskSeveral(c *call) error {
	v, d, err := p.joiningSeveral(c, c.r.URL.Query()["structures"])
	switch {
	case err != nil:
		return err
	case len(d.Prospects) == 0 && len(v.Form.Problems) == 0:
		c.notice(false, v.T("several.none"))
		return c.redirect(structuresPath)
	}
	return c.show("several", v)
}

// askSeveral asks to join several structures, each on its own.
func (p *portal) askSeveral(c *call) error {
	f := c.r.PostForm
	v, d, err := p.joiningSeveral(c, f["structures"])
	if err != nil {
		return err
	}
	v.Form.Values = f
	var bad typedError
	from, until := typedDate(f, "from", &bad), typedDate(f, "until", &bad)
	var all []structure.Request
	for _, one := range d.Prospects {
		r := structure.Request{
			Structure: one.Structure.ID, Whole: slices.Contains(f["whole"], string(one.Structure.ID)), Comment: f.Get("comment"), From: from, Until: until,
		}
		for _, u := range one.Units {
			if slices.Contains(f["services"], string(u.ID)) && !r.Whole {
				r.Services = append(r.Services, u.ID)
			}
		}
		all = append(all, r)
	}
	var rows []outcome
	ch := change{
		Path: membershipsPath + "/several", Back: membershipsPath, Title: v.T("several.preview", "Count", len(all)), Submit: v.T("several.submit", "Count", len(all)), form: "several", bad: bad,
		Notes: []string{v.T("ask.norights")},
		do: func(h *habilis.Habilis) error {
			results, err := h.Structures.RequestMany(c.ctx(), c.actor(), all...)
			if err != nil {
				return err
			}
			var wrong bool
			rows, wrong = c.askedRows(v, d, all, results)
			if wrong {
				return errWrongForm
			}
			return nil
		},
		done: func() error {
			c.notice(goodOf(rows) == len(rows), v.T("several.done", "Count", goodOf(rows), "All", len(rows)))
			if err := c.keep(rows); err != nil {
				return err
			}
			return c.redirect(membershipsPath)
		},
	}
	ch.seen = func(ch *change) { ch.Rows = rows }
	if err := c.change(v, ch); !errors.Is(err, errWrongForm) {
		return err
	}
	return c.render(http.StatusUnprocessableEntity, "several", v)
}

// errWrongForm says that the page names the problems of its form already.
var errWrongForm = errors.New("the form has problems")

// askedRows tells what became, or would become, of each request. What the form can mend
// is a problem of the form.
func (c *call) askedRows(v *page, d severalData, all []structure.Request, results []structure.Outcome) ([]outcome, bool) {
	rows, wrong := make([]outcome, 0, len(results)), false
	v.Form.Problems = nil
	for i, r := range results {
		one := d.Prospects[i]
		row := outcome{Name: one.Structure.DisplayName() + " (" + identified(one.Structure.Identifier) + ")", Good: r.Err == nil}
		switch fields := habilis.FieldsOf(r.Err); {
		case r.Err == nil:
			row.Text = v.Scoped(one.Units, all[i])
			for range r.Warnings {
				row.Text += ". " + v.T("several.supplier")
			}
		case errors.Is(r.Err, structure.ErrEmptyScope):
			wrong = true
			v.Form.add("structures", one.Structure.DisplayName()+v.T("form.colon")+" "+v.T("several.scope"))
		case len(fields) > 0:
			wrong = true
			for _, f := range fields {
				switch text := c.p.h.LocalizeField(f, c.tag()); {
				case f.Path == "comment" || f.Path == "from" || f.Path == "until":
					v.Form.add(f.Path, text)
				case f.Path == "services" && f.Code == "required":
					v.Form.add("structures", one.Structure.DisplayName()+v.T("form.colon")+" "+v.T("several.scope"))
				default:
					v.Form.add("structures", one.Structure.DisplayName()+v.T("form.colon")+" "+text)
				}
			}
		default:
			row.Text = c.p.h.Localize(r.Err, c.tag())
		}
		rows = append(rows, row)
	}
	return rows, wrong
}

// Scoped tells in words what a request is for.
func (v *page) Scoped(units []structure.Unit, r structure.Request) string {
	if r.Whole {
		return v.T("scope.whole")
	}
	text := ""
	for _, u := range units {
		if slices.Contains(r.Services, u.ID) {
			if text != "" {
				text += ", "
			}
			text += u.Code + " " + u.Name
		}
	}
	return text
}

// oneCase loads one of the person's own memberships.
func (p *portal) oneCase(c *call, title string) (*page, structure.Case, string, error) {
	id := structure.MembershipID(c.r.PathValue("case"))
	one, err := p.h.Structures.Case(c.ctx(), c.actor(), id)
	switch {
	case err != nil:
		return nil, one, "", err
	case one.Membership.Account != c.me.ID:
		return nil, one, "", structure.ErrNotFound
	}
	v := c.view(title, "Structure", one.Structure.DisplayName()).under(membershipsPath, p.texts.text(c.lang, "memberships.title"))
	return v, one, url.PathEscape(string(id)), nil
}

func askedFacts(v *page, one structure.Case) []fact {
	scope := one.Names(one.Membership.Asked)
	if one.Membership.Asked.Whole {
		scope = v.T("scope.whole")
	}
	return []fact{
		{v.T("col.structure"), one.Structure.DisplayName()},
		{v.T("col.identifier"), identified(one.Structure.Identifier)},
		v.titled(v.T("col.scope"), scope), v.titled(v.T("col.requested"), v.Day(one.Membership.RequestedAt)),
	}
}

// withdraw takes a request back.
func (p *portal) withdraw(c *call) error {
	v, one, name, err := p.oneCase(c, "withdraw.title")
	if err != nil {
		return err
	}
	return c.change(v, change{
		Path: membershipsPath + "/withdraw/" + name, Back: membershipsPath, Title: v.Title, Submit: v.T("withdraw.submit"), Danger: true, Facts: askedFacts(v, one),
		Notes: []string{v.T("withdraw.stays")},
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.Withdraw(c.ctx(), c.actor(), one.Membership.ID)
			return err
		},
		done: func() error {
			return c.done(membershipsPath, "withdraw.done", "Structure", one.Structure.DisplayName())
		},
	})
}

// remind tells those who decide once more that a request waits.
func (p *portal) remind(c *call) error {
	v, one, name, err := p.oneCase(c, "remind.title")
	if err != nil {
		return err
	}
	return c.change(v, change{
		Path: membershipsPath + "/remind/" + name, Back: membershipsPath, Title: v.Title, Submit: v.T("remind.submit"), Facts: askedFacts(v, one),
		do: func(h *habilis.Habilis) error {
			return h.Structures.Remind(c.ctx(), c.actor(), structure.RequestRef{Membership: one.Membership.ID})
		},
		done: func() error { return c.done(membershipsPath, "remind.done") },
	})
}
