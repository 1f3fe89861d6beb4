package notify

import "slices"

// Template names a mail. Templates are only ever added.
type Template string

// The mails of the library. [Template.Values] tells what each mentions.
const (
	MailActivation          Template = "activation"           // to whoever registered: how to choose a password
	MailAlreadyRegistered   Template = "already_registered"   // to whoever registered a second time
	MailSignInCode          Template = "sign_in_code"         // the code to type
	MailSignedOutEverywhere Template = "signed_out"           // all sessions were closed
	MailAccountLocked       Template = "account_locked"       // too many wrong codes or passwords
	MailPasswordChanged     Template = "password_changed"     // the account has another password
	MailPasswordExpired     Template = "password_expired"     // a new password is due at the next sign-in
	MailPasswordReset       Template = "password_reset"       // how to replace a forgotten password
	MailMembershipRequested Template = "membership_requested" // to a manager: somebody asks to join
	MailMembershipApproved  Template = "membership_approved"  // to the applicant
	MailMembershipRejected  Template = "membership_rejected"  // to the applicant
)

// The values that mails mention. What is not listed here as something else comes
// from people, and is made harmless before it is shown.
const (
	valueName      = "Name"      // display name of whom the mail is addressed to
	valueApplicant = "Applicant" // display name of whom it is about
	valueStructure = "Structure" // display name of the structure
	valueScope     = "Scope"     // names of services, "" for the whole structure
	valueReason    = "Reason"    // what a manager wrote
	valueLink      = "Link"      // absolute http or https address
	valueCode      = "Code"      // code to type: ASCII letters and digits
	valueUntil     = "Until"     // instant, RFC 3339
	valueAt        = "At"        // instant, RFC 3339
	valueRole      = "Role"      // code of a role, "member"
)

// mails lists every template with its values. A table, so that a test holds the
// templates of each language against it.
var mails = []struct {
	template Template
	values   []string
}{
	{MailActivation, []string{valueName, valueLink, valueUntil}},
	{MailAlreadyRegistered, []string{valueName, valueLink}},
	{MailSignInCode, []string{valueName, valueCode, valueUntil}},
	{MailSignedOutEverywhere, []string{valueName, valueAt}},
	{MailAccountLocked, []string{valueName, valueUntil}},
	{MailPasswordChanged, []string{valueName, valueAt}},
	{MailPasswordExpired, []string{valueName, valueLink}},
	{MailPasswordReset, []string{valueName, valueLink, valueUntil}},
	{MailMembershipRequested, []string{valueName, valueApplicant, valueStructure, valueScope, valueLink}},
	{MailMembershipApproved, []string{valueName, valueStructure, valueScope, valueRole, valueLink}},
	{MailMembershipRejected, []string{valueName, valueStructure, valueReason, valueLink}},
}

// KnownTemplates lists the mails of the library.
func KnownTemplates() []Template {
	known := make([]Template, 0, len(mails))
	for _, m := range mails {
		known = append(known, m.template)
	}
	return known
}

// Values lists the names of the values that the mail mentions, nil for a mail that
// the library does not know. A mail that lacks one of them is not rendered.
//
// Name, Applicant, Structure, Scope and Reason are text from people; Scope is ""
// for the whole structure. Link is an absolute http or https address, Code a code
// of ASCII letters and digits, Role the code of a role. Until and At are instants
// in RFC 3339; the templates put them into the reader's language and zone.
func (t Template) Values() []string {
	for _, m := range mails {
		if m.template == t {
			return slices.Clone(m.values)
		}
	}
	return nil
}
