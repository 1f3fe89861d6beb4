package structure

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Line names one right that a subscription can give.
type Line struct {
	Service ServiceID   `validate:"omitempty,id"` // Defaults to "": all that the membership covers.
	Space   authz.Space `validate:"required,max=60"`
	Level   authz.Level `validate:"required,oneof=read write"`
}

// Line returns the right that s is about.
func (s Subscription) Line() Line { return Line{Service: s.Service, Space: s.Space, Level: s.Level} }

// began is what the history calls the beginning of a line.
func (s Subscription) began() notify.Kind {
	switch {
	case s.Undecided():
		return "subscription.requested"
	case s.Origin == OriginSelfService:
		return "subscription.taken"
	default:
		return "subscription.granted"
	}
}

// compare orders lines the way people read them: by space, service and level.
func (l Line) compare(m Line) int {
	return strings.Compare(
		string(l.Space)+"\x00"+string(l.Service)+"\x00"+string(l.Level),
		string(m.Space)+"\x00"+string(m.Service)+"\x00"+string(m.Level),
	)
}

// repeats names the lines that stand there twice.
func repeats(path string, lines []Line) []fault.Field {
	var bad []fault.Field
	for i, l := range lines {
		if slices.Contains(lines[:i], l) {
			bad = append(bad, fault.Field{Path: fmt.Sprintf("%s[%d]", path, i), Code: "repeated"})
		}
	}
	return bad
}

// desk is what subscriptions of one account in one structure are decided from.
type desk struct {
	Standing                // who acts, and as what
	own      []Subscription // the open lines of who acts there
	subject  Standing       // whose lines they are
	units    []Unit
	lines    []Subscription // every line of the subject there, whatever became of it
	at       time.Time
}

// find returns the subject's line for a right, new if there was none.
func (d desk) find(l Line) Subscription {
	for _, s := range d.lines {
		if s.Line() == l {
			return s
		}
	}
	return Subscription{Account: d.subject.Account.ID, Structure: d.Structure.ID, Service: l.Service, Space: l.Space, Level: l.Level}
}

// objection is why a line cannot be: as the code of a field, and as an error if it is not
// the form that is wrong.
type objection struct {
	code string
	err  *fault.Error
}

func objects(err *fault.Error) objection { return objection{code: string(err.Code), err: err} }

// object says why a line cannot be given to the subject, if so.
func (d desk) object(p authz.Policy, l Line) objection {
	spec, listed := p.Spec(l.Space)
	m := d.subject.Membership
	switch {
	case !listed:
		return objection{code: "space"}
	case spec.Fixed():
		return objects(ErrSpaceFixed)
	case !spec.Has(l.Level):
		return objection{code: "level"}
	case !slices.Contains(d.Structure.Spaces, l.Space):
		return objects(ErrSpaceNotOpen)
	case l.Service != "" && len(unavailable(d.units, Services(l.Service), Scope{}, d.at)) > 0:
		return objection{code: "service"}
	case l.Service != "" && !m.Granted.Covers(Services(l.Service)):
		return objects(ErrServiceNotHeld)
	case spec.DefaultFor(d.Structure.Type, m.Role):
		return objects(ErrAlreadySubscribed)
	default:
		return objection{}
	}
}

// complain turns what is wrong with lines into one error that names each of them: what is
// wrong with the form comes first, else the first objection gives the error its code.
func complain(op, path string, found []objection) error {
	var form, all []fault.Field
	var first *fault.Error
	for i, o := range found {
		if o.code == "" {
			continue
		}
		f := fault.Field{Path: fmt.Sprintf("%s[%d]", path, i), Code: o.code}
		if o.err == nil {
			form = append(form, f)
		} else if first == nil {
			first = o.err
		}
		all = append(all, f)
	}
	switch {
	case len(form) > 0:
		return fault.Invalid(op, form...)
	case first != nil:
		err := *first
		err.Op, err.Fields = op, all
		return &err
	default:
		return nil
	}
}

// member says why a membership carries no subscription, if so: it must be in force, or
// begin later.
func (d desk) member() error {
	m := d.subject.Membership
	switch {
	case m.ID == "":
		return ErrNotFound
	case m.Status == StatusDisabled:
		return ErrMembershipDisabled
	case m.Status != StatusApproved || m.Validity.After(d.at):
		return ErrMembershipEnded
	default:
		return nil
	}
}

// describeLines names rights for people, "Invoices issued read (URBA)".
func (s *Service) describeLines(lang string, units []Unit, lines []Subscription) string {
	names := make([]string, 0, len(lines))
	for _, l := range lines {
		name := s.authz.Profile(l.Space, l.Level, language.Make(lang))
		for _, u := range units {
			if u.ID == l.Service {
				name += " (" + u.Code + ")"
			}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
