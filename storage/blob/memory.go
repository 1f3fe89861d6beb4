package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"sync"
	"time"
)

// Memory is a [Store] in the process. See [NewMemory].
type Memory struct {
	// Now is the clock; set it before the first use. Defaults to time.Now.
	Now func() time.Time

	mu       sync.Mutex
	contents map[string]memorized
}

type memorized struct {
	content []byte
	at      time.Time
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store that keeps contents, whole, in memory.
func NewMemory() *Memory {
	return &Memory{
		Now:      time.Now, //nolint:forbidigo // the default of the injected clock
		contents: make(map[string]memorized),
	}
}

// Put implements [Store].
func (m *Memory) Put(ctx context.Context, key string, content io.Reader) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	all, err := io.ReadAll(guarded{ctx, content})
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, taken := m.contents[key]; taken {
		return ErrExists
	}
	m.contents[key] = memorized{all, m.Now()}
	return nil
}

// Open implements [Store]. A content that is deleted is still there for those who
// opened it before.
func (m *Memory) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.contents[key]
	if !ok {
		return nil, ErrNotFound
	}
	return &memoryReader{rest: guarded{ctx, bytes.NewReader(c.content)}}, nil
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.contents, key)
	return nil
}

// Keys implements [Store].
func (m *Memory) Keys(ctx context.Context, before time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, key := range m.keys(before) {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			if !yield(key, nil) {
				return
			}
		}
	}
}

func (m *Memory) keys(before time.Time) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	for key, c := range m.contents {
		if before.IsZero() || c.at.Before(before) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

var errClosed = errors.New("this reader is closed")

type memoryReader struct {
	rest   io.Reader
	closed bool
}

// Read implements io.Reader.
func (r *memoryReader) Read(p []byte) (int, error) {
	if r.closed {
		return 0, errClosed
	}
	return r.rest.Read(p)
}

// Close implements io.Closer.
func (r *memoryReader) Close() error {
	r.closed = true
	return nil
}

// guarded fails once its context is dead.
type guarded struct {
	ctx context.Context //nolint:containedctx // reading is covered by the context of the call that began it
	io.Reader
}

// Read implements io.Reader.
func (g guarded) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	return g.Reader.Read(p)
}
