package account_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
)

func cheap(t *testing.T) *account.Hasher {
	t.Helper()
	h, err := account.NewHasher(account.Hashing{MemoryKiB: 64, Passes: 1, TestOnly: true}, nil)
	require.NoError(t, err)
	return h
}

// CR-01, CR-13: salted, whole, normalised.
func TestPasswordHashes(t *testing.T) {
	t.Parallel()
	ctx, h := t.Context(), cheap(t)
	one, err := h.Hash(ctx, "Correct-Horse-7")
	require.NoError(t, err)
	two, err := h.Hash(ctx, "Correct-Horse-7")
	require.NoError(t, err)
	require.NotEqual(t, one, two, "the same password differs")
	check := func(password, stored string) bool {
		ok, err := h.Check(ctx, password, stored)
		require.NoError(t, err)
		return ok
	}
	require.True(t, check("Correct-Horse-7", one))
	require.False(t, check("Correct-Horse-8", one))
	long := strings.Repeat("x", 100)
	stored, err := h.Hash(ctx, long+"a")
	require.NoError(t, err)
	require.False(t, check(long+"b", stored), "nothing is cut after 72 bytes")
	stored, err = h.Hash(ctx, "caf\u00e9")
	require.NoError(t, err)
	require.True(t, check("cafe\u0301", stored), "composed and decomposed are one password")
}

// CR-14: a stored hash cannot ask for more work than we allow.
func TestMalformedHashesAreRefusedBeforeWork(t *testing.T) {
	t.Parallel()
	h := cheap(t)
	good, err := h.Hash(t.Context(), "x")
	require.NoError(t, err)
	for name, bad := range map[string]string{
		"empty": "", "16 GiB": strings.Replace(good, "m=64", "m=16777216", 1), "2^31 passes": strings.Replace(good, "t=1", "t=2147483648", 1),
		"other scheme": strings.Replace(good, "argon2id", "argon2i", 1), "other version": strings.Replace(good, "v=19", "v=16", 1),
		"unknown cost": strings.Replace(good, "m=64", "z=64", 1), "no digits": strings.Replace(good, "m=64", "m=", 1),
		"cut": good[:len(good)-4], "bad base64": good[:len(good)-1] + "*", "parts": good + "$x",
	} {
		start := time.Now()
		ok, err := h.Check(t.Context(), "x", bad)
		require.NoError(t, err, name)
		require.False(t, ok, name)
		require.Less(t, time.Since(start), 2*time.Second, name)
	}
}

// CR-11: costs below the floor are refused.
func TestHashingFloor(t *testing.T) {
	t.Parallel()
	for _, weak := range []account.Hashing{{MemoryKiB: 1024}, {Passes: 1}, {MemoryKiB: 1 << 21}, {Passes: 65}, {Lanes: 17}, {AtOnce: -1}} {
		_, err := account.NewHasher(weak, nil)
		require.ErrorIs(t, err, account.ErrWeakHashing, "%+v", weak)
	}
	_, err := account.NewHasher(account.Hashing{MemoryKiB: 46 * 1024, Passes: 1}, nil)
	require.NoError(t, err, "more memory in one pass is as good")
}

// DS-01: at most AtOnce hashes at a time; whoever waits gives up with its context.
func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	h, err := account.NewHasher(account.Hashing{MemoryKiB: 256 * 1024, Passes: 4, AtOnce: 1}, nil)
	require.NoError(t, err)
	started := make(chan struct{})
	go func() {
		close(started)
		_, _ = h.Hash(context.Background(), "slow")
	}()
	<-started
	time.Sleep(20 * time.Millisecond) // let it take the only slot; if it has not, the next line still holds
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.Hash(ctx, "late")
	if err != nil {
		require.ErrorIs(t, err, context.Canceled)
	}
}

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
