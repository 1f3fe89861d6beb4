package mfa

import "github.com/habilis-go/habilis/account"

// PersonalFields lists the personal data of this package.
func PersonalFields() []account.PersonalField {
	var out []account.PersonalField
	for _, name := range []string{
		"signIn.account", "signIn.stamp", "signIn.asked", "signIn.codeMAC", "signIn.codeExpiresAt", "signIn.codeSentAt",
		"signIn.tries", "signIn.ceremony", "signIn.proofs.factor", "signIn.proofs.instance", "signIn.proofs.at", "signIn.proofs.seal",
		"signIn.strongFrom", "signIn.createdAt", "signIn.expiresAt",
	} {
		out = append(out, account.PersonalField{Name: name, Use: account.UseSecure, Kept: account.KeptForMinutes})
	}
	for _, name := range []string{
		"factor.account", "factor.kind", "factor.label", "factor.createdAt", "factor.confirmedAt", "factor.expiresAt",
		"factor.lastUsedAt", "factor.credential", "factor.data", "factor.step", "factor.tries",
	} {
		out = append(out, account.PersonalField{Name: name, Use: account.UseSecure, Kept: account.KeptWithAccount})
	}
	return out
}
