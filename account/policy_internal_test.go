package account

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPresetsAreAcceptable(t *testing.T) {
	t.Parallel()
	for _, p := range []PasswordPolicy{PasswordClassic(), PasswordNIST(), PasswordNISTWithSecondFactor(), PasswordPassphrase()} {
		require.NoError(t, p.check())
	}
	require.NoError(t, Question2019().check())
	require.NoError(t, QuestionPolicy{}.check())
	require.Equal(t, 12, PasswordClassic().MinLength, "R-047")
	require.Equal(t, 15, PasswordNIST().MinLength)
	require.Equal(t, 8, PasswordNISTWithSecondFactor().MinLength)
}

// Each limit of a policy at its last good value and beside it.
func TestPoliciesThatContradictThemselvesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of   func() PasswordPolicy
		set  func(p *PasswordPolicy, n int)
		good []int
		bad  []int
	}{
		"least length":  {PasswordClassic, func(p *PasswordPolicy, n int) { p.MinLength = n }, []int{1, 256}, []int{-1, 0, 257}},
		"most length":   {PasswordClassic, func(p *PasswordPolicy, n int) { p.MaxLength = n }, []int{12, 256}, []int{0, 11, 257}},
		"words":         {PasswordPassphrase, func(p *PasswordPolicy, n int) { p.MinWords = n }, []int{0, 128}, []int{-1, 129}},
		"waiver":        {PasswordClassic, func(p *PasswordPolicy, n int) { p.WaiveAt = n }, []int{0, 13, 256}, []int{-1, 12, 257}},
		"history":       {PasswordClassic, func(p *PasswordPolicy, n int) { p.History = n }, []int{0, 24}, []int{-1, 25}},
		"hours to live": {PasswordClassic, func(p *PasswordPolicy, n int) { p.MaxAge = time.Duration(n) * time.Hour }, []int{0, 24}, []int{-24, 1, 23}},
		"context word":  {PasswordClassic, func(p *PasswordPolicy, n int) { p.Words = []string{strings.Repeat("x", n)} }, []int{4, 100}, []int{0, 3}},
		"NIST length":   {PasswordNIST, func(p *PasswordPolicy, n int) { p.MinLength = n }, []int{15, 64}, []int{1, 14}},
		"NIST most":     {PasswordNIST, func(p *PasswordPolicy, n int) { p.MaxLength = n }, []int{64, 256}, []int{63, 257}},
		"NIST with a second factor": {
			PasswordNISTWithSecondFactor, func(p *PasswordPolicy, n int) { p.MinLength = n }, []int{8, 15}, []int{1, 7},
		},
		"NIST rotation": {PasswordNIST, func(p *PasswordPolicy, n int) { p.MaxAge = time.Duration(n) * time.Hour }, []int{0}, []int{24, 365 * 24}},
		"NIST words":    {PasswordNIST, func(p *PasswordPolicy, n int) { p.MinWords = n }, []int{0}, []int{1}},
		"NIST history":  {PasswordNIST, func(p *PasswordPolicy, n int) { p.History = n }, []int{0, 24}, []int{25}},
	} {
		for _, n := range c.good {
			p := c.of()
			c.set(&p, n)
			require.NoError(t, p.check(), "%s %d", name, n)
		}
		for _, n := range c.bad {
			p := c.of()
			c.set(&p, n)
			require.ErrorIs(t, p.check(), ErrBadPolicy, "%s %d", name, n)
		}
	}
	for name, set := range map[string]func(p *PasswordPolicy){
		"digit": func(p *PasswordPolicy) { p.Digit = true }, "lower": func(p *PasswordPolicy) { p.Lower = true },
		"upper": func(p *PasswordPolicy) { p.Upper = true }, "special": func(p *PasswordPolicy) { p.Special = true },
		"base word": func(p *PasswordPolicy) { p.BaseWord = true }, "no context": func(p *PasswordPolicy) { p.Context = ContextOff },
		"part of context": func(p *PasswordPolicy) { p.Context = ContextPart }, "unknown context": func(p *PasswordPolicy) { p.Context = "x" },
		"unknown standard": func(p *PasswordPolicy) { p.Standard = "x" },
	} {
		p := PasswordNIST()
		set(&p)
		require.ErrorIs(t, p.check(), ErrBadPolicy, name)
	}
	p := PasswordPassphrase()
	p.Words = []string{"habilis"}
	require.ErrorIs(t, p.check(), ErrBadPolicy, "words that nothing is compared with")
	for n, good := range map[int]bool{-1: false, 0: true, 255: true, 256: false} {
		require.Equal(t, good, QuestionPolicy{MinAnswer: n}.check() == nil)
	}
}

// The embedded set is whole, and small.
func TestEmbeddedBlocklist(t *testing.T) {
	t.Parallel()
	require.Equal(t, 108_797, common.Len())
	require.Less(t, len(common), 300_000)
}

// CR-14: whatever is stored, reading it never panics, never accepts a cost beyond the
// bounds, and one hash has one text.
func FuzzStoredHash(f *testing.F) {
	for _, seed := range []string{
		"", "$", "$2", "$$$$$$", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=4294967295,t=4294967295,p=255$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1,p=1,keyid=AAAAAAAA$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$pbkdf2-sha256$i=600000$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$pbkdf2-sha512$i=01$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "$2b$31$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		d, ok := parse(stored)
		if !ok {
			return
		}
		require.Equal(t, stored, d.String())
		require.Positive(t, d.passes)
		switch d.scheme {
		case SchemeArgon2id:
			require.LessOrEqual(t, d.memory, uint32(1<<20))
			require.LessOrEqual(t, d.passes, uint32(64))
			require.LessOrEqual(t, d.lanes, uint8(16))
			require.Positive(t, d.lanes)
		case SchemePBKDF2SHA256, SchemePBKDF2SHA512:
			require.LessOrEqual(t, d.passes, uint32(10_000_000))
		case schemeBcrypt:
			require.LessOrEqual(t, d.passes, uint32(15))
			return
		default:
			t.Fatalf("scheme %q", d.scheme)
		}
		require.True(t, len(d.sum) >= 32 && len(d.sum) <= 64)
		require.GreaterOrEqual(t, len(d.salt), 8)
	})
}
