package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// startPatience bounds initdb and the start of the server.
const startPatience = 60 * time.Second

// watch runs the server until its own standard input ends, which the system sees
// to when the test process ends, however it does; then it removes the folder. The
// arguments are the folder, the server and its flags.
const watch = `
dir=$1
shift
"$@" >"$dir/log" 2>&1 </dev/null &
read -r line
kill -QUIT $!
wait $!
rm -rf "$dir"
`

// server is a running server.
type server struct {
	dsn string

	// life ends the server when it is closed. Nobody does: the end of this process
	// is its end. Held here, so that it is not collected before.
	life io.Closer
}

// start makes a cluster in a temporary folder and starts a server on it.
func start(flush bool) (*server, error) {
	initdb, postgres, err := binaries()
	if err != nil {
		return nil, err
	}
	// Directly below the system's folder: the path of a socket must stay short.
	dir, err := os.MkdirTemp("", "habilis-pg-")
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	s, err := startIn(dir, initdb, postgres, flush)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, errors.Join(err, errors.New(string(log)), os.RemoveAll(dir))
	}
	return s, nil
}

func startIn(dir, initdb, postgres string, flush bool) (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	run, err := unprivileged(dir)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}

	data := filepath.Join(dir, "data")
	prepare := exec.CommandContext(ctx, initdb, "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
	prepare.Dir = dir
	run(prepare)
	if out, err := prepare.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pgtest: initdb: %w: %s", err, bytes.TrimSpace(out))
	}

	onOff := map[bool]string{true: "on", false: "off"}[flush]

	command := exec.Command("/bin/sh", "-c", watch, "sh", dir, postgres, "-D", data, "-k", dir,
		"-c", "listen_addresses=", "-c", "max_connections=400", "-c", "shared_buffers=64MB",
		"-c", "fsync="+onOff, "-c", "synchronous_commit="+onOff, "-c", "full_page_writes="+onOff,
		"-c", "autovacuum="+onOff, "-c", "log_min_messages=fatal", "-c", "logging_collector=off")
	command.Dir = dir
	run(command)
	life, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}

	dsn := "host=" + dir + " port=5432 user=postgres dbname=postgres sslmode=disable"
	for {
		conn, err := pgx.Connect(ctx, dsn)
		if err == nil {
			return &server{dsn: dsn, life: life}, conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("pgtest: the server does not answer: %w", err), life.Close())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// binaries finds initdb and postgres of one version, the newest if there are several.
func binaries() (initdb, postgres string, err error) {
	var folders []string
	if p, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(p))
	}
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well formed
	slices.SortFunc(installed, func(a, b string) int { return version(b) - version(a) })
	for _, folder := range append(folders, installed...) {
		initdb, errI := exec.LookPath(filepath.Join(folder, "initdb"))
		postgres, errP := exec.LookPath(filepath.Join(folder, "postgres"))
		if errI == nil && errP == nil {
			return initdb, postgres, nil
		}
	}
	return "", "", ErrNoBinaries
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // 0 sorts last
	return n
}
