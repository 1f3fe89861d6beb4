package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// generator draws units. Its domains are small, so that objects meet again and
// what must be unique often is not.
type generator struct {
	random *rand.Rand
	fresh  int // identifiers that are used once
}

func (g *generator) below(n int) int { return g.random.IntN(n) }

func (g *generator) instant() time.Time {
	if g.below(8) == 0 {
		return time.Time{}
	}
	return minute(g.below(4)).Add(time.Duration(g.below(3)) * time.Microsecond)
}

func pick[V any](g *generator, from ...V) V { return from[g.below(len(from))] }

func (g *generator) unit() unit {
	u := unit{end: pick(g, "commit", "commit", "commit", "commit", "commit", "commit", "rollback", "view", "view", "panic"), haste: pick(g, "", ", unhurried")}
	for range 1 + g.below(5) {
		if u.end == "view" || g.below(3) == 0 {
			u.steps = append(u.steps, g.question())
		} else {
			u.steps = append(u.steps, g.change())
		}
	}
	return u
}

func (g *generator) change() step {
	switch g.below(18) {
	case 0, 1, 2: // a login that is taken is the clash that matters most
		login := fmt.Sprint("login", g.below(4))
		name, place := g.name(), account.PostalAddress{Town: g.name(), Country: pick(g, "FR", "BE", "")}
		return putStep(g, "PutAccount", accountKind(), func(a *account.Account) {
			a.Login, a.FamilyName, a.Profile.Address = login, name, place
		})
	case 3:
		d := digest(fmt.Sprint(g.below(6)))
		return putStep(g, "PutLink", linkKind(), func(l *account.Link) { l.Digest = d })
	case 4:
		return putStep(g, "PutThrottle", throttleKind(), func(*account.Throttle) {})
	case 5:
		at := g.instant()
		return putStep(g, "PutSignIn", signInKind(), func(s *mfa.SignIn) { s.ExpiresAt = at })
	case 6:
		return g.deletion()
	case 7:
		id, name, kind := structure.SIRET(fmt.Sprint(g.below(6))), g.name(), pick(g, structure.Public, structure.Private)
		return putStep(g, "PutStructure", structureKind(), func(s *structure.Structure) {
			s.Identifier, s.LegalName, s.Label, s.Type = id, name, "", kind
		})
	case 8:
		id, code := structureID(g.below(3)), pick(g, "A", "a", "B", "é")
		return putStep(g, "PutUnit", unitKind(), func(u *structure.Unit) { u.Structure, u.Code = id, code })
	case 9:
		m := member(0, g.below(5), g.below(3), pick(g, structure.StatusApproved, structure.StatusPending),
			pick(g, structure.RolePrincipalManager, structure.RoleMember),
			pick(g, structure.Scope{}, structure.Scope{Whole: true}, structure.Scope{Services: []structure.ServiceID{serviceID(1)}}))
		m.RequestedAt, m.DueAt = g.instant(), g.instant()
		m.Granted = pick(g, structure.Scope{}, structure.Scope{Whole: true}, structure.Scope{Services: []structure.ServiceID{serviceID(1), serviceID(2)}})
		return putStep(g, "PutMembership", membershipKind(), func(v *structure.Membership) {
			id, version := v.ID, v.Version
			*v = m
			v.ID, v.Version = id, version
		})
	case 10:
		return g.append()
	case 11:
		owner, status, at := g.owner(), pick(g, account.AttachmentStored, account.AttachmentUploading, account.AttachmentRemoved), g.instant()
		return putStep(g, "PutAttachment", attachmentKind(), func(a *account.Attachment) {
			a.Owner, a.Status, a.CreatedAt, a.StatusSince = owner, status, at, at
		})
	case 12:
		l := newSubscription(0)
		l.Account, l.Structure, l.Service = accountID(g.below(2)), structureID(g.below(2)), pick(g, "", "", serviceID(1))
		l.Status = pick(g, structure.SubscriptionPending, structure.SubscriptionApproved)
		l.RequestedAt, l.DueAt, l.Batch = g.instant(), g.instant(), pick(g, "one", "two")
		return putStep(g, "PutSubscription", subscriptionKind(), func(v *structure.Subscription) {
			id, version := v.ID, v.Version
			*v = l
			v.ID, v.Version = id, version
		})
	case 13:
		who, kind := accountID(g.below(2)), pick(g, account.FactorAuthenticator, account.FactorRecoveryCode, account.FactorSecurityKey)
		at, confirmed, c := g.instant(), pick(g, minute(1), time.Time{}), pick(g, "", "one", "two")
		return putStep(g, "PutFactor", factorKind(), func(f *mfa.Factor) {
			f.Account, f.Kind, f.ExpiresAt, f.ConfirmedAt, f.Credential = who, kind, at, confirmed, c
		})
	case 14:
		return g.notice()
	case 15:
		return putStep(g, "PutRun", runKind(), func(*notify.Run) {})
	default:
		return g.message()
	}
}

func (g *generator) name() string {
	return pick(g, "Éléa", "elea", "ELEA 100%", "Mairie", "mairie_b", "")
}

func (g *generator) pattern() structure.Pattern {
	return pick[structure.Pattern](g, "", "", "*", "elea*", "*a*", "*%", "mairie_b", "*lea*", "*airi*b*", "3", "grenoble", "*ren*")
}

// putStep reads object number n and puts it again, most often with the version it
// has, sometimes with another.
func putStep[V any](g *generator, name string, k kind[V], alter func(*V)) step {
	n, touch, off := g.below(6), g.below(100), pick(g, 0, 0, 0, 0, 0, 0, 0, 0, -1, 1)
	return step{
		name: fmt.Sprintf("%s(%d, version%+d)", name, n, off),
		run: func(ctx context.Context, tx storage.Tx) (any, error) {
			v, err := k.get(ctx, tx, k.make(n))
			switch {
			case errors.Is(err, storage.ErrNotFound):
				v = k.make(n)
			case err != nil:
				return nil, err
			}
			k.change(&v, touch)
			alter(&v)
			*k.version(&v) += int64(off)
			if err := k.put(ctx, tx, v); err != nil {
				return nil, err
			}
			return k.get(ctx, tx, v)
		},
	}
}

func (g *generator) owner() account.Owner {
	return pick(g, account.Owner{Account: accountID(1)}, account.Owner{Account: accountID(2)}, account.Owner{Structure: structureID(1)})
}

func (g *generator) deletion() step {
	switch g.below(3) {
	case 0:
		return g.deletedAttachment()
	case 1:
		return g.deletedFactor()
	}
	n, off := g.below(6), int64(pick(g, 0, 0, 0, 1))
	return step{
		name: fmt.Sprintf("DeleteSignIn(%d, version%+d)", n, off),
		run: func(ctx context.Context, tx storage.Tx) (any, error) {
			s, err := tx.SignIn(ctx, newSignIn(n).ID)
			if err != nil {
				return nil, err
			}
			s.Version += off
			return nil, tx.DeleteSignIn(ctx, s)
		},
	}
}

func (g *generator) deletedAttachment() step {
	n, off := g.below(6), int64(pick(g, 0, 0, 0, 1))
	return step{
		name: fmt.Sprintf("DeleteAttachment(%d, version%+d)", n, off),
		run: func(ctx context.Context, tx storage.Tx) (any, error) {
			a, err := attachmentKind().get(ctx, tx, newAttachment(n))
			if err != nil {
				return nil, err
			}
			a.Version += off
			return nil, tx.DeleteAttachment(ctx, a)
		},
	}
}

func (g *generator) deletedFactor() step {
	n, off := g.below(6), int64(pick(g, 0, 0, 0, 1))
	return step{
		name: fmt.Sprintf("DeleteFactor(%d, version%+d)", n, off),
		run: func(ctx context.Context, tx storage.Tx) (any, error) {
			f, err := tx.Factor(ctx, factorID(n))
			if err != nil {
				return nil, err
			}
			f.Version += off
			return nil, tx.DeleteFactor(ctx, f)
		},
	}
}

func (g *generator) append() step {
	g.fresh++
	n, chain, off := g.fresh, g.below(3), int64(pick(g, 1, 1, 1, 1, 1, 0))
	at := g.instant()
	return step{
		name: fmt.Sprintf("AppendEvent(chain %d, last%+d)", chain, off),
		run: func(ctx context.Context, tx storage.Tx) (any, error) {
			last, err := tx.LastEvent(ctx, notify.StructureChain(structureID(chain)))
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				return nil, err
			}
			e := newEvent(n, chain, max(1, last.Sequence+off))
			e.At = at
			return nil, tx.AppendEvent(ctx, e)
		},
	}
}

func (g *generator) message() step {
	if g.below(2) == 0 {
		g.fresh++
		m := newMessage(g.fresh)
		m.Key, m.CreatedAt, m.NotBefore, m.LeasedUntil = fmt.Sprint(g.below(4)), g.instant(), g.instant(), g.instant()
		return step{
			name: fmt.Sprintf("Enqueue(key %s)", m.Key),
			run:  func(ctx context.Context, tx storage.Tx) (any, error) { return nil, tx.Enqueue(ctx, m) },
		}
	}
	n, off, status, leased := g.below(g.fresh+1), int64(pick(g, 0, 0, 0, -1, 1)), g.status(), g.instant()
	if g.below(6) == 0 {
		return step{
			name: fmt.Sprintf("DeleteMessage(%d, version%+d)", n, off),
			run: func(ctx context.Context, tx storage.Tx) (any, error) {
				m, err := tx.Message(ctx, messageID(n))
				if err != nil {
					return nil, err
				}
				m.Version += off
				return nil, tx.DeleteMessage(ctx, m)
			},
		}
	}
	return step{
		name: fmt.Sprintf("PutMessage(%d, version%+d)", n, off),
		run: func(ctx context.Context, tx storage.Tx) (any, error) {
			m, err := tx.Message(ctx, messageID(n))
			if err != nil {
				return nil, err
			}
			m.Status, m.LeasedUntil, m.Sealed = status, leased, nil
			m.Version += off
			return nil, tx.PutMessage(ctx, m)
		},
	}
}

func (g *generator) notice() step {
	if g.below(6) == 0 {
		at, limit := minute(g.below(4)), g.below(3)
		return step{
			name: fmt.Sprintf("DropNotices(%v, %d)", at, limit),
			run:  func(ctx context.Context, tx storage.Tx) (any, error) { return tx.DropNotices(ctx, at, limit) },
		}
	}
	key, where, kind, at, spreading := fmt.Sprint(g.below(6)), structureID(g.below(3)), pick[notify.NoticeKind](g, "", "a"), g.instant(), g.below(2) == 0
	return putStep(g, "PutNotice", noticeKind(), func(n *notify.Notice) {
		n.Key, n.Structure, n.Kind, n.At, n.Spreading = key, where, kind, at, spreading
	})
}

func (g *generator) someStructures() []structure.ID {
	return pick(g, nil, []structure.ID{}, []structure.ID{structureID(1)}, []structure.ID{structureID(2), structureID(0), structureID(2)})
}

func (g *generator) someAccounts() []account.ID {
	return pick(g, nil, nil, []account.ID{}, []account.ID{accountID(5), accountID(1), accountID(5), accountID(3)})
}

func (g *generator) status() notify.MessageStatus {
	return pick(g, notify.MessageQueued, notify.MessageQueued, notify.MessageSent, notify.MessageDead)
}

// question draws a read.
func (g *generator) question() step {
	n, m, limit, at := g.below(7), g.below(4), g.below(5), g.instant()
	switch g.below(20) {
	case 0:
		return get(fmt.Sprintf("Account(%d)", n), func(ctx context.Context, tx storage.Tx) (account.Account, error) {
			return tx.Account(ctx, accountID(n))
		})
	case 1:
		return get(fmt.Sprintf("AccountByLogin(%d)", n), func(ctx context.Context, tx storage.Tx) (account.Account, error) {
			return tx.AccountByLogin(ctx, fmt.Sprint("login", n))
		})
	case 2:
		who, some := g.person(), g.someAccounts()
		return get(fmt.Sprintf("Accounts(%v, %d, %v, %d, %+v)", some, n, at, limit+1, who), func(ctx context.Context, tx storage.Tx) ([]account.Account, error) {
			return tx.Accounts(ctx, account.Query{IDs: some, After: accountID(n), DueAt: at, Limit: limit + 1, Person: who})
		})
	case 3:
		return get(fmt.Sprintf("LinkByDigest(%d)", n), func(ctx context.Context, tx storage.Tx) (account.Link, error) {
			return tx.LinkByDigest(ctx, digest(fmt.Sprint(n)))
		})
	case 4:
		return get(fmt.Sprintf("ExpiredSignIns(%v, %d)", at, limit+1), func(ctx context.Context, tx storage.Tx) ([]mfa.SignIn, error) {
			return tx.ExpiredSignIns(ctx, at, limit+1)
		})
	case 5:
		return get(fmt.Sprintf("StructureByIdentifier(%d)", n), func(ctx context.Context, tx storage.Tx) (structure.Structure, error) {
			return tx.StructureByIdentifier(ctx, structure.SIRET(fmt.Sprint(n)))
		})
	case 6:
		return get(fmt.Sprintf("Units(%d)", m), func(ctx context.Context, tx storage.Tx) ([]structure.Unit, error) {
			return tx.Units(ctx, structureID(m))
		})
	case 7:
		return get(fmt.Sprintf("Standing(%d, %d)", n, m), func(ctx context.Context, tx storage.Tx) (structure.Standing, error) {
			return tx.Standing(ctx, accountID(n), structureID(m))
		})
	case 8:
		return get(fmt.Sprintf("LastEvent(%d)", m), func(ctx context.Context, tx storage.Tx) (notify.Event, error) {
			return tx.LastEvent(ctx, notify.StructureChain(structureID(m)))
		})
	case 9:
		return get(fmt.Sprintf("Deciding(%d, %d)", m, n), func(ctx context.Context, tx storage.Tx) (structure.Deciding, error) {
			return tx.Deciding(ctx, accountID(m), membershipID(n))
		})
	case 10:
		return get(fmt.Sprintf("Factors(%d)", m), func(ctx context.Context, tx storage.Tx) ([]mfa.Factor, error) {
			return tx.Factors(ctx, accountID(m))
		})
	case 11:
		return get(fmt.Sprintf("ExpiredFactors(%v, %d)", at, limit+1), func(ctx context.Context, tx storage.Tx) ([]mfa.Factor, error) {
			return tx.ExpiredFactors(ctx, at, limit+1)
		})
	case 12:
		c := pick(g, "", "one", "two")
		return get(fmt.Sprintf("FactorByCredential(%q)", c), func(ctx context.Context, tx storage.Tx) (mfa.Factor, error) {
			return tx.FactorByCredential(ctx, c)
		})
	default:
		return g.search()
	}
}

// search draws a query.
func (g *generator) search() step {
	n, m, limit, at := g.below(7), g.below(4), g.below(5), g.instant()
	switch g.below(10) {
	case 0:
		q := g.structures()
		return get(fmt.Sprintf("Structures(%+v)", q), func(ctx context.Context, tx storage.Tx) ([]structure.Structure, error) {
			return tx.Structures(ctx, q)
		})
	case 1:
		q := g.memberships()
		if g.below(2) == 0 {
			return get(fmt.Sprintf("Members(%+v)", q), func(ctx context.Context, tx storage.Tx) ([]structure.Member, error) {
				return tx.Members(ctx, q)
			})
		}
		return get(fmt.Sprintf("Memberships(%+v)", q), func(ctx context.Context, tx storage.Tx) ([]structure.Membership, error) {
			return tx.Memberships(ctx, q)
		})
	case 2:
		q := g.subscriptions()
		return get(fmt.Sprintf("Subscriptions(%+v)", q), func(ctx context.Context, tx storage.Tx) ([]structure.Subscription, error) {
			return tx.Subscriptions(ctx, q)
		})
	case 3:
		s, ms, l := g.structures(), g.memberships(), g.subscriptions()
		c := structure.Counting{Structures: pick(g, nil, &s), Memberships: pick(g, nil, &ms), Subscriptions: pick(g, nil, &l)}
		return get(fmt.Sprintf("Count(%+v, %+v, %+v)", s, ms, l), func(ctx context.Context, tx storage.Tx) (structure.Counts, error) {
			return tx.Count(ctx, c)
		})
	case 4:
		q := account.AttachmentQuery{Limit: limit}
		q.Owner = pick(g, account.Owner{}, g.owner())
		q.Statuses = pick(g, nil, []account.AttachmentStatus{account.AttachmentUploading, account.AttachmentRemoved})
		q.Until = pick(g, time.Time{}, at)
		if g.below(2) == 0 {
			q.AfterAt, q.AfterID = at, newAttachment(n).ID
		}
		return get(fmt.Sprintf("Attachments(%+v)", q), func(ctx context.Context, tx storage.Tx) ([]account.Attachment, error) {
			return tx.Attachments(ctx, q)
		})
	case 5:
		q := notify.EventQuery{Limit: limit, Newest: g.below(2) == 0}
		q.Account = pick(g, "", "", accountID(n%3))
		q.Structure = pick(g, "", "", structureID(m))
		q.Chain = pick(g, "", "", notify.StructureChain(structureID(m)))
		switch {
		case g.below(2) == 0:
		case q.Newest:
			q.BeforeAt, q.BeforeChain, q.BeforeSequence = minute(m), newEvent(0, g.below(3), 0).Chain, int64(g.below(5))
		default:
			q.AfterChain, q.AfterSequence = notify.StructureChain(structureID(m)), int64(n)
		}
		return get(fmt.Sprintf("Events(%+v)", q), func(ctx context.Context, tx storage.Tx) ([]notify.Event, error) {
			return tx.Events(ctx, q)
		})
	case 6:
		q := notify.NoticeQuery{Structures: g.someStructures(), Spreading: g.below(3) == 0, Newest: g.below(2) == 0, Limit: limit}
		if g.below(2) == 0 {
			q.BeforeAt, q.BeforeID = at, noticeID(n)
		}
		return get(fmt.Sprintf("Notices(%+v)", q), func(ctx context.Context, tx storage.Tx) ([]notify.Notice, error) {
			return tx.Notices(ctx, q)
		})
	case 7:
		q := notify.TallyQuery{Structures: g.someStructures(), From: at, Until: minute(m), Sorts: g.below(2) == 0}
		return get(fmt.Sprintf("Tallies(%+v)", q), func(ctx context.Context, tx storage.Tx) ([]notify.Tally, error) {
			return tx.Tallies(ctx, q)
		})
	case 8:
		q := structure.FollowerQuery{After: pick(g, "", accountID(n)), Structure: pick(g, "", "", structureID(m)), Limit: limit}
		if g.below(3) == 0 {
			q.Rhythms = []notify.Rhythm{pick(g, notify.Daily, notify.Weekly, notify.AtOnce)}
		}
		q.Named = g.below(2) == 0
		return get(fmt.Sprintf("Followers(%+v)", q), func(ctx context.Context, tx storage.Tx) ([]structure.Follower, error) {
			return tx.Followers(ctx, q)
		})
	default:
		q := notify.MessageQuery{Limit: limit, DueAt: at, Newest: g.below(2) == 0, Urgent: g.below(4) == 0, InTurn: g.below(4) == 0, Sealed: g.below(4) == 0}
		if g.below(2) == 0 {
			q.Status = g.status()
		}
		if g.below(3) == 0 {
			q.AfterAt, q.AfterID = minute(m), messageID(n)
		}
		if g.below(4) == 0 {
			q.Before = minute(m)
		}
		q.Account = pick(g, "", "", accountID(n))
		if g.below(4) == 0 {
			return get(fmt.Sprintf("CountMessages(%+v)", q), func(ctx context.Context, tx storage.Tx) (int, error) {
				return tx.CountMessages(ctx, q)
			})
		}
		return get(fmt.Sprintf("Messages(%+v)", q), func(ctx context.Context, tx storage.Tx) ([]notify.Message, error) {
			return tx.Messages(ctx, q)
		})
	}
}

func get[V any](name string, question func(context.Context, storage.Tx) (V, error)) step {
	return step{name: name, run: func(ctx context.Context, tx storage.Tx) (any, error) { return question(ctx, tx) }}
}

func (g *generator) skip() int { return pick(g, 0, 0, 0, 1, 3) }

// places draws a condition on structures, which now and then are none.
func (g *generator) places() []structure.ID {
	m := g.below(4)
	return pick(g, nil, nil, nil, []structure.ID{structureID(m)}, []structure.ID{structureID(m), structureID(0)}, []structure.ID{})
}

func (g *generator) person() account.Criteria {
	return pick(g, account.Criteria{}, account.Criteria{}, account.Criteria{Family: g.pattern()},
		account.Criteria{Town: g.pattern(), Country: pick(g, "", "FR")}, account.Criteria{Login: "*ogin1", Status: account.StatusActive})
}

func (g *generator) structures() structure.Query {
	q := structure.Query{Limit: g.below(5), Skip: g.skip(), Any: g.pattern(), IDs: g.places()}
	q.Name, q.Type = pick(g, "", g.pattern()), pick(g, "", "", structure.Private)
	if g.below(2) == 0 {
		q.AfterName, q.AfterID = pick(g, "elea", "mairie", ""), structureID(g.below(7))
	}
	return q
}

func (g *generator) memberships() structure.MembershipQuery {
	q := structure.MembershipQuery{Limit: g.below(5), Skip: g.skip(), Undecided: g.below(3) == 0, Structures: g.places()}
	q.Account = pick(g, "", "", accountID(g.below(7)))
	q.Role = pick(g, "", "", structure.RolePrincipalManager)
	q.Statuses = pick(g, nil, nil, []structure.MembershipStatus{structure.StatusPending})
	q.Except, q.Once, q.Beside = pick(g, "", "", accountID(g.below(7))), g.below(3) == 0, pick(g, "", "", structureID(1))
	q.Service, q.DueAt, q.Person = pick(g, "", "", serviceID(1)), pick(g, time.Time{}, time.Time{}, g.instant()), g.person()
	switch g.below(4) {
	case 0:
		q.ByName = true
	case 1, 2:
		q.AfterAt, q.AfterID = g.instant(), membershipID(g.below(7))
	}
	return q
}

func (g *generator) subscriptions() structure.SubscriptionQuery {
	q := structure.SubscriptionQuery{Limit: g.below(5), Skip: g.skip(), Structures: g.places()}
	q.IDs = pick(g, nil, nil, nil, []structure.SubscriptionID{subscriptionID(1), subscriptionID(3)})
	q.Account, q.Accounts = pick(g, "", "", accountID(g.below(4))), g.someAccounts()
	q.Statuses = pick(g, nil, nil, []structure.SubscriptionStatus{structure.SubscriptionPending})
	q.Except, q.Once = pick(g, "", "", accountID(g.below(4))), g.below(3) == 0
	q.Batch, q.DueAt = pick(g, "", "", "one"), pick(g, time.Time{}, time.Time{}, g.instant())
	if g.below(2) == 0 {
		q.AfterAt, q.AfterID = g.instant(), subscriptionID(g.below(7))
	}
	return q
}
