package structure

import (
	"context"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// Waits reports whether somebody is asked and may still answer at an instant.
func (n Nomination) Waits(at time.Time) bool { return !n.IsZero() && at.Before(n.ExpiresAt) }

// Nominate returns s with a person asked to take over as principal manager, for so long.
// by is the principal manager. The error is [ErrNominationPending] while somebody else,
// or the same person, has yet to answer.
func (s Structure) Nominate(who, by account.ID, now time.Time, lifetime time.Duration) (Structure, error) {
	if s.Nomination.Waits(now) {
		return s, ErrNominationPending
	}
	s.Nomination = Nomination{Account: who, By: by, At: now, ExpiresAt: now.Add(lifetime)}
	return s, nil
}

// Answered returns s once a nominee accepts or declines. Errors: [ErrNotFound] for
// whoever is not asked; [ErrNominationExpired].
func (s Structure) Answered(who account.ID, now time.Time) (Structure, error) {
	switch n := s.Nomination; {
	case n.IsZero() || n.Account != who:
		return s, ErrNotFound
	case !n.Waits(now):
		return s, ErrNominationExpired
	}
	s.Nomination = Nomination{}
	return s, nil
}

// Nominated is a nomination with the names to show.
type Nominated struct {
	Structure Structure // as [Service.Search] shows it
	Nominee   Person
	By        Person // the principal manager
	At        time.Time
	ExpiresAt time.Time // it cannot be accepted from this instant on
}

// Nomination returns the nomination of a structure that waits for an answer, to the
// nominee and to the principal manager. The error is [ErrNotFound], for everybody else
// too.
func (s *Service) Nomination(ctx context.Context, by account.Actor, id ID) (Nominated, error) {
	now := s.clock()
	var out Nominated
	err := s.store.View(ctx, func(tx Tx) error {
		at, err := standing(ctx, tx, by, id)
		if err != nil {
			return err
		}
		n := at.Structure.Nomination
		if !n.Waits(now) || at.Structure.Status != StatusActive || by.ID != n.Account && by.ID != n.By {
			return ErrNotFound
		}
		nominee, _, err := known(tx.Account(ctx, n.Account))
		if err != nil {
			return err
		}
		principal, _, err := known(tx.Account(ctx, n.By))
		out = Nominated{
			Structure: at.Structure.published(), Nominee: personOf(nominee.Card()), By: personOf(principal.Card()), At: n.At, ExpiresAt: n.ExpiresAt,
		}
		return err
	})
	return out, err
}

// nominate asks a successor.
func (s *Service) nominate(ctx context.Context, tx Tx, by account.Actor, st Structure, owner, heir account.Card, now time.Time) error {
	st, err := st.Nominate(heir.ID, by.ID, now, s.policy.Principals.NominationLifetime)
	if err != nil {
		return err
	}
	if err := s.putStructure(ctx, tx, by, "principal.nominated", &st, now); err != nil {
		return err
	}
	return s.tellNomination(ctx, tx, st, heir, notify.MailPrincipalNominated, notify.Values{
		"Applicant": owner.DisplayName(), "Until": st.Nomination.ExpiresAt.Format(time.RFC3339),
		"Link": s.links.To(s.links.Nominations, string(st.ID)),
	}, now)
}

// AcceptNomination makes the actor, who was asked to, the principal manager of a
// structure; the one before stays as a simple user, as with [Service.TransferPrincipal].
//
// Errors: account.ErrActor; account.ErrNotActive; account.ErrProofRequired if the policy
// asks for a fresh proof; [ErrNotFound] for whoever is not asked, or not any more;
// [ErrNominationExpired]; [ErrStructureInactive].
func (s *Service) AcceptNomination(ctx context.Context, by account.Actor, id ID) (Structure, error) {
	now := s.clock()
	if err := s.requireProof(by, now); err != nil {
		return Structure{}, err
	}
	var st Structure
	err := s.update(ctx, func(tx Tx) error {
		heir, err := account.Acting(ctx, tx, by) // active as it is guarded below
		if err != nil {
			return err
		}
		_, asked, answered, err := s.answer(ctx, tx, by, id, now)
		if err != nil {
			return err
		}
		principal, there, err := principalOf(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case !there || principal.Account.ID != asked.Nomination.By:
			return ErrNotFound // whoever asked has no say any more
		}
		st = answered
		_, err = s.handOver(ctx, tx, by, succession{
			st: answered, from: principal.Membership, former: principal.Account, to: heir.Card(),
			kind: "principal.nomination_accepted", mail: notify.MailPrincipalReceived,
		}, now)
		if err != nil {
			return err
		}
		return guard(ctx, tx, map[ID]account.Account{id: heir})
	})
	if err != nil {
		return Structure{}, err
	}
	return st.published(), nil
}

// DeclineNomination says no: the principal manager stays, and is told by mail. Errors are
// those of [Service.AcceptNomination], but for the proof.
func (s *Service) DeclineNomination(ctx context.Context, by account.Actor, id ID) error {
	now := s.clock()
	return s.store.Update(ctx, func(tx Tx) error {
		nominee, asked, st, err := s.answer(ctx, tx, by, id, now)
		if err != nil {
			return err
		}
		if err := s.putStructure(ctx, tx, by, "principal.nomination_declined", &st, now); err != nil {
			return err
		}
		principal, _, err := known(find(ctx, tx.Account, asked.Nomination.By))
		if err != nil {
			return err
		}
		return s.tellNomination(ctx, tx, st, principal.Card(), notify.MailPrincipalDeclined, notify.Values{
			"Applicant": nominee.DisplayName(), "Link": s.links.To(s.links.Memberships, ""),
		}, now)
	})
}

// answer loads what a nominee answers: who, the structure as it asks and once answered.
func (s *Service) answer(ctx context.Context, tx Tx, by account.Actor, id ID, now time.Time) (who account.Card, asked, answered Structure, err error) {
	at, err := standing(ctx, tx, by, id)
	if err != nil {
		return at.Account, asked, answered, err
	}
	asked = at.Structure
	answered, err = asked.Answered(by.ID, now)
	if err == nil && asked.Status != StatusActive {
		err = ErrStructureInactive
	}
	return at.Account, asked, answered, err
}

// WithdrawNomination takes back a nomination that waits: by the principal manager, who
// keeps the role. The nominee is told by mail. Errors: [ErrNotFound] if nobody is asked,
// or not any more; [ErrDenied] for everybody but the principal manager.
func (s *Service) WithdrawNomination(ctx context.Context, by account.Actor, id ID) error {
	now := s.clock()
	return s.store.Update(ctx, func(tx Tx) error {
		st, err := s.authorise(ctx, tx, by, id, authz.ActionTransferPrincipal, now)
		switch {
		case err != nil:
			return err
		case !st.Nomination.Waits(now):
			return ErrNotFound
		}
		nominee, _, err := known(find(ctx, tx.Account, st.Nomination.Account))
		if err != nil {
			return err
		}
		st.Nomination = Nomination{}
		if err := s.putStructure(ctx, tx, by, "principal.nomination_withdrawn", &st, now); err != nil {
			return err
		}
		return s.tellNomination(ctx, tx, st, nominee.Card(), notify.MailPrincipalNominationOver, notify.Values{}, now)
	})
}

// tellNomination mails somebody about a nomination; nobody who is not active.
func (s *Service) tellNomination(ctx context.Context, tx Tx, st Structure, to account.Card, t notify.Template, v notify.Values, now time.Time) error {
	if !reachable(to) {
		return nil
	}
	key := string(t) + "/" + string(st.ID) + "/" + strconv.FormatInt(st.Version, 10)
	return s.tell(ctx, tx, to, st, notify.Mail{Key: key, Template: t, Values: v}, now)
}

// principalOf returns the principal manager of a structure, active or not, and whether
// there is one.
func principalOf(ctx context.Context, tx Tx, id ID) (Member, bool, error) {
	if !ids.Valid(id) {
		return Member{}, false, nil
	}
	found, err := tx.Members(ctx, MembershipQuery{
		Structures: []ID{id}, Statuses: []MembershipStatus{StatusApproved}, Role: RolePrincipalManager, Limit: 1,
	})
	if err != nil || len(found) == 0 {
		return Member{}, false, err
	}
	return found[0], true, nil
}
