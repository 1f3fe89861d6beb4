package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
)

// Dispatcher delivers what is owed: it claims messages of the outbox, opens,
// renders and sends them, and marks them. No unit of work is open while it sends.
//
// Delivery is at least once. A mail is sent a second time only if a process died,
// or lost its store, between the mail server's word and the mark; both have the
// same [Email.ID], and at most DispatcherOptions.AtRisk mails of a process are in
// that time. Claims and marks do not wait for the disk where the store can do without, but
// for one claim every second: a power cut, or the crash of a database server, may take the
// last of them with it, and those mails are sent a second time. Neither loses a mail.
// Several dispatchers may work on one store, in one process or many; a message is leased
// to one of them at a time.
//
// Mails about an account alone, such as codes and links, go first. The notices to
// one address leave in the order in which they were written, one after the other:
// one that is to be tried again holds back those behind it until it is sent or dead.
//
// A Dispatcher is safe for concurrent use.
type Dispatcher struct {
	store  Store
	mailer Mailer
	sealer Sealer
	opts   DispatcherOptions
	wake   chan struct{}
	risk   chan struct{} // holds one for each mail that may have been taken and is not marked
	pace   *pace

	mu      sync.Mutex
	flushed time.Time // when a claim waited for the disk
}

// DispatcherOptions are the optional parts of a [Dispatcher]; nil means all
// defaults.
type DispatcherOptions struct {
	Templates *Templates       // What mails say. Defaults to NewTemplates(nil, nil).
	Now       func() time.Time // The only clock. Defaults to time.Now.

	Lease    time.Duration // How long a message is held for sending. Defaults to 2 minutes.
	Batch    int           // How many messages are claimed at once, at most 1000, and so many again while these are sent. Defaults to 50.
	Parallel int           // How many mails are prepared at once, for a mailer that is a Stager up to the last word. Defaults to 4.
	Poll     time.Duration // How often Run looks for work. Defaults to 1 second.

	// AtRisk is how many mails may be in the time between the mail server's word and the
	// mark that they are sent: so many a crash sends twice. A mailer that is no Stager
	// sends so many at once. Defaults to 1.
	AtRisk int

	// PerHour is how many notices go to one address within an hour, counted in each
	// process; what is beyond waits until the hour is over. Defaults to 60.
	PerHour int

	// KeepDead is for how long, after it was created, a dead message keeps what it says if
	// it has no end of its own. Defaults to 30 days.
	KeepDead time.Duration
	// Keep is for how long, after it was created, the row of a message that is over is
	// kept, and with it its idempotency key. Defaults to 90 days.
	Keep time.Duration

	MaxAttempts int            // After how many tries a message is given up. Defaults to 12.
	Backoff     time.Duration  // Pause after the first failed try; it doubles with each. Defaults to 30 seconds.
	MaxBackoff  time.Duration  // Longest pause. Defaults to 1 hour.
	Jitter      func() float64 // In [0,1): shortens a pause by up to half. Defaults to math/rand/v2.Float64.

	// Wanted is asked right before a message is sent, outside any unit; one that is not
	// wanted any more, since its reader left meanwhile, is ended as if it had expired
	// . It does not see what the message says. Its error holds the message back,
	// untried, for a later one. Defaults to none: everything is wanted.
	Wanted func(context.Context, Message) (bool, error)

	// Undeliverable is told of a message whose address the mail server refused for good
	// . It does not see what the message says. Defaults to nobody.
	Undeliverable func(context.Context, Message) error

	// Compose is asked right before a message is sent what it says, outside any unit, for
	// mails whose content is found out only then; see [Publisher.Compose]. False ends the
	// message as if it had expired, unless it was changed meanwhile. Its error counts as a
	// failed try. Defaults to none: messages say what was sealed.
	Compose func(context.Context, Message, Values) (Values, bool, error)

	// OnError is called with what goes wrong, from several goroutines. The errors
	// hold no secrets, addresses or texts of the mail. Defaults to nothing.
	OnError func(error)
}

// Stats counts what one [Dispatcher.Drain] did.
type Stats struct {
	Sent    int // taken by the mail server
	Retried int // failed, to be tried again later
	Held    int // kept back, since their address has had enough notices for an hour
	Dead    int // refused for good, or given up
	Expired int // no longer worth sending
}

func (s *Stats) add(o Stats) {
	s.Sent += o.Sent
	s.Retried += o.Retried
	s.Held += o.Held
	s.Dead += o.Dead
	s.Expired += o.Expired
}

var (
	// ErrNoMailer: there is nothing to send mails with.
	ErrNoMailer = fault.New("no_mailer", "no mailer was given")

	// ErrNotRetryable: the message is not dead, or what it said is wiped.
	ErrNotRetryable = fault.New("message_not_retryable", "only a dead message whose text is kept can be retried")
)

var builtinTemplates = sync.OnceValues(func() (*Templates, error) { return NewTemplates(nil, nil) })

// NewDispatcher returns a Dispatcher over the outbox of store, whose messages were
// sealed with sealer. It starts nothing; see [Dispatcher.Run]. The mailer may be nil
// in a process that only looks at the outbox; sending gives [ErrNoMailer] then.
func NewDispatcher(store Store, mailer Mailer, sealer Sealer, opts *DispatcherOptions) (*Dispatcher, error) {
	var o DispatcherOptions
	if opts != nil {
		o = *opts
	}
	if store == nil || sealer == nil {
		return nil, fault.ErrInvalid.With("a store and a sealer are needed").In("notify.NewDispatcher")
	}
	if o.Templates == nil {
		var err error
		if o.Templates, err = builtinTemplates(); err != nil {
			return nil, err
		}
	}
	orElse(&o.Lease, 2*time.Minute)
	orElse(&o.Batch, 50)
	orElse(&o.Parallel, 4)
	orElse(&o.AtRisk, 1)
	orElse(&o.PerHour, 60)
	orElse(&o.KeepDead, 30*24*time.Hour)
	orElse(&o.Keep, 90*24*time.Hour)
	orElse(&o.Poll, time.Second)
	orElse(&o.MaxAttempts, 12)
	orElse(&o.Backoff, 30*time.Second)
	orElse(&o.MaxBackoff, time.Hour)
	var bad []fault.Field
	for _, f := range []struct {
		path  string
		value int64
	}{
		{"lease", int64(o.Lease)},
		{"batch", int64(o.Batch)},
		{"parallel", int64(o.Parallel)},
		{"atRisk", int64(o.AtRisk)},
		{"perHour", int64(o.PerHour)},
		{"keepDead", int64(o.KeepDead)},
		{"keep", int64(o.Keep)},
		{"poll", int64(o.Poll)},
		{"maxAttempts", int64(o.MaxAttempts)},
		{"backoff", int64(o.Backoff)},
		{"maxBackoff", int64(o.MaxBackoff)},
	} {
		if f.value < 0 {
			bad = append(bad, fault.Field{Path: f.path, Code: "min", Param: "0"})
		}
	}
	if o.Batch > 1000 {
		bad = append(bad, fault.Field{Path: "batch", Code: "max", Param: "1000"})
	}
	if bad != nil {
		return nil, fault.Invalid("notify.NewDispatcher", bad...)
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	return &Dispatcher{
		store: store, mailer: mailer, sealer: sealer, opts: o,
		wake: make(chan struct{}, 1), risk: make(chan struct{}, o.AtRisk), pace: newPace(o.PerHour),
	}, nil
}

func orElse[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// Run drains the outbox every Poll, and whenever [Dispatcher.Wake] is called, until
// ctx ends; then it gives back what it had claimed and did not send, and returns
// nil. No goroutine of it stays behind. What goes wrong is told to OnError and does
// not end it; the error is [ErrNoMailer].
func (d *Dispatcher) Run(ctx context.Context) error {
	if d.mailer == nil {
		return ErrNoMailer
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		case <-d.wake:
		}
		if _, err := d.Drain(ctx); err != nil && ctx.Err() == nil {
			d.report(fmt.Errorf("draining the outbox: %w", err))
		}
		pause.Reset(d.opts.Poll)
	}
}

// Wake tells a running [Dispatcher.Run] that there is work, for hosts that do not
// want mails to wait for the next poll. It never blocks.
func (d *Dispatcher) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// report tells the host. Its code must not take a goroutine of ours with it.
func (d *Dispatcher) report(err error) {
	defer func() { _ = recover() }()
	d.opts.OnError(err)
}

// Drain sends everything that is due now, and returns once nothing is. A failed
// send is no error: it is counted, and tried again later. The error is the store's
// or that of ctx; the Stats tell what was done until then.
func (d *Dispatcher) Drain(ctx context.Context) (Stats, error) {
	var total Stats
	if d.mailer == nil {
		return total, ErrNoMailer
	}
	var ahead batch
	for {
		if err := ctx.Err(); err != nil {
			total.add(ahead.given)
			return total, errors.Join(err, d.release(ctx, ahead.claimed))
		}
		b := ahead
		if ahead = (batch{}); b.empty() {
			if b = d.claim(ctx); b.err == nil && b.empty() {
				return total, nil
			}
		}
		total.add(b.given)
		if b.err != nil {
			return total, fmt.Errorf("claiming messages: %w", b.err)
		}
		var claiming sync.WaitGroup
		if len(b.claimed) == d.opts.Batch { // there are more
			claiming.Go(func() { ahead = d.claim(ctx) })
		}
		done, err := d.deliver(ctx, b.claimed)
		claiming.Wait()
		total.add(done)
		if err != nil {
			total.add(ahead.given)
			return total, errors.Join(err, d.release(ctx, ahead.claimed))
		}
	}
}
