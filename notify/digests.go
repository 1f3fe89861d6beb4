package notify

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// Bounds of the work on digests.
const (
	readersAtOnce    = 1000               // people that are decided about at a time, and mails that are put into one unit
	pagesAtOnce      = 2                  // pages of people that are decided about at once
	structuresAtOnce = 1000               // structures whose notices are counted at a time
	digestWorth      = 7 * 24 * time.Hour // how long a digest that could not be sent is tried
	droppedAtOnce    = 1000               // notices that one unit removes
)

// CatchUp does what the clock owes: mails about single notices for people who want them
// at once, digests of the windows that are over, and the removal of notices that were
// kept long enough. It works until all of it is done or ctx ends and returns how many
// mails it put into the outbox. It may run in several processes at once, and again, and
// after a crash in the middle: each person gets one digest for each window, and none that
// is empty. What it holds in memory does not grow with how many people there are,
// and it has up to four units of work open at once, one of which writes.
// habilis.Run calls it; a host with a job system of its own calls it every few minutes.
func (p *Publisher) CatchUp(ctx context.Context) (int, error) {
	now := p.clock()
	total := 0
	var errs []error
	for _, job := range []func(context.Context, time.Time) (int, error){
		p.spread,
		func(ctx context.Context, now time.Time) (int, error) { return p.digests(ctx, Daily, now) },
		func(ctx context.Context, now time.Time) (int, error) { return p.digests(ctx, Weekly, now) },
		p.drop,
	} {
		n, err := job(ctx, now)
		total += n
		if errs = append(errs, err); ctx.Err() != nil {
			break
		}
	}
	return total, errors.Join(errs...)
}

// digests works through the window that is due in a rhythm, if one is. While the mails of
// a page of people are written, the next ones are decided about and the one after them is
// read.
func (p *Publisher) digests(ctx context.Context, r Rhythm, now time.Time) (int, error) {
	total := 0
	for {
		due := false
		for page := range p.decided(ctx, p.listed(ctx, r, now), now) {
			due = true
			if page.err != nil {
				return total, page.err
			}
			done, err := p.settle(ctx, page, now)
			if err != nil {
				return total, err
			}
			if !done {
				break // somebody was faster: go on from where that came to
			}
			total += len(page.told)
		}
		if !due {
			return total, nil
		}
	}
}

// digestPage is a page of people, and who of them gets a digest.
type digestPage struct {
	window  Window
	last    Run // as it is stored once the page before is
	next    Run // as it is to be stored, with the mails
	readers []Reader
	told    []Reader
	err     error // what went wrong; nothing else counts then, and no page follows
}

// listed lists the pages of people that are left in the window that is due, if one is.
func (p *Publisher) listed(ctx context.Context, r Rhythm, now time.Time) iter.Seq[digestPage] {
	return func(yield func(digestPage) bool) {
		var page digestPage
		due := false
		page.err = p.store.View(ctx, func(tx Tx) (err error) {
			if page.last, err = runOf(ctx, tx, r); err != nil {
				return err
			}
			if page.window, due = p.opts.Policy.Next(page.last, now, p.opts.Zone); !due {
				return nil
			}
			return p.list(ctx, tx, &page, now)
		})
		for (due || page.err != nil) && yield(page) && page.err == nil && page.next.FinishedAt.IsZero() {
			page = digestPage{window: page.window, last: page.next}
			page.last.Version++
			page.err = p.store.View(ctx, func(tx Tx) error { return p.list(ctx, tx, &page, now) })
		}
	}
}

// list reads the next people.
func (p *Publisher) list(ctx context.Context, tx Tx, page *digestPage, now time.Time) (err error) {
	w := page.window
	page.next = page.last
	if !w.Until.Equal(page.last.Until) {
		page.next = Run{Rhythm: w.Rhythm, From: w.From, Until: w.Until, Version: page.last.Version}
	}
	page.readers, err = p.readers.Readers(ctx, tx, ReaderQuery{
		After: page.next.After, Rhythms: p.opts.Policy.rhythms(w.Rhythm), Limit: p.opts.Batch,
	})
	if len(page.readers) < p.opts.Batch {
		page.next.FinishedAt = now
	}
	if len(page.readers) > 0 {
		page.next.After = page.readers[len(page.readers)-1].Account
	}
	return err
}

// decided decides about the people of each page. In a transaction of the host, which is
// nobody's to share, one page comes after the other.
func (p *Publisher) decided(ctx context.Context, pages iter.Seq[digestPage], now time.Time) iter.Seq[digestPage] {
	work := func(page digestPage) digestPage {
		if page.err == nil && len(page.readers) > 0 {
			page.err = p.store.View(ctx, func(tx Tx) (err error) {
				page.told, err = p.decide(ctx, tx, page.readers, page.window, now)
				return err
			})
		}
		return page
	}
	if j, ok := p.store.(interface{ Joined() bool }); ok && j.Joined() {
		return inTurn(pages, work)
	}
	return ahead(pages, pagesAtOnce, work)
}

// runOf returns how far a rhythm has come, the zero Run of it if it never began.
func runOf(ctx context.Context, tx Tx, r Rhythm) (Run, error) {
	last, err := tx.Run(ctx, r)
	if errors.Is(err, fault.ErrNotFound) {
		return Run{Rhythm: r}, nil
	}
	return last, err
}

// decide returns those of some people for whom a window holds news.
func (p *Publisher) decide(ctx context.Context, tx Tx, readers []Reader, w Window, now time.Time) ([]Reader, error) {
	policy := p.opts.Policy
	interested := make([]Reader, 0, len(readers))
	for _, r := range readers {
		if policy.Interested(r.Preferences, w.Rhythm) {
			interested = append(interested, r)
		}
	}
	news, err := p.gather(ctx, tx, interested, w, now, true)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(interested, func(r Reader) bool {
		return !slices.ContainsFunc(r.Places, func(at Place) bool {
			return slices.ContainsFunc(news.tallies[at.Structure], func(t Tally) bool {
				return policy.Told(r, at, news.venues[at.Structure], t.sort(), w.Rhythm, now)
			})
		})
	}), nil
}

// news is what happened in some structures, and these.
type news struct {
	tallies map[ids.StructureID][]Tally
	venues  map[ids.StructureID]Venue
}

// gather reads what happened in the structures of some people, with or without telling
// kinds of a sort apart.
func (p *Publisher) gather(ctx context.Context, tx Tx, readers []Reader, w Window, now time.Time, sorts bool) (news, error) {
	seen := make(map[ids.StructureID]bool, len(readers))
	var asked, busy []ids.StructureID
	for _, r := range readers {
		for _, at := range r.Places {
			if at.Span.Contains(now) && !seen[at.Structure] {
				seen[at.Structure] = true
				asked = append(asked, at.Structure)
			}
		}
	}
	n := news{tallies: map[ids.StructureID][]Tally{}}
	for part := range slices.Chunk(asked, structuresAtOnce) {
		tallies, err := tx.Tallies(ctx, TallyQuery{Structures: part, From: w.From, Until: w.Until, Sorts: sorts})
		if err != nil {
			return n, err
		}
		for len(tallies) > 0 {
			id, many := tallies[0].Structure, 1
			for many < len(tallies) && tallies[many].Structure == id {
				many++
			}
			n.tallies[id] = tallies[:many:many]
			busy, tallies = append(busy, id), tallies[many:]
		}
	}
	if len(busy) == 0 {
		return n, nil
	}
	var err error
	n.venues, err = p.readers.Venues(ctx, tx, busy)
	return n, err
}

func (t Tally) sort() Sort { return Sort{Category: t.Category, Service: t.Service, Space: t.Space} }

// settle stores how far the run has come and puts the mails into the outbox, in one unit.
// It does neither and reports false if somebody else was faster.
func (p *Publisher) settle(ctx context.Context, page digestPage, now time.Time) (done bool, err error) {
	err = p.store.Update(ctx, func(tx Tx) error {
		done = false // fn may run again
		current, err := runOf(ctx, tx, page.last.Rhythm)
		if err != nil || current.Version != page.last.Version {
			return err
		}
		next := page.next
		next.Told = len(page.told)
		if next.Until.Equal(current.Until) {
			next.Told += current.Told
		}
		if err := tx.PutRun(ctx, next); err != nil {
			return err
		}
		for _, r := range page.told {
			if err := p.journal.Enqueue(ctx, tx, now, page.next.mail(r, now)); err != nil {
				return err
			}
		}
		done = true
		return nil
	})
	return done, err
}

// mail is the digest of somebody. What it tells is found out when it leaves.
func (r Run) mail(to Reader, now time.Time) Mail {
	template := MailDigestDaily
	if r.Rhythm == Weekly {
		template = MailDigestWeekly
	}
	return Mail{
		Key:      fmt.Sprintf("digest/%s/%d/%s", r.Rhythm, r.Until.UnixMicro(), to.Account),
		Template: template, To: to.Address, Account: to.Account, Language: to.Language, ExpiresAt: now.Add(digestWorth),
		Values: Values{fromValue: micros(r.From), untilValue: micros(r.Until)},
	}
}

// What the outbox keeps of mails that are composed when they leave.
const (
	fromValue   = "from"
	untilValue  = "until"
	noticeValue = "notice"
)

func micros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// instantOf is the reverse of micros.
func instantOf(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// drop removes notices that were kept long enough. A window that is being worked through
// is younger than they are, and so is one whose digests wait to be sent (MinKept).
func (p *Publisher) drop(ctx context.Context, now time.Time) (int, error) {
	if p.opts.Policy.Kept <= 0 {
		return 0, nil
	}
	for {
		n := 0
		err := p.store.Update(ctx, func(tx Tx) (err error) {
			n, err = tx.DropNotices(ctx, now.Add(-p.opts.Policy.Kept), droppedAtOnce)
			return err
		})
		if err != nil || n < droppedAtOnce {
			return 0, err
		}
	}
}
