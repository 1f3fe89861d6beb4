package structure

import (
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
)

// Facts gathers what package authz needs to decide about an account in a structure.
// Parts that do not exist are given as their zero values; lines are the account's
// subscriptions there.
func Facts(p authz.Policy, a account.Card, s Structure, units []Unit, m Membership, lines ...Subscription) authz.Facts {
	f := authz.Facts{
		Policy:     p,
		Account:    authz.AccountFact{ID: a.ID, Status: a.Status, Since: a.StatusSince, Technical: a.Kind == account.KindTechnical},
		Structure:  authz.StructureFact{ID: s.ID, Type: s.Type, Active: s.Status == StatusActive, Spaces: s.Spaces, Delegated: s.Delegated},
		Membership: MembershipStateOf(m).fact(),
	}
	for _, u := range units {
		f.Structure.Services = append(f.Structure.Services, authz.ServiceFact{ID: u.ID, Active: u.Active, Validity: u.Validity})
	}
	for _, line := range lines {
		if g, ok := SubscriptionStateOf(line).grant(); ok {
			f.Grants = append(f.Grants, g)
		}
	}
	return f
}

// grant is what a line gives or would give; false for one that has ended.
func (s SubscriptionState) grant() (authz.Grant, bool) {
	g := authz.Grant{
		Space: s.Space, Service: s.Service, Level: s.Level, Pending: s.Status == SubscriptionPending,
		Validity: s.Validity, Since: s.DecidedAt, By: s.DecidedBy,
	}
	if g.Pending {
		g.Since = s.RequestedAt
	}
	return g, g.Pending || s.Status == SubscriptionApproved
}

func (m MembershipState) fact() authz.MembershipFact {
	since := m.DecidedAt
	if m.Status == StatusPending {
		since = m.RequestedAt
	}
	return authz.MembershipFact{
		Status: m.Status, Role: m.Role, Whole: m.Granted.Whole, Services: m.Granted.Services,
		Validity: m.Validity, Since: since, By: m.DecidedBy,
	}
}
