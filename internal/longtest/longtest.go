// Package longtest keeps what takes many seconds out of the everyday run of the tests.
package longtest

import (
	"os"
	"strconv"
	"testing"
)

// Wanted reports whether HABILIS_LONG is 1, as it is in .ci/run's first step.
func Wanted() bool { return os.Getenv("HABILIS_LONG") == "1" }

// Skip leaves the test out unless long tests are wanted.
func Skip(tb testing.TB) {
	tb.Helper()
	if !Wanted() {
		tb.Skip("takes long: set HABILIS_LONG=1 to run it, as .ci/run does")
	}
}

// Rounds is how often a race is run again: n times, or as often as HABILIS_ROUNDS says.
func Rounds(n int) int {
	if said, err := strconv.Atoi(os.Getenv("HABILIS_ROUNDS")); err == nil {
		return said
	}
	return n
}
