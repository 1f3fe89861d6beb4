package blob

import (
	"context"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
)

// What a method answers, wrapped or as it is; compare with errors.Is. They are those
// of package storage.
var (
	// ErrNotFound: there is no content under this key.
	ErrNotFound = fault.ErrNotFound

	// ErrExists: there is a content under this key already.
	ErrExists = fault.ErrExists

	// ErrInvalid: this is no key, see [CheckKey].
	ErrInvalid = fault.ErrInvalid
)

// Store keeps contents by key. Keys are random and each is written once, so there is
// no replacing. Implementations MUST be safe for concurrent use.
//
//   - A content MUST become visible as a whole or not at all, and only by a Put that
//     returns nil; until then Open and Keys know nothing of it.
//   - Once visible, a content MUST NOT change, and it lasts until Delete.
//   - Contents MUST be streamed, save in [Memory]: what a Put or a reader needs of memory does not
//     depend on the length.
//   - A Put whose content comes slowly, and a reader that is read slowly, MUST NOT
//     keep others waiting, and hold no lock and no transaction meanwhile.
//   - Every key that [CheckKey] accepts MUST be accepted as it is, save that a Put
//     may refuse a key that names a folder of another one ("a" beside "a/b"). For
//     other keys every method MUST return ErrInvalid.
type Store interface {
	// Put stores what content yields up to io.EOF. Any other error of content, a dead
	// ctx or a failure MUST leave nothing that is visible, and what was written already
	// is removed; content's error MUST be found by errors.Is. An io.ErrUnexpectedEOF is
	// such an error and no end. A key that is taken MUST be refused with ErrExists; of
	// several Puts at the same time exactly one wins. Put does not close content.
	Put(ctx context.Context, key string, content io.Reader) error

	// Open returns a reader of the content, or ErrNotFound. It MUST yield the whole
	// content and then io.EOF, or fail with another error, also if the content is
	// deleted meanwhile. ctx covers reading, too. The caller closes the reader, early if
	// it likes; afterwards Read MUST fail. A reader is used by one goroutine.
	Open(ctx context.Context, key string) (io.ReadCloser, error)

	// Delete removes the content. It returns nil if there is none. The key is then free.
	Delete(ctx context.Context, key string) error

	// Keys yields the keys of visible contents in ascending order of bytes, those that
	// were stored before an instant of the store's own clock, or all of them if before
	// is the zero time. What comes and goes during the walk may be missing or there; the
	// rest MUST be yielded once. An error ends the walk. The loop may call the store.
	Keys(ctx context.Context, before time.Time) iter.Seq2[string, error]
}

// Sweeper is a [Store] in which a crash leaves parts of contents behind.
type Sweeper interface {
	Store

	// Sweep removes what crashed calls left and what nobody has touched for longer than
	// olderThan, by the clock of the database, and returns of how many contents. A Put
	// that still runs is touched with each part; one that is swept nevertheless fails.
	// Any number of processes may sweep at once. An hour is a good value of olderThan.
	Sweep(ctx context.Context, olderThan time.Duration) (int, error)
}

// MaxKey is the length of the longest key in bytes.
const MaxKey = 200

const keyBytes = "abcdefghijklmnopqrstuvwxyz0123456789-/"

// CheckKey returns ErrInvalid unless key has 1 to [MaxKey] bytes out of a-z, 0-9, "-"
// and "/", and no slash at an end or beside another. Such a key is safe as a path and
// in a URL, and is the same where case does not count (FI-01).
func CheckKey(key string) error {
	switch {
	case len(key) > MaxKey:
		return fault.Invalid("blob", fault.Field{Path: "key", Code: "max", Param: strconv.Itoa(MaxKey)})
	case key == "", strings.HasPrefix(key, "/"), strings.HasSuffix(key, "/"),
		strings.Contains(key, "//"), strings.ContainsFunc(key, func(r rune) bool { return !strings.ContainsRune(keyBytes, r) }):
		return fault.Invalid("blob", fault.Field{Path: "key", Code: "id"})
	default:
		return nil
	}
}
