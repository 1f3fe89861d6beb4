package worldtest

import (
	"context"
	"testing"

	"pgregory.net/rapid"
)

// InRapid lets helpers of tests fail inside rapid, which then looks for a shorter way to
// the same failure.
type InRapid struct {
	testing.TB

	Rapid *rapid.T
}

// Helper implements testing.TB.
func (x InRapid) Helper() {}

// Errorf fails what rapid runs.
func (x InRapid) Errorf(format string, a ...any) { x.Rapid.Errorf(format, a...) }

// FailNow ends what rapid runs.
func (x InRapid) FailNow() { x.Rapid.FailNow() }

// Context is that of the whole test.
func (x InRapid) Context() context.Context { return x.TB.Context() }
