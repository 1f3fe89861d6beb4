package main

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// perPage is how many lines of history a page shows.
const perPage = 50

// historyData is one page of a structure's history.
type historyData struct {
	Structure structure.Structure
	Entries   []structure.Entry
	Units     []structure.Unit
	Older     string // address of the next page, "" on the last
	First     string // address of the first page, "" on it
	Path      string
	Filter    url.Values
	Who       string // name of the only person it is about, "" for everybody
	All       string // address without that person
}

// historyKinds are what a history can be narrowed to.
func historyKinds() []string { return []string{"decided", "membership", "subscription", "structure"} }

// kindsOf lists the kinds of events that a choice stands for, nil for all.
func kindsOf(what string) []notify.Kind {
	switch what {
	case "decided":
		return structure.DecidedKinds()
	case "membership":
		return []notify.Kind{
			"membership.requested", "membership.approved", "membership.rejected", "membership.withdrawn", "membership.changed",
			"membership.disabled", "membership.enabled", "membership.removed", "membership.left", "membership.services_refused",
			"membership.services_removed", "membership.request_expired", "membership.reminded", "membership.handed_over",
			"membership.taken_over", "membership.role_migrated", "membership.erased",
			"principal.nominated", "principal.nomination_accepted", "principal.nomination_declined", "principal.nomination_ended",
			"principal.nomination_withdrawn",
		}
	case "subscription":
		return []notify.Kind{
			"subscription.requested", "subscription.approved", "subscription.rejected", "subscription.withdrawn", "subscription.granted",
			"subscription.removed", "subscription.taken", "subscription.listed", "subscription.closed", "subscription.ended",
			"subscription.reminded", "subscription.request_expired", "subscription.erased",
		}
	case "structure":
		return []notify.Kind{
			"structure.created", "structure.activated", "structure.deactivated", "structure.general_changed", "structure.address_changed",
			"structure.bank_account_added", "structure.bank_account_removed", "structure.mandate_signed", "structure.identifier_changed",
			"structure.directory_changed", "structure.delegation_changed", "structure.space_opened", "structure.space_closed",
			"service.added", "service.changed", "attachment.added", "attachment.changed", "attachment.cleared", "attachment.flagged",
			"attachment.quarantined", "attachment.removed", "export.made", "people.searched",
		}
	default:
		return nil
	}
}

// remembered reads what a history is narrowed to. Days are problems of their fields if no
// calendar holds them.
func (p *portal) remembered(f url.Values) (structure.HistoryQuery, error) {
	var bad typedError
	from, until := typedDate(f, "from", &bad), typedDate(f, "until", &bad)
	if bad != nil {
		return structure.HistoryQuery{}, bad
	}
	span := authz.Between(from, until, p.zone)
	return structure.HistoryQuery{Kinds: kindsOf(f.Get("what")), Applicant: account.ID(f.Get("who")), From: span.From, Until: span.Until}, nil
}

// historyFilter takes what an address narrows a history to.
func historyFilter(q url.Values) url.Values {
	f := filtered(q, "what", "from", "until", "who")
	if !slices.Contains(historyKinds(), f.Get("what")) {
		f.Del("what")
	}
	return f
}

func historyPath(id structure.ID) string { return sheetPath(id) + "/history" }

// history shows what happened in a structure, the newest first.
func (p *portal) history(c *call) error {
	id, query := structure.ID(c.r.PathValue("id")), c.r.URL.Query()
	d := historyData{Path: historyPath(id), Filter: historyFilter(query)}
	v := c.view("history.link").under("/manage", c.p.texts.text(c.lang, "manage.title"))
	v.Form.Values = d.Filter
	q, err := p.remembered(d.Filter)
	status := http.StatusOK
	if c.refused(v, err, nil) {
		status = http.StatusUnprocessableEntity
	}
	q.Limit = perPage + 1
	if before, err := time.Parse(time.RFC3339Nano, query.Get("before")); err == nil {
		sequence, _ := strconv.ParseInt(query.Get("sequence"), 10, 64) // 0 begins with that instant
		q.After = &notify.Event{At: before, Chain: notify.Chain(query.Get("chain")), Sequence: sequence}
		d.First = self(d.Path, d.Filter, 1)
	}
	if d.Entries, err = p.h.Structures.History(c.ctx(), c.actor(), id, q); err != nil {
		return err
	}
	if d.Structure, err = p.h.Structures.Structure(c.ctx(), c.actor(), id); err != nil {
		return err
	}
	if d.Units, err = p.h.Structures.Services(c.ctx(), c.actor(), id); err != nil {
		return err
	}
	d.turn()
	v.Title, v.Data = v.T("history.title", "Structure", d.Structure.DisplayName()), d
	return c.render(status, "history", v)
}

// turn cuts the lines to a page and finds the way on.
func (d *historyData) turn() {
	if len(d.Entries) > perPage {
		d.Entries = d.Entries[:perPage]
		last := d.Entries[perPage-1].Event
		q := filtered(d.Filter, "what", "from", "until", "who")
		q.Set("before", last.At.Format(time.RFC3339Nano))
		q.Set("chain", string(last.Chain))
		q.Set("sequence", strconv.FormatInt(last.Sequence, 10))
		d.Older = self(d.Path, q, 1)
	}
	if d.Filter.Has("who") {
		d.All = self(d.Path, filtered(d.Filter, "what", "from", "until"), 1)
		if d.Who = "–"; len(d.Entries) > 0 {
			d.Who = d.Entries[0].Applicant.DisplayName
		}
	}
}

// Only is the address of what concerns one person alone.
func (d historyData) Only(who account.ID) string {
	q := filtered(d.Filter, "what", "from", "until")
	q.Set("who", string(who))
	return self(d.Path, q, 1)
}

// historyFile hands out the history as CSV, with the filter of the page. That it left is
// recorded, so it takes a form.
func (p *portal) historyFile(c *call) error {
	f := c.r.PostForm
	q, err := p.remembered(f)
	if what := f.Get("what"); err != nil || what != "" && !slices.Contains(historyKinds(), what) {
		return errForm
	}
	return p.list(c, p.texts.text(c.lang, "history.file"), func(format structure.CSV, w io.Writer) (int, error) {
		return p.h.Structures.ExportHistory(c.ctx(), c.actor(), structure.ID(c.r.PathValue("id")), q, format, w)
	})
}

// decisionData is one line of the history as it was decided.
type decisionData struct {
	structure.HistoryDetail
	Units []structure.Unit
}

// decision shows one line of the history as it was decided, to those who manage the
// structure and to the person whom it concerns.
func (p *portal) decision(c *call) error {
	id := structure.ID(c.r.PathValue("id"))
	number, err := strconv.ParseInt(c.r.PathValue("number"), 10, 64)
	if err != nil {
		return errNoPage
	}
	var d decisionData
	if d.HistoryDetail, err = p.h.Structures.HistoryEntry(c.ctx(), c.actor(), id, number); err != nil {
		return err
	}
	if d.Units, err = p.h.Structures.Services(c.ctx(), c.actor(), id); err != nil {
		return err
	}
	v := c.view("history.one", "What", d.Entry.Label(c.tag()))
	switch may, err := p.may(c.ctx(), c, id, authz.ActionReadHistory); {
	case err != nil:
		return err
	case may:
		v.under("/manage", v.T("manage.title"), historyPath(id), v.T("history.title", "Structure", d.Entry.Structure.Name))
	default:
		v.underAccount()
		v.Crumbs = append(v.Crumbs, crumb{activityPath, v.T("feed.title")})
	}
	v.Data = d
	return c.show("decision", v)
}

// Terms tells what a membership was right after a decision.
func (v *page) Terms(d decisionData) []fact {
	m := d.Membership
	if m == nil {
		return nil
	}
	one := structure.Case{Units: d.Units}
	scope := func(s structure.Scope) string {
		if s.Whole {
			return v.T("scope.whole")
		}
		return one.Names(s)
	}
	out := []fact{{v.T("col.role"), v.T("role." + string(m.Role))}}
	if !m.Asked.IsZero() {
		out = append(out, fact{v.T("history.asked"), scope(m.Asked)})
	}
	if !m.Granted.IsZero() {
		out = append(out, fact{v.T("request.scope"), scope(m.Granted)})
	}
	return append(out, fact{v.T("col.dates"), v.Span(m.Validity)})
}

// Narrowings lists what a history can be narrowed to.
func (v *page) Narrowings() []choice {
	out := []choice{{"", v.T("history.all")}}
	for _, k := range historyKinds() {
		out = append(out, choice{k, v.T("history." + k)})
	}
	return out
}

// Changed tells what an event changed of a membership.
func (v *page) Changed(e structure.Entry) []fact {
	if e.Before == nil || e.After == nil {
		return nil
	}
	d, _ := v.Data.(historyData)
	return v.compare(structure.Case{Units: d.Units}, *e.Before, *e.After)
}

// Label is an entry of the history in words.
func (v *page) Label(e structure.Entry) string { return e.Label(tagOf(v.Lang)) }

// GuideLabel is an entry in the word of the guides, "" where they have none.
func (v *page) GuideLabel(e structure.Entry) string { return e.GuideLabel(tagOf(v.Lang)) }

// ScopeOf is what an entry is about in words, "" where it names no part of the structure.
func (v *page) ScopeOf(e structure.Entry) string {
	switch {
	case !e.Whole || e.Scope != "":
		return e.Scope
	case e.Right.Space != "":
		return v.T("lines.all")
	default:
		return v.T("scope.whole")
	}
}

// By is who did something, in words.
func (v *page) By(e structure.Entry) string {
	switch {
	case e.Actor.DisplayName != "":
		return e.Actor.DisplayName
	case e.Event.Actor.Kind == account.Support("").Kind:
		return v.T("history.support", "Reference", e.Event.Actor.Reference)
	default:
		return v.T("history.itself")
	}
}
