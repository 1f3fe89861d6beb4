package notify

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/page"
)

// FeedQuery asks for a page of news.
type FeedQuery struct {
	// BeforeAt and BeforeID continue a listing: only what comes before this notice.
	BeforeAt time.Time
	BeforeID NoticeID

	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// News is a notice as somebody reads it who may know of it.
type News struct {
	Notice
	StructureName string
	CategoryLabel string
	KindLabel     string // in the plural
}

// maxFeedPages is how many pages of notices one page of a feed looks through.
const maxFeedPages = 10

// Feed lists what happened in the structures of the person who acts, newest first:
// everything that the person may know of now, whichever mails it wants.
// more says that there may be older news, also if the page is not full. Anybody but an
// active person reads nothing.
func (p *Publisher) Feed(ctx context.Context, by Actor, q FeedQuery) (feed []News, more bool, err error) {
	if by.Kind != ActorPerson || !ids.Valid(by.ID) {
		return nil, false, nil
	}
	now := p.clock()
	err = p.store.View(ctx, func(tx Tx) error {
		feed, more = nil, false
		readers, err := p.readers.Readers(ctx, tx, ReaderQuery{Account: by.ID, Limit: 1})
		if err != nil || len(readers) == 0 || len(readers[0].Places) == 0 {
			return err
		}
		feed, more, err = p.feed(ctx, tx, readers[0], q, now)
		return err
	})
	return feed, more, err
}

func (p *Publisher) feed(ctx context.Context, tx Tx, r Reader, q FeedQuery, now time.Time) (feed []News, more bool, err error) {
	limit := page.Limit(q.Limit)
	places := make(map[ids.StructureID]Place, len(r.Places))
	wanted := make([]ids.StructureID, 0, len(r.Places))
	for _, at := range r.Places {
		places[at.Structure] = at
		wanted = append(wanted, at.Structure)
	}
	venues, err := p.readers.Venues(ctx, tx, wanted)
	if err != nil {
		return nil, false, err
	}
	tag := language.Make(cmp.Or(r.Language, fallbackLanguage))
	asked := NoticeQuery{Structures: wanted, Newest: true, BeforeAt: q.BeforeAt, BeforeID: q.BeforeID, Limit: limit}
	for range maxFeedPages {
		notices, err := tx.Notices(ctx, asked)
		if err != nil {
			return nil, false, err
		}
		for _, n := range notices {
			if len(feed) == limit {
				return feed, true, nil
			}
			if v := venues[n.Structure]; MayKnow(places[n.Structure], v, Sort{n.Category, n.Service, n.Space}, now) {
				feed = append(feed, p.news(n, v, tag))
			}
			asked.BeforeAt, asked.BeforeID = n.At, n.ID
		}
		if len(notices) < limit {
			return feed, false, nil
		}
	}
	return feed, true, nil
}

func (p *Publisher) news(n Notice, v Venue, tag language.Tag) News {
	c, _ := p.opts.Policy.Category(n.Category)
	kind := i18n.Text(tag, "notice.other", nil)
	if k, ok := c.Kind(n.Kind); ok {
		kind = k.Label(tag)
	}
	return News{Notice: n, StructureName: v.Name, CategoryLabel: cmp.Or(c.Label(tag), string(n.Category)), KindLabel: kind}
}

// Settings are what somebody chooses from, and chose.
type Settings struct {
	Preferences Preferences
	Categories  []CategoryChoice

	// OneSwitch, WeeklyWithDaily and AtOnce say what there is to choose; see NoticePolicy.
	OneSwitch, WeeklyWithDaily, AtOnce bool
}

// CategoryChoice is one category among the settings of somebody.
type CategoryChoice struct {
	Code  Category
	Label string
	On    bool // chosen

	// Kept says that the person manages a structure whose news of this category come
	// whatever is chosen (C-28).
	Kept bool
}

// Settings returns what the person who acts may choose, for a page of settings
// . account.Service.UpdateNotices stores the choice. Anybody but an
// active person gets the zero Settings.
func (p *Publisher) Settings(ctx context.Context, by Actor) (Settings, error) {
	if by.Kind != ActorPerson || !ids.Valid(by.ID) {
		return Settings{}, nil
	}
	now := p.clock()
	var out Settings
	err := p.store.View(ctx, func(tx Tx) error {
		readers, err := p.readers.Readers(ctx, tx, ReaderQuery{Account: by.ID, Limit: 1})
		if err == nil && len(readers) > 0 {
			out = p.opts.Policy.settings(readers[0], now)
		}
		return err
	})
	return out, err
}

func (p NoticePolicy) settings(r Reader, now time.Time) Settings {
	out := Settings{Preferences: r.Preferences, OneSwitch: p.OneSwitch, WeeklyWithDaily: p.WeeklyWithDaily, AtOnce: p.AtOnce}
	tag := language.Make(cmp.Or(r.Language, fallbackLanguage))
	manages := slices.ContainsFunc(r.Places, func(at Place) bool { return at.Principal && at.Span.Contains(now) })
	for _, c := range p.Categories {
		out.Categories = append(out.Categories, CategoryChoice{
			Code: c.Code, Label: c.Label(tag), On: slices.Contains(r.Preferences.Categories, c.Code), Kept: c.KeptByPrincipal && manages,
		})
	}
	return out
}
