package storagetest

import (
	"fmt"
	"time"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

func messageCases() []testCase {
	return append(outboxCases(), []testCase{
		{"EnqueueTwice", enqueueTwice},
		{"KeyBytewise", keyBytewise},
		{"Order", messageOrder},
		{"Due", messagesDue},
		{"Limit", messageLimit},
		{"Wiped", messageWiped},
	}...)
}

func messagesOf(b *bench, q notify.MessageQuery) []notify.Message {
	b.Helper()
	return list(b, func(tx storage.Tx) ([]notify.Message, error) { return tx.Messages(b.ctx, q) })
}

func messageIDOf(m notify.Message) notify.MessageID { return m.ID }

func messageIDs(ns ...int) []notify.MessageID {
	var ids []notify.MessageID
	for _, n := range ns {
		ids = append(ids, messageID(n))
	}
	return ids
}

func enqueueTwice(b *bench) {
	k := messageKind()
	puts(b, k, k.make(1))
	again := newMessage(2)
	again.Key, again.To = newMessage(1).Key, "else@example.org"
	b.wantErr("Enqueue with a key that the outbox holds does nothing and returns nil",
		b.try(func(tx storage.Tx) error {
			if err := tx.Enqueue(b.ctx, again); err != nil {
				return err
			}
			_, err := tx.Message(b.ctx, again.ID)
			b.wantErr("Enqueue with a key that the outbox holds adds nothing", err, storage.ErrNotFound)
			if err := tx.Enqueue(b.ctx, newMessage(3)); err != nil {
				return fmt.Errorf("after it the unit goes on: %w", err)
			}
			again := newMessage(4)
			again.Key = newMessage(3).Key
			return tx.Enqueue(b.ctx, again)
		}), nil)
	b.equal("one message per key", keys(messagesOf(b, notify.MessageQuery{}), messageIDOf), messageIDs(1, 3))
	want := newMessage(1)
	want.Version = 1
	b.equal("the first message of a key stays as it was", load(b, k, want), want)

	want.Status, want.Sealed = notify.MessageSent, nil
	b.update(func(tx storage.Tx) error { return tx.PutMessage(b.ctx, want) })
	puts(b, k, again)
	b.equal("a key is used once, ever: also after its message was sent",
		keys(messagesOf(b, notify.MessageQuery{Status: notify.MessageQueued}), messageIDOf), messageIDs(3))
}

func keyBytewise(b *bench) {
	for n, key := range lookalikes() {
		m := newMessage(n)
		m.Key = key
		puts(b, messageKind(), m)
	}
	if got := len(messagesOf(b, notify.MessageQuery{})); got != len(lookalikes()) {
		b.Errorf("keys of messages are compared byte by byte: got %d messages of %d keys", got, len(lookalikes()))
	}
}

func messageOrder(b *bench) {
	at := []time.Time{minute(3), minute(1), minute(3), {}, minute(2), minute(1).Add(-time.Microsecond)}
	for n := len(at) - 1; n >= 0; n-- {
		m := newMessage(n)
		m.CreatedAt = at[n]
		if n%2 == 1 {
			m.Status = notify.MessageDead
		}
		puts(b, messageKind(), m)
	}
	for _, c := range []struct {
		what string
		q    notify.MessageQuery
		want []int
	}{
		{"oldest CreatedAt first, then by ID", notify.MessageQuery{}, []int{3, 5, 1, 4, 0, 2}},
		{"of one status", notify.MessageQuery{Status: notify.MessageDead}, []int{3, 5, 1}},
		{"of one account", notify.MessageQuery{Account: accountID(3)}, []int{3}},
		{"of one account, of a status it has none of", notify.MessageQuery{Account: accountID(3), Status: notify.MessageQueued}, nil},
		{"of a status none has", notify.MessageQuery{Status: notify.MessageSent}, nil},
		{"of one status, at most two", notify.MessageQuery{Status: notify.MessageQueued, Limit: 2}, []int{4, 0}},
	} {
		b.equal("Messages lists "+c.what, keys(messagesOf(b, c.q), messageIDOf), messageIDs(c.want...))
	}
	b.equal("Messages lists whole messages", messagesOf(b, notify.MessageQuery{})[0], load(b, messageKind(), newMessage(3)))

	m := load(b, messageKind(), newMessage(4))
	m.Status = notify.MessageDead
	b.update(func(tx storage.Tx) error { return tx.PutMessage(b.ctx, m) })
	b.equal("a new status moves a message", keys(messagesOf(b, notify.MessageQuery{Status: notify.MessageDead}), messageIDOf), messageIDs(3, 5, 1, 4))
}

func messagesDue(b *bench) {
	for n, c := range []struct{ notBefore, leased time.Time }{
		{},
		{notBefore: minute(5)},
		{notBefore: minute(5).Add(time.Microsecond)},
		{leased: minute(5)},
		{leased: minute(5).Add(time.Microsecond)},
		{notBefore: minute(1), leased: minute(2)},
		{notBefore: minute(9), leased: minute(1)},
		{notBefore: minute(1), leased: minute(9)},
	} {
		m := newMessage(n)
		m.NotBefore, m.LeasedUntil = c.notBefore, c.leased
		puts(b, messageKind(), m)
	}
	sent := newMessage(20)
	sent.NotBefore, sent.LeasedUntil, sent.Status = minute(1), time.Time{}, notify.MessageSent
	puts(b, messageKind(), sent)

	due := func(at time.Time, limit int) []notify.MessageID {
		return keys(messagesOf(b, notify.MessageQuery{Status: notify.MessageQueued, DueAt: at, Limit: limit}), messageIDOf)
	}
	b.equal("DueAt selects what has neither NotBefore nor LeasedUntil after it", due(minute(5), 0), messageIDs(0, 1, 3, 5))
	b.equal("DueAt accepts an instant in any zone", due(minute(5).In(time.FixedZone("UTC+9", 9*60*60)), 0), messageIDs(0, 1, 3, 5))
	b.equal("DueAt and a limit: the limit counts what is due", due(minute(5), 3), messageIDs(0, 1, 3))
	b.equal("DueAt later selects all of them", due(minute(9), 0), messageIDs(0, 1, 2, 3, 4, 5, 6, 7))
	b.equal("without a DueAt everything is selected", due(time.Time{}, 0), messageIDs(0, 1, 2, 3, 4, 5, 6, 7))
	b.equal("without a status, DueAt selects of every status",
		keys(messagesOf(b, notify.MessageQuery{DueAt: minute(5)}), messageIDOf), messageIDs(0, 1, 3, 5, 20))
}

func messageLimit(b *bench) {
	b.update(func(tx storage.Tx) error {
		for n := range 1001 {
			m := newMessage(n)
			m.Sealed = nil
			if err := tx.Enqueue(b.ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	for limit, want := range map[int]int{0: 100, -1: 100, 7: 7, 999: 999, 5000: 1000} {
		if got := len(messagesOf(b, notify.MessageQuery{Limit: limit})); got != want {
			b.Errorf("MessageQuery.Limit %d of 1001 messages: got %d, want %d", limit, got, want)
		}
	}
}

func messageWiped(b *bench) {
	k := messageKind()
	puts(b, k, k.make(1))
	m := load(b, k, k.make(1))
	m.Sealed = nil
	b.update(func(tx storage.Tx) error { return tx.PutMessage(b.ctx, m) })
	if got := load(b, k, m).Sealed; len(got) != 0 {
		b.Errorf("a wiped message says nothing: got %d sealed bytes, want none", len(got))
	}
}
