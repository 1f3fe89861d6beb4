package structure

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
)

// What the objects of this package are called in the history.
const (
	ObjectStructure  = "structure"
	ObjectService    = "service"
	ObjectMembership = "membership"

	ObjectSubscription = "subscription"
)

// State is what the history keeps of a structure after a change. Names and
// identifiers may be a person's, so only their digest is there.
type State struct {
	Type       Type             `json:"type"`
	Status     Status           `json:"status"`
	Spaces     []authz.Space    `json:"spaces,omitempty"`
	Delegated  authz.Delegation `json:"delegated,omitzero"`
	Directory  Directory        `json:"directory,omitempty"`
	Nomination Nomination       `json:"nomination,omitzero"`
	CreatedAt  time.Time        `json:"created_at"`
	Named      string           `json:"named,omitempty"` // digest of identifier, names and place
	Sheet      string           `json:"sheet,omitempty"` // digest of the sheet
}

// StateOf returns what the history says of s.
func StateOf(s Structure) State {
	return State{
		Type: s.Type, Status: s.Status, Spaces: s.Spaces, Delegated: s.Delegated,
		Directory: s.Directory, Nomination: s.Nomination, CreatedAt: s.CreatedAt,
		Named: notify.Digest(s.Salt, string(s.Identifier.Scheme), s.Identifier.Value, s.LegalName, s.Label, s.Postcode, s.Town),
		Sheet: s.Sheet.digest(s.Salt),
	}
}

// UnitState is what the history keeps of a service after a change.
type UnitState struct {
	Code      string         `json:"code"`
	Active    bool           `json:"active"`
	Validity  authz.Validity `json:"validity,omitzero"`
	CreatedAt time.Time      `json:"created_at"`
	Named     string         `json:"named"` // digest of the name
}

// UnitStateOf returns what the history says of u.
func UnitStateOf(u Unit) UnitState {
	return UnitState{
		Code: u.Code, Active: u.Active, Validity: u.Validity, CreatedAt: u.CreatedAt,
		Named: notify.Digest(string(u.ID), u.Name),
	}
}

// MembershipState is what the history keeps of a membership after a change. The
// comment and the reason are there as digests only.
type MembershipState struct {
	Account     account.ID       `json:"account"`
	Status      MembershipStatus `json:"status"`
	Role        Role             `json:"role"`
	Granted     Scope            `json:"granted,omitzero"`
	Asked       Scope            `json:"asked,omitzero"`
	Validity    authz.Validity   `json:"validity,omitzero"`
	Via         ID               `json:"via,omitempty"`
	Comment     string           `json:"comment,omitempty"`
	Reason      string           `json:"reason,omitempty"`
	RequestedAt time.Time        `json:"requested_at,omitzero"`
	DecidedAt   time.Time        `json:"decided_at,omitzero"`
	DecidedBy   account.ID       `json:"decided_by,omitempty"`
	CreatedAt   time.Time        `json:"created_at"`

	// Only, Was and With tell of the change and not of the membership: the services that
	// it is about, if not all, what a manager changed, and the other person of a transfer.
	Only Scope      `json:"only,omitzero"`
	Was  *Terms     `json:"was,omitempty"`
	With account.ID `json:"with,omitempty"`
}

// alone returns m without what tells of the change.
func (m MembershipState) alone() MembershipState {
	m.Only, m.Was, m.With = Scope{}, nil, ""
	return m
}

// MembershipStateOf returns what the history says of m.
func MembershipStateOf(m Membership) MembershipState {
	return MembershipState{
		Account: m.Account, Status: m.Status, Role: m.Role, Granted: m.Granted, Asked: m.Asked, Validity: m.Validity, Via: m.Via,
		Comment: m.Comment.Digest(), Reason: m.Reason.Digest(),
		RequestedAt: m.RequestedAt, DecidedAt: m.DecidedAt, DecidedBy: m.DecidedBy, CreatedAt: m.CreatedAt,
	}
}

// SubscriptionState is what the history keeps of a subscription after a change. The
// comment and the reason are there as digests only.
type SubscriptionState struct {
	Account     account.ID         `json:"account"`
	Service     ServiceID          `json:"service,omitempty"`
	Space       authz.Space        `json:"space"`
	Level       authz.Level        `json:"level"`
	Status      SubscriptionStatus `json:"status"`
	Origin      SubscriptionOrigin `json:"origin"`
	Batch       string             `json:"batch,omitempty"`
	Validity    authz.Validity     `json:"validity,omitzero"`
	Comment     string             `json:"comment,omitempty"`
	Reason      string             `json:"reason,omitempty"`
	RequestedAt time.Time          `json:"requested_at,omitzero"`
	DecidedAt   time.Time          `json:"decided_at,omitzero"`
	DecidedBy   account.ID         `json:"decided_by,omitempty"`
	CreatedAt   time.Time          `json:"created_at"`
}

// SubscriptionStateOf returns what the history says of s.
func SubscriptionStateOf(s Subscription) SubscriptionState {
	return SubscriptionState{
		Account: s.Account, Service: s.Service, Space: s.Space, Level: s.Level, Status: s.Status, Origin: s.Origin,
		Batch: s.Batch, Validity: s.Validity, Comment: s.Comment.Digest(), Reason: s.Reason.Digest(),
		RequestedAt: s.RequestedAt, DecidedAt: s.DecidedAt, DecidedBy: s.DecidedBy, CreatedAt: s.CreatedAt,
	}
}

func (s *Service) putStructure(ctx context.Context, tx Tx, by account.Actor, kind notify.Kind, v *Structure, now time.Time) error {
	if err := tx.PutStructure(ctx, *v); err != nil {
		return err
	}
	v.Version++
	return s.journal.Record(ctx, tx, structureFact(by, kind, *v, now))
}

// putStructureAfter is putStructure for a unit that has read the end of the structure's
// chain, and what it decides from after that.
func (s *Service) putStructureAfter(ctx context.Context, tx Tx, last notify.Head, by account.Actor, kind notify.Kind, v *Structure, now time.Time) error {
	if err := tx.PutStructure(ctx, *v); err != nil {
		return err
	}
	v.Version++
	return s.journal.RecordAfter(ctx, tx, last, structureFact(by, kind, *v, now))
}

func structureFact(by account.Actor, kind notify.Kind, v Structure, now time.Time) notify.Fact {
	return notify.Fact{
		At: now, Actor: by, Kind: kind, Object: notify.Object{Type: ObjectStructure, ID: string(v.ID)},
		Structure: v.ID, State: StateOf(v),
	}
}

func (s *Service) putUnit(ctx context.Context, tx Tx, by account.Actor, kind notify.Kind, v *Unit, now time.Time) error {
	if err := tx.PutUnit(ctx, *v); err != nil {
		return err
	}
	v.Version++
	return s.journal.Record(ctx, tx, notify.Fact{
		At: now, Actor: by, Kind: kind, Object: notify.Object{Type: ObjectService, ID: string(v.ID)},
		Structure: v.Structure, State: UnitStateOf(*v),
	})
}

func (s *Service) putSubscription(ctx context.Context, tx Tx, by account.Actor, kind notify.Kind, v *Subscription, now time.Time) error {
	if err := s.storeSubscription(ctx, tx, v); err != nil {
		return err
	}
	return s.journal.Record(ctx, tx, subscriptionFact(by, kind, *v, now))
}

// putSubscriptions is putSubscription for lines of one structure that a unit decided on
// after it had read the end of the structure's chain: whoever ends the membership or closes
// the space that carries them meanwhile collides with it.
func (s *Service) putSubscriptions(
	ctx context.Context, tx Tx, last notify.Head, by account.Actor, lines []Subscription, kind func(Subscription) notify.Kind, now time.Time,
) error {
	for i := range lines {
		if i > 0 {
			if err := s.putSubscription(ctx, tx, by, kind(lines[i]), &lines[i], now); err != nil {
				return err
			}
			continue
		}
		if err := s.storeSubscription(ctx, tx, &lines[i]); err != nil {
			return err
		}
		if err := s.journal.RecordAfter(ctx, tx, last, subscriptionFact(by, kind(lines[i]), lines[i], now)); err != nil {
			return err
		}
	}
	return nil
}

func subscriptionFact(by account.Actor, kind notify.Kind, v Subscription, now time.Time) notify.Fact {
	return notify.Fact{
		At: now, Actor: by, Kind: kind, Object: notify.Object{Type: ObjectSubscription, ID: string(v.ID)},
		Account: v.Account, Structure: v.Structure, State: SubscriptionStateOf(v),
	}
}

// storeSubscription stores v with when the clock has something to do about it.
func (s *Service) storeSubscription(ctx context.Context, tx Tx, v *Subscription) error {
	v.DueAt = s.policy.Subscriptions.due(*v)
	if err := tx.PutSubscription(ctx, *v); err != nil {
		return err
	}
	v.Version++
	return nil
}

func (s *Service) putMembership(ctx context.Context, tx Tx, by account.Actor, kind notify.Kind, m *Membership, now time.Time) error {
	if err := s.storeMembership(ctx, tx, m); err != nil {
		return err
	}
	return s.journal.Record(ctx, tx, membershipFact(by, kind, *m, now))
}

// putMembershipAfter is putMembership for a unit that has read the end of the
// structure's chain.
func (s *Service) putMembershipAfter(ctx context.Context, tx Tx, last notify.Head, by account.Actor, kind notify.Kind, m *Membership, now time.Time) error {
	if err := s.storeMembership(ctx, tx, m); err != nil {
		return err
	}
	return s.journal.RecordAfter(ctx, tx, last, membershipFact(by, kind, *m, now))
}

// storeMembership stores m with when the clock has something to do about it.
func (s *Service) storeMembership(ctx context.Context, tx Tx, m *Membership) error {
	m.DueAt = s.policy.due(*m)
	if err := tx.PutMembership(ctx, *m); err != nil {
		return err
	}
	m.Version++
	return nil
}

func membershipFact(by account.Actor, kind notify.Kind, m Membership, now time.Time) notify.Fact {
	return notify.Fact{
		At: now, Actor: by, Kind: kind, Object: notify.Object{Type: ObjectMembership, ID: string(m.ID)},
		Account: m.Account, Structure: m.Structure, State: MembershipStateOf(m),
	}
}
