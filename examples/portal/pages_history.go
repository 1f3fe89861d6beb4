package main

import (
	"io"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
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
	What      string // what it is narrowed to, "" for everything
	Path      string
}

// historyKinds are what a history can be narrowed to.
func historyKinds() []string { return []string{"membership", "subscription", "structure"} }

// kindsOf lists the kinds of events that a choice stands for, nil for all.
func kindsOf(what string) []notify.Kind {
	switch what {
	case "membership":
		return []notify.Kind{
			"membership.requested", "membership.approved", "membership.rejected", "membership.withdrawn", "membership.changed",
			"membership.disabled", "membership.enabled", "membership.removed", "membership.left", "membership.services_refused",
			"membership.services_removed", "membership.request_expired", "membership.reminded", "membership.handed_over",
			"membership.taken_over", "membership.role_migrated", "membership.erased",
		}
	case "subscription":
		return []notify.Kind{
			"subscription.requested", "subscription.approved", "subscription.rejected", "subscription.withdrawn", "subscription.granted",
			"subscription.removed", "subscription.taken", "subscription.listed", "subscription.closed", "subscription.ended",
			"subscription.reminded", "subscription.erased",
		}
	case "structure":
		return []notify.Kind{
			"structure.created", "structure.activated", "structure.deactivated", "structure.general_changed", "structure.address_changed",
			"structure.bank_account_added", "structure.bank_account_removed", "structure.mandate_signed", "structure.identifier_changed",
			"structure.directory_changed", "structure.delegation_changed", "structure.space_opened", "structure.space_closed",
			"service.added", "service.changed", "export.made",
		}
	default:
		return nil
	}
}

func (p *portal) history(c *call) error {
	id, query := structure.ID(c.r.PathValue("id")), c.r.URL.Query()
	d := historyData{Path: "/structures/" + url.PathEscape(string(id)) + "/history"}
	if what := query.Get("what"); slices.Contains(historyKinds(), what) {
		d.What = what
	}
	q := structure.HistoryQuery{Limit: perPage + 1, Kinds: kindsOf(d.What)}
	if before, err := time.Parse(time.RFC3339Nano, query.Get("before")); err == nil {
		sequence, _ := strconv.ParseInt(query.Get("sequence"), 10, 64) // 0 begins with that instant
		q.After = &notify.Event{At: before, Chain: notify.Chain(query.Get("chain")), Sequence: sequence}
		d.First = "?" + url.Values{"what": {d.What}}.Encode()
	}
	entries, err := p.h.Structures.History(c.ctx(), c.actor(), id, q)
	if err != nil {
		return err
	}
	if d.Structure, err = p.h.Structures.Structure(c.ctx(), c.actor(), id); err != nil {
		return err
	}
	if d.Units, err = p.h.Structures.Services(c.ctx(), c.actor(), id); err != nil {
		return err
	}
	d.Entries = entries
	if len(entries) > perPage {
		d.Entries = entries[:perPage]
		last := d.Entries[perPage-1].Event
		d.Older = "?" + url.Values{"before": {last.At.Format(time.RFC3339Nano)}, "chain": {string(last.Chain)}, "sequence": {strconv.FormatInt(last.Sequence, 10)}, "what": {d.What}}.Encode()
	}
	v := c.view("history.title", "Structure", d.Structure.DisplayName()).under("/manage", c.p.texts.text(c.lang, "manage.title"))
	v.Form.Values = url.Values{"what": {d.What}}
	v.Data = d
	return c.show("history", v)
}

// historyFile hands out the history as CSV, with the filter of the page. That it left is
// recorded, so it takes a form.
func (p *portal) historyFile(c *call) error {
	what := c.r.PostForm.Get("what")
	if what != "" && !slices.Contains(historyKinds(), what) {
		return errForm
	}
	return p.list(c, p.texts.text(c.lang, "history.file"), func(format structure.CSV, w io.Writer) (int, error) {
		return p.h.Structures.ExportHistory(c.ctx(), c.actor(), structure.ID(c.r.PathValue("id")), structure.HistoryQuery{Kinds: kindsOf(what)}, format, w)
	})
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
