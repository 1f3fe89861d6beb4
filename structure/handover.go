package structure

import (
	"context"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
)

// succession is the role of principal manager going from one person to another in one
// structure, whatever the reason.
type succession struct {
	st     Structure
	from   Membership   // of the principal manager until now; zero if there is none
	former account.Card // whom that belongs to
	to     account.Card
	reason Note            // why support appoints; nothing otherwise
	kind   notify.Kind     // what happens to the structure itself; "" for nothing
	mail   notify.Template // to the successor
	silent bool            // the former principal manager is told in another mail
}

// handOver moves the role of principal manager of one structure, demotion first, and
// returns what the former membership became. Putting the structure makes two such units
// collide, whatever isolation the store has (RC-07). A nomination that waited is over.
func (s *Service) handOver(ctx context.Context, tx Tx, by account.Actor, h succession, now time.Time) (Membership, error) {
	if err := s.putSucceeded(ctx, tx, by, h, now); err != nil {
		return h.from, err
	}
	heir, err := s.heirsMembership(ctx, tx, h, by, now)
	if err != nil {
		return h.from, err
	}
	old := h.from
	if old.ID != "" {
		if old, err = old.HandOver(by.ID, now); err != nil {
			return h.from, err
		}
		if err := s.putSuccession(ctx, tx, by, "membership.handed_over", &old, h.to.ID, now); err != nil {
			return h.from, err
		}
		if err := s.endPowers(ctx, tx, by, old, now); err != nil {
			return h.from, err
		}
	}
	if err := s.putSuccession(ctx, tx, by, "membership.taken_over", &heir, old.Account, now); err != nil {
		return h.from, err
	}
	if err := s.answerLines(ctx, tx, by, heir, now); err != nil {
		return h.from, err
	}
	return old, s.tellSuccession(ctx, tx, h, heir, now)
}

// putSucceeded puts the structure, and records it if something about it changes.
func (s *Service) putSucceeded(ctx context.Context, tx Tx, by account.Actor, h succession, now time.Time) error {
	if h.kind == "" && h.st.Nomination.IsZero() {
		return tx.PutStructure(ctx, h.st)
	}
	if h.kind == "" {
		h.kind = "principal.nomination_ended"
	}
	h.st.Nomination = Nomination{}
	return s.putStructure(ctx, tx, by, h.kind, &h.st, now)
}

// heirsMembership is that of the principal manager to be, which may not be stored yet.
func (s *Service) heirsMembership(ctx context.Context, tx Tx, h succession, by account.Actor, now time.Time) (Membership, error) {
	at, err := tx.Standing(ctx, h.to.ID, h.st.ID)
	if err != nil {
		return Membership{}, err
	}
	heir := at.Membership
	if heir.ID == "" {
		id, err := s.ids.New(now)
		if err != nil {
			return Membership{}, err
		}
		heir = Membership{ID: MembershipID(id), Account: h.to.ID, Structure: h.st.ID, CreatedAt: now}
	}
	if heir, err = heir.TakeOver(by.ID, now); err == nil && h.reason != (Note{}) {
		heir.Reason = h.reason
	}
	return heir, err
}

// putSuccession is putMembership for one of the two of a succession; the history names
// the other.
func (s *Service) putSuccession(ctx context.Context, tx Tx, by account.Actor, kind notify.Kind, m *Membership, other account.ID, now time.Time) error {
	if err := s.storeMembership(ctx, tx, m); err != nil {
		return err
	}
	state := MembershipStateOf(*m)
	state.With = other
	f := membershipFact(by, kind, *m, now)
	f.State = state
	return s.journal.Record(ctx, tx, f)
}

// endPowers ends the lines that would leave powers of a manager to whoever was one
// . What a simple user may hold stays.
func (s *Service) endPowers(ctx context.Context, tx Tx, by account.Actor, m Membership, now time.Time) error {
	return s.endLines(ctx, tx, by, m.Account, m.Structure, func(line Subscription) bool { return line.Space == authz.SpaceOrganisation }, now)
}

// answerLines ends the requests for spaces of whoever is principal manager now: nobody
// decides their own, and a principal manager grants instead.
func (s *Service) answerLines(ctx context.Context, tx Tx, by account.Actor, m Membership, now time.Time) error {
	return s.endLines(ctx, tx, by, m.Account, m.Structure, Subscription.Undecided, now)
}

// tellSuccession mails both.
func (s *Service) tellSuccession(ctx context.Context, tx Tx, h succession, heir Membership, now time.Time) error {
	key := string(heir.ID) + "/" + strconv.FormatInt(heir.Version, 10)
	link := s.links.To(s.links.Memberships, "")
	if err := s.tell(ctx, tx, h.to, h.st, notify.Mail{
		Key: "principal/" + key, Template: h.mail, Values: notify.Values{"Link": link},
	}, now); err != nil {
		return err
	}
	if h.silent || !reachable(h.former) {
		return nil
	}
	return s.tell(ctx, tx, h.former, h.st, notify.Mail{
		Key: "principal_former/" + key, Template: notify.MailPrincipalHandedOver,
		Values: notify.Values{"Applicant": h.to.DisplayName(), "Link": link},
	}, now)
}
