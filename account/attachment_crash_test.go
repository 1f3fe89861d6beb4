package account_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
)

var errBroken = errors.New("the line went dead")

// brokenAt yields the first k bytes of a content and then an error.
func brokenAt(content []byte, k int) io.Reader {
	return io.MultiReader(bytes.NewReader(content[:k]), iotest.ErrReader(errBroken))
}

// FI-07: a reader that fails at any byte leaves no row and no content.
func TestUploadThatBreaksLeavesNothing(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by, content := w.Join(t, julieBon), pdf(100_000)
	for _, k := range []int{0, 1, 8, 9, 511, 3071, 3072, 3073, 32_767, 32_768, 32_769, 65_536, 99_999, 100_000} {
		w.Unchanged(t, func() {
			_, err := w.Accounts.AddAttachment(t.Context(), by, file("a"), brokenAt(content, k))
			require.ErrorIs(t, err, errBroken, "byte %d", k)
			_, err = w.Accounts.AddAttachment(t.Context(), by, file("a"), io.MultiReader(bytes.NewReader(content[:k]), iotest.ErrReader(io.ErrUnexpectedEOF)))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "what broke off is no end, byte %d", k)
		})
		nothingLeft(t, w)
	}
}

// A content that comes byte by byte, or with its end at once, is the same content.
func TestUploadReadsAnyReader(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by, content := w.Join(t, julieBon), pdf(4000)
	want := add(t, w.Accounts, by, "a", content).SHA256
	for _, r := range []io.Reader{iotest.OneByteReader(bytes.NewReader(content)), iotest.DataErrReader(bytes.NewReader(content)), iotest.HalfReader(bytes.NewReader(content))} {
		a, err := w.Accounts.AddAttachment(t.Context(), by, file("a"), r)
		require.NoError(t, err)
		require.Equal(t, want, a.SHA256)
		require.EqualValues(t, 4000, a.Size)
	}
}

// counted tells how much was asked of a reader.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// DS-07 in part: of a content without end no more is read than the limit and one byte.
func TestUploadReadsNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	for _, limit := range []int64{10, 3071, 3072, 3073, 100_000} {
		s := files(t, w, func(_ *account.Options, p *account.AttachmentPolicy) { p.MaxBytes = limit })
		endless := &counted{Reader: io.MultiReader(bytes.NewReader(pdf(9)), forever{})}
		_, err := s.AddAttachment(t.Context(), by, file("a"), endless)
		require.Contains(t, codes(err)["content"], "file_max")
		require.Equal(t, limit+1, endless.n)
		nothingLeft(t, w)
	}
}

type forever struct{}

func (forever) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// RC-14, FI-08: uploads at the same time never get an owner above the quota, not even
// while they are under way, and whatever fits is accepted.
func TestParallelUploadsKeepTheQuota(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		by := w.Join(t, julieBon)
		kept := &watched{Contents: w.Contents, kept: w.Contents}
		s := files(t, w, func(o *account.Options, p *account.AttachmentPolicy) {
			o.Contents, p.MaxBytes, p.MaxTotal, p.MaxFiles = kept, 1000, 3500, 5
		})
		var stored atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				a := file("a")
				a.AtMost = 1000
				switch _, err := s.AddAttachment(t.Context(), by, a, bytes.NewReader(pdf(1000))); {
				case err == nil:
					stored.Add(1)
				case !errors.Is(err, account.ErrQuota):
					t.Errorf("upload: %v", err)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 3, stored.Load())
		require.LessOrEqual(t, kept.most.Load(), int64(3500))
		add(t, s, by, "b", pdf(500))
		_, err := s.AddAttachment(t.Context(), by, file("c"), bytes.NewReader(pdf(10)))
		require.ErrorIs(t, err, account.ErrQuota)
		require.Len(t, rows(t, w), 4)
		require.EqualValues(t, 3500, w.Contents.Bytes())
		w.Proven(t)
	})
}

// watched remembers the most that ever was kept.
type watched struct {
	account.Contents
	kept *worldtest.Contents
	most atomic.Int64
}

func (c *watched) Put(ctx context.Context, key string, content io.Reader) error {
	err := c.Contents.Put(ctx, key, content)
	for now := c.kept.Bytes(); ; {
		was := c.most.Load()
		if now <= was || c.most.CompareAndSwap(was, now) {
			return err
		}
	}
}

// fuse lets the last of so many steps fail. The step is not done, or it is done and its
// answer is lost; then the process is dead, or it goes on.
type fuse struct {
	left       atomic.Int64
	done, dies bool
}

var errDead = errors.New("the line to it died")

func (f *fuse) step(do func() error) error {
	switch left := f.left.Add(-1); {
	case left == 0 && f.done:
		_ = do()
		return errDead
	case left == 0, left < 0 && f.dies:
		return errDead
	}
	return do()
}

type mortalStore struct {
	account.Store
	f *fuse
}

func (s mortalStore) Update(ctx context.Context, fn func(account.Tx) error) error {
	return s.f.step(func() error { return s.Store.Update(ctx, fn) })
}

func (s mortalStore) View(ctx context.Context, fn func(account.Tx) error) error {
	return s.f.step(func() error { return s.Store.View(ctx, fn) })
}

type mortalContents struct {
	account.Contents
	f *fuse
}

func (c mortalContents) Put(ctx context.Context, key string, content io.Reader) error {
	return c.f.step(func() error { return c.Contents.Put(ctx, key, content) })
}

func (c mortalContents) Open(ctx context.Context, key string) (r io.ReadCloser, err error) {
	failed := c.f.step(func() error { r, err = c.Contents.Open(ctx, key); return err })
	return r, failed
}

func (c mortalContents) Delete(ctx context.Context, key string) error {
	return c.f.step(func() error { return c.Contents.Delete(ctx, key) })
}

// I11: wherever the process dies, every content has a row, every stored row has its
// content, and a later sweep removes all the rest and nothing else. Uploading, refusing,
// deleting and replacing the photo are struck at every step.
func TestNothingIsOrphanedWhereverItDies(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(context.Context, *account.Service, account.Actor, account.Attachment) error{
		"upload": func(ctx context.Context, s *account.Service, by account.Actor, _ account.Attachment) error {
			_, err := s.AddAttachment(ctx, by, file("b"), bytes.NewReader(pdf(500)))
			return err
		},
		"upload that breaks": func(ctx context.Context, s *account.Service, by account.Actor, _ account.Attachment) error {
			_, err := s.AddAttachment(ctx, by, file("b"), brokenAt(pdf(5000), 4000))
			return err
		},
		"delete": func(ctx context.Context, s *account.Service, by account.Actor, a account.Attachment) error {
			return s.DeleteAttachment(ctx, by, a.ID)
		},
		"photo": func(ctx context.Context, s *account.Service, by account.Actor, _ account.Attachment) error {
			_, err := s.SetPhoto(ctx, by, bytes.NewReader(png()))
			return err
		},
		"no photo": func(ctx context.Context, s *account.Service, by account.Actor, _ account.Attachment) error {
			return s.RemovePhoto(ctx, by)
		},
	} {
		for i := range 4 {
			done, dies := i&1 == 0, i&2 == 0
			t.Run(fmt.Sprintf("%s, done %t, dies %t", name, done, dies), func(t *testing.T) {
				t.Parallel()
				for steps := int64(1); struck(t, act, &fuse{done: done, dies: dies}, steps); steps++ {
					require.Less(t, steps, int64(50))
				}
			})
		}
	}
}

// struck does something whose step of this number fails, and reports whether it had as
// many steps.
func struck(t *testing.T, act func(context.Context, *account.Service, account.Actor, account.Attachment) error, f *fuse, steps int64) bool {
	t.Helper()
	w := memoryWorld(t)
	ctx, by := t.Context(), w.Join(t, julieBon)
	s := files(t, w, func(o *account.Options, _ *account.AttachmentPolicy) { o.Scanner = eicar{} })
	a := add(t, s, by, "a", pdf(300))
	_, err := s.SetPhoto(ctx, by, bytes.NewReader(png()))
	require.NoError(t, err)

	f.left.Store(steps)
	mortal, err := account.New(mortalStore{storage.Accounts(w.Store), f}, w.Keys, &account.Options{
		Now: w.Clock.Now, Contents: mortalContents{w.Contents, f}, Scanner: eicar{},
	})
	require.NoError(t, err)
	err = act(ctx, mortal, by, a)
	lived := f.left.Load() > 0
	if lived {
		require.NotErrorIs(t, err, errDead)
		require.Greater(t, steps, int64(3), "there were steps to fail at")
	}
	everyContentHasARow(t, w)
	w.Proven(t)

	w.Clock.Move(2*time.Hour - time.Microsecond)
	n, err := s.SweepAttachments(ctx)
	require.NoError(t, err)
	require.Zero(t, n, "what might still be under way is left alone")
	w.Clock.Move(time.Microsecond)
	_, err = s.SweepAttachments(ctx)
	require.NoError(t, err)
	everyContentHasARow(t, w)
	settled(t, w)
	w.Proven(t)
	return !lived
}

func everyContentHasARow(t *testing.T, w *worldtest.World) {
	t.Helper()
	named := map[string]bool{}
	for _, a := range rows(t, w) {
		named[a.Key] = true
		if a.Status == account.AttachmentStored {
			require.Contains(t, w.Contents.Keys(), a.Key)
		}
	}
	for _, k := range w.Contents.Keys() {
		require.True(t, named[k], "an orphan")
	}
}

// settled checks that there is nothing but what is stored.
func settled(t *testing.T, w *worldtest.World) {
	t.Helper()
	all := rows(t, w)
	for _, a := range all {
		require.Equal(t, account.AttachmentStored, a.Status)
	}
	require.Len(t, w.Contents.Keys(), len(all))
}

// An upload that takes longer than the window fails, so that what the sweep takes for
// dead is dead.
func TestUploadIsOverAfterItsWindow(t *testing.T) {
	t.Parallel()
	for late, want := range map[time.Duration]error{time.Hour - time.Microsecond: nil, time.Hour: account.ErrUploadOver} {
		w := memoryWorld(t)
		by := w.Join(t, julieBon)
		slow := io.MultiReader(bytes.NewReader(pdf(4000)), &pausing{func() { w.Clock.Move(late) }})
		_, err := w.Accounts.AddAttachment(t.Context(), by, file("a"), slow)
		require.ErrorIs(t, err, want, "after %s", late)
		require.Len(t, rows(t, w), len(w.Contents.Keys()))
		require.Equal(t, want == nil, len(rows(t, w)) == 1)
	}
}

// pausing lets time pass, yields a little, and ends at the second call.
type pausing struct{ pause func() }

func (p *pausing) Read(b []byte) (int, error) {
	if p.pause == nil {
		return 0, io.EOF
	}
	p.pause()
	p.pause = nil
	return copy(b, "x"), nil
}

// An upload that the sweep took for dead does not come back to life.
func TestUploadDoesNotSurviveTheSweep(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	sweeping := &sweepingScanner{}
	s := files(t, w, func(o *account.Options, _ *account.AttachmentPolicy) { o.Scanner = sweeping })
	sweeping.do = func() {
		w.Clock.Move(2 * time.Hour)
		n, err := s.SweepAttachments(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
	}
	_, err := s.AddAttachment(t.Context(), by, file("a"), bytes.NewReader(pdf(100)))
	require.ErrorIs(t, err, account.ErrUploadOver)
	nothingLeft(t, w)
}

// An upload that is under way when its owner is closed does not come back either.
func TestUploadDoesNotSurviveItsOwner(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	closing := &sweepingScanner{do: func() {
		require.NoError(t, storage.Accounts(w.Store).Update(t.Context(), func(tx account.Tx) error {
			return account.RemoveAttachments(t.Context(), tx, w.Journal(), account.System(), account.Owner{Account: by.ID}, w.Clock.Now())
		}))
	}}
	s := files(t, w, func(o *account.Options, _ *account.AttachmentPolicy) { o.Scanner = closing })
	_, err := s.AddAttachment(t.Context(), by, file("a"), bytes.NewReader(pdf(100)))
	require.ErrorIs(t, err, account.ErrUploadOver)
	require.Len(t, rows(t, w), len(w.Contents.Keys()))
	w.Clock.Move(2 * time.Hour)
	_, err = w.Accounts.SweepAttachments(t.Context())
	require.NoError(t, err)
	nothingLeft(t, w)
}

type sweepingScanner struct{ do func() }

func (s *sweepingScanner) Scan(context.Context, io.Reader) (account.Verdict, error) {
	s.do()
	return account.VerdictClean, nil
}

// The client may go while its file comes: nothing stays, though its context is dead.
func TestUploadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	ctx, cancel := context.WithCancel(t.Context())
	gone := io.MultiReader(bytes.NewReader(pdf(4000)), &pausing{cancel})
	_, err := w.Accounts.AddAttachment(ctx, by, file("a"), gone)
	require.ErrorIs(t, err, context.Canceled)
	nothingLeft(t, w)
}

// RemoveAttachments takes everything of one owner, in the unit that closes it, and
// nothing of others.
func TestRemoveAttachments(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, by, other := t.Context(), w.Join(t, julieBon), w.Join(t, "x@terneuil.example")
		for i := range 3 {
			add(t, w.Accounts, by, fmt.Sprint(i), pdf(100))
		}
		_, err := w.Accounts.SetPhoto(ctx, by, bytes.NewReader(png()))
		require.NoError(t, err)
		kept := add(t, w.Accounts, other, "kept", pdf(100))
		require.NoError(t, storage.Accounts(w.Store).Update(ctx, func(tx account.Tx) error {
			return account.RemoveAttachments(ctx, tx, w.Journal(), account.System(), account.Owner{Account: by.ID}, w.Clock.Now())
		}))
		w.Proven(t)
		page, err := w.Accounts.Attachments(ctx, by, account.AttachmentList{})
		require.NoError(t, err)
		require.Empty(t, page.Attachments)
		w.Clock.Move(2 * time.Hour)
		n, err := w.Accounts.SweepAttachments(ctx)
		require.NoError(t, err)
		require.Equal(t, 4, n)
		require.Len(t, rows(t, w), 1)
		require.Equal(t, kept.ID, rows(t, w)[0].ID)
		require.Len(t, w.Contents.Keys(), 1)
		w.Proven(t)
	})
}
