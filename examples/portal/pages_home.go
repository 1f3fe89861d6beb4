package main

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// homeData is what waits for somebody, and what they can do.
type homeData struct {
	Waiting []structure.Case // requests that this person may decide
	Asked   []structure.Case // own requests that wait for somebody else
	Rights  []standing
	News    []structure.FeedItem // what became of it lately
	Events  []notify.News        // what happened in the structures lately
}

// standing is what somebody may do in one structure.
type standing struct {
	Case              structure.Case
	Groups            []group
	History           bool // may read the history
	People, Technical bool // may open accounts for people, and for programs
}

func (p *portal) home(c *call) error {
	mine, err := p.h.Structures.Mine(c.ctx(), c.actor())
	if err != nil {
		return err
	}
	var d homeData
	if d.Waiting, err = p.h.Structures.Pending(c.ctx(), c.actor()); err != nil {
		return err
	}
	for _, m := range mine {
		if m.Membership.Undecided() {
			d.Asked = append(d.Asked, m)
		}
		s, err := p.standing(c, m)
		if err != nil {
			return err
		}
		if len(s.Groups) > 0 {
			d.Rights = append(d.Rights, s)
		}
	}
	if d.News, err = p.h.Structures.Feed(c.ctx(), c.actor(), structure.FeedQuery{Kinds: news(), Limit: shownAtHome}); err != nil {
		return err
	}
	if d.Events, _, err = p.h.Notices.Feed(c.ctx(), c.actor(), notify.FeedQuery{Limit: shownAtHome}); err != nil {
		return err
	}
	v := c.view("home.hello", "Name", c.me.DisplayName())
	v.Data = d
	return c.show("home", v)
}

func (p *portal) standing(c *call, m structure.Case) (standing, error) {
	rights, err := p.h.Authz.Statement(c.ctx(), c.me.ID, m.Structure.ID, time.Time{})
	if err != nil {
		return standing{}, err
	}
	s := standing{Case: m}
	for _, e := range rights {
		s.Groups = grouped(s.Groups, unitCode(m.Units, e.Service), p.spaceLabel(c, e.Space), e.Level)
	}
	for act, allowed := range map[authz.Action]*bool{
		authz.ActionReadHistory: &s.History, authz.ActionManageMembers: &s.People, authz.ActionManageTechnical: &s.Technical,
	} {
		if *allowed, err = p.may(c.ctx(), c, m.Structure.ID, act); err != nil {
			return standing{}, err
		}
	}
	return s, nil
}

// may asks for an administrative action of the person in a structure.
func (p *portal) may(ctx context.Context, c *call, id structure.ID, act authz.Action) (bool, error) {
	d, err := p.h.Authz.Check(ctx, authz.Request{Account: c.me.ID, Structure: id, Action: act})
	return d.Allowed, err
}

// group is the rights on one service, or on the whole structure, as chips.
type group struct {
	Scope string // code of the service, "" for the whole structure
	Chips []chip
}

// chip is one space and how deep access to it goes.
type chip struct {
	Space       string
	Read, Write bool
}

// grouped adds one right to the groups, which stay in the order in which they come.
func grouped(groups []group, scope, space string, level authz.Level) []group {
	i := slices.IndexFunc(groups, func(g group) bool { return g.Scope == scope })
	if i < 0 {
		groups, i = append(groups, group{Scope: scope}), len(groups)
	}
	g := &groups[i]
	j := slices.IndexFunc(g.Chips, func(c chip) bool { return c.Space == space })
	if j < 0 {
		g.Chips, j = append(g.Chips, chip{Space: space}), len(g.Chips)
	}
	g.Chips[j].Read = g.Chips[j].Read || level == authz.Read
	g.Chips[j].Write = g.Chips[j].Write || level == authz.Write
	return groups
}

// unitCode is what people call a service for short.
func unitCode(units []structure.Unit, id structure.ServiceID) string {
	for _, u := range units {
		if u.ID == id {
			return u.Code
		}
	}
	return string(id)
}

// Levels is how deep access goes, in words.
func (v *page) Levels(c chip) string {
	switch {
	case c.Read && c.Write:
		return v.T("level.both")
	case c.Write:
		return v.T("level.write")
	default:
		return v.T("level.read")
	}
}
