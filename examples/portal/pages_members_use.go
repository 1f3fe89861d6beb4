package main

import (
	"net/url"
	"strconv"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// memberFilters are the names of what a table of members is filtered by.
func memberFilters() []string {
	return []string{"status", "role", "service", "family", "given", "size"}
}

func memberFilter(q url.Values) structure.MemberFilter {
	f := structure.MemberFilter{
		Role: structure.Role(q.Get("role")), Service: structure.ServiceID(q.Get("service")), Family: q.Get("family"), Given: q.Get("given"),
	}
	if s := q.Get("status"); s != "" {
		f.Statuses = []structure.MembershipStatus{structure.MembershipStatus(s)}
	}
	return f
}

// pageNumber is which page an address asks for; the first, if that makes no sense.
func pageNumber(q url.Values) int {
	n, err := strconv.Atoi(q.Get("page"))
	if err != nil {
		return 1
	}
	return max(n, 1)
}

// sizes are how many lines people can have on a page.
func sizes() []int { return []int{structure.DefaultPageSize, 50, structure.MaxPageSize} }

// leafing reads which page of a list an address asks for, and how long pages are.
func leafing(q url.Values) structure.PageRequest {
	r := structure.PageRequest{Number: pageNumber(q)}
	if n, err := strconv.Atoi(q.Get("size")); err == nil && n >= 1 && n <= structure.MaxPageSize {
		r.Size = n
	}
	return r
}

// self is the address of one page of a list, with its filter.
func self(path string, filter url.Values, number int) string {
	q := url.Values{}
	for name, values := range filter {
		q[name] = values
	}
	if number > 1 {
		q.Set("page", strconv.Itoa(number))
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// filtered takes the named parts of an address that say something.
func filtered(q url.Values, names ...string) url.Values {
	out := url.Values{}
	for _, name := range names {
		if q.Get(name) != "" {
			out.Set(name, q.Get(name))
		}
	}
	return out
}

// Sizes lists the lengths of a page.
func (v *page) Sizes() []choice {
	var out []choice
	for _, n := range sizes() {
		out = append(out, choice{strconv.Itoa(n), strconv.Itoa(n)})
	}
	return out
}

// pager leads from one page of a list to the others.
type pager struct {
	Page                       *page
	First, Before, After, Last string // "" where there is none
	Number, Of, Total          int
	requests                   bool // the list is of requests, each of several lines
}

// leaf describes the way from one page of a list to the others, with the same filter.
func leaf[T any](v *page, filter url.Values, p structure.Page[T]) pager {
	to := func(n int) string {
		q := url.Values{}
		for name, values := range filter {
			q[name] = values
		}
		q.Set("page", strconv.Itoa(n))
		return "?" + q.Encode()
	}
	out := pager{Page: v, Number: p.Number, Of: p.Last(), Total: p.Total}
	if n := p.Previous(); n > 0 {
		out.First, out.Before = to(p.First()), to(n)
	}
	if n := p.Next(); n > 0 {
		out.After, out.Last = to(n), to(p.Last())
	}
	return out
}

// Where tells which page it is of how much.
func (p pager) Where() string {
	if p.requests {
		return p.Page.T("page.requests", "Number", p.Number, "Last", p.Of, "Count", p.Total)
	}
	return p.Page.T("page.where", "Number", p.Number, "Last", p.Of, "Count", p.Total)
}

// powers is what the person may do in a structure beside managing its members.
type powers struct{ Grant, History, Delegate, Technical bool }

func (p *portal) powers(c *call, id structure.ID) (powers, error) {
	var out powers
	for act, allowed := range map[authz.Action]*bool{
		authz.ActionGrantSubscriptions: &out.Grant, authz.ActionReadHistory: &out.History,
		authz.ActionDelegate: &out.Delegate, authz.ActionManageTechnical: &out.Technical,
	} {
		var err error
		if *allowed, err = p.may(c.ctx(), c, id, act); err != nil {
			return powers{}, err
		}
	}
	return out, nil
}

// actOnMembers disables, enables or removes those who are ticked, once what would come
// of it was shown.
func (p *portal) actOnMembers(c *call, v *page, d membersData) error {
	f := c.r.PostForm
	act := f.Get("act")
	names, ids := map[structure.MembershipID]string{}, []structure.MembershipID{}
	for _, who := range f["people"] {
		cases, err := p.h.Structures.MembershipsOf(c.ctx(), c.actor(), d.Structure.ID, account.ID(who))
		if err != nil {
			return err
		}
		for _, one := range cases {
			if one.Structure.ID == d.Structure.ID {
				names[one.Membership.ID] = one.Applicant.DisplayName
				ids = append(ids, one.Membership.ID)
			}
		}
	}
	var out []structure.Outcome
	plan, done, err := p.rehearse(c, func(s *structure.Service) (err error) {
		switch act {
		case "disable":
			out, err = s.DisableMembers(c.ctx(), c.actor(), ids...)
		case "enable":
			out, err = s.EnableMembers(c.ctx(), c.actor(), ids...)
		case "remove":
			out, err = s.RemoveMembers(c.ctx(), c.actor(), ids...)
		default:
			err = errForm
		}
		return err
	})
	if err != nil {
		return err
	}
	rows := make([]outcome, 0, len(out))
	for _, o := range out {
		rows = append(rows, c.became(v, names[o.ID], o))
	}
	if done {
		return c.tellEach(d.Self, rows)
	}
	v.Crumbs = append(v.Crumbs, crumb{d.Self, v.Title})
	question := "to" + act
	v.Title = v.T("members."+question, "Count", len(rows))
	return p.preview(c, v, plan, planned{
		Path: d.Self, Back: d.Self, Rows: rows, Head: v.T("col.name"), Confirm: v.T("members." + act), Danger: act != "enable",
	})
}
