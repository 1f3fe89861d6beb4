package structure_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

func some[V any](r *rand.Rand, from ...V) V { return from[r.IntN(len(from))] }

// mostly is the first of some values nine times of ten.
func mostly[V any](r *rand.Rand, common V, rare ...V) V {
	if r.IntN(10) > 0 {
		return common
	}
	return some(r, rare...)
}

// around is a span about an instant, with bounds on it, before and after it, and open.
func around(r *rand.Rand, at time.Time) authz.Validity {
	var v authz.Validity
	if r.IntN(3) > 0 {
		v.From = some(r, at, at.Add(-time.Microsecond), at.Add(-time.Hour), at.Add(time.Microsecond))
	}
	if r.IntN(3) > 0 {
		v.Until = some(r, at.Add(time.Hour), at.Add(time.Microsecond), at.Add(time.Hour), at)
	}
	return v
}

// scene is one account in one structure, in any state.
type scene struct {
	account    account.Account
	structure  structure.Structure
	units      []structure.Unit
	membership structure.Membership
	lines      []structure.Subscription
}

func anyScene(r *rand.Rand, policy authz.Policy, at time.Time) scene {
	ids := []structure.ServiceID{"one", "two", "three"}
	var s scene
	s.account = account.Account{
		ID: "julie", Kind: mostly(r, account.KindPerson, account.KindTechnical),
		Status: mostly(r, account.StatusActive, account.StatusDeactivated, account.StatusPendingActivation),
	}
	s.structure = structure.Structure{ID: "hall", Type: some(r, structure.Public, structure.Private), Status: mostly(r, structure.StatusActive, structure.StatusInactive)}
	for _, spec := range policy.Spaces {
		if r.IntN(4) > 0 {
			s.structure.Spaces = append(s.structure.Spaces, spec.Code)
		}
	}
	for _, id := range ids[:2] {
		s.units = append(s.units, structure.Unit{ID: id, Structure: "hall", Active: r.IntN(6) > 0, Validity: around(r, at)})
	}
	s.membership = structure.Membership{
		ID: "m", Account: "julie", Structure: "hall", Validity: around(r, at),
		Status: mostly(r, structure.StatusApproved, structure.StatusPending, structure.StatusRejected, structure.StatusDisabled, structure.StatusRemoved, structure.StatusCancelled),
		Role:   some(r, structure.RoleMember, structure.RoleMember, structure.RoleSecondaryManager, structure.RolePrincipalManager),
	}
	if s.account.Kind == account.KindTechnical {
		s.membership.Role = structure.RoleTechnical
	}
	if s.membership.Granted.Whole = r.IntN(2) == 0; !s.membership.Granted.Whole {
		for _, id := range ids {
			if r.IntN(2) == 0 {
				s.membership.Granted.Services = append(s.membership.Granted.Services, id)
			}
		}
	}
	for range r.IntN(8) {
		s.lines = append(s.lines, structure.Subscription{
			Account: "julie", Structure: "hall", Service: some(r, "", "", ids[0], ids[1]), Space: policy.Spaces[r.IntN(len(policy.Spaces))].Code,
			Level: some(r, authz.Read, authz.Write), Validity: around(r, at),
			Status: some(r, structure.SubscriptionApproved, structure.SubscriptionApproved, structure.SubscriptionPending, structure.SubscriptionRemoved),
		})
	}
	return s
}

// follower is what a store gives of a scene, false if it gives nothing.
func (s scene) follower() (structure.Follower, bool) {
	f := structure.Follower{Account: s.account.ID}
	if s.account.Status != account.StatusActive || s.account.Kind != account.KindPerson {
		return f, false
	}
	if s.membership.Status == structure.StatusApproved {
		f.Memberships = append(f.Memberships, structure.HeldMembership{
			Structure: s.membership.Structure, Role: s.membership.Role, Granted: s.membership.Granted, Validity: s.membership.Validity,
		})
	}
	for _, l := range s.lines {
		if l.Status == structure.SubscriptionApproved {
			f.Subscriptions = append(f.Subscriptions, structure.HeldSubscription{
				Structure: l.Structure, Service: l.Service, Space: l.Space, Level: l.Level, Validity: l.Validity,
			})
		}
	}
	return f, true
}

// entitled says by authz.Decide who may know: a simple user who may read, and a manager
// for whom nothing but a subscription is missing.
func (s scene) entitled(policy authz.Policy, space authz.Space, service structure.ServiceID, at time.Time) bool {
	d := authz.Decide(structure.Facts(policy, s.account.Card(), s.structure, s.units, s.membership, s.lines...), authz.Request{
		Account: s.account.ID, Structure: s.structure.ID, Service: service, Space: space, Level: authz.Read, At: at,
	})
	if s.account.Kind == account.KindTechnical {
		return false
	}
	if s.membership.Role == structure.RoleMember {
		return d.Allowed
	}
	for _, missing := range d.Missing() {
		if missing.Condition != authz.ConditionEntitlement {
			return false
		}
	}
	return true
}

// whoever is told of a notice is whom package authz lets read where
// it happened, in worlds of every kind; managers need no subscription.
func TestAudienceIsWhatAuthzSays(t *testing.T) {
	t.Parallel()
	const rounds = 20_000
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	at := time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
	strict := authz.Guide2024()
	strict.WriteImpliesRead = false
	levels := func(p authz.Policy) authz.Policy { // every third space to write alone, and to read alone
		for i := range p.Spaces {
			p.Spaces[i].Levels = [][]authz.Level{nil, {authz.Write}, {authz.Read}}[i%3]
		}
		return p
	}
	exact := levels(authz.Guide2024())
	exact.WriteImpliesRead = false
	policies := []authz.Policy{authz.Guide2024(), authz.Guide2019(), authz.Guide2017(), strict, levels(authz.Guide2024()), exact}
	told, silent := 0, 0
	for range rounds {
		policy := some(r, policies...)
		s := anyScene(r, policy, at)
		spec := policy.Spaces[r.IntN(len(policy.Spaces))]
		if spec.Always {
			continue // nothing is published there
		}
		service := some[structure.ServiceID](r, "", "", "one", "two", "one", "two", "three", "nowhere")
		readers := structure.NewReadership(policy)
		got := false
		if f, there := s.follower(); there {
			reader, venue := readers.Reader(f), readers.Venue(structure.Venue{
				Structure: s.structure.ID, Type: s.structure.Type, Status: s.structure.Status, Spaces: s.structure.Spaces, Units: s.units,
			})
			for _, place := range reader.Places {
				got = got || notify.MayKnow(place, venue, notify.Sort{Category: "invoicing", Space: spec.Code, Service: service}, at)
			}
		}
		require.Equal(t, s.entitled(policy, spec.Code, service, at), got, "seed %d: %+v %s %s", seed, s, spec.Code, service)
		if got {
			told++
		} else {
			silent++
		}
	}
	require.Greater(t, min(told, silent), rounds/50, "both answers are common: %d and %d", told, silent)
}
