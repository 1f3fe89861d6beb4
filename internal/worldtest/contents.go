package worldtest

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/habilis-go/habilis/storage/blob"
)

// Contents keeps contents in memory and tells what is there and what is open.
type Contents struct {
	*blob.Memory

	mu   sync.Mutex
	open int
}

// NewContents returns an empty store of contents.
func NewContents() *Contents { return &Contents{Memory: blob.NewMemory()} }

// Open implements account.Contents.
func (c *Contents) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := c.Memory.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open++
	return &opened{ReadCloser: r, c: c}, nil
}

// Keys returns the keys of what is kept.
func (c *Contents) Keys() []string {
	out := []string{}
	for key, err := range c.Memory.Keys(context.Background(), time.Now().Add(time.Hour)) { // every one that there is
		if err == nil {
			out = append(out, key)
		}
	}
	return out
}

// Bytes returns how much is kept.
func (c *Contents) Bytes() (n int64) {
	for _, key := range c.Keys() {
		r, err := c.Memory.Open(context.Background(), key)
		if err != nil {
			continue // deleted since
		}
		size, _ := io.Copy(io.Discard, r)
		_ = r.Close()
		n += size
	}
	return n
}

// Opened returns how many readers were not closed yet.
func (c *Contents) Opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

type opened struct {
	io.ReadCloser
	c    *Contents
	once sync.Once
}

// Close implements io.Closer.
func (o *opened) Close() error {
	o.once.Do(func() {
		o.c.mu.Lock()
		defer o.c.mu.Unlock()
		o.c.open--
	})
	return o.ReadCloser.Close()
}
