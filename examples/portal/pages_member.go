package main

import (
	"net/http"
	"net/url"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// memberData is one member of a structure, for those who manage its members.
type memberData struct {
	Case   structure.Case
	Status string
	Groups []group          // what the member may do now
	Others []structure.Case // in other structures of the manager
	Path   string
	Fixed  bool // the manager cannot change it: own, the principal manager's, or not in force
}

// member loads one member.
func (p *portal) member(c *call) (*page, memberData, error) {
	id, who := structure.ID(c.r.PathValue("id")), account.ID(c.r.PathValue("who"))
	cases, err := p.h.Structures.MembershipsOf(c.ctx(), c.actor(), id, who)
	if err != nil {
		return nil, memberData{}, err
	}
	d := memberData{Path: membersPath(id) + "/" + url.PathEscape(string(who))}
	for _, one := range cases {
		if one.Structure.ID == id {
			d.Case = one
		} else {
			d.Others = append(d.Others, one)
		}
	}
	m := d.Case.Membership
	d.Status = string(m.StatusAt(d.Case.Applicant.Status, p.now()))
	d.Fixed = m.Status != structure.StatusApproved || m.Role == structure.RolePrincipalManager || m.Role == structure.RoleTechnical || who == c.me.ID
	rights, err := p.h.Authz.Statement(c.ctx(), who, id, time.Time{})
	if err != nil {
		return nil, memberData{}, err
	}
	for _, e := range rights {
		d.Groups = grouped(d.Groups, unitCode(d.Case.Units, e.Service), p.spaceLabel(c, e.Space), e.Level)
	}
	v := c.view("member.title", "Name", d.Case.Applicant.DisplayName).under(
		"/manage", p.texts.text(c.lang, "manage.title"), membersPath(id), p.texts.text(c.lang, "members.of", "Structure", d.Case.Structure.DisplayName()),
	)
	v.Form.called("services", "scope")
	v.Form.Values, v.Data = p.held(m), d
	return v, d, nil
}

// ScopeOfCase names what a membership covers, or what it asks for as long as it covers
// nothing.
func (v *page) ScopeOfCase(one structure.Case) string {
	scope := one.Membership.Granted
	if scope.IsZero() {
		scope = one.Membership.Asked
	}
	switch {
	case scope.IsZero():
		return "–"
	case scope.Whole:
		return v.T("scope.whole")
	default:
		return one.Names(scope)
	}
}

// held fills the form with what a member holds.
func (p *portal) held(m structure.Membership) url.Values {
	f := url.Values{
		"role": {string(m.Role)}, "scope": {"services"},
		"from": {typed(m.Validity.FirstDay(p.zone))}, "until": {typed(m.Validity.LastDay(p.zone))},
	}
	if m.Granted.Whole {
		f.Set("scope", "whole")
	}
	for _, s := range m.Granted.Services {
		f.Add("services", string(s))
	}
	return f
}

func (p *portal) showMember(c *call) error {
	v, _, err := p.member(c)
	if err != nil {
		return err
	}
	return c.show("member", v)
}

// changeMember gives a member another role, other services or other dates, once what
// would come of it was shown.
func (p *portal) changeMember(c *call) error {
	v, d, err := p.member(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	if f.Get("step") == "change" {
		return c.show("member", v)
	}
	approval, bad := p.approval(f)
	plan, done, err := p.rehearse(c, func(s *structure.Service) error {
		_, err := s.ChangeMembership(c.ctx(), c.actor(), d.Case.Membership.ID, structure.Change(approval))
		return err
	}, bad...)
	switch {
	case c.refused(v, err, map[habilis.Code]string{
		"empty_scope": "services", "not_member": "", "membership_disabled": "", "principal_protected": "", "own_membership": "",
	}):
		return c.render(http.StatusUnprocessableEntity, "member", v)
	case err != nil:
		return err
	case done:
		return c.done(d.Path, "member.changed", "Name", d.Case.Applicant.DisplayName)
	}
	now, then := d.Case.Membership.Terms(), structure.Terms{Role: approval.Role, Granted: *approval.Scope, Validity: *approval.Validity}
	facts := v.compare(d.Case, now, then)
	if len(facts) == 0 {
		facts = []fact{{v.T("member.nothing"), v.T("member.same")}}
	}
	v.Crumbs = append(v.Crumbs, crumb{d.Path, v.Title})
	v.Title = v.T("member.preview", "Name", d.Case.Applicant.DisplayName)
	return p.preview(c, v, plan, planned{Path: d.Path, Back: d.Path, Confirm: v.T("member.confirm"), Facts: facts})
}

// compare tells what is different between two sets of terms, before and after.
func (v *page) compare(one structure.Case, before, after structure.Terms) []fact {
	var out []fact
	add := func(name, was, is string) {
		if was != is {
			out = append(out, fact{name, was + " → " + is})
		}
	}
	scope := func(s structure.Scope) string {
		if s.Whole {
			return v.T("scope.whole")
		}
		return one.Names(s)
	}
	add(v.T("col.role"), v.T("role."+string(before.Role)), v.T("role."+string(after.Role)))
	add(v.T("col.scope"), scope(before.Granted), scope(after.Granted))
	add(v.T("col.dates"), v.Span(before.Validity), v.Span(after.Validity))
	return out
}

// SpaceName is what people call a space.
func (v *page) SpaceName(code authz.Space) string {
	if spec, ok := v.portal.policy.Spec(code); ok {
		return spec.Label(tagOf(v.Lang))
	}
	return string(code)
}

// LevelName is how deep access goes, in a word.
func (v *page) LevelName(l authz.Level) string {
	if l == authz.Write {
		return v.T("level.write")
	}
	return v.T("level.read")
}

// Statuses lists those that a table of members can be narrowed to.
func (v *page) Statuses() []choice {
	var out []choice
	for _, s := range []structure.MembershipStatus{
		structure.StatusPending, structure.StatusApproved, structure.StatusDisabled, structure.StatusRejected, structure.StatusRemoved, structure.StatusCancelled,
	} {
		out = append(out, choice{string(s), v.T("status." + string(s))})
	}
	return out
}

// AllRoles lists every role that a member can have.
func (v *page) AllRoles() []choice {
	var out []choice
	for _, r := range []structure.Role{structure.RolePrincipalManager, structure.RoleSecondaryManager, structure.RoleMember, structure.RoleTechnical} {
		out = append(out, choice{string(r), v.T("role." + string(r))})
	}
	return out
}
