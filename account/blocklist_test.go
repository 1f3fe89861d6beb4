package account_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
)

// unmet returns the codes of the rules that a password breaks.
func unmet(p account.PasswordPolicy, password string, a account.Account) string {
	var out []string
	for _, f := range p.Check(password, a) {
		out = append(out, f.Code)
	}
	return strings.Join(out, " ")
}

// The whole password is compared under every preset, without case and accents.
func TestCommonPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []account.PasswordPolicy{
		account.PasswordClassic(), account.PasswordNIST(), account.PasswordNISTWithSecondFactor(), account.PasswordPassphrase(), {MinLength: 1, MaxLength: 256},
	} {
		for _, known := range []string{
			"qwertyuiopasdfghjkl", "1234567890qwertyuiop", "abcdefghijklmnop", "QwertyUiopAsdfghJkl", "passwordpassword",
			"password1", "azertyuiop", "football1", // of the most common ones of 8 to 11 characters
		} {
			require.Contains(t, unmet(p, known, account.Account{}), "password_common", known)
		}
		for _, unknown := range []string{"Correct-Horse-7-Battery", "vélo bleu sous la pluie", "", "kQ-7", "ПарольПароль-9"} {
			require.NotContains(t, unmet(p, unknown, account.Account{}), "password_common", unknown)
		}
	}
}

// ASVS 6.2.4 under the classic rule: what the most common passwords are made of does
// not carry a password.
func TestBaseWordsAreRefused(t *testing.T) {
	t.Parallel()
	p := account.PasswordClassic()
	for _, derived := range []string{
		"Password2024!", "P@ssw0rd-2024", "P4$$word-2024", "!!2024-Password", "Motdepasse-123", "Azertyuiop-12", "Bienvenue-2026",
		"Septembre-2026", "Dragon!!123456", "M1chael-123456", "Julien-1987-!!",
	} {
		require.Equal(t, "password_base_word", unmet(p, derived, account.Account{}), derived)
	}
	require.Empty(t, unmet(p, "Été-Soleil-26", account.Account{}), "two words are more than one")
	nist := account.PasswordNIST()
	require.Empty(t, unmet(nist, "P@ssw0rd-2024-!!-", account.Account{}), "SP 800-63B-4 compares the whole password")
}

// A text that is in no list is refused by mistake once in some 39 000 look-ups.
func TestFalsePositivesOfTheBlocklist(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	p := account.PasswordPolicy{MinLength: 1, MaxLength: 256}
	const tries = 20_000
	wrong := 0
	for range tries {
		var b strings.Builder
		for range 20 {
			b.WriteByte(byte('a' + random.IntN(26)))
		}
		if len(p.Check(b.String(), account.Account{})) > 0 {
			wrong++
		}
	}
	require.LessOrEqual(t, wrong, 5, "0.5 are to be expected")
}
