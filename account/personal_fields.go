package account

// PersonalField is one piece of personal data that the library keeps, with its use and
// how long it is kept: a line of the host's record of processing activities (GDPR
// article 30). A test holds the list against every stored type.
type PersonalField struct {
	Name string      // type and field, "account.profile.phone"
	Use  PersonalUse // what it is kept for
	Kept Retention   // how long
}

// PersonalUse is what a piece of personal data is kept for.
type PersonalUse string

// Uses.
const (
	UseIdentify PersonalUse = "identify" // to tell people apart and address them
	UseReach    PersonalUse = "reach"    // to send what the person asked for or must know
	UseShow     PersonalUse = "show"     // to show managers who asks
	UseSecure   PersonalUse = "secure"   // to prove that it is the person
	UseConsent  PersonalUse = "consent"  // to prove what was agreed to
	UseSettle   PersonalUse = "settle"   // to remember the person's settings
	UseDecide   PersonalUse = "decide"   // to decide a request and give the reason
	UseServe    PersonalUse = "serve"    // files that the person keeps to use them
	UseBill     PersonalUse = "bill"     // to bill a structure and to pay it
	UseTrace    PersonalUse = "trace"    // to show who did what when
)

// Retention is how long a piece of personal data is kept.
type Retention string

// Retentions.
const (
	KeptWithAccount   Retention = "with_account"   // until the person is erased
	KeptWithStructure Retention = "with_structure" // as long as the structure keeps it
	KeptUntilSent     Retention = "until_sent"     // until the mail is sent or given up
	KeptUntilUsed     Retention = "until_used"     // until it is used, replaced or over, and erased with the person
	KeptForMinutes    Retention = "for_minutes"    // minutes
	KeptPseudonym     Retention = "pseudonym"      // as an identifier that leads to nobody once the person is erased
)

// PersonalFields lists the personal data of this package.
func PersonalFields() []PersonalField {
	with := func(use PersonalUse, kept Retention, names ...string) []PersonalField {
		var out []PersonalField
		for _, n := range names {
			out = append(out, PersonalField{Name: n, Use: use, Kept: kept})
		}
		return out
	}
	var all []PersonalField
	for _, some := range [][]PersonalField{
		with(UseIdentify, KeptWithAccount, "account.login", "account.givenName", "account.familyName"),
		with(UseReach, KeptWithAccount, "account.contactEmail", "account.language", "account.undeliverableSince"),
		with(UseShow, KeptWithAccount, "account.profile.phone", "account.profile.address.street", "account.profile.address.complement",
			"account.profile.address.postcode", "account.profile.address.town", "account.profile.address.country",
			"account.profile.biography", "account.profile.photo"),
		with(UseSettle, KeptWithAccount, "account.profile.accessibility",
			"account.notices.on", "account.notices.categories", "account.notices.atOnce", "account.notices.daily", "account.notices.weekly"),
		with(UseConsent, KeptWithAccount, "account.profile.survey.conditions", "account.profile.survey.at", "account.conditionsAcceptedAt"),
		with(UseSecure, KeptWithAccount, "account.credentials.password", "account.credentials.changedAt", "account.credentials.resetAt",
			"account.credentials.expired", "account.credentials.former", "account.credentials.question", "account.credentials.answer",
			"account.credentials.overlap", "account.credentials.overlapUntil", "account.stamp", "account.salt",
			"throttle.failures", "throttle.lockedUntil"),
		with(UseSecure, KeptPseudonym, "throttle.account"),
		with(UseTrace, KeptPseudonym, "account.lastSignInAt", "account.createdAt", "account.activatedAt", "account.reactivatedAt", "account.statusSince",
			"account.reactivableUntil"),
		with(UseSecure, KeptUntilUsed, "link.account", "link.digest", "link.address", "link.createdAt", "link.expiresAt", "link.usedAt"),
		with(UseServe, KeptWithAccount, "attachment.owner.account", "attachment.designation", "attachment.fileName", "attachment.mediaType",
			"attachment.size", "attachment.sHA256", "attachment.key", "attachment.createdAt"),
		with(UseTrace, KeptPseudonym, "attachment.createdBy"),
	} {
		all = append(all, some...)
	}
	return all
}
