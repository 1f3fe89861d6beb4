package main

import (
	"maps"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// badge is a status as icon, word and colour.
type badge struct{ Name, Icon, Text string }

// Status describes a status: never by its colour alone.
func (v *page) Status(name string) badge {
	icon := "off"
	switch name {
	case "approved":
		icon = "yes"
	case "pending":
		icon = "wait"
	case "rejected":
		icon = "no"
	case "scheduled":
		icon = "later"
	}
	return badge{name, icon, v.T("status." + name)}
}

// chipSet is groups of rights with how they are shown.
type chipSet struct {
	Page              *page
	Groups            []group
	Class, Icon, Word string
}

// Chips describes groups of rights: as they are, "gained", or "lost".
func (v *page) Chips(groups []group, class string) chipSet {
	s := chipSet{Page: v, Groups: groups, Class: class, Word: "chip." + class}
	switch class {
	case "gained":
		s.Icon = "plus"
	case "lost":
		s.Icon = "minus"
	}
	return s
}

// ofStructure is the part of a page that is about a structure.
type ofStructure struct {
	Page      *page
	Structure structure.Structure
}

// Of puts a structure beside its page.
func (v *page) Of(s structure.Structure) ofStructure { return ofStructure{v, s} }

// scopePart is the choice between the whole structure and services.
type scopePart struct {
	Page     *page
	Name     string
	Services []structure.Unit
	Problems []string
}

// Scope describes that choice.
func (v *page) Scope(services []structure.Unit) scopePart {
	return scopePart{v, "services", services, v.Form.Of("services")}
}

// Roles lists the roles that a manager can give.
func (v *page) Roles() []choice {
	var out []choice
	for _, r := range []structure.Role{structure.RoleMember, structure.RoleSecondaryManager} {
		out = append(out, choice{string(r), v.T("role." + string(r))})
	}
	return out
}

// checks is the checklist of a password.
type checks struct {
	Page  *page
	Rules []account.Rule
}

// Checks puts the checklist of a password beside its page.
func (v *page) Checks(rules []account.Rule) checks { return checks{v, rules} }

// Date renders a civil date; "" for none.
func (v *page) Date(d authz.Date) string { return day(v.Lang, d) }

// carry is one value that a preview hands on.
type carry struct{ Name, Value string }

// Carried lists what was typed, for the form that confirms it.
func (f form) Carried() []carry {
	var out []carry
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		if name == "token" || name == "step" {
			continue
		}
		for _, value := range f.Values[name] {
			out = append(out, carry{name, value})
		}
	}
	return out
}

// outcomes is a table of what became of several things.
type outcomes struct {
	Page          *page
	Rows          []outcome
	Caption, Head string
}

// Results puts such a table beside its page.
func (v *page) Results(rows []outcome, caption, head string) outcomes {
	return outcomes{v, rows, caption, head}
}
