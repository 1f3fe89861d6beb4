package mfa

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/secret"
)

// draws is how many codes, secrets and identifiers are looked at: a million in long runs.
func draws() int {
	if longtest.Wanted() {
		return 1_000_000
	}
	return 50_000
}

// CR-16: each digit of a mail code is as likely as any other in each place: the chi-square
// of nine degrees of freedom stays below a value that chance exceeds once in 10^9.
func TestDigitsOfCodesAreUniform(t *testing.T) {
	t.Parallel()
	s := &Service{ids: ids.NewMaker(nil), policy: Guide2024()}
	var seen [6][10]int
	n := draws()
	for range n {
		code, err := s.code()
		require.NoError(t, err)
		require.Len(t, code, 6)
		for i := range code {
			seen[i][code[i]-'0']++
		}
	}
	for place, digits := range seen {
		chi := 0.0
		for _, got := range digits {
			off := float64(got) - float64(n)/10
			chi += off * off / (float64(n) / 10)
		}
		require.Less(t, chi, 60.0, "place %d: %v", place, digits)
	}
}

// CR-16, EN-14: no secret is made twice, and neither is an identifier, of which those of one
// instant are in no order.
func TestSecretsAndIdentifiersAreUnique(t *testing.T) {
	t.Parallel()
	maker, now := ids.NewMaker(nil), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	n := draws()
	seen, rising, last := make(map[string]bool, 2*n), 0, ""
	for range n {
		token, digest, err := secret.New(maker)
		require.NoError(t, err)
		require.Equal(t, digest, secret.Digest(token))
		id, err := maker.New(now)
		require.NoError(t, err)
		seen[token], seen[id] = true, true
		if id > last {
			rising++
		}
		last = id
	}
	require.Len(t, seen, 2*n)
	require.InDelta(t, 0.5, float64(rising)/float64(n), 0.02, "half of them follow the one before")
}
