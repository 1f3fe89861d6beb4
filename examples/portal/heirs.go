package main

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// estate is what changes hands, and whom each part of it can be given to.
type estate struct {
	Structures []structure.Structure
	Candidates map[structure.ID][]structure.Person
}

// successor is who takes over one structure.
type successor struct {
	Structure   structure.Structure
	Name, Login string // Name is "" for who was named by login address
}

// heirChoice is how a successor is named: somebody from a list of members, or anybody
// else by login address.
type heirChoice struct {
	Chosen   string // name of the list
	Label    string
	Among    []structure.Person
	Typed    input
	Problems []string // about the list
	Nobody   string   // the option for none
	value    account.ID
}

// Names of the fields: one choice for all structures, or one for each.
const (
	chosenForAll = "chosenForAll"
	typedForAll  = "successorForAll"
)

// heirField names the field of one structure's successor by login address.
func heirField(id structure.ID) string { return "successor-" + string(id) }

// chosenField names the list of one structure's members.
func chosenField(id structure.ID) string { return "chosen-" + string(id) }

// Heir describes the choice for one structure.
func (v *page) Heir(e estate, st structure.Structure) heirChoice {
	return v.heir(chosenField(st.ID), heirField(st.ID), e.Candidates[st.ID])
}

// HeirOfAll describes the choice of one successor for all structures: a member of any.
func (v *page) HeirOfAll(e estate) heirChoice {
	return v.heir(chosenForAll, typedForAll, everybody(e))
}

func (v *page) heir(chosen, typed string, among []structure.Person) heirChoice {
	h := heirChoice{Chosen: chosen, Label: v.T("label.chosenForAll"), Among: among, Problems: v.Form.Of(chosen)}
	h.Nobody, h.value = v.T("deactivate.choose"), account.ID(v.Form.Value(chosen))
	h.Typed = input{
		Name: typed, Type: "email", Label: v.T("label.successorForAll"), Hint: v.T("hint.successorForAll"), Autocomplete: "off",
		Value: v.Form.Value(typed), Problems: v.Form.Of(typed), DescribedBy: typed + "-hint",
	}
	if len(among) > 0 {
		h.Typed.Label, h.Typed.Hint = v.T("label.otherHeir"), v.T("deactivate.otherhint")
	}
	if len(h.Typed.Problems) > 0 {
		h.Typed.DescribedBy += " " + typed + "-error"
	}
	return h
}

// Name is what carries the marks of problems in the templates.
func (h heirChoice) Name() string { return h.Chosen }

// Is reports whether somebody of the list is the one who was chosen.
func (h heirChoice) Is(id account.ID) bool { return h.value == id }

// everybody lists the candidates of all structures, each once, by name.
func everybody(e estate) []structure.Person {
	var out []structure.Person
	for _, st := range e.Structures {
		for _, p := range e.Candidates[st.ID] {
			if !slices.ContainsFunc(out, func(q structure.Person) bool { return q.ID == p.ID }) {
				out = append(out, p)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b structure.Person) int {
		return cmp.Compare(structure.Fold(a.SortName), structure.Fold(b.SortName))
	})
	return out
}

// heirsOf begins a page on which successors are named: their fields have the names of the
// structures.
func (v *page) heirsOf(e estate) {
	v.Form.Names = map[string]string{"successors": v.T("label.successorForAll")}
	for _, st := range e.Structures {
		v.Form.Names[heirField(st.ID)], v.Form.Names[chosenField(st.ID)] = st.DisplayName(), st.DisplayName()
	}
	v.Form.Values = url.Values{"way": {"all"}}
}

// heirs reads who takes over what: one for all, or one for each. What cannot be read is a
// problem of the form.
func (p *portal) heirs(c *call, v *page, e estate) (all structure.Successor, each map[structure.ID]structure.Successor) {
	if c.r.PostForm.Get("way") != "each" {
		return p.heir(c, v, chosenForAll, typedForAll, everybody(e)), nil
	}
	each = map[structure.ID]structure.Successor{}
	for _, st := range e.Structures {
		if who := p.heir(c, v, chosenField(st.ID), heirField(st.ID), e.Candidates[st.ID]); who != (structure.Successor{}) {
			each[st.ID] = who
		}
	}
	if len(each) > 0 || len(v.Form.Problems) > 0 {
		return all, each
	}
	for _, st := range e.Structures {
		at := heirProblem("successors["+string(st.ID)+"]", c.r.PostForm, e)
		v.Form.add(at, p.h.LocalizeField(habilis.FieldError{Path: at, Code: "required"}, c.tag()))
	}
	return all, each
}

// heir reads one choice. A list gives only whom it showed.
func (p *portal) heir(c *call, v *page, chosen, typed string, among []structure.Person) structure.Successor {
	f := c.r.PostForm
	id, login := account.ID(f.Get(chosen)), strings.TrimSpace(f.Get(typed))
	switch {
	case id != "" && login != "":
		v.Form.add(typed, v.T("deactivate.either"))
	case id != "" && !slices.ContainsFunc(among, func(p structure.Person) bool { return p.ID == id }):
		f.Del(chosen)
		at := chosen
		if len(among) == 0 {
			at = typed
		}
		v.Form.add(at, p.h.LocalizeField(habilis.FieldError{Path: at, Code: "successor"}, c.tag()))
	case id != "":
		return structure.Successor{Account: id}
	case login != "":
		return structure.Successor{Login: login}
	}
	return structure.Successor{}
}

// aboutHeirs gives problems with successors the fields that they belong to.
func aboutHeirs(err error, f url.Values, e estate) error {
	var own typedError
	for _, field := range habilis.FieldsOf(err) {
		if field.Path == typedForAll || strings.HasPrefix(field.Path, "successors[") {
			field.Path = heirProblem(field.Path, f, e)
		}
		own = append(own, field)
	}
	if own == nil {
		return err
	}
	return own
}

// heirProblem is the field that a problem with a successor belongs to: the list if it
// was used or nothing was, and there is one.
func heirProblem(path string, f url.Values, e estate) string {
	chosen, typed, among := chosenForAll, typedForAll, everybody(e)
	if id, one := strings.CutPrefix(path, "successors["); one {
		id := structure.ID(strings.TrimSuffix(id, "]"))
		chosen, typed, among = chosenField(id), heirField(id), e.Candidates[id]
	}
	if len(among) > 0 && strings.TrimSpace(f.Get(typed)) == "" {
		return chosen
	}
	return typed
}

// named tells who takes over what: by name if chosen, else by the address.
func named(e estate, all structure.Successor, each map[structure.ID]structure.Successor) []successor {
	names := map[account.ID]structure.Person{}
	for _, person := range everybody(e) {
		names[person.ID] = person
	}
	var out []successor
	for _, st := range e.Structures {
		who := all
		if one, ok := each[st.ID]; ok {
			who = one
		}
		s := successor{Structure: st, Login: who.Login}
		if person, ok := names[who.Account]; ok {
			s.Name, s.Login = person.DisplayName, person.ContactEmail
		}
		out = append(out, s)
	}
	return out
}
