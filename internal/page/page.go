// Package page bounds how much one question may return.
package page

// Limit brings a limit that a caller gave into its bounds: 0 or less means 100, and
// more than 1000 means 1000.
func Limit(n int) int {
	switch {
	case n <= 0:
		return 100
	case n > 1000:
		return 1000
	default:
		return n
	}
}
