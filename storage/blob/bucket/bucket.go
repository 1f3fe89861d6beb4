// Package bucket keeps contents in a bucket of gocloud.dev/blob: a folder, S3 and what
// speaks its protocol, Google Cloud Storage, or Azure:
//
//	opened, err := gcblob.OpenBucket(ctx, "s3://contents?region=eu-west-3")
//	...
//	contents := bucket.New(gcblob.PrefixedBucket(opened, "habilis/"))
//
// The host imports the driver, such as gocloud.dev/blob/s3blob, and opens and closes
// the bucket, which nobody else should write to. What a host must set up beside it:
//
//   - The service must keep a write from replacing what is there (If-None-Match on
//     S3). Services that ignore this let a second Put of a key win; the random keys of
//     the library never meet, so this matters to hosts with keys of their own.
//   - A lifecycle rule that ends incomplete multipart uploads, which a crash leaves.
//   - A folder (gocloud.dev/blob/fileblob) is written by one process at a time, or two
//     Puts of one key may both succeed. Use its options NoTempDir, so that a content
//     comes to its place by renaming on one file system, and MetadataDontWrite, since
//     no metadata is used. Files named *.tmp* that are old are what a crash left.
package bucket

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	gcblob "gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/habilis-go/habilis/storage/blob"
)

// Store is a [blob.Store] in a bucket. It is safe for concurrent use.
type Store struct{ bucket *gcblob.Bucket }

var _ blob.Store = (*Store)(nil)

// New returns the contents in b, which stays the host's to close.
func New(b *gcblob.Bucket) *Store { return &Store{bucket: b} }

// contentType says nothing about the content, and no service guesses (FI-10).
const contentType = "application/octet-stream"

// Put implements [blob.Store].
func (s *Store) Put(ctx context.Context, key string, content io.Reader) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	writing, cancel := context.WithCancel(ctx)
	defer cancel() // what was not closed before is given up, after a panic of content, too
	w, err := s.bucket.NewWriter(writing, key, &gcblob.WriterOptions{ContentType: contentType, IfNotExist: true})
	if err != nil {
		return mapped(ctx, err)
	}
	// Only the two methods that matter, so that neither side takes over the copying and
	// what fails is known to be content or the bucket.
	source := &watched{ctx: ctx, content: content}
	_, err = io.Copy(struct{ io.Writer }{w}, source)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		cancel()
		_ = w.Close() // says that it was cancelled
		if source.err != nil {
			return source.err
		}
		return mapped(ctx, err)
	}
	return mapped(ctx, w.Close())
}

// watched remembers why a content failed, and fails once its context is dead.
type watched struct {
	ctx     context.Context //nolint:containedctx // lives as long as one Put
	content io.Reader
	err     error
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	if w.err = w.ctx.Err(); w.err != nil {
		return 0, w.err
	}
	n, err := w.content.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// Open implements [blob.Store].
func (s *Store) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := blob.CheckKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := s.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, mapped(ctx, err)
	}
	return &reader{ctx: ctx, content: r, missing: r.Size()}, nil
}

// reader counts, so that a content that ends early is an error whatever the driver
// says.
type reader struct {
	ctx     context.Context //nolint:containedctx // reading is covered by the context of Open
	content *gcblob.Reader
	missing int64
	closed  bool
}

var errClosed = errors.New("this reader is closed")

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.closed {
		return 0, errClosed
	}
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.content.Read(p)
	r.missing -= int64(n)
	if err == io.EOF && r.missing != 0 { //nolint:errorlint // the end of a reader is io.EOF itself
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements io.Closer.
func (r *reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.content.Close()
}

// Delete implements [blob.Store].
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := mapped(ctx, s.bucket.Delete(ctx, key))
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	return err
}

// Keys implements [blob.Store]. Objects whose names are no keys are left out.
func (s *Store) Keys(ctx context.Context, before time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		all := s.bucket.List(nil)
		for {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			object, err := all.Next(ctx)
			if err == io.EOF { //nolint:errorlint // the end of a walk is io.EOF itself
				return
			}
			if err != nil {
				yield("", mapped(ctx, err))
				return
			}
			if object.IsDir || blob.CheckKey(object.Key) != nil || !before.IsZero() && !object.ModTime.Before(before) {
				continue
			}
			if !yield(object.Key, nil) {
				return
			}
		}
	}
}

// busy: the code of S3 for a write that met another one of the same key at the
// same time, which gocloud.dev has no code for.
const busy = "ConditionalRequestConflict"

// mapped maps an error of the bucket to the contract.
func mapped(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil {
		return cause
	}
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) && coded.ErrorCode() == busy {
		return blob.ErrExists.Because(err)
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return blob.ErrNotFound.Because(err)
	case gcerrors.FailedPrecondition, gcerrors.AlreadyExists:
		return blob.ErrExists.Because(err)
	default:
		return err
	}
}
