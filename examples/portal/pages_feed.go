package main

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

const activityPath = "/account/activity"

// shownAtHome is how many lines of the feed the home page shows.
const shownAtHome = 6

// news are the kinds of events that the home page tells: what became of somebody's
// memberships and subscriptions.
func news() []notify.Kind { return append(kindsOf("membership"), kindsOf("subscription")...) }

// feedData is one page of what happened to somebody.
type feedData struct {
	Items        []structure.FeedItem
	First, Older string // addresses of other pages, "" for none
}

// activity shows what happened to the person, newest first.
func (p *portal) activity(c *call) error {
	query := c.r.URL.Query()
	what := ""
	if slices.Contains([]string{"membership", "subscription"}, query.Get("what")) {
		what = query.Get("what")
	}
	q := structure.FeedQuery{Kinds: kindsOf(what), Limit: perPage + 1}
	var d feedData
	if before, err := time.Parse(time.RFC3339Nano, query.Get("before")); err == nil {
		sequence, _ := strconv.ParseInt(query.Get("sequence"), 10, 64) // 0 begins with that instant
		q.After = structure.FeedPosition{At: before, Chain: notify.Chain(query.Get("chain")), Sequence: sequence}
		d.First = "?" + url.Values{"what": {what}}.Encode()
	}
	var err error
	if d.Items, err = p.h.Structures.Feed(c.ctx(), c.actor(), q); err != nil {
		return err
	}
	if len(d.Items) > perPage {
		d.Items = d.Items[:perPage]
		last := d.Items[perPage-1].Position
		d.Older = "?" + url.Values{"before": {last.At.Format(time.RFC3339Nano)}, "chain": {string(last.Chain)}, "sequence": {strconv.FormatInt(last.Sequence, 10)}, "what": {what}}.Encode()
	}
	v := c.view("feed.title").underAccount()
	v.Form.Values, v.Data = url.Values{"what": {what}}, d
	return c.show("activity", v)
}

// FeedKinds lists what a feed can be narrowed to.
func (v *page) FeedKinds() []choice {
	return []choice{{"", v.T("history.all")}, {"membership", v.T("history.membership")}, {"subscription", v.T("history.subscription")}}
}

// News is what happened, in words.
func (v *page) News(f structure.FeedItem) string {
	label := f.Label(tagOf(v.Lang))
	switch topic, what, _ := strings.Cut(string(f.Kind), "."); topic {
	case "membership":
		if what == "requested" {
			return v.T("feed.asked")
		}
		if slices.Contains([]string{"approved", "rejected", "withdrawn", "reminded"}, what) {
			return v.T("feed.request", "What", label)
		}
		return v.T("feed.membership", "What", label)
	case "subscription":
		return v.T("feed.subscription", "What", label)
	default:
		return label
	}
}

// Decision is the address of the page with what was decided, "" where there is none.
func (v *page) Decision(f structure.FeedItem) string {
	if f.Structure == "" || !slices.Contains(structure.RequestKinds(), f.Kind) {
		return ""
	}
	return historyPath(f.Structure) + "/" + strconv.FormatInt(f.Position.Sequence, 10)
}

// About is where it happened and what it is about, "" for the account alone.
func (v *page) About(f structure.FeedItem) string {
	var parts []string
	if f.Right.Space != "" {
		parts = append(parts, v.RightName(f.Right.Space, f.Right.Level))
	}
	for _, part := range []string{f.Where, f.Scope} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// Whose is who did it, as what they are.
func (v *page) Whose(f structure.FeedItem) string {
	switch f.By {
	case "self":
		return v.T("feed.self")
	case string(notify.ActorPerson):
		return v.T("feed.manager")
	case string(notify.ActorSupport):
		return v.T("feed.support")
	default:
		return v.T("history.itself")
	}
}
