package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README prints this program and what it prints; both must be so.
func Example() {
	main()
	// Output:
	// You may not do this: the membership request is pending. What would help: a manager of the structure approves the request.
	// + Julie BON may read invoices.issued on URBA of Atelier Dufour
	// + Julie BON may write invoices.issued on URBA of Atelier Dufour
	// + Julie BON may read tickets.issued on URBA of Atelier Dufour
	// + Julie BON may write tickets.issued on URBA of Atelier Dufour
	// You may do this.
}

func TestReadmePrintsThisProgram(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	require.Contains(t, string(readme), "```go\n"+string(program)+"```", "the README shows another program")
	require.LessOrEqual(t, strings.Count(string(program), "\n"), 40, "the program is too long for a first minute")

	test, err := os.ReadFile("main_test.go")
	require.NoError(t, err)
	_, output, _ := strings.Cut(string(test), "// Output:\n")
	output, _, _ = strings.Cut(output, "}\n")
	for line := range strings.Lines(output) {
		line = strings.TrimPrefix(line, "\t// ")
		require.Contains(t, string(readme), line, "the README shows another output")
	}
}
