package structure

import (
	"context"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// Readership tells package notify who may read what. It is immutable and safe for
// concurrent use.
type Readership struct {
	policy   authz.Policy
	defaults map[Type]map[string][]ids.Space
	shut     []ids.Space // those in which nobody can read, so that there is no news of them
}

var _ notify.Readership = (*Readership)(nil)

// NewReadership returns a Readership under a policy.
func NewReadership(p authz.Policy) *Readership {
	r := &Readership{policy: p, defaults: map[Type]map[string][]ids.Space{Public: {}, Private: {}}}
	for _, s := range p.Spaces {
		if !s.Has(authz.Read) && !p.WriteImpliesRead {
			r.shut = append(r.shut, s.Code)
		}
	}
	for t, roles := range r.defaults {
		for _, s := range p.Spaces {
			for _, role := range s.Defaults[t] {
				roles[string(role)] = append(roles[string(role)], s.Code)
			}
		}
	}
	return r
}

// Readership returns the Readership under the service's policy.
func (s *Service) Readership() *Readership { return NewReadership(s.authz) }

// storeOf returns what this package needs of a unit of work.
func storeOf(tx notify.Tx) (Tx, error) {
	full, ok := tx.(Tx)
	if !ok {
		return nil, ErrBadPolicy.With("the store's unit of work does not know structures")
	}
	return full, nil
}

// Misplaced implements notify.Readership. A space that belongs to every person is about
// no structure, so nothing happens there.
func (r *Readership) Misplaced(ctx context.Context, tx notify.Tx, n notify.Notice) ([]fault.Field, error) {
	full, err := storeOf(tx)
	if err != nil {
		return nil, err
	}
	var bad []fault.Field
	if spec, listed := r.policy.Spec(n.Space); !listed || spec.Always {
		bad = append(bad, fault.Field{Path: "space", Code: "oneof"})
	}
	if _, there, err := known(find(ctx, full.Structure, n.Structure)); err != nil || !there {
		return append(bad, fault.Field{Path: "structure", Code: "id"}), err
	}
	if n.Service == "" {
		return bad, nil
	}
	u, there, err := known(find(ctx, full.Unit, n.Service))
	if err == nil && (!there || u.Structure != n.Structure) {
		bad = append(bad, fault.Field{Path: "service", Code: "id"})
	}
	return bad, err
}

// Readers implements notify.Readership.
func (r *Readership) Readers(ctx context.Context, tx notify.Tx, q notify.ReaderQuery) ([]notify.Reader, error) {
	full, err := storeOf(tx)
	if err != nil {
		return nil, err
	}
	found, err := full.Followers(ctx, FollowerQuery{
		Account: q.Account, Structure: q.Structure, After: q.After, Rhythms: q.Rhythms, Named: q.Named, Limit: q.Limit,
	})
	if err != nil {
		return nil, err
	}
	readers := make([]notify.Reader, len(found))
	for i, f := range found {
		readers[i] = r.Reader(f)
	}
	return readers, nil
}

// Reader brings what somebody holds into the words of package notify.
func (r *Readership) Reader(f Follower) notify.Reader {
	reader := notify.Reader{
		Account: f.Account, Address: f.ContactEmail, Language: f.Language, Preferences: f.Notices,
	}
	if f.GivenName != "" || f.FamilyName != "" {
		reader.Name = account.Account{GivenName: f.GivenName, FamilyName: f.FamilyName}.DisplayName()
	}
	if len(f.Memberships) > 0 {
		reader.Places = make([]notify.Place, 0, len(f.Memberships))
	}
	for _, m := range f.Memberships {
		if m.Role == RoleTechnical {
			continue
		}
		reader.Places = append(reader.Places, notify.Place{
			Structure: m.Structure, Role: string(m.Role), Principal: m.Role == RolePrincipalManager,
			Manager: m.Role == RolePrincipalManager || m.Role == RoleSecondaryManager,
			Span:    notify.Span(m.Validity), Whole: m.Granted.Whole, Services: m.Granted.Services,
			Rights: r.rights(f.Subscriptions, m.Structure),
		})
	}
	return reader
}

// rights are the subscriptions in a structure that let their holder read.
func (r *Readership) rights(lines []HeldSubscription, in ID) []notify.Right {
	var rights []notify.Right
	for _, s := range lines {
		reads := s.Level == authz.Read || s.Level == authz.Write && r.policy.WriteImpliesRead
		if s.Structure == in && reads {
			rights = append(rights, notify.Right{Space: s.Space, Service: s.Service, Span: notify.Span(s.Validity)})
		}
	}
	return rights
}

// Venues implements notify.Readership.
func (r *Readership) Venues(ctx context.Context, tx notify.Tx, wanted []ids.StructureID) (map[ids.StructureID]notify.Venue, error) {
	full, err := storeOf(tx)
	if err != nil {
		return nil, err
	}
	found, err := full.Venues(ctx, wanted)
	if err != nil {
		return nil, err
	}
	venues := make(map[ids.StructureID]notify.Venue, len(found))
	for _, v := range found {
		venues[v.Structure] = r.Venue(v)
	}
	return venues, nil
}

// Venue brings a structure and its services into the words of package notify.
func (r *Readership) Venue(s Venue) notify.Venue {
	v := notify.Venue{
		Name:   Structure{LegalName: s.LegalName, Label: s.Label}.DisplayName(),
		Active: s.Status == StatusActive, Spaces: s.Spaces, Defaults: r.defaults[s.Type],
	}
	if len(r.shut) > 0 {
		v.Spaces = slices.DeleteFunc(slices.Clone(v.Spaces), func(s ids.Space) bool { return slices.Contains(r.shut, s) })
	}
	for _, u := range s.Units {
		if u.Active {
			if v.Services == nil {
				v.Services = map[ids.ServiceID]notify.Span{}
			}
			v.Services[u.ID] = notify.Span(u.Validity)
		}
	}
	return v
}
