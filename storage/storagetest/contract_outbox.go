package storagetest

import (
	"time"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// outboxCases are about what dispatchers and operators ask of messages.
func outboxCases() []testCase {
	return []testCase{
		{"Delete", deleteMessage},
		{"Filters", messageFilters},
		{"Cursor", messageCursor},
		{"InTurn", messagesInTurn},
	}
}

func deleteMessage(b *bench) {
	k := messageKind()
	puts(b, k, k.make(1), k.make(2))
	stale := load(b, k, k.make(1))
	current := stale
	b.update(func(tx storage.Tx) error { return tx.PutMessage(b.ctx, current) })
	current.Version++
	remove := func(m notify.Message) error {
		return b.try(func(tx storage.Tx) error { return tx.DeleteMessage(b.ctx, m) })
	}
	b.wantErr("DeleteMessage with a version that is not the stored one answers ErrConflict", remove(stale), storage.ErrConflict)
	b.equal("a refused deletion changes nothing", load(b, k, stale), current)
	b.update(func(tx storage.Tx) error { return tx.DeleteMessage(b.ctx, current) })
	_, err := ask(b, func(tx storage.Tx) (notify.Message, error) { return tx.Message(b.ctx, current.ID) })
	b.wantErr("a deleted message is gone", err, storage.ErrNotFound)
	b.wantErr("deleting a message that is not there answers ErrConflict", remove(current), storage.ErrConflict)
	b.equal("a deletion touches no other message", keys(messagesOf(b, notify.MessageQuery{}), messageIDOf), messageIDs(2))
	again := k.make(3)
	again.Key = current.Key
	puts(b, k, again)
	b.equal("the key of a deleted message is free", load(b, k, again).Version, int64(1))
}

// outbox fills the store with messages of every kind: of the eight, the odd ones are
// urgent, 2 and 3 are of another mail, 4 and 5 say nothing any more, 6 and 7 are dead.
func outbox(b *bench) {
	for n := range 8 {
		m := newMessage(n)
		m.To = "to@example.org"
		switch n {
		case 2, 3:
			m.Template = notify.MailSignInCode
		case 4, 5:
			m.Sealed = nil
		case 6, 7:
			m.Status = notify.MessageDead
		}
		puts(b, messageKind(), m)
	}
}

func messageFilters(b *bench) {
	outbox(b)
	for _, c := range []struct {
		what string
		q    notify.MessageQuery
		want []int
	}{
		{"of one mail", notify.MessageQuery{Template: notify.MailSignInCode}, []int{2, 3}},
		{"older than an instant", notify.MessageQuery{Before: minute(2)}, []int{0, 1}},
		{"older than an instant in any zone", notify.MessageQuery{Before: minute(2).In(time.FixedZone("UTC+9", 9*60*60))}, []int{0, 1}},
		{"that still say something", notify.MessageQuery{Sealed: true}, []int{0, 1, 2, 3, 6, 7}},
		{"dead ones that still say something", notify.MessageQuery{Sealed: true, Status: notify.MessageDead}, []int{6, 7}},
		{"urgent ones", notify.MessageQuery{Urgent: true}, []int{1, 3, 5, 7}},
		{"urgent ones that wait", notify.MessageQuery{Urgent: true, Status: notify.MessageQueued}, []int{1, 3, 5}},
		{"urgent ones that wait, leased till later", notify.MessageQuery{Urgent: true, Status: notify.MessageQueued, DueAt: minute(2)}, nil},
		{"that wait, of one account", notify.MessageQuery{Account: accountID(3), Status: notify.MessageQueued}, []int{3}},
		{"all of it at once", notify.MessageQuery{
			Status: notify.MessageQueued, Template: notify.MailActivation, Before: minute(5), Sealed: true, Urgent: true, DueAt: minute(3),
		}, []int{1}},
	} {
		b.equal("Messages lists those "+c.what, keys(messagesOf(b, c.q), messageIDOf), messageIDs(c.want...))
		c.q.Limit, c.q.Newest, c.q.AfterID, c.q.AfterAt = 1, true, messageID(0), minute(0)
		b.equal("CountMessages counts those "+c.what+", all of them", countedMessages(b, c.q), len(c.want))
	}
}

func countedMessages(b *bench, q notify.MessageQuery) int {
	b.Helper()
	n, err := ask(b, func(tx storage.Tx) (int, error) { return tx.CountMessages(b.ctx, q) })
	if err != nil {
		b.Fatalf("CountMessages: %v", err)
	}
	return n
}

func messageCursor(b *bench) {
	at := []time.Time{minute(2), minute(1), minute(2), {}, minute(2), minute(3)}
	for n := range at {
		m := newMessage(n)
		m.CreatedAt = at[n]
		puts(b, messageKind(), m)
	}
	order := []int{3, 1, 0, 2, 4, 5}
	for _, newest := range []bool{false, true} {
		for i, n := range order {
			rest := order[i+1:]
			if newest {
				rest = nil
				for j := i - 1; j >= 0; j-- {
					rest = append(rest, order[j])
				}
			}
			q := notify.MessageQuery{Newest: newest, AfterAt: at[n], AfterID: messageID(n)}
			b.equal("Messages goes on after a place, in either order", keys(messagesOf(b, q), messageIDOf), messageIDs(rest...))
			q.Status, q.Limit = notify.MessageQueued, 2
			b.equal("Messages goes on after a place, of one status, at most two",
				keys(messagesOf(b, q), messageIDOf), messageIDs(rest[:min(2, len(rest))]...))
		}
	}
	b.equal("Messages lists the newest first", keys(messagesOf(b, notify.MessageQuery{Newest: true}), messageIDOf), messageIDs(5, 4, 2, 0, 1, 3))
}

func messagesInTurn(b *bench) {
	for n, c := range []struct {
		to     string
		minute int
		urgent bool
		status notify.MessageStatus
	}{
		{to: "a@example.org", minute: 1, status: notify.MessageSent},
		{to: "a@example.org", minute: 2, urgent: true},
		{to: "a@example.org", minute: 5},
		{to: "a@example.org", minute: 4},
		{to: "a@example.org", minute: 4},
		{to: "b@example.org", minute: 9},
		{to: "c@example.org", minute: 0, status: notify.MessageDead},
		{to: "A@example.org", minute: 7},
	} {
		m := newMessage(n)
		m.To, m.CreatedAt, m.Urgent = c.to, minute(c.minute), c.urgent
		m.NotBefore, m.LeasedUntil = time.Time{}, time.Time{}
		if m.Status = notify.MessageQueued; c.status != "" {
			m.Status = c.status
		}
		puts(b, messageKind(), m)
	}
	inTurn := func(q notify.MessageQuery) []notify.MessageID {
		q.InTurn = true
		return keys(messagesOf(b, q), messageIDOf)
	}
	b.equal("InTurn selects the first notice that waits for each address", inTurn(notify.MessageQuery{}), messageIDs(3, 7, 5))
	b.equal("InTurn counts as it lists", countedMessages(b, notify.MessageQuery{InTurn: true}), 3)
	b.equal("InTurn selects none that does not wait", inTurn(notify.MessageQuery{Status: notify.MessageSent}), messageIDs())
	b.equal("InTurn, urgent ones", inTurn(notify.MessageQuery{Urgent: true}), messageIDs())

	first := load(b, messageKind(), newMessage(3))
	first.LeasedUntil = minute(30)
	b.update(func(tx storage.Tx) error { return tx.PutMessage(b.ctx, first) })
	b.equal("one that is held keeps its turn, and those behind it wait",
		inTurn(notify.MessageQuery{DueAt: minute(20)}), messageIDs(7, 5))
	first.Status = notify.MessageSent
	first.Version++
	b.update(func(tx storage.Tx) error { return tx.PutMessage(b.ctx, first) })
	b.equal("once it is sent the next has its turn", inTurn(notify.MessageQuery{DueAt: minute(20)}), messageIDs(4, 7, 5))
}
