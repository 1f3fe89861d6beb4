package structure

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Consequences are what deactivating an account means, for its owner to read before
// confirming. Structures are as [Service.Search] shows them: where a request
// waits, the owner is nobody yet.
type Consequences struct {
	Until       time.Time   // the owner can come back alone before this instant
	Principal   []Structure // those that need a successor, by legal name
	Withdrawn   []Structure // those where a request that waits is withdrawn
	Kept        []Structure // those whose membership sleeps until the owner is back
	LoginChange bool        // a change of the login address under way is dropped

	// Candidates are members whom each structure of Principal can be handed to, by name,
	// for the owner to choose from; the first [MaxCandidates] members are looked
	// through. Anybody else can be named by login address. Only
	// [Service.PrepareDeactivation] sets it.
	Candidates map[ID][]Person

	// Token stands for the rest but the instant; [Service.Deactivate] needs it.
	Token string
}

// Blocked lists the structures whose principal manager cannot leave here, since an
// external directory keeps their accounts.
func (c Consequences) Blocked() []Structure {
	return slices.DeleteFunc(slices.Clone(c.Principal), func(st Structure) bool { return !st.External() })
}

// published is what the owner is shown of c.
func (c Consequences) published() Consequences {
	for _, list := range []*[]Structure{&c.Principal, &c.Withdrawn, &c.Kept} {
		*list = slices.Clone(*list)
		publish(*list)
	}
	return c
}

// Deactivation is the owner's word to close the account.
type Deactivation struct {
	Confirmed bool   // the box is ticked
	Token     string // of the consequences that were shown

	// Whoever is principal manager names one successor for every structure, or one for
	// each; not both.
	SuccessorForAll Successor
	Successors      map[ID]Successor
}

// PrepareDeactivation tells the actor what deactivating the own account would mean. It
// changes nothing. The error is account.ErrNotActive, or account.ErrExternallyManaged
// for an account that an external directory keeps.
func (s *Service) PrepareDeactivation(ctx context.Context, by account.Actor) (Consequences, error) {
	if s.accounts == nil {
		return Consequences{}, errNoAccounts
	}
	now := s.clock()
	var c Consequences
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		switch {
		case err != nil:
			return err
		case a.External:
			return s.externallyManaged()
		}
		l, err := s.leaving(ctx, tx, a, now)
		if err != nil {
			return err
		}
		c = l.Consequences.published()
		c.Candidates, err = offer(ctx, tx, a.Card(), c.Principal)
		return err
	})
	return c, err
}

// Deactivate closes the actor's account: every structure gets its successor,
// requests that wait are withdrawn, sessions end and links are void, all in one unit or
// not at all. Memberships stay and give no rights until the owner is back
// . Owner and successors are told by mail. Doing it again changes nothing
//
//
// Errors, of which all but the first come with the consequences as they are now:
// ErrInvalid without the confirmation, or naming successors who cannot be it: the
// owner, or whoever is not an active person; [ErrConsequencesChanged];
// [ErrSuccessorRequired]; [ErrSuccessorMissing] whose fields name the structures;
// [ErrExternallyManaged]; [ErrAcceptanceRequired] for a principal manager where the policy
// asks successors to accept. Also account.ErrActor and account.ErrNotActive.
func (s *Service) Deactivate(ctx context.Context, by account.Actor, d Deactivation) (Consequences, error) {
	const op = "structure.Deactivate"
	if s.accounts == nil {
		return Consequences{}, errNoAccounts
	}
	if err := d.check(op); err != nil {
		return Consequences{}, err
	}
	now := s.clock()
	var c Consequences
	err := s.update(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		if errors.Is(err, account.ErrNotActive) {
			c, err = alreadyDeactivated(ctx, tx, by)
			return err
		}
		if err == nil {
			a, err = claim(ctx, tx, a)
		}
		if err != nil {
			return err
		}
		l, err := s.leaving(ctx, tx, a, now)
		if err != nil {
			return err
		}
		c = l.Consequences.published()
		switch {
		case a.External || len(c.Blocked()) > 0:
			return s.externallyManaged()
		case d.Token != c.Token:
			return ErrConsequencesChanged.In(op)
		case s.policy.Principals.Accept && len(c.Principal) > 0:
			return ErrAcceptanceRequired.In(op)
		}
		heirs, err := heirsOf(ctx, tx, op, a.Card(), d.SuccessorForAll, d.Successors, l.Principal)
		if err != nil {
			return err
		}
		return s.leave(ctx, tx, by, l, heirs, now)
	})
	return c, err
}

// check names what is wrong with the form alone.
func (d Deactivation) check(op string) error {
	bad := bothWays(d.SuccessorForAll, d.Successors)
	if !d.Confirmed {
		bad = append([]fault.Field{{Path: "confirmed", Code: "confirmation"}}, bad...)
	}
	if len(bad) > 0 {
		return fault.Invalid(op, bad...)
	}
	return nil
}

// alreadyDeactivated answers whoever confirms twice.
func alreadyDeactivated(ctx context.Context, tx Tx, by account.Actor) (Consequences, error) {
	a, there, err := known(find(ctx, tx.Account, by.ID))
	switch {
	case err != nil:
		return Consequences{}, err
	case !there || a.Status != account.StatusDeactivated:
		return Consequences{}, account.ErrNotActive
	default:
		return Consequences{Until: a.ReactivableUntil}, nil
	}
}

// leaving is everything that a deactivation touches.
type leaving struct {
	Consequences
	account     account.Account
	memberships []Membership   // all of them
	lines       []Subscription // those that wait for a decision
}

// leaving loads what an account would leave behind.
func (s *Service) leaving(ctx context.Context, tx Tx, a account.Account, now time.Time) (leaving, error) {
	l := leaving{account: a, Consequences: Consequences{Until: s.accounts.DeactivationDeadline(now)}}
	link, there, err := known(tx.Link(ctx, a.ID, account.PurposeLoginChange))
	if err != nil {
		return l, err
	}
	l.LoginChange = there && link.UsedAt.IsZero() && now.Before(link.ExpiresAt)
	parts := []string{string(a.ID), strconv.FormatBool(l.LoginChange)}
	for q := (MembershipQuery{Account: a.ID, Limit: 1000}); ; {
		page, err := tx.Memberships(ctx, q)
		if err != nil {
			return l, err
		}
		for _, m := range page {
			q.AfterAt, q.AfterID = m.RequestedAt, m.ID
			if m.Status != StatusApproved && !m.Undecided() {
				continue
			}
			st, err := tx.Structure(ctx, m.Structure)
			if err != nil {
				return l, err
			}
			l.memberships = append(l.memberships, m)
			parts = append(parts, l.note(m, st)...)
		}
		if len(page) < q.Limit {
			break
		}
	}
	if l.lines, err = linesOf(ctx, tx, SubscriptionQuery{Account: a.ID, Statuses: []SubscriptionStatus{SubscriptionPending}}); err != nil {
		return l, err
	}
	for _, line := range l.lines {
		parts = append(parts, string(line.ID))
		if slices.ContainsFunc(l.Withdrawn, func(st Structure) bool { return st.ID == line.Structure }) {
			continue
		}
		st, err := tx.Structure(ctx, line.Structure)
		if err != nil {
			return l, err
		}
		l.Withdrawn = append(l.Withdrawn, st)
	}
	for _, list := range [][]Structure{l.Principal, l.Withdrawn, l.Kept} {
		slices.SortFunc(list, func(a, b Structure) int {
			return cmp.Or(cmp.Compare(Fold(a.LegalName), Fold(b.LegalName)), cmp.Compare(a.ID, b.ID))
		})
	}
	l.Token = notify.Digest(a.Salt, append([]string{"deactivation"}, parts...)...)
	return l, nil
}

// note adds what leaving one membership means, and returns what the token says of it.
func (l *leaving) note(m Membership, st Structure) []string {
	principal := m.Status == StatusApproved && m.Role == RolePrincipalManager && st.Status == StatusActive
	if principal {
		l.Principal = append(l.Principal, st)
	}
	if m.Undecided() {
		l.Withdrawn = append(l.Withdrawn, st)
	}
	if m.Status == StatusApproved {
		l.Kept = append(l.Kept, st)
	}
	return []string{
		string(m.ID), string(m.Status), string(m.Role), strconv.FormatBool(principal), strconv.FormatBool(m.Undecided()),
		st.LegalName, st.Identifier.Value,
	}
}

// leave writes a deactivation: demotions before promotions, the account last.
func (s *Service) leave(ctx context.Context, tx Tx, by account.Actor, l leaving, heirs map[ID]account.Account, now time.Time) error {
	for _, st := range l.Principal {
		i := slices.IndexFunc(l.memberships, func(m Membership) bool { return m.Structure == st.ID })
		h := succession{st: st, from: l.memberships[i], former: l.account.Card(), to: heirs[st.ID].Card(), mail: notify.MailPrincipalReceived, silent: true}
		var err error
		if l.memberships[i], err = s.handOver(ctx, tx, by, h, now); err != nil {
			return err
		}
	}
	for _, m := range l.memberships {
		if !m.Undecided() {
			continue
		}
		m, err := m.Withdraw(by.ID, now)
		if err != nil {
			return err
		}
		if err := s.putMembership(ctx, tx, by, "membership.withdrawn", &m, now); err != nil {
			return err
		}
	}
	for _, line := range l.lines {
		line, err := line.Withdraw(by.ID, now)
		if err != nil {
			return err
		}
		if err := s.putSubscription(ctx, tx, by, "subscription.withdrawn", &line, now); err != nil {
			return err
		}
	}
	if err := guard(ctx, tx, heirs); err != nil {
		return err
	}
	_, err := s.accounts.DeactivateIn(ctx, tx, by, l.account, now)
	return err
}
