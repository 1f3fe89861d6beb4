package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
)

// the classic rules, all of them at once.
func TestClassicPasswords(t *testing.T) {
	t.Parallel()
	p := account.PasswordClassic()
	julie := account.Account{Login: "julie.bon@terneuil.example", GivenName: "Julie", FamilyName: "Bon"}
	for password, unmet := range map[string]string{
		"Correct-Horse-7":                "",
		"Correct Horse 7":                "", // a space inside is a special character
		"Été-à-Terneuil-3":               "", // accented letters count
		"Straße-Straße-ẞ9":               "",
		"ПарольПароль-9":                 "", // other alphabets have cases, too
		"Пароль-٣٣٣٣٣٣":                  "", // and digits
		"Qx-Zr-7":                        "password_min",
		"correct-horse-7":                "password_upper",
		"CORRECT-HORSE-7":                "password_lower",
		"Correct-Horse-x":                "password_digit",
		"CorrectHorse77":                 "password_special",
		"":                               "password_min password_digit password_lower password_upper password_special",
		"Correct-Horse-7\x00":            "password_characters",
		"Correct-Horse-7\xff":            "password_characters",
		strings.Repeat("Aa1-", 64):       "",
		strings.Repeat("Aa1-", 64) + "x": "password_max",
		strings.Repeat("Aa1-🔑", 60):      "password_max",
		"Julie-Terneuil-7":               "password_personal",
		"xX7-julie.bon@terneuil.example": "password_personal",
		"Bon-Appetit-7-Bon":              "", // three letters are too few to forbid
	} {
		var got []string
		for _, f := range p.Check(password, julie) {
			got = append(got, f.Code)
		}
		require.Equal(t, unmet, strings.Join(got, " "), "%.20q", password)
	}
}

// CR-07, CR-08, CR-10: keys.
func TestKeys(t *testing.T) {
	t.Parallel()
	oldKey, newKey := []byte(strings.Repeat("old-", 8)), []byte(strings.Repeat("new-", 8))
	before, err := account.NewKeys(oldKey)
	require.NoError(t, err)
	sealed, err := before.Seal([]byte("secret"), "place/1")
	require.NoError(t, err)
	mac := before.MAC("purpose", "123456")

	rotated, err := account.NewKeys(newKey, oldKey)
	require.NoError(t, err)
	plain, err := rotated.Open(sealed, "place/1")
	require.NoError(t, err, "what an older key sealed still opens")
	require.Equal(t, "secret", string(plain))
	require.True(t, rotated.Recognises(mac, "purpose", "123456"))
	require.False(t, rotated.Recognises(mac, "other purpose", "123456"), "RP-09")
	require.False(t, rotated.Recognises(mac, "purpose1", "23456"), "parts do not run into one another")
	require.False(t, rotated.Recognises("", "purpose", "123456"))
	require.False(t, rotated.Recognises("zz", "purpose", "123456"))

	_, err = rotated.Open(sealed, "place/2")
	require.Error(t, err, "a sealed value cannot be moved")
	for i := range sealed {
		damaged := append([]byte(nil), sealed...)
		damaged[i] ^= 1
		_, err = rotated.Open(damaged, "place/1")
		require.Error(t, err)
	}
	_, err = rotated.Open(sealed[:10], "place/1")
	require.Error(t, err)
	fresh, err := account.NewKeys(newKey)
	require.NoError(t, err)
	_, err = fresh.Open(sealed, "place/1")
	require.Error(t, err, "a key that was taken out opens nothing")

	for _, weak := range [][]byte{nil, []byte("short"), make([]byte, 32), []byte(strings.Repeat("k", 32)), make([]byte, 33)} {
		_, err := account.NewKeys(weak)
		require.ErrorIs(t, err, account.ErrWeakKey)
	}
}

// The throttle: exact, doubling, bounded, forgiving.
func TestThrottle(t *testing.T) {
	t.Parallel()
	p := account.ThrottlePolicy{Free: 3, FirstDelay: time.Minute, MaxDelay: 5 * time.Minute}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var c account.Throttle
	take := func() error {
		var err error
		c, err = c.Take(p, now)
		return err
	}
	for range 3 {
		require.NoError(t, take())
	}
	for _, delay := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
		failures := c.Failures
		require.ErrorIs(t, take(), account.ErrThrottled)
		require.Equal(t, failures, c.Failures, "a refused try costs nothing")
		now = now.Add(delay - time.Microsecond)
		require.ErrorIs(t, take(), account.ErrThrottled)
		now = now.Add(time.Microsecond)
		require.NoError(t, take(), "BF-16: after %v one more try, and the delay grows", delay)
	}
	c.Failures = 1 << 40
	now = now.Add(time.Hour)
	require.NoError(t, take())
	require.Equal(t, now.Add(5*time.Minute), c.LockedUntil, "never permanent, never negative")
	require.Zero(t, c.Cleared().Failures)
	require.Error(t, account.ThrottlePolicy{}.Check())
}
