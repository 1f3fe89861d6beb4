package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

const transferPath = "/manage/transfer"

// transferable is a structure that the person is principal manager of, and who was asked
// to take over and has yet to answer.
type transferable struct {
	Structure structure.Structure
	Asked     *structure.Nominated
}

// transferables lists what the person can hand over, by name.
func (p *portal) transferables(c *call) ([]transferable, error) {
	var out []transferable
	for number := 1; number > 0; {
		page, err := p.h.Structures.Managed(c.ctx(), c.actor(), structure.PageRequest{Number: number, Size: structure.MaxPageSize})
		if err != nil {
			return nil, err
		}
		for _, m := range page.Items {
			if m.Role != structure.RolePrincipalManager {
				continue
			}
			row := transferable{Structure: m.Structure}
			switch asked, err := p.h.Structures.Nomination(c.ctx(), c.actor(), m.Structure.ID); {
			case err == nil:
				row.Asked = &asked
			case !hidden(err):
				return nil, err
			}
			out = append(out, row)
		}
		number = page.Next()
	}
	return out, nil
}

// transferData is what handing over some structures means.
type transferData struct {
	structure.Succession
	Path   string
	Sought bool // the candidates are those of a search
}

// Estate is what is handed over.
func (d transferData) Estate() estate { return estate{d.Structures, d.Candidates} }

// Found is how many different members a search found.
func (d transferData) Found() int { return len(everybody(d.Estate())) }

// transferring loads the second step: who takes over what was ticked.
func (p *portal) transferring(c *call, chosen []string) (*page, transferData, error) {
	ids := make([]structure.ID, 0, len(chosen))
	for _, id := range chosen {
		ids = append(ids, structure.ID(id))
	}
	d := transferData{Path: transferPath + "?" + url.Values{"structures": chosen}.Encode()}
	var err error
	if d.Succession, err = p.h.Structures.PrepareTransfer(c.ctx(), c.actor(), ids...); err != nil {
		return nil, d, err
	}
	v := c.view("transfer.title").under("/manage", p.texts.text(c.lang, "manage.title"))
	v.heirsOf(d.Estate())
	v.Data = d
	return v, d, nil
}

// showTransfer asks which structures are handed over, then to whom.
func (p *portal) showTransfer(c *call) error {
	q := c.r.URL.Query()
	rows, err := p.transferables(c)
	if err != nil {
		return err
	}
	if chosen := q["structures"]; len(chosen) > 0 {
		return p.showHeirs(c, chosen)
	}
	v := c.view("transfer.title").under("/manage", p.texts.text(c.lang, "manage.title"))
	v.Data = rows
	if q.Has("step") {
		v.Form.add("structures", p.h.LocalizeField(habilis.FieldError{Path: "structures", Code: "required"}, c.tag()))
		return c.render(http.StatusUnprocessableEntity, "transferchoice", v)
	}
	return c.show("transferchoice", v)
}

// showHeirs shows whom the ticked structures can be handed to: all members, or those whom
// a search by name or postal address finds.
func (p *portal) showHeirs(c *call, chosen []string) error {
	v, d, err := p.transferring(c, chosen)
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	who := structure.SuccessorSearch{Family: q.Get("family"), Given: q.Get("given"), Postcode: q.Get("postcode"), Town: q.Get("town")}
	for _, name := range []string{"family", "given", "postcode", "town"} {
		v.Form.Values.Set(name, q.Get(name))
	}
	if who == (structure.SuccessorSearch{}) {
		return c.show("transfer", v)
	}
	for _, st := range d.Structures {
		found, err := p.h.Structures.FindSuccessor(c.ctx(), c.actor(), st.ID, who)
		if c.refused(v, err, map[habilis.Code]string{"criteria_too_broad": "family"}) {
			return c.render(http.StatusUnprocessableEntity, "transfer", v)
		}
		if err != nil {
			return err
		}
		d.Candidates[st.ID] = found
	}
	d.Sought = true
	v.Data = d
	return c.show("transfer", v)
}

// transfer hands over what was ticked, or asks the successors where the policy says so,
// once what that means was shown.
func (p *portal) transfer(c *call) error {
	f := c.r.PostForm
	v, d, err := p.transferring(c, f["structures"])
	if err != nil {
		return err
	}
	v.Form.Values = f
	t := structure.Transfer{Token: f.Get("seen")}
	for _, st := range d.Structures {
		t.Structures = append(t.Structures, st.ID)
	}
	if f.Get("step") != "change" {
		if t.SuccessorForAll, t.Successors = p.heirs(c, v, d.Estate()); len(v.Form.Problems) > 0 {
			return c.render(http.StatusUnprocessableEntity, "transfer", v)
		}
	}
	ch := change{
		Path: transferPath, Back: transferPath, Title: v.T("transfer.check"), Submit: v.T("transfer.submit"), Danger: true, form: "transfer",
		Notes: []string{v.T("transfer.stay"), v.T("transfer.queue")},
		where: map[habilis.Code]string{
			"consequences_changed": "", "successor_required": heirProblem(typedForAll, f, d.Estate()), "nomination_pending": "", "structure_inactive": "",
		},
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.TransferPrincipal(c.ctx(), c.actor(), t)
			return aboutHeirs(err, f, d.Estate())
		},
		done: func() error { return c.done(membershipsPath, "transfer.done") },
	}
	if d.Accept {
		ch.Submit, ch.Danger, ch.Notes = v.T("transfer.ask"), false, []string{v.T("transfer.asked"), v.T("transfer.then")}
		ch.done = func() error { return c.done(transferPath, "transfer.sent") }
	}
	for _, s := range named(d.Estate(), t.SuccessorForAll, t.Successors) {
		ch.Facts = append(ch.Facts, fact{s.Structure.DisplayName(), s.Text()})
	}
	return c.change(v, ch)
}

// Text is a successor in words.
func (s successor) Text() string {
	if s.Name == "" {
		return s.Login
	}
	return s.Name + " (" + s.Login + ")"
}

// Free reports whether there is a structure for which nobody was asked yet.
func (v *page) Free(rows []transferable) bool {
	return slices.ContainsFunc(rows, func(r transferable) bool { return r.Asked == nil })
}

// nominated is a structure that somebody was asked to take over, and what the reader can
// say to it.
type nominated struct {
	structure.Nominated
	Path string
	Mine bool // the reader is who was asked
}

// answering loads a nomination for the nominee or the principal manager. To everybody
// else, and once it is over, it is as if there had been none.
func (p *portal) answering(c *call) (*page, nominated, error) {
	id := structure.ID(c.r.PathValue("id"))
	n, err := p.h.Structures.Nomination(c.ctx(), c.actor(), id)
	if err != nil {
		return nil, nominated{}, err
	}
	d := nominated{Nominated: n, Path: "/account/nominations/" + url.PathEscape(string(id)), Mine: n.Nominee.ID == c.me.ID}
	v := c.view("nomination.title", "Structure", n.Structure.DisplayName()).under()
	v.Data = d
	return v, d, nil
}

func (p *portal) showNomination(c *call) error {
	v, _, err := p.answering(c)
	switch {
	case errors.Is(err, structure.ErrNotFound):
		c.notice(false, p.texts.text(c.lang, "nomination.over"))
		return c.redirect("/")
	case err != nil:
		return err
	}
	return c.show("nomination", v)
}

// answer is one of the things that can be said to a nomination, shown before it is done.
func (p *portal) answer(c *call, ch change, say func(*structure.Service, structure.ID) error) error {
	v, d, err := p.answering(c)
	if err != nil {
		return err
	}
	v.Crumbs = append(v.Crumbs, crumb{d.Path, v.Title})
	ch.Path, ch.Back, ch.Facts = c.r.URL.Path, d.Path, []fact{
		{v.T("col.structure"), d.Structure.DisplayName()}, {v.T("nomination.by"), d.By.DisplayName}, {v.T("nomination.who"), d.Nominee.DisplayName},
	}
	ch.do = func(h *habilis.Habilis) error { return say(h.Structures, d.Structure.ID) }
	return c.change(v, ch)
}

// accept makes the person principal manager of a structure.
func (p *portal) accept(c *call) error {
	text := func(id string) string { return p.texts.text(c.lang, id) }
	return p.answer(c, change{
		Title: text("nomination.toaccept"), Submit: text("nomination.accept"), Notes: []string{text("nomination.alone")},
		done: func() error { return c.done("/manage", "nomination.accepted") },
	}, func(s *structure.Service, id structure.ID) error {
		_, err := s.AcceptNomination(c.ctx(), c.actor(), id)
		return err
	})
}

// decline says no, and leaves the role where it is.
func (p *portal) decline(c *call) error {
	text := func(id string) string { return p.texts.text(c.lang, id) }
	return p.answer(c, change{
		Title: text("nomination.todecline"), Submit: text("nomination.decline"), Danger: true, Notes: []string{text("nomination.stays")},
		done: func() error { return c.done("/", "nomination.declined") },
	}, func(s *structure.Service, id structure.ID) error { return s.DeclineNomination(c.ctx(), c.actor(), id) })
}

// takeBack ends a nomination that waits, by the principal manager.
func (p *portal) takeBack(c *call) error {
	text := func(id string) string { return p.texts.text(c.lang, id) }
	return p.answer(c, change{
		Title: text("nomination.totakeback"), Submit: text("nomination.takeback"), Danger: true, Notes: []string{text("nomination.void")},
		done: func() error { return c.done(transferPath, "nomination.takenback") },
	}, func(s *structure.Service, id structure.ID) error { return s.WithdrawNomination(c.ctx(), c.actor(), id) })
}
