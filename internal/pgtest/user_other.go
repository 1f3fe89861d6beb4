//go:build !unix

package pgtest

import "os/exec"

// unprivileged changes nothing here. The server is watched through a shell, so
// without one DATABASE_URL is the way.
func unprivileged(string) (func(*exec.Cmd), error) { return func(*exec.Cmd) {}, nil }
