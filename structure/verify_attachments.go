package structure

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
)

// attachments compares what an owner keeps with what its chain adds up to. An
// attachment that is on its way has no history yet; one that is removed may have no row
// any more.
func (r *Report) attachments(ctx context.Context, tx Tx, o account.Owner, p *Past) error {
	err := eachAttachment(ctx, tx, account.AttachmentQuery{Owner: o, Limit: batch}, func(a account.Attachment) error {
		was, told := p.Attachments[a.ID]
		if unsettled := a.Status == account.AttachmentUploading || a.Status == account.AttachmentRemoved; told || !unsettled {
			r.same(account.ObjectAttachment, string(a.ID), true, account.AttachmentStateOf(a), told, was)
		}
		delete(p.Attachments, a.ID)
		return nil
	})
	if err != nil {
		return err
	}
	for id, gone := range p.Attachments {
		if gone.Status != account.AttachmentRemoved {
			r.same(account.ObjectAttachment, string(id), false, nil, true, nil)
		}
	}
	return nil
}

// stray finds attachments whose owner has no history, or that have no single owner:
// comparing owner by owner would miss them.
func (r *Report) stray(ctx context.Context, tx Tx) error {
	known := map[account.Owner]bool{}
	return eachAttachment(ctx, tx, account.AttachmentQuery{Limit: batch}, func(a account.Attachment) error {
		if (a.Owner.Account == "") == (a.Owner.Structure == "") {
			r.violation("%s %s has no single owner", account.ObjectAttachment, a.ID)
			return nil
		}
		there, asked := known[a.Owner]
		if !asked {
			var err error
			if there, err = historied(ctx, tx, a.Owner); err != nil {
				return err
			}
			known[a.Owner] = there
		}
		if !there {
			r.violation("%s %s is in the tables and not in the history", account.ObjectAttachment, a.ID)
		}
		return nil
	})
}

func historied(ctx context.Context, tx Tx, o account.Owner) (bool, error) {
	chain := notify.AccountChain(o.Account)
	if o.Structure != "" {
		chain = notify.StructureChain(o.Structure)
	}
	_, there, err := known(tx.LastEvent(ctx, chain))
	return there, err
}

func eachAttachment(ctx context.Context, tx Tx, q account.AttachmentQuery, fn func(account.Attachment) error) error {
	for {
		page, err := tx.Attachments(ctx, q)
		if err != nil {
			return err
		}
		for _, a := range page {
			q.AfterAt, q.AfterID = a.CreatedAt, a.ID
			if err := fn(a); err != nil {
				return err
			}
		}
		if len(page) < q.Limit {
			return nil
		}
	}
}
