package notify

// Template names a mail. Templates are only ever added.
type Template string

// The mails of the library, and the values that each mentions.
const (
	MailActivation          Template = "activation"           // Name, Link, Until
	MailAlreadyRegistered   Template = "already_registered"   // Name, Link
	MailSignInCode          Template = "sign_in_code"         // Name, Code, Until
	MailSignedOutEverywhere Template = "signed_out"           // Name, At
	MailAccountLocked       Template = "account_locked"       // Name, Until
	MailMembershipRequested Template = "membership_requested" // Name, Applicant, Structure, Scope, Link
	MailMembershipApproved  Template = "membership_approved"  // Name, Structure, Scope, Role, Link
	MailMembershipRejected  Template = "membership_rejected"  // Name, Structure, Reason, Link
)
