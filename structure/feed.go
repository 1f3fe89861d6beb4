package structure

import (
	"context"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/notify"
)

// FeedItem is one line of what happened to a person, for a home page.
type FeedItem struct {
	At        time.Time
	Kind      notify.Kind
	By        string // "self", or what kind of actor it was: nobody else is named
	Structure ID     // "" where it is about the account alone
	Where     string // the structure as people call it, "" without one
	Scope     string // the services it is about, "" for the whole structure or none
	Right     Line   // what a subscription is about; zero for anything else

	Position FeedPosition // of this line, for the next page
}

// Label is what happened in words.
func (f FeedItem) Label(lang language.Tag) string {
	return i18n.Text(lang, "event."+string(f.Kind), nil)
}

// FeedPosition is where a page of a feed ended. It is made by [Service.Feed].
type FeedPosition struct {
	At       time.Time
	Chain    notify.Chain
	Sequence int64
}

// FeedQuery selects a page of a feed, newest first.
type FeedQuery struct {
	Kinds []notify.Kind // any of these; nil means all
	After FeedPosition  // continue after this one; the zero position begins
	Limit int           // at most this many. Defaults to 100, the most is 1000.
}

// Feed lists what happened to the person who acts, in every structure and in the account
// itself, newest first. Who else had a part in it is told as what they are, as in
// [Service.ExportPersonalData]. Errors: account.ErrActor; account.ErrNotActive.
func (s *Service) Feed(ctx context.Context, by account.Actor, q FeedQuery) ([]FeedItem, error) {
	var out []FeedItem
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		events, err := tx.Events(ctx, notify.EventQuery{
			Account: a.ID, Kinds: q.Kinds, Newest: true, Limit: q.Limit,
			BeforeAt: q.After.At, BeforeChain: q.After.Chain, BeforeSequence: q.After.Sequence,
		})
		if err != nil {
			return err
		}
		out, err = feed(ctx, tx, a.ID, events)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// feed turns events into lines; each structure is read once.
func feed(ctx context.Context, tx Tx, self account.ID, events []notify.Event) ([]FeedItem, error) {
	out := make([]FeedItem, 0, len(events))
	sh := newShelf()
	for _, e := range events {
		item := FeedItem{
			At: e.At, Kind: e.Kind, By: by(e.Actor, self), Structure: e.Structure,
			Position: FeedPosition{At: e.At, Chain: e.Chain, Sequence: e.Sequence},
		}
		if e.Structure != "" {
			st, units, err := sh.place(ctx, tx, e.Structure)
			if err != nil {
				return nil, err
			}
			told, _, err := Entry{Event: e}.detailed(units)
			if err != nil {
				return nil, err
			}
			item.Where, item.Scope, item.Right = st.DisplayName(), told.Scope, told.Right
		}
		out = append(out, item)
	}
	return out, nil
}
