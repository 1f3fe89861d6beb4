package main

import (
	"net/url"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// perPage is how many lines of history a page shows.
const perPage = 50

// historyData is one page of a structure's history.
type historyData struct {
	Entries []structure.Entry
	Older   string // address of the next page, "" on the last
}

func (p *portal) history(c *call) error {
	id := structure.ID(c.r.PathValue("id"))
	q := structure.HistoryQuery{Limit: perPage + 1}
	if before, err := time.Parse(time.RFC3339Nano, c.r.URL.Query().Get("before")); err == nil {
		q.After = &notify.Event{At: before, ID: notify.EventID(c.r.URL.Query().Get("id"))}
	}
	entries, err := p.h.Structures.History(c.ctx(), c.actor(), id, q)
	if err != nil {
		return err
	}
	st, err := p.h.Structures.Structure(c.ctx(), c.actor(), id)
	if err != nil {
		return err
	}
	d := historyData{Entries: entries}
	if len(entries) > perPage {
		d.Entries = entries[:perPage]
		last := d.Entries[perPage-1].Event
		d.Older = "?" + url.Values{"before": {last.At.Format(time.RFC3339Nano)}, "id": {string(last.ID)}}.Encode()
	}
	v := c.view("history.title", "Structure", st.DisplayName()).under()
	v.Data = d
	return c.show("history", v)
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
