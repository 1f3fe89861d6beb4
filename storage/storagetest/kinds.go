package storagetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// kind tells the general cases how to handle one kind of object.
type kind[V any] struct {
	make    func(n int) V // object number n, every field set, nothing shared with another number
	bare    func(n int) V // object number n with nothing but its key and what must be unique
	get     func(context.Context, storage.Tx, V) (V, error)
	insert  func(context.Context, storage.Tx, V) error
	put     func(context.Context, storage.Tx, V) error
	list    func(context.Context, storage.Tx, V) ([]V, error) // a list with V alone in it; nil if there is none
	version func(*V) *int64
	change  func(*V, int) // alters a field that is neither key nor unique
	texts   func(*V) []*string
	times   func(*V) []*time.Time
	scrawl  func(*V) // writes over the elements of every slice; nil if there is none

	enqueued bool // inserted by Enqueue, for which a second insertion is no error
}

// base is an instant with microseconds, at which everything in the suite happens.
func base() time.Time { return time.Date(2026, time.March, 1, 12, 0, 0, 123456000, time.UTC) }

func minute(n int) time.Time { return base().Add(time.Duration(n) * time.Minute) }

// uuid returns identifier number n, in the canonical form of a UUID of version 7.
// A later number sorts later.
func uuid(n int) string { return fmt.Sprintf("0195aaaa-0000-7000-8000-%012x", n) }

func accountID(n int) account.ID                    { return account.ID(uuid(n)) }
func structureID(n int) structure.ID                { return structure.ID(uuid(n)) }
func serviceID(n int) structure.ServiceID           { return structure.ServiceID(uuid(n)) }
func membershipID(n int) structure.MembershipID     { return structure.MembershipID(uuid(n)) }
func subscriptionID(n int) structure.SubscriptionID { return structure.SubscriptionID(uuid(n)) }
func eventID(n int) notify.EventID                  { return notify.EventID(uuid(n)) }
func messageID(n int) notify.MessageID              { return notify.MessageID(uuid(n)) }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func newAccount(n int) account.Account {
	return account.Account{
		ID: accountID(n), Kind: account.KindPerson, Status: account.StatusActive, External: true,
		Login: fmt.Sprintf("person%d@example.org", n), ContactEmail: "desk@example.org",
		GivenName: "Jean", FamilyName: "Pierre", Language: "fr",
		Profile: account.Profile{
			Phone: "+33149961012", Biography: "Achats\net marchés", Photo: account.AttachmentID(uuid(n)), Accessibility: true,
			Address: account.PostalAddress{Street: "1, place", Complement: "Bât. A", Postcode: "97500", Town: "Terneuil", Country: "FR"},
			Survey:  account.Consent{Conditions: "2024-1", At: minute(6)},
		},
		Credentials: account.Credentials{
			Password: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", ChangedAt: minute(7), ResetAt: minute(8), Expired: true,
			Former: []string{"$argon2id$1", "$argon2id$2"}, Question: "Quel ?", Answer: "$argon2id$3",
			Overlap: "$argon2id$4", OverlapUntil: minute(9),
		},
		Stamp: "stamp", Salt: "salt",
		Notices:              notify.Preferences{On: true, Categories: []notify.Category{"invoicing", "quotes"}, AtOnce: true, Daily: true, Weekly: true},
		ConditionsAcceptedAt: minute(1), CreatedAt: minute(2), ActivatedAt: minute(3), ReactivatedAt: minute(10),
		LastSignInAt: minute(4), StatusSince: minute(5), ReactivableUntil: minute(11), UndeliverableSince: minute(12), DueAt: minute(n),
	}
}

func accountKind() kind[account.Account] {
	return kind[account.Account]{
		make: newAccount,
		bare: func(n int) account.Account {
			return account.Account{ID: accountID(n), Status: account.StatusPendingActivation, Login: newAccount(n).Login}
		},
		get: func(ctx context.Context, tx storage.Tx, a account.Account) (account.Account, error) {
			return tx.Account(ctx, a.ID)
		},
		insert:  func(ctx context.Context, tx storage.Tx, a account.Account) error { return tx.PutAccount(ctx, a) },
		put:     func(ctx context.Context, tx storage.Tx, a account.Account) error { return tx.PutAccount(ctx, a) },
		version: func(a *account.Account) *int64 { return &a.Version },
		change:  func(a *account.Account, n int) { a.FamilyName = fmt.Sprint("Pierre ", n) },
		texts: func(a *account.Account) []*string {
			p, c := &a.Profile, &a.Credentials
			return []*string{
				&a.ContactEmail, &a.GivenName, &a.FamilyName, &a.Stamp, &a.Salt,
				&p.Phone, &p.Address.Street, &p.Address.Complement, &p.Address.Town, &p.Biography, &p.Survey.Conditions,
				&c.Password, &c.Question, &c.Answer, &c.Overlap,
			}
		},
		times: func(a *account.Account) []*time.Time {
			c := &a.Credentials
			return []*time.Time{
				&a.ConditionsAcceptedAt, &a.CreatedAt, &a.ActivatedAt, &a.ReactivatedAt, &a.LastSignInAt, &a.StatusSince,
				&a.ReactivableUntil, &a.UndeliverableSince, &a.DueAt,
				&a.Profile.Survey.At, &c.ChangedAt, &c.ResetAt, &c.OverlapUntil,
			}
		},
		list: func(ctx context.Context, tx storage.Tx, _ account.Account) ([]account.Account, error) {
			return tx.Accounts(ctx, account.Query{})
		},
		scrawl: func(a *account.Account) { blot(a.Credentials.Former, "scrawl"); blot(a.Notices.Categories, "scrawl") },
	}
}

func newLink(n int) account.Link {
	return account.Link{
		Account: accountID(n), Purpose: account.PurposeActivation, Digest: digest(fmt.Sprint("link", n)),
		Address: "someone@example.org", CreatedAt: minute(1), ExpiresAt: minute(2), UsedAt: minute(3),
	}
}

func linkKind() kind[account.Link] {
	return kind[account.Link]{
		make: newLink,
		bare: func(n int) account.Link {
			l := newLink(n)
			return account.Link{Account: l.Account, Purpose: l.Purpose, Digest: l.Digest}
		},
		get: func(ctx context.Context, tx storage.Tx, l account.Link) (account.Link, error) {
			return tx.Link(ctx, l.Account, l.Purpose)
		},
		insert:  func(ctx context.Context, tx storage.Tx, l account.Link) error { return tx.PutLink(ctx, l) },
		put:     func(ctx context.Context, tx storage.Tx, l account.Link) error { return tx.PutLink(ctx, l) },
		version: func(l *account.Link) *int64 { return &l.Version },
		change:  func(l *account.Link, n int) { l.Address = fmt.Sprintf("address%d@example.org", n) },
		texts:   func(l *account.Link) []*string { return []*string{&l.Address} },
		times:   func(l *account.Link) []*time.Time { return []*time.Time{&l.CreatedAt, &l.ExpiresAt, &l.UsedAt} },
	}
}

func newAttachment(n int) account.Attachment {
	return account.Attachment{
		ID: account.AttachmentID(uuid(n)), Owner: account.Owner{Account: accountID(1), Structure: structureID(2)},
		Status: account.AttachmentStored, Type: "supporting_document", Designation: "Arrêté de nomination",
		FileName: "arrêté.pdf", MediaType: "application/pdf", Size: 10_000_000, SHA256: digest("content"), Key: fmt.Sprint("content/", n),
		CreatedAt: minute(n), CreatedBy: accountID(3), StatusSince: minute(2),
	}
}

func attachmentKind() kind[account.Attachment] {
	return kind[account.Attachment]{
		make: newAttachment,
		bare: func(n int) account.Attachment {
			a := newAttachment(n)
			return account.Attachment{ID: a.ID, Key: a.Key, Status: account.AttachmentUploading}
		},
		get: func(ctx context.Context, tx storage.Tx, a account.Attachment) (account.Attachment, error) {
			found, err := tx.Attachments(ctx, account.AttachmentQuery{ID: a.ID})
			if err == nil && len(found) == 0 {
				return a, storage.ErrNotFound
			}
			return append(found, a)[0], err
		},
		insert: func(ctx context.Context, tx storage.Tx, a account.Attachment) error { return tx.PutAttachment(ctx, a) },
		put:    func(ctx context.Context, tx storage.Tx, a account.Attachment) error { return tx.PutAttachment(ctx, a) },
		list: func(ctx context.Context, tx storage.Tx, _ account.Attachment) ([]account.Attachment, error) {
			return tx.Attachments(ctx, account.AttachmentQuery{})
		},
		version: func(a *account.Attachment) *int64 { return &a.Version },
		change:  func(a *account.Attachment, n int) { a.Designation = fmt.Sprint("Arrêté ", n) },
		texts: func(a *account.Attachment) []*string {
			return []*string{&a.Type, &a.Designation, &a.FileName, &a.MediaType, &a.SHA256}
		},
		times: func(a *account.Attachment) []*time.Time { return []*time.Time{&a.CreatedAt, &a.StatusSince} },
	}
}

func newThrottle(n int) account.Throttle {
	return account.Throttle{Account: accountID(n), Factor: account.FactorPassword, Failures: 3, LockedUntil: minute(n)}
}

func throttleKind() kind[account.Throttle] {
	return kind[account.Throttle]{
		make: newThrottle,
		bare: func(n int) account.Throttle {
			return account.Throttle{Account: accountID(n), Factor: account.FactorPassword}
		},
		get: func(ctx context.Context, tx storage.Tx, c account.Throttle) (account.Throttle, error) {
			return tx.Throttle(ctx, c.Account, c.Factor)
		},
		insert:  func(ctx context.Context, tx storage.Tx, c account.Throttle) error { return tx.PutThrottle(ctx, c) },
		put:     func(ctx context.Context, tx storage.Tx, c account.Throttle) error { return tx.PutThrottle(ctx, c) },
		version: func(c *account.Throttle) *int64 { return &c.Version },
		change:  func(c *account.Throttle, n int) { c.Failures = n },
		texts:   func(*account.Throttle) []*string { return nil },
		times:   func(c *account.Throttle) []*time.Time { return []*time.Time{&c.LockedUntil} },
	}
}

func newMessage(n int) notify.Message {
	return notify.Message{
		ID: messageID(n), Key: fmt.Sprint("key/", n), Template: notify.MailActivation, To: "to@example.org",
		Account: accountID(n), Language: "fr", Urgent: n%2 == 1, Sealed: []byte{0, 1, 2, 0xff, byte(n)}, Status: notify.MessageQueued,
		Attempts: 2, NotBefore: minute(1), ExpiresAt: minute(2), LeasedUntil: minute(3), LastError: "421 try later",
		CreatedAt: minute(n), SentAt: minute(5),
	}
}

func messageKind() kind[notify.Message] {
	return kind[notify.Message]{
		make: newMessage,
		bare: func(n int) notify.Message {
			return notify.Message{ID: messageID(n), Key: fmt.Sprint("key/", n), Status: notify.MessageQueued}
		},
		get: func(ctx context.Context, tx storage.Tx, m notify.Message) (notify.Message, error) {
			return tx.Message(ctx, m.ID)
		},
		insert: func(ctx context.Context, tx storage.Tx, m notify.Message) error { return tx.Enqueue(ctx, m) },
		put:    func(ctx context.Context, tx storage.Tx, m notify.Message) error { return tx.PutMessage(ctx, m) },
		list: func(ctx context.Context, tx storage.Tx, _ notify.Message) ([]notify.Message, error) {
			return tx.Messages(ctx, notify.MessageQuery{})
		},
		version:  func(m *notify.Message) *int64 { return &m.Version },
		change:   func(m *notify.Message, n int) { m.Attempts = n },
		texts:    func(m *notify.Message) []*string { return []*string{&m.To, &m.LastError} },
		scrawl:   func(m *notify.Message) { blot(m.Sealed, 0xee) },
		enqueued: true,
		times: func(m *notify.Message) []*time.Time {
			return []*time.Time{&m.NotBefore, &m.ExpiresAt, &m.LeasedUntil, &m.CreatedAt, &m.SentAt}
		},
	}
}

// blot writes over every element of s, spare capacity included.
func blot[E any](s []E, e E) {
	for i := range s[:cap(s)] {
		s[:cap(s)][i] = e
	}
}

func validity(n int) authz.Validity { return authz.Validity{From: minute(n), Until: minute(n + 1)} }
