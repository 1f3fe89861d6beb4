package structure

import "github.com/habilis-go/habilis/account"

// PersonalFields lists the personal data of this package. What a structure says of
// itself is an organisation's; where one is a person, the host treats it as such.
func PersonalFields() []account.PersonalField {
	var out []account.PersonalField
	for _, name := range []string{
		"membership.comment.text", "membership.comment.salt", "membership.reason.text", "membership.reason.salt",
		"subscription.comment.text", "subscription.comment.salt", "subscription.reason.text", "subscription.reason.salt",
	} {
		out = append(out, account.PersonalField{Name: name, Use: account.UseDecide, Kept: account.KeptWithAccount})
	}
	for _, name := range []string{
		"membership.account", "membership.requestedAt", "membership.decidedAt", "membership.decidedBy", "membership.createdAt",
		"subscription.account", "subscription.requestedAt", "subscription.decidedAt", "subscription.decidedBy", "subscription.createdAt",
	} {
		out = append(out, account.PersonalField{Name: name, Use: account.UseTrace, Kept: account.KeptPseudonym})
	}
	return out
}
