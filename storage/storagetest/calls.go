package storagetest

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// calls returns one call of every method of tx. Object 1 of each kind is to be
// there, in version 1; the writes are of object 2 and would succeed, as would the
// replacing ones of object 1.
func calls(ctx context.Context, tx storage.Tx) map[string]func() error {
	all := writes(ctx, tx)
	for name, call := range reads(ctx, tx) {
		all[name] = call
	}
	return all
}

func writes(ctx context.Context, tx storage.Tx) map[string]func() error {
	message, signIn, attachment, factor := newMessage(1), newSignIn(1), newAttachment(1), newFactor(1)
	message.Version, signIn.Version, attachment.Version, factor.Version = 1, 1, 1, 1
	return map[string]func() error{
		"PutAccount":       func() error { return tx.PutAccount(ctx, newAccount(2)) },
		"PutLink":          func() error { return tx.PutLink(ctx, newLink(2)) },
		"PutThrottle":      func() error { return tx.PutThrottle(ctx, newThrottle(2)) },
		"PutAttachment":    func() error { return tx.PutAttachment(ctx, newAttachment(2)) },
		"DeleteAttachment": func() error { return tx.DeleteAttachment(ctx, attachment) },
		"PutSignIn":        func() error { return tx.PutSignIn(ctx, newSignIn(2)) },
		"DeleteSignIn":     func() error { return tx.DeleteSignIn(ctx, signIn) },
		"PutFactor":        func() error { return tx.PutFactor(ctx, newFactor(2)) },
		"DeleteFactor":     func() error { return tx.DeleteFactor(ctx, factor) },
		"PutStructure":     func() error { return tx.PutStructure(ctx, newStructure(2)) },
		"PutUnit":          func() error { return tx.PutUnit(ctx, newUnit(2)) },
		"PutMembership":    func() error { return tx.PutMembership(ctx, newMembership(2)) },
		"PutSubscription":  func() error { return tx.PutSubscription(ctx, newSubscription(2)) },
		"AppendEvent":      func() error { return tx.AppendEvent(ctx, newEvent(2, 2, 1)) },
		"Enqueue":          func() error { return tx.Enqueue(ctx, newMessage(2)) },
		"DeleteMessage":    func() error { return tx.DeleteMessage(ctx, message) },
		"PutMessage":       func() error { return tx.PutMessage(ctx, message) },
		"PutNotice":        func() error { return tx.PutNotice(ctx, newNotice(2)) },
		"DropNotices":      call(func() (int, error) { return tx.DropNotices(ctx, minute(9), 1) }),
		"PutRun":           func() error { return tx.PutRun(ctx, newRun(2)) },
	}
}

func reads(ctx context.Context, tx storage.Tx) map[string]func() error {
	return map[string]func() error{
		"Account":               call(func() (account.Account, error) { return tx.Account(ctx, accountID(1)) }),
		"AccountByLogin":        call(func() (account.Account, error) { return tx.AccountByLogin(ctx, newAccount(1).Login) }),
		"Accounts":              call(func() ([]account.Account, error) { return tx.Accounts(ctx, account.Query{Limit: 10}) }),
		"Link":                  call(func() (account.Link, error) { return tx.Link(ctx, accountID(1), newLink(1).Purpose) }),
		"LinkByDigest":          call(func() (account.Link, error) { return tx.LinkByDigest(ctx, newLink(1).Digest) }),
		"Throttle":              call(func() (account.Throttle, error) { return tx.Throttle(ctx, accountID(1), newThrottle(1).Factor) }),
		"Attachments":           call(func() ([]account.Attachment, error) { return tx.Attachments(ctx, account.AttachmentQuery{}) }),
		"SignIn":                call(func() (mfa.SignIn, error) { return tx.SignIn(ctx, newSignIn(1).ID) }),
		"ExpiredSignIns":        call(func() ([]mfa.SignIn, error) { return tx.ExpiredSignIns(ctx, minute(9), 10) }),
		"Factor":                call(func() (mfa.Factor, error) { return tx.Factor(ctx, factorID(1)) }),
		"Factors":               call(func() ([]mfa.Factor, error) { return tx.Factors(ctx, accountID(1)) }),
		"FactorByCredential":    call(func() (mfa.Factor, error) { return tx.FactorByCredential(ctx, newFactor(1).Credential) }),
		"ExpiredFactors":        call(func() ([]mfa.Factor, error) { return tx.ExpiredFactors(ctx, minute(9), 10) }),
		"Structure":             call(func() (structure.Structure, error) { return tx.Structure(ctx, structureID(1)) }),
		"StructureByIdentifier": call(func() (structure.Structure, error) { return tx.StructureByIdentifier(ctx, newStructure(1).Identifier) }),
		"Structures":            call(func() ([]structure.Structure, error) { return tx.Structures(ctx, structure.Query{}) }),
		"Unit":                  call(func() (structure.Unit, error) { return tx.Unit(ctx, serviceID(1)) }),
		"Units":                 call(func() ([]structure.Unit, error) { return tx.Units(ctx, structureID(1)) }),
		"Membership":            call(func() (structure.Membership, error) { return tx.Membership(ctx, membershipID(1)) }),
		"Standing":              call(func() (structure.Membership, error) { return between(ctx, tx, accountID(1), structureID(1)) }),
		"Deciding":              call(func() (structure.Deciding, error) { return tx.Deciding(ctx, accountID(1), membershipID(1)) }),
		"Members":               call(func() ([]structure.Member, error) { return tx.Members(ctx, structure.MembershipQuery{}) }),
		"Memberships":           call(func() ([]structure.Membership, error) { return tx.Memberships(ctx, structure.MembershipQuery{}) }),
		"Subscriptions":         call(func() ([]structure.Subscription, error) { return tx.Subscriptions(ctx, structure.SubscriptionQuery{}) }),
		"Count": call(func() (structure.Counts, error) {
			return tx.Count(ctx, structure.Counting{Memberships: &structure.MembershipQuery{}})
		}),
		"LastEvent":     call(func() (notify.Event, error) { return tx.LastEvent(ctx, newEvent(1, 1, 1).Chain) }),
		"Events":        call(func() ([]notify.Event, error) { return tx.Events(ctx, notify.EventQuery{}) }),
		"Message":       call(func() (notify.Message, error) { return tx.Message(ctx, messageID(1)) }),
		"CountMessages": call(func() (int, error) { return tx.CountMessages(ctx, notify.MessageQuery{}) }),
		"Messages":      call(func() ([]notify.Message, error) { return tx.Messages(ctx, notify.MessageQuery{}) }),
		"Notices":       call(func() ([]notify.Notice, error) { return tx.Notices(ctx, notify.NoticeQuery{}) }),
		"Tallies": call(func() ([]notify.Tally, error) {
			return tx.Tallies(ctx, notify.TallyQuery{Structures: []structure.ID{structureID(1)}, Until: minute(9)})
		}),
		"Run":       call(func() (notify.Run, error) { return tx.Run(ctx, newRun(1).Rhythm) }),
		"Venues":    call(func() ([]structure.Venue, error) { return tx.Venues(ctx, []structure.ID{structureID(1)}) }),
		"Followers": call(func() ([]structure.Follower, error) { return tx.Followers(ctx, structure.FollowerQuery{}) }),
	}
}

func call[V any](get func() (V, error)) func() error {
	return func() error {
		_, err := get()
		return err
	}
}
