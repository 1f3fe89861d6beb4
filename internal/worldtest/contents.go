package worldtest

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/habilis-go/habilis/internal/fault"
)

// Contents keeps contents in memory. It stands in for blob.NewMemory() and counts what
// is there and what is open.
type Contents struct {
	mu   sync.Mutex
	kept map[string][]byte
	open int
}

// NewContents returns an empty store of contents.
func NewContents() *Contents { return &Contents{kept: map[string][]byte{}} }

// Put implements account.Contents.
func (c *Contents) Put(_ context.Context, key string, content io.Reader) error {
	all, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, taken := c.kept[key]; taken {
		return fault.ErrExists
	}
	c.kept[key] = all
	return nil
}

// Open implements account.Contents.
func (c *Contents) Open(_ context.Context, key string) (io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, ok := c.kept[key]
	if !ok {
		return nil, fault.ErrNotFound
	}
	c.open++
	return &opened{Reader: bytes.NewReader(all), c: c}, nil
}

// Delete implements account.Contents.
func (c *Contents) Delete(_ context.Context, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.kept, key)
	return nil
}

// Keys returns the keys of what is kept.
func (c *Contents) Keys() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]string, 0, len(c.kept))
	for k := range c.kept {
		out = append(out, k)
	}
	return out
}

// Bytes returns how much is kept.
func (c *Contents) Bytes() (n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.kept {
		n += int64(len(v))
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
	io.Reader
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
	return nil
}
