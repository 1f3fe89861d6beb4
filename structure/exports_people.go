package structure

import (
	"strings"
	"time"

	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/i18n"
)

// MemberColumns are the columns of an exported table of members, in order (R-324,
// Give each [Table] its own, as those of [StructureColumns].
func MemberColumns() []Column[MemberLine] {
	return []Column[MemberLine]{
		{"person", text(func(m MemberLine) string { return m.Person.SortName })},
		{"contact_email", text(func(m MemberLine) string { return m.Person.ContactEmail })},
		{"role", word("role.", func(m MemberLine) string { return string(m.Membership.Role) })},
		{"membership_status", word("status.", func(m MemberLine) string { return string(m.Status) })},
		{"activated_at", instant(func(m MemberLine) time.Time { return m.ActivatedAt })},
		{"reactivated_at", instant(func(m MemberLine) time.Time { return m.ReactivatedAt })},
		{"attached_at", instant(func(m MemberLine) time.Time { return m.AttachedAt })},
		{"last_sign_in_at", instant(func(m MemberLine) time.Time { return m.LastSignInAt })},
	}
}

// PeopleColumns are the columns of an exported search for people, in order.
func PeopleColumns() []Column[FoundPerson] {
	return []Column[FoundPerson]{
		{"family_name", text(func(p FoundPerson) string { return p.FamilyName })},
		{"given_name", text(func(p FoundPerson) string { return p.GivenName })},
		{"login", text(func(p FoundPerson) string { return p.Login })},
		{"account_status", word("account_status.", func(p FoundPerson) string { return string(p.Status) })},
		{"attached", word("answer.", func(p FoundPerson) string {
			if p.Attached {
				return "yes"
			}
			return "no"
		})},
	}
}

// UserColumns are the columns of an exported search for users, in order.
func UserColumns() []Column[User] {
	return []Column[User]{
		{"person", text(func(u User) string { return u.Person.SortName })},
		{"login", text(func(u User) string { return u.Login })},
		{"created_at", instant(func(u User) time.Time { return u.CreatedAt })},
		{"structures", text(func(u User) string {
			names := make([]string, 0, len(u.Structures))
			for _, st := range u.Structures {
				names = append(names, st.DisplayName())
			}
			return strings.Join(names, ", ")
		})},
		{"account_status", word("account_status.", func(u User) string { return string(u.Person.Status) })},
	}
}

// RequestColumns are the columns of exported requests to join, in order.
func RequestColumns() []Column[Case] {
	return []Column[Case]{
		{"applicant", text(func(c Case) string { return c.Applicant.SortName })},
		{"identifier", text(func(c Case) string { return c.Structure.Identifier.Value })},
		{"legal_name", text(func(c Case) string { return c.Structure.LegalName })},
		{"scope", func(f CSV, c Case) string { return scopeText(f, c.Names(c.Membership.Asked)) }},
		{"requested_at", instant(func(c Case) time.Time { return c.Membership.RequestedAt })},
		{"valid_from", instant(func(c Case) time.Time { return c.Membership.Validity.From })},
		{"valid_until", instant(func(c Case) time.Time { return c.Membership.Validity.Until })},
		{"comment", text(func(c Case) string { return c.Membership.Comment.Text })},
	}
}

// scopeText names services, or the whole structure.
func scopeText(f CSV, names string) string {
	if names == "" {
		return i18n.Text(f.Language, "export.whole", nil)
	}
	return names
}

// SubscriberLine is one line of an exported list of subscriptions.
type SubscriberLine struct {
	Person       Person
	Structure    Structure
	Unit         Unit // the zero Unit for all that the membership covers
	Subscription Subscription
}

// SubscriptionColumns are the columns of exported subscriptions, in order; the
// policy names the spaces.
func SubscriptionColumns(p authz.Policy) []Column[SubscriberLine] {
	return []Column[SubscriberLine]{
		{"person", text(func(l SubscriberLine) string { return l.Person.SortName })},
		{"structure", text(func(l SubscriberLine) string { return l.Structure.DisplayName() })},
		{"requested_at", instant(func(l SubscriberLine) time.Time { return l.Subscription.RequestedAt })},
		{"service", func(f CSV, l SubscriberLine) string { return scopeText(f, l.Unit.Name) }},
		{"space", func(f CSV, l SubscriberLine) string { return spaceText(p, f, l.Subscription.Space) }},
		{"level", word("level.", func(l SubscriberLine) string { return string(l.Subscription.Level) })},
		{"subscription_status", word("status.", func(l SubscriberLine) string { return string(l.Subscription.Status) })},
		{"valid_from", instant(func(l SubscriberLine) time.Time { return l.Subscription.Validity.From })},
		{"comment", text(func(l SubscriberLine) string { return l.Subscription.Comment.Text })},
	}
}
