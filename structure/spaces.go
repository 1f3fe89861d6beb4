package structure

import (
	"context"
	"slices"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// OpenSpace opens a space on a structure and returns the structure as it is then.
// Every approved member who does not hold it by role gets a line that waits for a
// decision: one line, for all that the membership covers, at the lowest level of
// the space, since nobody asked for more; whoever decides may tick more. The
// principal manager gets none: nobody else could decide on it. Nobody is mailed before a
// decision. Opening a space that is open changes nothing.
//
// Errors: ErrInvalid for a space that the catalogue does not have for structures of this
// type; [ErrNotFound]; [ErrDenied]; [ErrStructureInactive]; [ErrSpaceFixed];
// [ErrTooManyMembers].
func (s *Service) OpenSpace(ctx context.Context, by account.Actor, id ID, space authz.Space) (Structure, error) {
	return s.changeSpaces(ctx, "structure.OpenSpace", by, id, space, s.opening)
}

// CloseSpace removes a space from a structure and returns the structure as it is
// then. Every line for it ends, and whoever held it, by a line or by role, is told by
// mail. Closing a space that is not open changes nothing; opening it again brings no line
// back. Errors are those of [Service.OpenSpace].
func (s *Service) CloseSpace(ctx context.Context, by account.Actor, id ID, space authz.Space) (Structure, error) {
	return s.changeSpaces(ctx, "structure.CloseSpace", by, id, space, s.closing)
}

// spaceChange is what happens to a space of a structure, members included.
type spaceChange func(ctx context.Context, tx Tx, by account.Actor, at Standing, spec authz.SpaceSpec, members []Member, now time.Time) (Structure, error)

func (s *Service) changeSpaces(
	ctx context.Context, op string, by account.Actor, id ID, space authz.Space, change spaceChange,
) (Structure, error) {
	spec, listed := s.authz.Spec(space)
	if !listed {
		return Structure{}, fault.Invalid(op, fault.Field{Path: "space", Code: "space"})
	}
	now := s.clock()
	var st Structure
	err := s.store.Update(ctx, func(tx Tx) error {
		at, err := s.authorised(ctx, tx, by, id, authz.ActionManageSpaces, now)
		switch {
		case err != nil:
			return err
		case at.Structure.Status != StatusActive:
			return ErrStructureInactive
		case !spec.Fits(at.Structure.Type):
			return fault.Invalid(op, fault.Field{Path: "space", Code: "space"})
		case spec.Fixed():
			return ErrSpaceFixed
		}
		members, err := s.everyMember(ctx, tx, at.Structure.ID)
		if err != nil {
			return err
		}
		st, err = change(ctx, tx, by, at, spec, members, now)
		return err
	})
	if err != nil {
		return Structure{}, err
	}
	return st, nil
}

// everyMember loads the approved members of a structure, or says that they are too many.
func (s *Service) everyMember(ctx context.Context, tx Tx, id ID) ([]Member, error) {
	var all []Member
	for q := (MembershipQuery{Structures: []ID{id}, Statuses: []MembershipStatus{StatusApproved}, Limit: 1000}); ; {
		page, err := tx.Members(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			q.AfterAt, q.AfterID = m.Membership.RequestedAt, m.Membership.ID
		}
		all = append(all, page...)
		switch {
		case len(all) > s.policy.Subscriptions.SpaceMembers:
			return nil, ErrTooManyMembers
		case len(page) < q.Limit:
			return all, nil
		}
	}
}

func (s *Service) opening(
	ctx context.Context, tx Tx, by account.Actor, at Standing, spec authz.SpaceSpec, members []Member, now time.Time,
) (Structure, error) {
	st := at.Structure
	if slices.Contains(st.Spaces, spec.Code) {
		return st, nil
	}
	st.Spaces = append(slices.Clone(st.Spaces), spec.Code)
	slices.Sort(st.Spaces)
	if err := s.putStructureAfter(ctx, tx, at.Head, by, "structure.space_opened", &st, now); err != nil {
		return st, err
	}
	batch, err := s.ids.New(now)
	if err != nil {
		return st, err
	}
	known := map[account.ID]Subscription{}
	lines, err := linesOf(ctx, tx, SubscriptionQuery{Structures: []ID{st.ID}, Space: spec.Code})
	if err != nil {
		return st, err
	}
	for _, line := range lines {
		if line.Service == "" && line.Level == spec.Lowest() {
			known[line.Account] = line
		}
	}
	for _, m := range members {
		if !listedFor(spec, st, m.Membership, now) {
			continue
		}
		line, there := known[m.Account.ID]
		if !there {
			id, err := s.ids.New(now)
			if err != nil {
				return st, err
			}
			line = Subscription{
				ID: SubscriptionID(id), Account: m.Account.ID, Structure: st.ID, Space: spec.Code, Level: spec.Lowest(), CreatedAt: now,
			}
		}
		if line.Open() {
			continue
		}
		from := now
		if begins := m.Membership.Validity.From; begins.After(from) {
			from = begins
		}
		if line, err = line.Ask(OriginSpaceOpened, batch, authz.Validity{From: from}, Note{}, now); err != nil {
			return st, err
		}
		if err := s.putSubscription(ctx, tx, by, "subscription.listed", &line, now); err != nil {
			return st, err
		}
	}
	return st, nil
}

// listedFor reports whether opening a space makes a line for a member. The space that
// gives powers of a manager is asked for or granted, and never listed for everybody.
func listedFor(spec authz.SpaceSpec, st Structure, m Membership, now time.Time) bool {
	return spec.Code != authz.SpaceOrganisation && !spec.DefaultFor(st.Type, m.Role) &&
		m.Role != RolePrincipalManager && m.Role != RoleTechnical && !m.Validity.After(now)
}

func (s *Service) closing(
	ctx context.Context, tx Tx, by account.Actor, at Standing, spec authz.SpaceSpec, members []Member, now time.Time,
) (Structure, error) {
	st := at.Structure
	if !slices.Contains(st.Spaces, spec.Code) {
		return st, nil
	}
	lines, err := linesOf(ctx, tx, SubscriptionQuery{Structures: []ID{st.ID}, Space: spec.Code, Statuses: openLines()})
	if err != nil {
		return st, err
	}
	st.Spaces = slices.DeleteFunc(slices.Clone(st.Spaces), func(c authz.Space) bool { return c == spec.Code })
	if err := s.putStructureAfter(ctx, tx, at.Head, by, "structure.space_closed", &st, now); err != nil {
		return st, err
	}
	held := map[account.ID]bool{}
	for _, line := range lines {
		held[line.Account] = held[line.Account] || !line.Undecided() || line.Origin == OriginRequest
		if line, err = line.Close(by.ID, now); err != nil {
			return st, err
		}
		if err := s.putSubscription(ctx, tx, by, "subscription.closed", &line, now); err != nil {
			return st, err
		}
	}
	for _, m := range members {
		to := m.Account
		if !held[to.ID] && !spec.DefaultFor(st.Type, m.Membership.Role) || to.ID == by.ID || m.Membership.Role == RoleTechnical {
			continue
		}
		if err := s.tellClosed(ctx, tx, to, st, spec, now); err != nil {
			return st, err
		}
	}
	return st, nil
}

func (s *Service) tellClosed(ctx context.Context, tx Tx, to account.Card, st Structure, spec authz.SpaceSpec, now time.Time) error {
	key := Subscription{ID: SubscriptionID(string(st.ID) + "/" + string(to.ID)), Version: st.Version}
	return s.tellSubscriber(ctx, tx, to, st, key, notify.MailSpaceClosed, notify.Values{
		"Spaces": spec.Label(language.Make(to.Language)),
	}, now)
}
