package mfa

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rfcSeed is the seed of RFC 6238, appendix B, for SHA-1.
const rfcSeed = "12345678901234567890"

// the vectors of RFC 6238, appendix B, in six digits instead of eight.
func TestVectorsOfRFC6238(t *testing.T) {
	t.Parallel()
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		step, ok, err := matching([]byte(rfcSeed), code, 0, 0, time.Unix(at, 0))
		require.NoError(t, err)
		require.True(t, ok, "%d", at)
		require.Equal(t, at/30, step)
	}
}

// RP-01, RP-02: the last accepted step is a floor, and the window is as wide as the
// policy says, at its exact ends.
func TestWindowAndFloor(t *testing.T) {
	t.Parallel()
	now := time.Unix(1234567890, 0) // the beginning of step 41152263
	const step, code = 41152263, "005924"
	for name, c := range map[string]struct {
		last int64
		skew int
		at   time.Time
		ok   bool
	}{
		"in its step":                       {0, 0, now, true},
		"at the end of its step":            {0, 0, now.Add(30*time.Second - 1), true},
		"one step late without skew":        {0, 0, now.Add(30 * time.Second), false},
		"one step late":                     {0, 1, now.Add(30 * time.Second), true},
		"at the end of one step late":       {0, 1, now.Add(60*time.Second - 1), true},
		"two steps late":                    {0, 1, now.Add(60 * time.Second), false},
		"one step early":                    {0, 1, now.Add(-1), true},
		"two steps early":                   {0, 1, now.Add(-30*time.Second - 1), false},
		"two steps early with skew":         {0, 2, now.Add(-30*time.Second - 1), true},
		"its step was accepted":             {step, 1, now, false},
		"a later step was accepted":         {step + 1, 1, now, false},
		"the one before was accepted":       {step - 1, 1, now, true},
		"an hour later":                     {0, 2, now.Add(time.Hour), false},
		"two days earlier":                  {0, 2, now.AddDate(0, 0, -2), false},
		"before 1970, where no step begins": {0, 2, time.Unix(-3600, 0), false},
	} {
		got, ok, err := matching([]byte(rfcSeed), code, c.last, c.skew, c.at)
		require.NoError(t, err, name)
		require.Equal(t, c.ok, ok, name)
		if ok {
			require.EqualValues(t, step, got, name)
		}
	}
}

// BenchmarkMatching is what a code of an application adds to the cost of the store.
func BenchmarkMatching(b *testing.B) {
	now := time.Unix(1234567890, 0)
	for b.Loop() {
		if _, ok, _ := matching([]byte(rfcSeed), "000000", 0, 1, now); ok {
			b.Fatal("it must not match")
		}
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "A": "A", "ABCD": "ABCD", "ABCDE": "ABCD E", "ABCDEFGH": "ABCD EFGH"} {
		require.Equal(t, want, grouped(in, 4))
	}
}

// CR-17: what an application is added with does not print.
func TestEnrolmentsDoNotPrint(t *testing.T) {
	t.Parallel()
	e := newEnrolment(Factor{ID: "x"}, []byte(rfcSeed), "Terneuil", "julie@terneuil.example")
	for _, verb := range []string{"%v", "%+v", "%s", "%#v"} {
		require.Equal(t, "mfa.Enrolment", fmt.Sprintf(verb, e))
	}
}
