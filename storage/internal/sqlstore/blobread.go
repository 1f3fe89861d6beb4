package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/blob"
)

var (
	errReaderClosed = errors.New("this reader is closed")
	errGone         = storage.ErrNotFound.With("the content was deleted while it was read")
	errDamaged      = errors.New("parts of the content are missing")
)

// Open implements [blob.Store]. The reader fetches part by part, each in a
// transaction of its own, and holds one in memory.
func (b *Blobs) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := blob.CheckKey(key); err != nil {
		return nil, err
	}
	f, err := b.find(ctx, key)
	if err != nil {
		return nil, err
	}
	return &partReader{ctx: ctx, blobs: b, key: key, found: f}, nil
}

func (b *Blobs) find(ctx context.Context, key string) (found, error) {
	rows, err := look[found](ctx, b.store, b.sql.find, key)
	if err != nil {
		return found{}, err
	}
	if len(rows) == 0 {
		return found{}, storage.ErrNotFound
	}
	return rows[0], nil
}

type partReader struct {
	ctx   context.Context //nolint:containedctx // reading is covered by the context of Open
	blobs *Blobs
	key   string
	found
	next   int64 // number of the part to fetch
	seen   int64 // bytes fetched
	unread []byte
	err    error // of every further Read once unread is empty
}

// Read implements io.Reader.
func (r *partReader) Read(p []byte) (int, error) {
	for len(r.unread) == 0 && r.err == nil {
		if len(p) == 0 {
			return 0, nil
		}
		r.unread, r.err = r.fetch()
	}
	if len(r.unread) == 0 {
		return 0, r.err
	}
	n := copy(p, r.unread)
	r.unread = r.unread[n:]
	return n, nil
}

func (r *partReader) fetch() ([]byte, error) {
	if r.next == r.parts {
		if r.seen != r.size {
			return nil, errDamaged
		}
		return nil, io.EOF
	}
	rows, err := look[bytes](r.ctx, r.blobs.store, r.blobs.sql.part, r.id, r.next)
	if err != nil {
		return nil, fmt.Errorf("part %d: %w", r.next, err)
	}
	if len(rows) == 0 {
		return nil, r.missing()
	}
	r.next++
	r.seen += int64(len(rows[0]))
	return rows[0], nil
}

// missing says why a part is not there.
func (r *partReader) missing() error {
	now, err := r.blobs.find(r.ctx, r.key)
	switch {
	case err == nil && now.id == r.id:
		return errDamaged
	case err == nil, errors.Is(err, storage.ErrNotFound):
		return errGone
	default:
		return err
	}
}

// Close implements io.Closer.
func (r *partReader) Close() error {
	r.unread, r.err = nil, errReaderClosed
	return nil
}

// What is read from the tables.
type (
	found struct {
		id          string
		parts, size int64
	}
	text  string
	bytes []byte
)

func (f *found) targets() []any { return []any{&f.id, &f.parts, &f.size} }
func (t *text) targets() []any  { return []any{(*string)(t)} }
func (b *bytes) targets() []any { return []any{(*[]byte)(b)} }

// row is a pointer to T that says where the columns go.
type row[T any] interface {
	*T
	targets() []any
}

// look reads every row that query selects, in a unit of its own.
func look[T any, R row[T]](ctx context.Context, s *Store, query string, args ...any) ([]T, error) {
	t, err := s.begin(ctx, View)
	if err != nil {
		return nil, err
	}
	// Nothing was written, so there is nothing that a failure here could lose.
	defer func() { _ = rollback(ctx, t) }()
	return scan[T, R](ctx, s.newTx(t), query, args...)
}

// scan reads every row that query selects.
func scan[T any, R row[T]](ctx context.Context, tx *Tx, query string, args ...any) ([]T, error) {
	t := table[T]{fields: func(v *T) []any { return R(v).targets() }}
	return list(ctx, tx, &t, query, args...)
}
