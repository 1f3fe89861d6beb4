package notify

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// Publisher takes business events from the host and tells those who may know of them and
// want to: at once, daily or weekly. It is immutable and safe for concurrent use, and
// several processes may each have one over the same store.
type Publisher struct {
	store   Store
	readers Readership
	journal *Journal
	ids     ids.Maker
	opts    PublisherOptions
}

// PublisherOptions are the optional parts of a [Publisher]; nil means all defaults.
type PublisherOptions struct {
	Now    func() time.Time // The only clock. Defaults to time.Now.
	Random io.Reader        // Source of identifiers. Defaults to crypto/rand.Reader.
	Zone   *time.Location   // Zone in which days are counted. Defaults to Europe/Paris.
	Links  Links            // Defaults to the defaults of Links.
	Policy *NoticePolicy    // Defaults to NoticesGuide2024().
	Batch  int              // How many people are decided about at a time, at most 1000. Defaults to 1000.
}

// NewPublisher returns a Publisher over the outbox of store, which seals with sealer. It
// starts nothing; see [Publisher.CatchUp]. Error: [ErrBadNotices], [ErrBadLinks].
func NewPublisher(store Store, sealer Sealer, readers Readership, opts *PublisherOptions) (*Publisher, error) {
	var o PublisherOptions
	if opts != nil {
		o = *opts
	}
	if store == nil || sealer == nil || readers == nil {
		return nil, ErrBadNotices.With("a store, a sealer and a readership are needed")
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if o.Policy == nil {
		p := NoticesGuide2024()
		o.Policy = &p
	}
	if err := o.Policy.Check(); err != nil {
		return nil, err
	}
	var err error
	if o.Links, err = o.Links.Checked(); err != nil {
		return nil, err
	}
	if o.Zone == nil {
		if o.Zone, err = time.LoadLocation("Europe/Paris"); err != nil {
			return nil, ErrBadNotices.Because(err)
		}
	}
	if o.Batch <= 0 || o.Batch > readersAtOnce {
		o.Batch = readersAtOnce
	}
	maker := ids.NewMaker(o.Random)
	return &Publisher{store: store, readers: readers, journal: NewJournal(sealer, maker), ids: maker, opts: o}, nil
}

// Policy returns the policy of news.
func (p *Publisher) Policy() NoticePolicy { return *p.opts.Policy }

func (p *Publisher) clock() time.Time { return p.opts.Now().UTC().Truncate(time.Microsecond) }

// Limits of what a notice says, in characters.
const (
	MaxNoticeKey     = 200
	MaxNoticeSubject = 200
	MaxNoticePath    = 500
)

// Publish takes a business event. Over a store that is bound to a transaction of the
// host, it is committed or rolled back with it. Of n, ID, At, Version and how far it has
// spread are set here, and so is an empty Key. A Key that was published before changes
// nothing: the notice of then is returned.
//
// Whoever may know of it then and wants to is told when mails are made, not now: rights
// and choices are looked at when a mail leaves. Whether the host's own user may cause it
// is for the host to say.
//
// Errors: ErrInvalid naming every bad field: "category" and "kind" of those that there
// are, "structure", "service", "space", "key", "subject", "path".
func (p *Publisher) Publish(ctx context.Context, n Notice) (Notice, error) {
	const op = "notify.Publish"
	now := p.clock()
	id, err := p.ids.New(now)
	if err != nil {
		return Notice{}, err
	}
	if n.Key == "" {
		n.Key = id
	}
	bad := p.opts.Policy.unfit(n)
	var out Notice
	unit := func(tx Tx) error {
		misplaced, err := p.readers.Misplaced(ctx, tx, n)
		if err != nil {
			return err
		}
		if all := append(bad[:len(bad):len(bad)], misplaced...); len(all) > 0 {
			return fault.Invalid(op, all...)
		}
		before, err := tx.Notices(ctx, NoticeQuery{Key: n.Key, Limit: 1})
		if err != nil {
			return err
		}
		if len(before) > 0 {
			out = before[0]
			return nil
		}
		out = n
		out.ID, out.Version, out.SpreadTo, out.Spreading = NoticeID(id), 0, "", p.opts.Policy.AtOnce
		if out.At, err = p.dated(ctx, tx, now); err != nil {
			return err
		}
		if err := tx.PutNotice(ctx, out); err != nil {
			return err
		}
		out.Version = 1
		return nil
	}
	err = p.store.Update(ctx, unit)
	if errors.Is(err, fault.ErrExists) {
		err = p.store.Update(ctx, unit) // somebody was faster; now the notice is there
	}
	if err != nil {
		return Notice{}, err
	}
	return out, nil
}

// dated is when something that happens now happened for the digests: now, or if the clock
// went back behind a window that was told already, the first instant that was not, so
// that no news are lost.
func (p *Publisher) dated(ctx context.Context, tx Tx, now time.Time) (time.Time, error) {
	for _, r := range []Rhythm{Daily, Weekly} {
		last, err := tx.Run(ctx, r)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return time.Time{}, err
		}
		if now.Before(last.Until) {
			now = last.Until
		}
	}
	return now, nil
}

// unfit says what of a notice the policy does not accept.
func (p NoticePolicy) unfit(n Notice) []fault.Field {
	bad := check.Value("key", n.Key, "max=200,line")
	spec, known := p.Category(n.Category)
	if !known {
		bad = append(bad, fault.Field{Path: "category", Code: "oneof"})
	}
	if _, listed := spec.Kind(n.Kind); known && n.Kind != "" && !listed {
		bad = append(bad, fault.Field{Path: "kind", Code: "oneof"})
	}
	bad = append(bad, check.Value("subject", n.Subject, "max=200,line")...)
	if n.Path != "" && (len(n.Path) > MaxNoticePath || !pathForm.MatchString(n.Path) || strings.HasPrefix(n.Path, "//")) {
		bad = append(bad, fault.Field{Path: "path", Code: "path"})
	}
	return bad
}

// pathForm is what the path of a page consists of: visible ASCII, so that copying the
// address works, and nothing that leads to another host.
var pathForm = regexp.MustCompile(`^/[!#-;=?-\[\]-~]*$`)
