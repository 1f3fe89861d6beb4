package storagetest

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

func noticeID(n int) notify.NoticeID { return notify.NoticeID(uuid(n)) }

func newNotice(n int) notify.Notice {
	return notify.Notice{
		ID: noticeID(n), Key: fmt.Sprint("invoice/", n), Category: "invoicing", Kind: "invoice.rejected",
		Structure: structureID(1), Service: serviceID(2), Space: authz.SpaceInvoicesIssued,
		Subject: "Facture n° 12", Path: "/invoices/12", At: minute(n), Spreading: true, SpreadTo: accountID(3),
	}
}

func noticeKind() kind[notify.Notice] {
	return kind[notify.Notice]{
		make: newNotice,
		bare: func(n int) notify.Notice { return notify.Notice{ID: noticeID(n), Key: newNotice(n).Key} },
		get: func(ctx context.Context, tx storage.Tx, n notify.Notice) (notify.Notice, error) {
			found, err := tx.Notices(ctx, notify.NoticeQuery{ID: n.ID})
			if err == nil && len(found) == 0 {
				return n, storage.ErrNotFound
			}
			return append(found, n)[0], err
		},
		insert:  func(ctx context.Context, tx storage.Tx, n notify.Notice) error { return tx.PutNotice(ctx, n) },
		put:     func(ctx context.Context, tx storage.Tx, n notify.Notice) error { return tx.PutNotice(ctx, n) },
		version: func(n *notify.Notice) *int64 { return &n.Version },
		change:  func(n *notify.Notice, i int) { n.Subject = fmt.Sprint("Facture ", i) },
		texts:   func(n *notify.Notice) []*string { return []*string{&n.Subject, &n.Path} },
		times:   func(n *notify.Notice) []*time.Time { return []*time.Time{&n.At} },
	}
}

func newRun(n int) notify.Run {
	return notify.Run{
		Rhythm: notify.Rhythm(fmt.Sprint("rhythm", n)), From: minute(n), Until: minute(n + 1), After: accountID(n), Told: 7, FinishedAt: minute(n + 2),
	}
}

func runKind() kind[notify.Run] {
	return kind[notify.Run]{
		make: newRun,
		bare: func(n int) notify.Run { return notify.Run{Rhythm: newRun(n).Rhythm} },
		get: func(ctx context.Context, tx storage.Tx, r notify.Run) (notify.Run, error) {
			return tx.Run(ctx, r.Rhythm)
		},
		insert:  func(ctx context.Context, tx storage.Tx, r notify.Run) error { return tx.PutRun(ctx, r) },
		put:     func(ctx context.Context, tx storage.Tx, r notify.Run) error { return tx.PutRun(ctx, r) },
		version: func(r *notify.Run) *int64 { return &r.Version },
		change:  func(r *notify.Run, i int) { r.Told = i },
		texts:   func(*notify.Run) []*string { return nil },
		times:   func(r *notify.Run) []*time.Time { return []*time.Time{&r.From, &r.Until, &r.FinishedAt} },
	}
}
