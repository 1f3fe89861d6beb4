package account

// PasswordClassic is the guides' rule: 12 characters of four classes (R-047 to
// R-051), which is also the first example of CNIL 2022-100. Common words and what
// is known of the person are refused wherever they would carry the password. It
// does not conform to NIST SP 800-63B-4, which forbids rules on classes.
func PasswordClassic() PasswordPolicy {
	return PasswordPolicy{
		MinLength: 12, MaxLength: maxPasswordLength,
		Digit: true, Lower: true, Upper: true, Special: true,
		BaseWord: true, Context: ContextPart,
	}
}

// PasswordNIST is the rule of NIST SP 800-63B-4 section 3.1.1.2 for a password that
// may open an account alone: 15 characters of any kind, none of the leaked ones.
func PasswordNIST() PasswordPolicy {
	return PasswordPolicy{Standard: StandardNIST, MinLength: 15, MaxLength: maxPasswordLength, Context: ContextWhole}
}

// PasswordNISTWithSecondFactor is [PasswordNIST] with 8 characters, for a deployment
// that always asks for a second factor as well. Whether it does is the sign-in
// policy's to say; this one cannot know.
func PasswordNISTWithSecondFactor() PasswordPolicy {
	p := PasswordNIST()
	p.Standard, p.MinLength = StandardNISTWithSecondFactor, 8
	return p
}

// PasswordPassphrase is the third example of CNIL 2022-100: seven different words,
// and 20 characters at least.
func PasswordPassphrase() PasswordPolicy {
	return PasswordPolicy{MinLength: 20, MaxLength: maxPasswordLength, MinWords: 7}
}
