package structure

import "slices"

// Whole is the scope of the whole structure, present and future services included
//
func Whole() Scope { return Scope{Whole: true} }

// Services is the scope of some services.
func Services(ids ...ServiceID) Scope { return Scope{Services: ids}.normalised() }

// Scope is what a membership covers: the whole structure, or the services listed.
// The two exclude one another. The zero Scope covers nothing.
type Scope struct {
	Whole    bool        `json:"whole,omitempty"`
	Services []ServiceID `json:"services,omitempty"` // sorted, without repeats
}

// IsZero reports whether the scope covers nothing.
func (s Scope) IsZero() bool { return !s.Whole && len(s.Services) == 0 }

// Covers reports whether everything in o lies in s.
func (s Scope) Covers(o Scope) bool {
	if s.Whole || o.IsZero() {
		return true
	}
	return !o.Whole && !slices.ContainsFunc(o.Services, func(id ServiceID) bool { return !slices.Contains(s.Services, id) })
}

// Union returns what s and o cover together.
func (s Scope) Union(o Scope) Scope {
	if s.Whole || o.Whole {
		return Scope{Whole: true}
	}
	return Scope{Services: append(slices.Clone(s.Services), o.Services...)}.normalised()
}

// Minus returns what s covers and o does not. Services are told apart only where
// both list them.
func (s Scope) Minus(o Scope) Scope {
	switch {
	case o.Whole:
		return Scope{}
	case s.Whole:
		return s
	}
	rest := slices.DeleteFunc(slices.Clone(s.Services), func(id ServiceID) bool { return slices.Contains(o.Services, id) })
	return Scope{Services: rest}.normalised()
}

func (s Scope) normalised() Scope {
	s.Services = slices.Clone(s.Services)
	slices.Sort(s.Services)
	s.Services = slices.Compact(s.Services)
	if len(s.Services) == 0 {
		s.Services = nil
	}
	return s
}
