// Portal is a complete, server-rendered application over the library: people open
// accounts, sign in with a second factor, ask to join structures, and managers
// decide. It needs no JavaScript and keeps everything in one SQLite file:
//
//	go run ./examples/portal
//
// A new database is filled with a small town to play with; mails go to a mailbox
// page, unless -smtp names a server. Pages hold no rule: each one asks the library
// and shows what it answers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() { os.Exit(execute()) }

func execute() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 2
	default:
		fmt.Fprintln(os.Stderr, "portal:", err)
		return 1
	}
}

// run reads the flags, starts the portal, says where it is and serves it until ctx
// ends.
func run(ctx context.Context, args []string, out, logs io.Writer) error {
	c, err := readFlags(args, logs)
	if err != nil {
		return err
	}
	c.Log = slog.New(slog.NewTextHandler(logs, nil))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	app, err := open(ctx, c, listener.Addr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := greet(out, c, app); err != nil {
		return errors.Join(err, listener.Close(), app.close())
	}
	return errors.Join(app.serve(ctx, listener), app.close())
}

// greet says where the portal is and who to sign in as.
func greet(out io.Writer, c config, app *app) error {
	base := app.portal.base
	var b strings.Builder
	fmt.Fprintf(&b, "habilis portal at %s\n", base)
	if c.DB != inMemory {
		fmt.Fprintf(&b, "  database           %s\n", c.DB)
	}
	if app.portal.mailbox != nil {
		fmt.Fprintf(&b, "  mailbox            %s/dev/mailbox (links and codes arrive here)\n", base)
	}
	if app.portal.demo {
		for _, d := range residents() {
			fmt.Fprintf(&b, "  %-18s %s\n", d.GivenName+" "+d.FamilyName, d.Login)
		}
		fmt.Fprintf(&b, "  their password     %s\n", demoPassword)
	}
	b.WriteString("Stop with Ctrl+C.\n")
	_, err := io.WriteString(out, b.String())
	return err
}
