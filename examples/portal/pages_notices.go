package main

import (
	"net/http"
	"net/url"
	"time"

	"github.com/habilis-go/habilis/notify"
)

// Pages about news of structures.
const (
	noticesPath = "/account/notices"
	newsPath    = "/account/news"
)

// choosing begins the page on which somebody chooses the news to be told by mail.
func (p *portal) choosing(c *call) (*page, notify.Settings, error) {
	s, err := p.h.Notices.Settings(c.ctx(), c.actor())
	if err != nil {
		return nil, s, err
	}
	v := c.view("notices.title").underAccount()
	v.Data = s
	return v, s, nil
}

// showNotices shows what somebody chose, as boxes.
func (p *portal) showNotices(c *call) error {
	v, s, err := p.choosing(c)
	if err != nil {
		return err
	}
	f := url.Values{}
	for name, on := range map[string]bool{
		"on": s.Preferences.On, "daily": s.Preferences.Daily, "weekly": s.Preferences.Weekly, "atOnce": s.Preferences.AtOnce,
	} {
		if on {
			f.Set(name, "yes")
		}
	}
	for _, cat := range s.Categories {
		if cat.On {
			f.Add("categories", string(cat.Code))
		}
	}
	v.Form.Values = f
	return c.show("notices", v)
}

// notices keeps the choice.
func (p *portal) notices(c *call) error {
	v, _, err := p.choosing(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	chosen := notify.Preferences{
		On: f.Get("on") == "yes", Daily: f.Get("daily") == "yes", Weekly: f.Get("weekly") == "yes", AtOnce: f.Get("atOnce") == "yes",
	}
	for _, code := range f["categories"] {
		chosen.Categories = append(chosen.Categories, notify.Category(code))
	}
	_, changed, err := p.h.Accounts.UpdateNotices(c.ctx(), c.actor(), chosen)
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "notices", v)
	case err != nil:
		return err
	case !changed.Any():
		return c.done(noticesPath, "account.unchanged")
	}
	return c.done(noticesPath, "notices.saved")
}

// newsData is one page of what happened in the structures of somebody.
type newsData struct {
	Items        []notify.News
	First, Older string // addresses of other pages, "" for none
}

// news shows what happened in the structures where the person may read, newest first
//
func (p *portal) news(c *call) error {
	q := c.r.URL.Query()
	var d newsData
	ask := notify.FeedQuery{Limit: perPage}
	if before, err := time.Parse(time.RFC3339Nano, q.Get("before")); err == nil {
		ask.BeforeAt, ask.BeforeID, d.First = before, notify.NoticeID(q.Get("id")), newsPath
	}
	items, more, err := p.h.Notices.Feed(c.ctx(), c.actor(), ask)
	if err != nil {
		return err
	}
	if d.Items = items; more && len(items) > 0 {
		last := items[len(items)-1]
		d.Older = newsPath + "?" + url.Values{"before": {last.At.Format(time.RFC3339Nano)}, "id": {string(last.ID)}}.Encode()
	}
	v := c.view("news.title").underAccount()
	v.Data = d
	return c.show("news", v)
}

// CategoryName is a category in the language of the page.
func (v *page) CategoryName(c notify.CategoryChoice) string {
	if spec, ok := v.portal.h.Notices.Policy().Category(c.Code); ok {
		return spec.Label(tagOf(v.Lang))
	}
	return c.Label
}

// KindName is what kind of news it is, in the language of the page.
func (v *page) KindName(n notify.News) string {
	spec, _ := v.portal.h.Notices.Policy().Category(n.Category)
	if kind, ok := spec.Kind(n.Kind); ok {
		return kind.Label(tagOf(v.Lang))
	}
	return n.KindLabel
}
