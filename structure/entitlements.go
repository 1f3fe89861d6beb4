package structure

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Entitlements are the profiles of a person in one structure.
type Entitlements struct {
	Structure Structure
	Units     []Unit              // every service of the structure, by code
	Rights    []authz.Entitlement // what holds now: profiles
	Pending   []Subscription      // what waits for a decision
}

// Entitlements lists the profiles of the actor over all structures, by the name of the
// structure. Structures in which nothing is held or asked for are left out.
// Errors: account.ErrActor; account.ErrNotActive.
func (s *Service) Entitlements(ctx context.Context, by account.Actor) ([]Entitlements, error) {
	now := s.clock()
	var out []Entitlements
	err := s.store.View(ctx, func(tx Tx) error {
		out = nil
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		places, err := s.places(ctx, tx, a)
		for _, p := range places {
			e := Entitlements{Structure: p.structure, Units: p.units, Rights: authz.Statement(p.facts, now)}
			e.Pending = slices.DeleteFunc(slices.Clone(p.lines), func(l Subscription) bool { return !l.Undecided() })
			if len(e.Rights)+len(e.Pending) > 0 {
				out = append(out, e)
			}
		}
		return err
	})
	return out, err
}

// ProfileName names a profile for people, "Factures émises modification".
func (s *Service) ProfileName(space authz.Space, level authz.Level, lang language.Tag) string {
	return s.authz.Profile(space, level, lang)
}

// EntitlementScope is what the form of entitlements is about: one person in one structure,
// for one service or for all that the membership covers.
type EntitlementScope struct {
	Structure ID         `validate:"required,id"`
	Service   ServiceID  `validate:"omitempty,id"` // Defaults to "": all that the membership covers.
	Account   account.ID `validate:"omitempty,id"` // a member, for a manager who may grant. Defaults to the actor.
}

// Profile is a space with a level.
type Profile struct {
	Space authz.Space
	Level authz.Level
}

// EntitlementChange is one edited line of the form: From alone removes a profile, To
// alone adds one, both change one into the other.
type EntitlementChange struct {
	From, To Profile
}

// EntitlementOutcome is what a submitted form came to.
type EntitlementOutcome struct {
	Removed   []Subscription // ended
	Granted   []Subscription // held from today
	Requested []Subscription // wait for a decision
}

// ApplyEntitlementChanges applies the edits of a form together, all or none.
// Removals hold at once, and so does a change from writing to reading where writing gives
// reading (authz.Policy.WriteImpliesRead). Additions, and other changes, become requests
// unless the actor may grant or the space is open to all (C-22); while a request to write
// in place of reading waits, the profile that it changes stays. Nobody gives more than own
// powers of managing reach.
//
// Errors: ErrInvalid naming every bad field; [ErrNotFound]; [ErrDenied];
// [ErrStructureInactive]; [ErrMembershipDisabled]; [ErrMembershipEnded]; and, naming the
// changes, [ErrSpaceNotOpen], [ErrSpaceFixed], [ErrServiceNotHeld], [ErrNotSubscribed],
// [ErrSubscriptionPending], [ErrAlreadySubscribed].
func (s *Service) ApplyEntitlementChanges(
	ctx context.Context, by account.Actor, scope EntitlementScope, changes []EntitlementChange,
) (EntitlementOutcome, error) {
	const op = "structure.ApplyEntitlementChanges"
	bad := check.Value("changes", changes, "min=1,max=100")
	seen := map[Profile]bool{}
	for i, c := range changes {
		path := fmt.Sprintf("changes[%d]", i)
		if c.From == (Profile{}) && c.To == (Profile{}) {
			bad = append(bad, fault.Field{Path: path, Code: "required"})
		}
		for _, p := range []Profile{c.From, c.To} {
			if p != (Profile{}) && seen[p] {
				bad = append(bad, fault.Field{Path: path, Code: "repeated"})
			}
			seen[p] = true
		}
	}
	if err := check.Struct(op, scope, bad...); err != nil {
		return EntitlementOutcome{}, err
	}
	return s.edit(ctx, by, scope, func(desk) (string, []EntitlementChange) { return op, changes })
}

// RemoveAllEntitlements removes every profile that the scope names a line for, requests
// that wait included, in one unit. What comes with the account or the role stays.
// Errors: ErrInvalid; [ErrNotFound]; [ErrDenied].
func (s *Service) RemoveAllEntitlements(ctx context.Context, by account.Actor, scope EntitlementScope) (EntitlementOutcome, error) {
	const op = "structure.RemoveAllEntitlements"
	if err := check.Struct(op, scope); err != nil {
		return EntitlementOutcome{}, err
	}
	return s.edit(ctx, by, scope, func(d desk) (string, []EntitlementChange) {
		var all []EntitlementChange
		for _, line := range d.lines {
			if line.Open() && line.Service == scope.Service {
				all = append(all, EntitlementChange{From: Profile{line.Space, line.Level}})
			}
		}
		return op, all
	})
}

// edit applies changes to a scope in one unit.
func (s *Service) edit(
	ctx context.Context, by account.Actor, scope EntitlementScope, changes func(desk) (string, []EntitlementChange),
) (EntitlementOutcome, error) {
	now := s.clock()
	who := scope.Account
	if who == "" {
		who = by.ID
	}
	var out EntitlementOutcome
	err := s.store.Update(ctx, func(tx Tx) error {
		d, err := s.desk(ctx, tx, by, who, scope.Structure, now)
		if err == nil && who != by.ID {
			err = s.may(d, authz.ActionGrantSubscriptions, "")
		}
		if err != nil {
			return err
		}
		if d.subject.Membership.ID == "" {
			return ErrNotFound
		}
		op, wanted := changes(d)
		out, err = s.edited(op, by, d, scope.Service, wanted)
		if err != nil {
			return err
		}
		return s.putEdited(ctx, tx, by, d, &out)
	})
	if errors.Is(err, fault.ErrExists) {
		err = ErrSubscriptionPending
	}
	if err != nil {
		return EntitlementOutcome{}, err
	}
	return out, nil
}

// edited decides every change and writes nothing.
func (s *Service) edited(op string, by account.Actor, d desk, service ServiceID, changes []EntitlementChange) (EntitlementOutcome, error) {
	batch, err := s.ids.New(d.at)
	if err != nil {
		return EntitlementOutcome{}, err
	}
	var out EntitlementOutcome
	found := make([]objection, len(changes))
	for i, c := range changes {
		err := s.editOne(by, d, batch, service, c, &out)
		var no *fault.Error
		switch {
		case err == nil:
		case errors.As(err, &no) && no.Code == fault.CodeInvalid:
			found[i] = objection{code: no.Fields[0].Code}
		case errors.As(err, &no) && no.Code != fault.CodeDenied && no.Code != fault.CodeNotFound:
			found[i] = objects(no)
		default:
			return EntitlementOutcome{}, err
		}
	}
	return out, complain(op, "changes", found)
}

// editOne decides one change.
func (s *Service) editOne(by account.Actor, d desk, batch string, service ServiceID, c EntitlementChange, out *EntitlementOutcome) error {
	upgrade := c.From.Space == c.To.Space && c.From.Level == authz.Read && c.To.Level == authz.Write
	if c.To != (Profile{}) {
		line, err := s.added(by, d, batch, Line{Service: service, Space: c.To.Space, Level: c.To.Level}, c.From)
		if err != nil {
			return err
		}
		if line.Undecided() {
			out.Requested = append(out.Requested, line)
			if upgrade {
				return d.holds(Line{Service: service, Space: c.From.Space, Level: c.From.Level})
			}
		} else {
			out.Granted = append(out.Granted, line)
		}
	}
	if c.From == (Profile{}) {
		return nil
	}
	line, err := s.ended(by, d, Line{Service: service, Space: c.From.Space, Level: c.From.Level})
	if err == nil {
		out.Removed = append(out.Removed, line)
	}
	return err
}

// added begins the line of a profile that is added. Reading in place of writing that gives
// reading needs nobody's approval.
func (s *Service) added(by account.Actor, d desk, batch string, l Line, from Profile) (Subscription, error) {
	switch {
	case d.Structure.Status != StatusActive:
		return Subscription{}, ErrStructureInactive
	case d.member() != nil:
		return Subscription{}, d.member()
	}
	if o := d.object(s.authz, l); o.code != "" {
		return Subscription{}, complain("", "change", []objection{o})
	}
	v := authz.Validity{From: s.startDay(authz.Date{}, d).In(s.zone).UTC()}
	former := d.find(Line{Service: l.Service, Space: from.Space, Level: from.Level})
	lowered := from.Space == l.Space && from.Level == authz.Write && l.Level == authz.Read
	if lowered && s.authz.WriteImpliesRead && former.Status == SubscriptionApproved {
		line, err := s.newLine(d, l)
		if err != nil {
			return line, err
		}
		return line.Grant(former.Origin, batch, former.Validity, Note{}, by.ID, d.at)
	}
	return s.start(by, d, l, batch, v, Note{}, false)
}

// holds says that a line gives nothing, if so.
func (d desk) holds(l Line) error {
	if d.find(l).Status != SubscriptionApproved {
		return ErrNotSubscribed
	}
	return nil
}

// ended ends the line of a profile that is removed.
func (s *Service) ended(by account.Actor, d desk, l Line) (Subscription, error) {
	spec, listed := s.authz.Spec(l.Space)
	line := d.find(l)
	if line.Open() {
		if err := s.mayRemove(by, d, line); err != nil {
			return line, err
		}
		return line.End(by.ID, d.at)
	}
	if listed && (spec.Fixed() || spec.DefaultFor(d.Structure.Type, d.subject.Membership.Role)) {
		return line, ErrSpaceFixed
	}
	return line, ErrNotSubscribed
}

// putEdited stores what a form came to and tells who has to know.
func (s *Service) putEdited(ctx context.Context, tx Tx, by account.Actor, d desk, out *EntitlementOutcome) error {
	if err := keepAsking(ctx, tx, by, out.Requested); err != nil {
		return err
	}
	lines := slices.Concat(out.Removed, out.Granted, out.Requested)
	if err := s.putSubscriptions(ctx, tx, d.Head, by, lines, Subscription.becameByEdit, d.at); err != nil {
		return err
	}
	begun := lines[len(out.Removed):]
	out.Removed = lines[:len(out.Removed):len(out.Removed)]
	out.Granted, out.Requested = begun[:len(out.Granted)], begun[len(out.Granted):]
	if err := s.tellAsked(ctx, tx, by, d, begun); err != nil {
		return err
	}
	return s.tellRemoved(ctx, tx, by, d, out.Removed)
}

// becameByEdit is what the history calls what a form did to a line.
func (s Subscription) becameByEdit() notify.Kind {
	switch s.Status {
	case SubscriptionRemoved:
		return "subscription.removed"
	case SubscriptionCancelled:
		return "subscription.withdrawn"
	default:
		return s.began()
	}
}
