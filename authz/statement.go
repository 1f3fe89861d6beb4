package authz

import (
	"slices"
	"strings"
	"time"
)

// Origin tells where an entitlement comes from.
type Origin string

// Origins.
const (
	OriginRole         Origin = "role"         // default of the role
	OriginSubscription Origin = "subscription" // asked for and approved, or granted by a manager
)

// Entitlement is one right that holds at an instant.
type Entitlement struct {
	Account   AccountID
	Structure StructureID
	Service   ServiceID // "" means the structure as a whole, all its services included
	Space     Space
	Level     Level
	Origin    Origin
	Since     time.Time // when it was granted
}

// Statement lists every business right that the facts give at the given instant:
// "my entitlements". It is what [Decide] would allow, one entry for each
// service that the membership names, or one for the structure when it covers the
// whole; spaces that belong to everybody are left out. The order is service,
// space, level.
func Statement(f Facts, at time.Time) []Entitlement {
	services := f.Membership.Services
	if f.Membership.Whole {
		services = append([]ServiceID{""}, granted(f)...)
	}
	var out []Entitlement
	for _, svc := range services {
		for _, spec := range f.Policy.Spaces {
			if spec.Always {
				continue
			}
			for _, level := range []Level{Read, Write} {
				e, ok := entitled(f, svc, spec.Code, level, at)
				if ok && !slices.ContainsFunc(out, e.within) {
					out = append(out, e)
				}
			}
		}
	}
	slices.SortStableFunc(out, compare)
	return out
}

// granted lists the services for which a member of the whole structure holds a
// grant of their own.
func granted(f Facts) []ServiceID {
	var out []ServiceID
	for _, g := range f.Grants {
		if g.Service != "" && !slices.Contains(out, g.Service) {
			out = append(out, g.Service)
		}
	}
	return out
}

func entitled(f Facts, svc ServiceID, space Space, level Level, at time.Time) (Entitlement, bool) {
	d := Decide(f, Request{
		Account: f.Account.ID, Structure: f.Structure.ID,
		Service: svc, Space: space, Level: level, At: at,
	})
	if !d.Allowed {
		return Entitlement{}, false
	}
	last := d.Steps[len(d.Steps)-1]
	e := Entitlement{
		Account: f.Account.ID, Structure: f.Structure.ID, Service: svc,
		Space: space, Level: level, Origin: OriginSubscription, Since: last.At,
	}
	if last.Reason == ReasonRoleDefault {
		e.Origin = OriginRole
	}
	return e, true
}

// within reports whether other, the same right on the whole structure, makes e's
// own line superfluous.
func (e Entitlement) within(other Entitlement) bool {
	return other.Service == "" && other.Space == e.Space && other.Level == e.Level
}

func compare(a, b Entitlement) int {
	for _, c := range []int{
		strings.Compare(string(a.Structure), string(b.Structure)),
		strings.Compare(string(a.Service), string(b.Service)),
		strings.Compare(string(a.Space), string(b.Space)),
		strings.Compare(string(a.Level), string(b.Level)),
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}

// Diff tells which entitlements of after are new and which of before are gone.
// Where a right comes from and since when does not count, nor does whether it is held on
// a service by itself or with the whole structure.
func Diff(before, after []Entitlement) (gained, lost []Entitlement) {
	had, has := holdings(before), holdings(after)
	for _, e := range after {
		if !had.cover(e) {
			gained = append(gained, e)
		}
	}
	for _, e := range before {
		if !has.cover(e) {
			lost = append(lost, e)
		}
	}
	return gained, lost
}

// held is a set of rights, without where they come from and since when.
type held map[Entitlement]bool

func holdings(all []Entitlement) held {
	h := make(held, len(all))
	for _, e := range all {
		e.Origin, e.Since = "", time.Time{}
		h[e] = true
	}
	return h
}

// cover reports whether h holds e, or the same right on the whole structure.
func (h held) cover(e Entitlement) bool {
	e.Origin, e.Since = "", time.Time{}
	if h[e] {
		return true
	}
	e.Service = ""
	return h[e]
}
