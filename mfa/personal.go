package mfa

import "github.com/habilis-go/habilis/account"

// PersonalFields lists the personal data of this package.
func PersonalFields() []account.PersonalField {
	var out []account.PersonalField
	for _, name := range []string{
		"signIn.account", "signIn.stamp", "signIn.codeMAC", "signIn.codeExpiresAt", "signIn.codeSentAt", "signIn.tries",
		"signIn.mailCodeAt", "signIn.createdAt", "signIn.expiresAt",
	} {
		out = append(out, account.PersonalField{Name: name, Use: account.UseSecure, Kept: account.KeptForMinutes})
	}
	return out
}
