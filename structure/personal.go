package structure

import "github.com/habilis-go/habilis/account"

// PersonalFields lists the personal data of this package. The identifier, the names and
// the place of a structure are an organisation's; where one is a person, the host treats
// them as such.
func PersonalFields() []account.PersonalField {
	decide := []string{"comment.text", "comment.salt", "reason.text", "reason.salt"}
	trace := []string{"account", "requestedAt", "decidedAt", "decidedBy", "createdAt"}
	var out []account.PersonalField
	for _, of := range []string{"membership.", "subscription."} {
		out = append(out, personal(of, account.UseDecide, account.KeptWithAccount, decide...)...)
		out = append(out, personal(of, account.UseTrace, account.KeptPseudonym, trace...)...)
	}
	out = append(out, personal("structure.sheet.", account.UseBill, account.KeptWithStructure,
		"address.street", "address.complement", "address.postcode", "address.town", "address.country",
		"accounts.label", "accounts.iBAN", "accounts.bIC", "mandate.signatory", "mandate.signedAt", "mandate.document")...)
	return append(out, personal("structure.", account.UseTrace, account.KeptPseudonym,
		"sheet.mandate.by", "nomination.account", "nomination.by", "nomination.at", "nomination.expiresAt")...)
}

func personal(of string, use account.PersonalUse, kept account.Retention, names ...string) []account.PersonalField {
	var out []account.PersonalField
	for _, name := range names {
		out = append(out, account.PersonalField{Name: of + name, Use: use, Kept: kept})
	}
	return out
}
