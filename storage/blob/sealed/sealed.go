// Package sealed encrypts contents before another store keeps them, so that a copy of
// that store alone opens nothing (FI-19):
//
//	contents := sealed.New(bucket.New(opened), keys)
//
// Each content is a file of the age format, version 1, whose file key is fresh and is
// itself sealed by the deployment's key ring, bound to the key of the content. The age
// format encrypts 64 KiB at a time with ChaCha20-Poly1305, numbers these chunks and
// marks the last one: nothing is read that was not authenticated first, and a content
// that was changed, cut short anywhere, made longer, or moved to another key is
// refused. Lengths and keys are not hidden; a content is 0.1 % and some 300 bytes
// longer than it was.
//
// A key ring is rotated as for everything else, by putting a fresh key in front.
// Contents stay sealed by the key of their day: copy them to new keys before an old
// key is dropped for good.
package sealed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"filippo.io/age"

	"github.com/habilis-go/habilis/storage/blob"
)

// ErrDamaged says that a content is not what was put under its key, or no key of the ring opens
// it.
var ErrDamaged = errors.New("the sealed content is damaged, moved, or sealed with an unknown key")

// Keys seals small values; *account.Keys does. Open MUST refuse a value that was sealed
// with another context.
type Keys interface {
	Seal(plain []byte, context string) ([]byte, error)
	Open(sealed []byte, context string) ([]byte, error)
}

// Store is a [blob.Store] that seals what another one keeps. It is safe for concurrent
// use. If the other is a [blob.Sweeper], that one is swept.
type Store struct {
	inner blob.Store
	keys  Keys
}

var _ blob.Store = (*Store)(nil)

// New returns the contents of inner, sealed with keys. Contents that inner holds
// already and that are not sealed cannot be read through it.
func New(inner blob.Store, keys Keys) *Store { return &Store{inner: inner, keys: keys} }

// Put implements [blob.Store].
func (s *Store) Put(ctx context.Context, key string, content io.Reader) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	sealing, err := age.EncryptReader(content, fileKey{s.keys, key})
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	return s.inner.Put(ctx, key, sealing)
}

// Open implements [blob.Store]. What is wrong with the content may show only where it
// is read; then the error is [ErrDamaged], and nothing after that place was returned.
func (s *Store) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	inner, err := s.inner.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	r := &reader{inner: inner}
	r.plain, err = age.Decrypt((*source)(r), fileKey{s.keys, key})
	if err != nil {
		return nil, errors.Join(r.explained(err), inner.Close())
	}
	return r, nil
}

// Delete implements [blob.Store].
func (s *Store) Delete(ctx context.Context, key string) error { return s.inner.Delete(ctx, key) }

// Keys implements [blob.Store].
func (s *Store) Keys(ctx context.Context, before time.Time) iter.Seq2[string, error] {
	return s.inner.Keys(ctx, before)
}

// reader opens what inner yields.
type reader struct {
	inner  io.ReadCloser
	plain  io.Reader
	failed error // of inner, its end aside
	closed bool
}

var errClosed = errors.New("this reader is closed")

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.closed {
		return 0, errClosed
	}
	n, err := r.plain.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, r.explained(err)
}

// Close implements io.Closer.
func (r *reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.inner.Close()
}

// explained tells a store that failed from a content that is damaged.
func (r *reader) explained(err error) error {
	if r.failed != nil {
		return r.failed
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// source is the reader's view of inner that remembers failures.
type source reader

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.inner.Read(p)
	if err != nil && err != io.EOF {
		s.failed = err
	}
	return n, err
}

// stanza is the name by which the age format knows this way of keeping a file key.
const stanza = "habilis-keys-1"

// fileKey wraps the fresh key of one content, as age's recipient and identity.
type fileKey struct {
	keys Keys
	key  string
}

func (f fileKey) context() string { return "blob/" + f.key }

// Wrap implements age.Recipient.
func (f fileKey) Wrap(fresh []byte) ([]*age.Stanza, error) {
	body, err := f.keys.Seal(fresh, f.context())
	if err != nil {
		return nil, err
	}
	return []*age.Stanza{{Type: stanza, Body: body}}, nil
}

// Unwrap implements age.Identity.
func (f fileKey) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != stanza {
		return nil, errors.New("not sealed by this package")
	}
	return f.keys.Open(stanzas[0].Body, f.context())
}
