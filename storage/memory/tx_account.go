package memory

import (
	"context"
	"slices"

	"github.com/habilis-go/habilis/account"
)

func (t *tx) Account(ctx context.Context, id account.ID) (account.Account, error) {
	return read(ctx, t, func() (account.Account, error) { return t.db.accounts.get(byID(id)) })
}

func (t *tx) AccountByLogin(ctx context.Context, login string) (account.Account, error) {
	return read(ctx, t, func() (account.Account, error) { return t.db.accounts.find(loginKey(login)) })
}

func (t *tx) PutAccount(ctx context.Context, a account.Account) error {
	return t.write(ctx, func() error { return t.db.accounts.put(a) })
}

func (t *tx) Accounts(ctx context.Context, q account.Query) ([]account.Account, error) {
	return read(ctx, t, func() ([]account.Account, error) {
		rows := t.db.accounts.scan("i", key("i").text(string(q.After)))
		switch {
		case !q.DueAt.IsZero():
			rows = t.db.accounts.scan("d", "d")
		case q.IDs != nil:
			rows = named(t.db.accounts, q.IDs)
		}
		return t.db.accounts.take(rows, q.Capped(), func(a account.Account) bool { return fitsAccount(q, a) }), nil
	})
}

func fitsAccount(q account.Query, a account.Account) bool {
	return a.ID > q.After && (q.IDs == nil || slices.Contains(q.IDs, a.ID)) && (q.DueAt.IsZero() || !a.DueAt.After(q.DueAt)) && q.Person.Match(a)
}

func (t *tx) Link(ctx context.Context, id account.ID, p account.Purpose) (account.Link, error) {
	return read(ctx, t, func() (account.Link, error) { return t.db.links.get(linkKey(id, p)) })
}

func (t *tx) LinkByDigest(ctx context.Context, digest string) (account.Link, error) {
	return read(ctx, t, func() (account.Link, error) { return t.db.links.find(digestKey(digest)) })
}

func (t *tx) PutLink(ctx context.Context, l account.Link) error {
	return t.write(ctx, func() error { return t.db.links.put(l) })
}

func (t *tx) Throttle(ctx context.Context, id account.ID, f account.Factor) (account.Throttle, error) {
	return read(ctx, t, func() (account.Throttle, error) { return t.db.throttles.get(throttleKey(id, f)) })
}

func (t *tx) PutThrottle(ctx context.Context, c account.Throttle) error {
	return t.write(ctx, func() error { return t.db.throttles.put(c) })
}

func (t *tx) Attachments(ctx context.Context, q account.AttachmentQuery) ([]account.Attachment, error) {
	way := everyAttachment
	if q.Owner != (account.Owner{}) {
		way = ownAttachments(q.Owner)
	}
	return read(ctx, t, func() ([]account.Attachment, error) {
		if q.ID != "" {
			a, err := t.db.attachments.get(byID(q.ID))
			if err != nil || !fitsAttachment(q, a) {
				return nil, nil //nolint:nilerr // one that is not there is not in the list
			}
			return []account.Attachment{a}, nil
		}
		after := way
		if !q.AfterAt.IsZero() || q.AfterID != "" {
			after = way.time(q.AfterAt).text(string(q.AfterID))
		}
		rows := t.db.attachments.scan(way, after)
		return t.db.attachments.take(rows, q.Capped(), func(a account.Attachment) bool { return fitsAttachment(q, a) }), nil
	})
}

func fitsAttachment(q account.AttachmentQuery, a account.Attachment) bool {
	switch {
	case q.Owner != (account.Owner{}) && a.Owner != q.Owner:
	case len(q.Statuses) > 0 && !slices.Contains(q.Statuses, a.Status):
	case !q.Until.IsZero() && a.StatusSince.After(q.Until):
	case a.CreatedAt.Before(q.AfterAt) || a.CreatedAt.Equal(q.AfterAt) && a.ID <= q.AfterID:
	default:
		return true
	}
	return false
}

func (t *tx) PutAttachment(ctx context.Context, a account.Attachment) error {
	return t.write(ctx, func() error { return t.db.attachments.put(a) })
}

func (t *tx) DeleteAttachment(ctx context.Context, a account.Attachment) error {
	return t.write(ctx, func() error { return t.db.attachments.remove(a) })
}
