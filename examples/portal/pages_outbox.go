package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/habilis-go/habilis/notify"
)

const outboxPath = "/operator/outbox"

// outboxData is one page of the mails that are owed, were sent or were given up.
type outboxData struct {
	Counts       notify.OutboxCounts
	Mails        []notify.Message
	Status       notify.MessageStatus // what the list is narrowed to, "" for all
	Self         string
	First, Older string // addresses of other pages, "" for none
	Outcomes     []outcome
}

// posted loads one page of the outbox for the operator, the newest first.
func (p *portal) posted(c *call) (*page, outboxData, error) {
	if _, err := c.desk(); err != nil {
		return nil, outboxData{}, err
	}
	query := c.r.URL.Query()
	var d outboxData
	v := c.view("outbox.title").under()
	if s := notify.MessageStatus(query.Get("status")); slices.Contains(mailStatuses(), s) {
		d.Status = s
	}
	filter := url.Values{}
	if d.Status != "" {
		filter.Set("status", string(d.Status))
	}
	d.Self = self(outboxPath, filter, 1)
	q := notify.MessageQuery{Status: d.Status, Newest: true, Limit: perPage + 1}
	if before, err := time.Parse(time.RFC3339Nano, query.Get("before")); err == nil && query.Get("id") != "" {
		q.AfterAt, q.AfterID = before, notify.MessageID(query.Get("id"))
		d.First = d.Self
	}
	var err error
	if d.Counts, err = p.h.Outbox.Counts(c.ctx()); err != nil {
		return nil, d, err
	}
	if d.Mails, err = p.h.Outbox.Outbox(c.ctx(), q); err != nil {
		return nil, d, err
	}
	if len(d.Mails) > perPage {
		d.Mails = d.Mails[:perPage]
		last := d.Mails[perPage-1]
		filter.Set("before", last.CreatedAt.Format(time.RFC3339Nano))
		filter.Set("id", string(last.ID))
		d.Older = outboxPath + "?" + filter.Encode()
	}
	v.Form.Values = url.Values{"status": {string(d.Status)}}
	v.Data = d
	return v, d, nil
}

// mailStatuses are what mails can be narrowed to, what needs somebody first.
func mailStatuses() []notify.MessageStatus {
	return []notify.MessageStatus{notify.MessageDead, notify.MessageQueued, notify.MessageSent}
}

func (p *portal) showOutbox(c *call) error {
	v, d, err := p.posted(c)
	if err != nil {
		return err
	}
	if d.Outcomes, err = c.kept(); err != nil {
		return err
	}
	v.Data = d
	return c.show("outbox", v)
}

// retryMails puts dead mails back into the queue: those that are ticked, or all whose
// text is kept.
func (p *portal) retryMails(c *call) error {
	v, d, err := p.posted(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	if f.Get("act") == "all" {
		n, err := p.h.Outbox.RetryAll(c.ctx(), "")
		if err != nil {
			return err
		}
		return c.done(d.Self, "outbox.all", "Count", n)
	}
	if len(f["items"]) == 0 {
		v.Form.add("items", v.T("bulk.none"))
		return c.render(http.StatusUnprocessableEntity, "outbox", v)
	}
	var rows []outcome
	for _, id := range f["items"] {
		row := outcome{Name: v.T("lines.unknown"), Text: v.T("outbox.again")}
		if i := slices.IndexFunc(d.Mails, func(m notify.Message) bool { return string(m.ID) == id }); i >= 0 {
			row.Name = v.T("mail."+string(d.Mails[i].Template)) + " → " + d.Mails[i].To
		}
		err := p.h.Outbox.Retry(c.ctx(), notify.MessageID(id))
		if row.Good = err == nil; !row.Good {
			if !errors.Is(err, notify.ErrNotRetryable) && !errors.Is(err, errNoPage) {
				return err
			}
			row.Text = p.h.Localize(err, c.tag())
		}
		rows = append(rows, row)
	}
	return c.tellEach(d.Self, rows)
}

// MailStatus is what became of a mail, as icon, word and colour.
func (v *page) MailStatus(m notify.Message) badge {
	switch m.Status {
	case notify.MessageQueued:
		return badge{"pending", "wait", v.T("outbox.queued")}
	case notify.MessageSent:
		return badge{"approved", "yes", v.T("outbox.sent")}
	case notify.MessageDead:
		return badge{"rejected", "no", v.T("outbox.dead")}
	default:
		return badge{"disabled", "off", string(m.Status)}
	}
}

// MailFault puts the usual reasons why a mail did not leave into words, "" for what a mail
// server said.
func (v *page) MailFault(reason string) string {
	switch reason {
	case "expired":
		return v.T("outbox.expired")
	case "timeout":
		return v.T("outbox.timeout")
	case "undeliverable":
		return v.T("outbox.undeliverable")
	default:
		return ""
	}
}

// MailStatuses lists what the outbox can be narrowed to.
func (v *page) MailStatuses() []choice {
	out := []choice{{"", v.T("filter.all")}}
	for _, s := range mailStatuses() {
		out = append(out, choice{string(s), v.MailStatus(notify.Message{Status: s}).Text})
	}
	return out
}

// Dead reports whether a mail was given up and still has what it says.
func (v *page) Dead(m notify.Message) bool { return m.Status == notify.MessageDead && m.To != "" }
