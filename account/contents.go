package account

import (
	"context"
	"io"
)

// Contents keeps the bytes of attachments; package storage/blob has implementations.
// Implementations MUST be safe for concurrent use and MUST stream: what they hold in
// memory does not depend on the length of a content.
type Contents interface {
	// Put keeps what content yields until io.EOF. It is visible as a whole or not at
	// all: if content fails, nothing is kept and the error is returned. A key that is
	// taken is refused.
	Put(ctx context.Context, key string, content io.Reader) error

	// Open returns a reader of the content, or ErrNotFound. The caller closes it.
	Open(ctx context.Context, key string) (io.ReadCloser, error)

	// Delete removes the content; nil if there is none.
	Delete(ctx context.Context, key string) error
}

// Scanner looks for malware. It is the host's: a client of its virus scanner. It MUST
// be safe for concurrent use and MUST return soon after ctx ended.
type Scanner interface {
	// Scan reads as much of content as it needs and says what it found. An error means
	// that it could not tell; AttachmentPolicy.ScanFailure says what follows.
	Scan(ctx context.Context, content io.Reader) (Verdict, error)
}

// Verdict is what a [Scanner] found. Any other value counts as an error.
type Verdict string

// Verdicts.
const (
	VerdictClean   Verdict = "clean"
	VerdictFlagged Verdict = "flagged"
)
