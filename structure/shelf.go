package structure

import (
	"cmp"
	"context"
	"slices"

	"github.com/habilis-go/habilis/account"
)

// shelf keeps what rows of a list belong to, so that each structure and each account is
// read once.
type shelf struct {
	places map[ID]Structure
	units  map[ID][]Unit
	people map[account.ID]Person
}

func newShelf() *shelf {
	return &shelf{places: map[ID]Structure{}, units: map[ID][]Unit{}, people: map[account.ID]Person{}}
}

// stocked is how many rows a shelf reads at a time.
const stocked = 500

// stock reads the structures, their services and the accounts that are not there yet, in
// a statement or two for each of the three. What does not exist stays out.
func (sh *shelf) stock(ctx context.Context, tx Tx, places []ID, people []account.ID) error {
	for part := range slices.Chunk(missing(sh.places, places), stocked) {
		found, err := tx.Structures(ctx, Query{IDs: part, Limit: len(part)})
		if err != nil {
			return err
		}
		for _, st := range found {
			sh.places[st.ID] = st
		}
	}
	for part := range slices.Chunk(missing(sh.units, places), stocked) {
		venues, err := tx.Venues(ctx, part)
		if err != nil {
			return err
		}
		for _, id := range part {
			sh.units[id] = nil
		}
		for _, v := range venues {
			sh.units[v.Structure] = v.Units
		}
	}
	for part := range slices.Chunk(missing(sh.people, people), stocked) {
		found, err := tx.Accounts(ctx, account.Query{IDs: part, Limit: len(part)})
		if err != nil {
			return err
		}
		for _, a := range found {
			sh.people[a.ID] = applicantOf(a)
		}
	}
	return nil
}

// missing lists each of the keys that a map does not have, once, in their order.
func missing[K cmp.Ordered, V any](have map[K]V, wanted []K) []K {
	var out []K
	for _, k := range wanted {
		if _, there := have[k]; !there {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// stockLines is stock for what lines belong to.
func (sh *shelf) stockLines(ctx context.Context, tx Tx, lines []Subscription) error {
	places, people := make([]ID, len(lines)), make([]account.ID, len(lines))
	for i, line := range lines {
		places[i], people[i] = line.Structure, line.Account
	}
	return sh.stock(ctx, tx, places, people)
}

// place returns a structure with its services, by code.
func (sh *shelf) place(ctx context.Context, tx Tx, id ID) (Structure, []Unit, error) {
	st, seen := sh.places[id]
	if !seen {
		var err error
		if st, err = tx.Structure(ctx, id); err != nil {
			return st, nil, err
		}
		sh.places[id] = st
	}
	units, seen := sh.units[id]
	if !seen {
		var err error
		if units, err = tx.Units(ctx, id); err != nil {
			return st, nil, err
		}
		sh.units[id] = units
	}
	return st, units, nil
}

// applicant returns what a manager may see of somebody who asks.
func (sh *shelf) applicant(ctx context.Context, tx Tx, id account.ID) (Person, error) {
	p, seen := sh.people[id]
	if !seen {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return p, err
		}
		p = applicantOf(a)
		sh.people[id] = p
	}
	return p, nil
}

// cases completes memberships for a viewer.
func (sh *shelf) cases(ctx context.Context, tx Tx, viewer account.ID, ms []Membership) ([]Case, error) {
	places, people := make([]ID, len(ms)), make([]account.ID, len(ms))
	for i, m := range ms {
		places[i], people[i] = m.Structure, m.Account
	}
	if err := sh.stock(ctx, tx, places, people); err != nil {
		return nil, err
	}
	out := make([]Case, 0, len(ms))
	for _, m := range ms {
		st, units, err := sh.place(ctx, tx, m.Structure)
		if err != nil {
			return nil, err
		}
		who, err := sh.applicant(ctx, tx, m.Account)
		if err != nil {
			return nil, err
		}
		if m.over() && m.Account != viewer {
			who = who.withoutAddresses()
		}
		out = append(out, Case{
			Membership: m, Structure: st.published(), Applicant: who, Units: units, Decidable: m.Account != viewer && m.Undecided(),
		})
	}
	return out, nil
}

// grouped puts lines of one account in one structure together, in the order in which
// their first ones stand.
func (sh *shelf) grouped(ctx context.Context, tx Tx, lines []Subscription) ([]PendingLines, error) {
	if err := sh.stockLines(ctx, tx, lines); err != nil {
		return nil, err
	}
	var out []PendingLines
	at := map[owner]int{}
	for _, line := range lines {
		o := owner{line.Account, line.Structure}
		i, seen := at[o]
		if !seen {
			st, units, err := sh.place(ctx, tx, line.Structure)
			if err != nil {
				return nil, err
			}
			who, err := sh.applicant(ctx, tx, line.Account)
			if err != nil {
				return nil, err
			}
			i, out = len(out), append(out, PendingLines{Applicant: who, Structure: st.published(), Units: units})
			at[o] = i
		}
		out[i].Lines = append(out[i].Lines, line)
	}
	for _, p := range out {
		slices.SortStableFunc(p.Lines, func(a, b Subscription) int { return a.Line().compare(b.Line()) })
	}
	return out, nil
}

// subscriber completes one line.
func (sh *shelf) subscriber(ctx context.Context, tx Tx, line Subscription) (SubscriberLine, error) {
	st, units, err := sh.place(ctx, tx, line.Structure)
	if err != nil {
		return SubscriberLine{}, err
	}
	who, err := sh.applicant(ctx, tx, line.Account)
	return SubscriberLine{
		Person: who, Structure: st.published(), Unit: place{units: units}.unit(line.Service), Subscription: line,
	}, err
}
