//go:build race

package mfa_test

// raced says that the race detector is on, which takes memory and time of its own.
const raced = true
