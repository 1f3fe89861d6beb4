package notify

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/internal/ids"
)

// spread puts mails into the outbox for people who want each notice at once, oldest
// notice first, a page of members at a time.
func (p *Publisher) spread(ctx context.Context, now time.Time) (int, error) {
	total := 0
	for {
		var n Notice
		var told []Reader
		var due bool
		err := p.store.View(ctx, func(tx Tx) (err error) {
			n, told, due, err = p.spreadPage(ctx, tx, now)
			return err
		})
		if err != nil || !due {
			return total, err
		}
		done := false
		err = p.store.Update(ctx, func(tx Tx) (err error) {
			done, err = p.settleSpread(ctx, tx, n, told, now)
			return err
		})
		if err != nil {
			return total, err
		}
		if done {
			total += len(told)
		}
	}
}

// spreadPage decides about the next members of the structure of the oldest notice that
// is still spreading. It returns the notice as it is to be stored.
func (p *Publisher) spreadPage(ctx context.Context, tx Tx, now time.Time) (n Notice, told []Reader, due bool, err error) {
	oldest, err := tx.Notices(ctx, NoticeQuery{Spreading: true, Limit: 1})
	if err != nil || len(oldest) == 0 {
		return n, nil, false, err
	}
	n = oldest[0]
	readers, err := p.readers.Readers(ctx, tx, ReaderQuery{Structure: n.Structure, After: n.SpreadTo, Limit: p.opts.Batch})
	if err != nil {
		return n, nil, false, err
	}
	if len(readers) < p.opts.Batch {
		n.Spreading = false
	}
	if len(readers) > 0 {
		n.SpreadTo = readers[len(readers)-1].Account
	}
	venues, err := p.readers.Venues(ctx, tx, []ids.StructureID{n.Structure})
	if err != nil {
		return n, nil, false, err
	}
	told = slices.DeleteFunc(readers, func(r Reader) bool { return !p.tells(r, venues[n.Structure], n, now) })
	return n, told, true, nil
}

// tells reports whether somebody is told of one notice at once.
func (p *Publisher) tells(r Reader, v Venue, n Notice, now time.Time) bool {
	sort := Sort{Category: n.Category, Service: n.Service, Space: n.Space}
	return slices.ContainsFunc(r.Places, func(at Place) bool {
		return at.Structure == n.Structure && p.opts.Policy.Told(r, at, v, sort, AtOnce, now)
	})
}

// settleSpread stores how far a notice has spread, with the mails. It does neither and
// reports false if somebody else was faster.
func (p *Publisher) settleSpread(ctx context.Context, tx Tx, n Notice, told []Reader, now time.Time) (bool, error) {
	current, err := tx.Notices(ctx, NoticeQuery{ID: n.ID, Limit: 1})
	if err != nil || len(current) == 0 || current[0].Version != n.Version {
		return false, err
	}
	if err := tx.PutNotice(ctx, n); err != nil {
		return false, err
	}
	for _, r := range told {
		if err := p.journal.Enqueue(ctx, tx, now, Mail{
			Key:      "notice/" + string(n.ID) + "/" + string(r.Account),
			Template: MailNotice, To: r.Address, Account: r.Account, Language: r.Language, ExpiresAt: now.Add(digestWorth),
			Values: Values{noticeValue: string(n.ID)},
		}); err != nil {
			return false, err
		}
	}
	return true, nil
}
