//go:build unix

package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// unprivileged returns what makes a command run as somebody other than root, who
// must not run PostgreSQL, and gives them the folder. Commands get a process group
// of their own, so that an interrupt on the terminal reaches the server only by
// way of the end of this process.
func unprivileged(dir string) (func(*exec.Cmd), error) {
	attributes := syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		uid, gid, err := somebody()
		if err != nil {
			return nil, err
		}
		attributes.Credential = &syscall.Credential{Uid: uid, Gid: gid}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			return nil, fmt.Errorf("give away the folder: %w", err)
		}
	}
	return func(c *exec.Cmd) {
		own := attributes
		c.SysProcAttr = &own
	}, nil
}

func somebody() (uid, gid uint32, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, lookup := user.Lookup(name)
		if lookup != nil {
			err = lookup
			continue
		}
		i, errI := strconv.ParseUint(u.Uid, 10, 32)
		g, errG := strconv.ParseUint(u.Gid, 10, 32)
		if errI == nil && errG == nil {
			return uint32(i), uint32(g), nil
		}
	}
	return 0, 0, fmt.Errorf("neither a user postgres nor a user nobody: %w", err)
}
