package storagetest

import (
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
)

func attachmentCases() []testCase {
	return []testCase{
		{"KeyUnique", keyUnique},
		{"Delete", deleteAttachment},
		{"List", attachmentList},
	}
}

func keyUnique(b *bench) {
	k := attachmentKind()
	puts(b, k, k.make(1))
	b.wantErr("a second attachment with the same Key is refused with ErrExists", b.try(func(tx storage.Tx) error {
		a := newAttachment(2)
		a.Key = newAttachment(1).Key
		return tx.PutAttachment(b.ctx, a)
	}), storage.ErrExists)
}

func deleteAttachment(b *bench) {
	k := attachmentKind()
	puts(b, k, k.make(1), k.make(2))
	stale := load(b, k, k.make(1))
	b.update(func(tx storage.Tx) error { return tx.PutAttachment(b.ctx, stale) })
	current := load(b, k, stale)
	remove := func(a account.Attachment) error {
		return b.try(func(tx storage.Tx) error { return tx.DeleteAttachment(b.ctx, a) })
	}
	b.wantErr("DeleteAttachment with a version that is not the stored one answers ErrConflict", remove(stale), storage.ErrConflict)
	b.equal("a refused deletion changes nothing", load(b, k, stale), current)
	b.update(func(tx storage.Tx) error {
		if err := tx.DeleteAttachment(b.ctx, current); err != nil {
			return err
		}
		_, err := k.get(b.ctx, tx, current)
		b.wantErr("a deleted attachment is gone within the unit", err, storage.ErrNotFound)
		return nil
	})
	_, err := ask(b, func(tx storage.Tx) (account.Attachment, error) { return k.get(b.ctx, tx, current) })
	b.wantErr("a deleted attachment is gone", err, storage.ErrNotFound)
	b.wantErr("deleting an attachment that is not there answers ErrConflict", remove(current), storage.ErrConflict)
	b.equal("a deletion touches no other attachment", load(b, k, k.make(2)).Version, int64(1))
	puts(b, k, k.make(1))
	b.equal("what was deleted can be inserted anew", load(b, k, k.make(1)).Version, int64(1))
}

func attachmentList(b *bench) {
	k := attachmentKind()
	mine, yours, theirs := account.Owner{Account: accountID(1)}, account.Owner{Account: accountID(2)}, account.Owner{Structure: structureID(1)}
	for n, row := range []struct {
		owner  account.Owner
		status account.AttachmentStatus
		at     int
		since  int
	}{
		{mine, account.AttachmentStored, 5, 1},
		{mine, account.AttachmentUploading, 3, 2},
		{yours, account.AttachmentStored, 4, 3},
		{theirs, account.AttachmentRemoved, 2, 4},
		{mine, account.AttachmentQuarantined, 3, 5},
	} {
		a := k.make(n)
		a.Owner, a.Status, a.CreatedAt, a.StatusSince = row.owner, row.status, minute(row.at), minute(row.since)
		puts(b, k, a)
	}
	unsettled := []account.AttachmentStatus{account.AttachmentUploading, account.AttachmentQuarantined, account.AttachmentRemoved}
	for _, c := range []struct {
		what string
		q    account.AttachmentQuery
		want []int
	}{
		{"all, by CreatedAt, then ID", account.AttachmentQuery{}, []int{3, 1, 4, 2, 0}},
		{"at most Limit", account.AttachmentQuery{Limit: 2}, []int{3, 1}},
		{"one", account.AttachmentQuery{ID: newAttachment(2).ID}, []int{2}},
		{"one that is another's", account.AttachmentQuery{ID: newAttachment(2).ID, Owner: mine}, nil},
		{"an account's", account.AttachmentQuery{Owner: mine}, []int{1, 4, 0}},
		{"a structure's", account.AttachmentQuery{Owner: theirs}, []int{3}},
		{"both parts of an owner that nobody is", account.AttachmentQuery{Owner: account.Owner{Account: accountID(1), Structure: structureID(1)}}, nil},
		{"some statuses", account.AttachmentQuery{Statuses: unsettled}, []int{3, 1, 4}},
		{"a status of an owner's", account.AttachmentQuery{Owner: mine, Statuses: []account.AttachmentStatus{account.AttachmentStored}}, []int{0}},
		{"those that have their status long enough", account.AttachmentQuery{Statuses: unsettled, Until: minute(4)}, []int{3, 1}},
		{"in any zone", account.AttachmentQuery{Until: minute(1).In(time.FixedZone("UTC+2", 2*60*60))}, []int{0}},
		{"what follows", account.AttachmentQuery{AfterAt: minute(3), AfterID: newAttachment(1).ID}, []int{4, 2, 0}},
		{"what follows of an owner's", account.AttachmentQuery{Owner: mine, AfterAt: minute(3), AfterID: newAttachment(4).ID}, []int{0}},
	} {
		got := list(b, func(tx storage.Tx) ([]account.Attachment, error) { return tx.Attachments(b.ctx, c.q) })
		var want []account.AttachmentID
		for _, n := range c.want {
			want = append(want, newAttachment(n).ID)
		}
		b.equal(fmt.Sprintf("Attachments lists %s", c.what), keys(got, func(a account.Attachment) account.AttachmentID { return a.ID }), want)
	}
}
