package notify

import "slices"

// Template names a mail. Templates are only ever added.
type Template string

// The mails of the library. [Template.Values] tells what each mentions.
const (
	MailActivation          Template = "activation"         // to whoever registered: how to choose a password
	MailAlreadyRegistered   Template = "already_registered" // to whoever registered a second time
	MailSignInCode          Template = "sign_in_code"       // the code to type
	MailSignedOutEverywhere Template = "signed_out"         // all sessions were closed
	MailAccountLocked       Template = "account_locked"     // too many wrong codes or passwords
	MailFactorAdded         Template = "factor_added"       // the account proves itself with something more
	MailFactorRemoved       Template = "factor_removed"     // the account has one factor less
	MailFactorFallback      Template = "factor_fallback"    // somebody signed in without the application or the key
	MailWrongCodes          Template = "wrong_codes"        // too many wrong codes behind a right password
	MailKeyCloned           Template = "key_cloned"         // a copy of a security key may exist
	MailTechnicalExpiring   Template = "technical_expiring" // to whoever runs a program: its secret is about to end
	MailTechnicalReset      Template = "technical_reset"    // to whoever runs a program: it needs the new secret
	MailTechnicalClosed     Template = "technical_closed"   // to whoever runs a program: its account is closed

	MailLoginChange          Template = "login_change"           // to the new login address: the link that confirms the change
	MailLoginChangeWarning   Template = "login_change_warning"   // to the present one: the link that cancels it
	MailLoginChangeCancelled Template = "login_change_cancelled" // to the present one: it was cancelled
	MailLoginChangeUndo      Template = "login_change_undo"      // to the former one: the link that takes the change back
	MailLoginChangeUndone    Template = "login_change_undone"    // to the former one, which is the present one again
	MailLoginChanged         Template = "login_changed"          // to an address that is part of a change: what happened
	MailLoginTaken           Template = "login_taken"            // to the owner of an address that another account asked for

	MailDigestDaily  Template = "digest_daily"  // what happened in somebody's structures the day before
	MailDigestWeekly Template = "digest_weekly" // what happened in them in a week
	MailNotice       Template = "notice"        // what just happened in one of them

	MailContactFormer           Template = "contact_former"            // to the former contact address: notices go elsewhere now
	MailContactNew              Template = "contact_new"               // to the new contact address: notices come here now
	MailMembershipRequested     Template = "membership_requested"      // to a manager: somebody asks to join
	MailMembershipApproved      Template = "membership_approved"       // to the applicant
	MailMembershipRejected      Template = "membership_rejected"       // to the applicant
	MailMembershipReminder      Template = "membership_reminder"       // to a manager: a request still waits
	MailMembershipWithdrawn     Template = "membership_withdrawn"      // to a manager: a request was taken back
	MailMembershipExpired       Template = "membership_expired"        // to the applicant: nobody decided in time
	MailMembershipAttached      Template = "membership_attached"       // to whom a manager made a member
	MailMembershipChanged       Template = "membership_changed"        // to a member: role, services or dates are others now
	MailMembershipDisabled      Template = "membership_disabled"       // to a member: suspended
	MailMembershipEnabled       Template = "membership_enabled"        // to a member: in force again
	MailMembershipRemoved       Template = "membership_removed"        // to whoever was a member
	MailMembershipLeft          Template = "membership_left"           // to a manager: a member left, or left services
	MailMembershipEnding        Template = "membership_ending"         // to a member: it ends soon
	MailMemberEnding            Template = "member_ending"             // to a manager: a membership ends soon
	MailDelegationChanged       Template = "delegation_changed"        // to a secondary manager: which powers are lent
	MailAccountDeactivated      Template = "account_deactivated"       // until when the account can come back
	MailAccountReactivated      Template = "account_reactivated"       // the account is open again
	MailReactivation            Template = "reactivation"              // the link to come back with
	MailReactivationClosed      Template = "reactivation_closed"       // to whoever asks to come back too late
	MailReactivationReminder    Template = "reactivation_reminder"     // the time to come back ends soon
	MailStructureDeactivated    Template = "structure_deactivated"     // to a manager: the structure is inactive
	MailStructureActivated      Template = "structure_activated"       // to a manager: the structure is active again
	MailIdentifierChanged       Template = "identifier_changed"        // to a manager: the structure has another identifier
	MailBankAccountsChanged     Template = "bank_accounts_changed"     // to the principal manager: a bank account was added or removed
	MailSupportRequest          Template = "support_request"           // to the support desk: somebody cannot sign in
	MailPrincipalReceived       Template = "principal_received"        // to whoever became principal manager
	MailPrincipalAppointed      Template = "principal_appointed"       // to whom support made principal manager
	MailPrincipalHandedOver     Template = "principal_handed_over"     // to whoever was principal manager
	MailPrincipalNominated      Template = "principal_nominated"       // to whoever is asked to become it
	MailPrincipalDeclined       Template = "principal_declined"        // to the principal manager: the successor said no
	MailPrincipalNominationOver Template = "principal_nomination_over" // to whoever is not asked any more
	MailPrincipalInactive       Template = "principal_inactive"        // to a principal manager who stays away
	MailSupportPrincipalAbsent  Template = "support_principal_absent"  // to the support desk: a principal manager stays away
	MailPasswordChanged         Template = "password_changed"          // the account has another password
	MailPasswordExpired         Template = "password_expired"          // a new password is due at the next sign-in
	MailPasswordReset           Template = "password_reset"            // how to replace a forgotten password
	MailSubscriptionRequested   Template = "subscription_requested"    // to a manager: somebody asks for spaces
	MailSubscriptionDecided     Template = "subscription_decided"      // to the applicant
	MailSubscriptionExpired     Template = "subscription_expired"      // to the applicant: nobody decided in time
	MailSubscriptionGranted     Template = "subscription_granted"      // to whom a manager gave spaces
	MailSubscriptionRemoved     Template = "subscription_removed"      // to whom a manager took spaces from
	MailSpaceClosed             Template = "space_closed"              // to whoever held a space that the structure has no more
)

// The values that mails mention. What is not listed here as something else comes
// from people, and is made harmless before it is shown.
const (
	valueName      = "Name"      // display name of whom the mail is addressed to
	valueAddress   = "Address"   // canonical e-mail address
	valueApplicant = "Applicant" // display name of whom it is about
	valueFactor    = "Factor"    // what its owner calls a factor
	valueStructure = "Structure" // display name of the structure
	valueScope     = "Scope"     // names of services, "" for the whole structure
	valueReason    = "Reason"    // what a manager wrote
	valueLink      = "Link"      // absolute http or https address
	valueLogin     = "Login"     // what stands before the @ in the login of a technical account
	valueCode      = "Code"      // code to type: ASCII letters and digits
	valueUntil     = "Until"     // instant, RFC 3339
	valueAt        = "At"        // instant, RFC 3339
	valueRole      = "Role"      // code of a role, "member"
	valueRefused   = "Refused"   // names of services or rights that were asked for and refused, "" for none
	valueRemoved   = "Removed"   // names of services that were held and taken away, "" for none
	valueFirstDay  = "FirstDay"  // civil date, ISO 8601; "" for none
	valueLastDay   = "LastDay"   // civil date, ISO 8601; "" for none
	valuePowers    = "Powers"    // what is lent: "both", "structure", "users" or "none"
	valueSpaces    = "Spaces"    // names of rights, "Invoices issued read"
	valueSections  = "Sections"  // what happened where: JSON of a list of Section
	valueMore      = "More"      // how many structures are not told of, "" for none
	valueApproved  = "Approved"  // the same: those that were approved, "" for none
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
	{MailFactorAdded, []string{valueName, valueFactor, valueAt}},
	{MailFactorRemoved, []string{valueName, valueFactor, valueAt}},
	{MailFactorFallback, []string{valueName, valueAt}},
	{MailWrongCodes, []string{valueName, valueAt}},
	{MailKeyCloned, []string{valueName, valueFactor, valueAt}},
	{MailTechnicalExpiring, []string{valueName, valueLogin, valueUntil}},
	{MailTechnicalReset, []string{valueName, valueLogin, valueStructure, valueAt}},
	{MailTechnicalClosed, []string{valueName, valueLogin, valueStructure, valueAt}},
	{MailLoginChange, []string{valueName, valueLink, valueUntil}},
	{MailLoginChangeWarning, []string{valueName, valueLink, valueUntil}},
	{MailLoginChangeCancelled, []string{valueName, valueAt}},
	{MailLoginChangeUndo, []string{valueName, valueAt, valueLink, valueUntil}},
	{MailLoginChangeUndone, []string{valueName, valueAt}},
	{MailLoginChanged, []string{valueName, valueAt}},
	{MailLoginTaken, []string{valueName, valueAt}},
	{MailDigestDaily, []string{valueName, valueSections, valueMore, valueFirstDay, valueLastDay, valueLink}},
	{MailDigestWeekly, []string{valueName, valueSections, valueMore, valueFirstDay, valueLastDay, valueLink}},
	{MailNotice, []string{valueName, valueStructure, valueSections, valueLink}},
	{MailContactFormer, []string{valueName, valueAt}},
	{MailContactNew, []string{valueName, valueAt}},
	{MailAccountDeactivated, []string{valueName, valueUntil, valueLink}},
	{MailAccountReactivated, []string{valueName, valueAt}},
	{MailReactivation, []string{valueName, valueLink, valueUntil}},
	{MailReactivationClosed, []string{valueName, valueLink}},
	{MailReactivationReminder, []string{valueName, valueUntil, valueLink}},
	{MailStructureDeactivated, []string{valueName, valueStructure, valueAt}},
	{MailStructureActivated, []string{valueName, valueStructure, valueAt}},
	{MailIdentifierChanged, []string{valueName, valueStructure, valueAt}},
	{MailBankAccountsChanged, []string{valueName, valueStructure, valueAt}},
	{MailSupportRequest, []string{valueName, valueAddress, valueReason}},
	{MailPrincipalReceived, []string{valueName, valueStructure, valueLink}},
	{MailPrincipalAppointed, []string{valueName, valueStructure, valueLink}},
	{MailPrincipalHandedOver, []string{valueName, valueApplicant, valueStructure, valueLink}},
	{MailPrincipalNominated, []string{valueName, valueApplicant, valueStructure, valueUntil, valueLink}},
	{MailPrincipalDeclined, []string{valueName, valueApplicant, valueStructure, valueLink}},
	{MailPrincipalNominationOver, []string{valueName, valueStructure}},
	{MailPrincipalInactive, []string{valueName, valueStructure, valueAt, valueLink}},
	{MailSupportPrincipalAbsent, []string{valueName, valueStructure, valueAt}},
	{MailPasswordChanged, []string{valueName, valueAt}},
	{MailPasswordExpired, []string{valueName, valueLink}},
	{MailPasswordReset, []string{valueName, valueLink, valueUntil}},
	{MailMembershipRequested, []string{valueName, valueApplicant, valueStructure, valueScope, valueLink}},
	{MailMembershipApproved, []string{valueName, valueStructure, valueScope, valueRole, valueRefused, valueRemoved, valueLink}},
	{MailMembershipRejected, []string{valueName, valueStructure, valueReason, valueLink}},
	{MailMembershipReminder, []string{valueName, valueApplicant, valueStructure, valueScope, valueAt, valueLink}},
	{MailMembershipWithdrawn, []string{valueName, valueApplicant, valueStructure}},
	{MailMembershipExpired, []string{valueName, valueStructure, valueAt, valueLink}},
	{MailMembershipAttached, []string{valueName, valueStructure, valueScope, valueRole, valueFirstDay, valueLastDay, valueLink}},
	{MailMembershipChanged, []string{valueName, valueStructure, valueScope, valueRole, valueFirstDay, valueLastDay, valueLink}},
	{MailMembershipDisabled, []string{valueName, valueStructure}},
	{MailMembershipEnabled, []string{valueName, valueStructure, valueLink}},
	{MailMembershipRemoved, []string{valueName, valueStructure}},
	{MailMembershipLeft, []string{valueName, valueApplicant, valueStructure, valueScope}},
	{MailMembershipEnding, []string{valueName, valueStructure, valueLastDay, valueLink}},
	{MailMemberEnding, []string{valueName, valueApplicant, valueStructure, valueLastDay}},
	{MailDelegationChanged, []string{valueName, valueStructure, valuePowers}},
	{MailSubscriptionRequested, []string{valueName, valueApplicant, valueStructure, valueSpaces, valueLink}},
	{MailSubscriptionDecided, []string{valueName, valueStructure, valueApproved, valueRefused, valueReason, valueLink}},
	{MailSubscriptionExpired, []string{valueName, valueStructure, valueSpaces, valueAt, valueLink}},
	{MailSubscriptionGranted, []string{valueName, valueStructure, valueSpaces, valueLink}},
	{MailSubscriptionRemoved, []string{valueName, valueStructure, valueSpaces, valueLink}},
	{MailSpaceClosed, []string{valueName, valueStructure, valueSpaces, valueLink}},
}

// Notice reports whether a mail is a notice of what goes on in a structure. It goes to
// the contact address of an active account and follows it when that changes; nobody
// else gets it. Every other mail is about one account alone:
// it stays where it was addressed to and is always sent.
func (t Template) Notice() bool {
	switch t {
	case MailMembershipRequested, MailMembershipApproved, MailMembershipRejected, MailPrincipalReceived,
		MailPrincipalAppointed, MailPrincipalHandedOver, MailPrincipalNominated, MailPrincipalDeclined, MailPrincipalNominationOver, MailPrincipalInactive,
		MailMembershipReminder, MailMembershipWithdrawn, MailMembershipExpired, MailMembershipAttached, MailMembershipChanged,
		MailMembershipDisabled, MailMembershipEnabled, MailMembershipRemoved, MailMembershipLeft, MailMembershipEnding,
		MailMemberEnding, MailDelegationChanged, MailStructureDeactivated, MailStructureActivated, MailIdentifierChanged, MailBankAccountsChanged,
		MailSubscriptionRequested, MailSubscriptionDecided, MailSubscriptionExpired, MailSubscriptionGranted, MailSubscriptionRemoved,
		MailSpaceClosed, MailDigestDaily, MailDigestWeekly, MailNotice:
		return true
	default:
		return false
	}
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
// Name, Applicant, Factor, Structure, Scope, Reason, Refused and Removed are text from people;
// Scope is "" for the whole structure, Refused and Removed are "" for none. Spaces and
// Approved name rights. Sections is JSON of a
// list of [Section], More a number or "". FirstDay and LastDay are civil dates of ISO 8601 or "", Powers is
// a code. Address is a canonical e-mail address, Link an absolute http
// or https address, Code a code
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
