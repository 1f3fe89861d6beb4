package sqlstore

import (
	"context"
	"slices"

	"github.com/habilis-go/habilis/account"
)

func attachmentTable() table[account.Attachment] {
	return table[account.Attachment]{
		name: "habilis_attachments",
		keys: 1,
		columns: []string{
			"id", "account_id", "structure_id", "status", "type", "designation", "file_name", "media_type",
			"size", "sha256", "content_key", "created_at", "created_by", "status_since", "version",
		},
		fields: func(a *account.Attachment) []any {
			return []any{
				(*string)(&a.ID), (*string)(&a.Owner.Account), (*string)(&a.Owner.Structure), (*string)(&a.Status),
				&a.Type, &a.Designation, &a.FileName, &a.MediaType, &a.Size, &a.SHA256, &a.Key,
				sorted(&a.CreatedAt), (*string)(&a.CreatedBy), sorted(&a.StatusSince), &a.Version,
			}
		},
	}
}

// Attachments implements storage.Tx.
func (tx *Tx) Attachments(ctx context.Context, q account.AttachmentQuery) ([]account.Attachment, error) {
	t := tx.store.tables.attachments
	var w where
	w.equal("id", string(q.ID))
	if q.Owner != (account.Owner{}) {
		w.and("account_id = ?", string(q.Owner.Account))
		w.and("structure_id = ?", string(q.Owner.Structure))
	}
	anyWord(&w, "status", q.Statuses)
	if len(q.Statuses) > 0 && !slices.Contains(q.Statuses, account.AttachmentStored) {
		w.and("status <> 'stored'") // in words of the index of unsettled ones, so that it is used
	}
	if !q.Until.IsZero() {
		w.and("status_since <= ?", q.Until.UnixMicro())
	}
	if !q.AfterAt.IsZero() || q.AfterID != "" {
		w.and("(created_at, id) > (?, ?)", q.AfterAt.UnixMicro(), string(q.AfterID))
	}
	query, args := w.query(tx.store.dialect, t.selectAll, "created_at, id", q.Capped())
	return list(ctx, tx, t, query, args...)
}

// PutAttachment implements storage.Tx.
func (tx *Tx) PutAttachment(ctx context.Context, a account.Attachment) error {
	return put(ctx, tx, tx.store.tables.attachments, a)
}

// DeleteAttachment implements storage.Tx.
func (tx *Tx) DeleteAttachment(ctx context.Context, a account.Attachment) error {
	return remove(ctx, tx, tx.store.tables.attachments, a)
}
