package habilis

import (
	"context"
	"sync"
	"time"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/blob"
)

// ErrNoMailer reports that there is nothing to send mails with.
var ErrNoMailer = notify.ErrNoMailer

// housekeeping is how often Run removes what is over and does what the clock owes.
const housekeeping = time.Minute

// Run does all background work, delivering mails, making digests, removing what is over,
// reminding and purging, until ctx ends; then it waits for what is under way and returns nil. Nothing runs without
// it. Several processes may run it at once. Without a mailer it delivers nothing and
// does the rest. Errors go to Options.OnError; none of them ends it.
func (h *Habilis) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	if h.opts.Mailer != nil {
		wg.Go(func() {
			if err := h.Outbox.Run(ctx); err != nil && ctx.Err() == nil {
				h.report(err)
			}
		})
	}
	wg.Go(func() { h.everyMinute(ctx, h.jobs()...) })
	wg.Go(func() { h.everyMinute(ctx, h.Notices.CatchUp) }) // apart, since the digests of many people take a while
	wg.Wait()
	return nil
}

// everyMinute does jobs again and again until ctx ends.
func (h *Habilis) everyMinute(ctx context.Context, jobs ...func(context.Context) (int, error)) {
	tick := time.NewTicker(housekeeping)
	defer tick.Stop()
	for {
		for _, job := range jobs {
			if _, err := job(ctx); err != nil && ctx.Err() == nil {
				h.report(err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// jobs are what has to be done again and again.
func (h *Habilis) jobs() []func(context.Context) (int, error) {
	all := []func(context.Context) (int, error){h.SignIns.PurgeExpired, h.Accounts.CatchUp, h.Structures.CatchUp, h.Outbox.Tidy}
	if h.opts.Contents != nil {
		all = append(all, h.Accounts.SweepAttachments)
	}
	if s, ok := h.opts.Contents.(blob.Sweeper); ok {
		all = append(all, func(ctx context.Context) (int, error) { return s.Sweep(ctx, unfinished) })
	}
	return all
}

// unfinished is how old the remains of an upload that a crash interrupted are when they
// are swept: older than any upload lasts.
const unfinished = 24 * time.Hour

// Drain sends every mail that is due now and returns: for tests, examples, and hosts
// with a job system of their own. The error is [ErrNoMailer] or the store's.
func (h *Habilis) Drain(ctx context.Context) (notify.Stats, error) { return h.Outbox.Drain(ctx) }

func (h *Habilis) report(err error) {
	if h.opts.OnError != nil {
		h.opts.OnError(err)
	}
}
