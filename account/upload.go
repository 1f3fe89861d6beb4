package account

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
)

// headSize is how much of a content tells what it is, in bytes.
const headSize = 3072

// cleanupTime is how long tidying up after a failed upload or a removal may take; what
// is not done by then is left to the sweep.
const cleanupTime = 30 * time.Second

// upload is a content on its way: it counts and digests what passes, and fails once
// that is too much or too late.
type upload struct {
	from  io.Reader
	media string       // what the content is
	limit int64        // how many bytes may pass
	late  func() error // asked before every read
	read  int64        // how many passed
	sum   hash.Hash    // over these
	err   error        // why it failed, whatever became of that error on its way up
	done  bool         // the end was seen
}

var errOverLimit = errors.New("the content is longer than the limit")

// begin reads the first bytes of a content, at most limit and one, and says what is
// wrong with it so far.
func begin(content io.Reader, limit int64, allowed []string) (*upload, []fault.Field, error) {
	if content == nil {
		return nil, missing(), nil
	}
	head := make([]byte, min(headSize, limit+1))
	n, err := readHead(content, head)
	up := &upload{from: io.MultiReader(bytes.NewReader(head[:n]), content), sum: sha256.New()}
	switch {
	case errors.Is(err, io.EOF) && n == 0:
		return nil, missing(), nil
	case errors.Is(err, io.EOF):
		up.from = bytes.NewReader(head[:n])
	case err != nil:
		return nil, nil, fmt.Errorf("reading the content: %w", err)
	}
	if up.media = sniff(head[:n]); !slices.Contains(allowed, up.media) {
		return up, []fault.Field{{Path: "content", Code: "media_type"}}, nil
	}
	return up, nil, nil
}

// readHead fills head as far as it can. Unlike io.ReadFull it keeps a content that ends
// apart from one that broke off, of which io.ErrUnexpectedEOF tells.
func readHead(content io.Reader, head []byte) (n int, err error) {
	for n < len(head) && err == nil {
		var more int
		more, err = content.Read(head[n:])
		n += more
	}
	return n, err
}

// missing is the field of a content that is not there or empty.
func missing() []fault.Field { return []fault.Field{{Path: "content", Code: "required"}} }

// Read implements io.Reader.
func (u *upload) Read(p []byte) (int, error) {
	switch {
	case u.err != nil:
		return 0, u.err
	case u.done:
		return 0, io.EOF
	}
	if u.err = u.late(); u.err != nil {
		return 0, u.err
	}
	if room := u.limit + 1 - u.read; int64(len(p)) > room {
		p = p[:room]
	}
	n, err := u.from.Read(p)
	if u.read += int64(n); u.read > u.limit {
		u.err = errOverLimit
		return 0, u.err
	}
	u.sum.Write(p[:n])
	switch {
	case errors.Is(err, io.EOF):
		u.done = true
	case err != nil:
		u.err = fmt.Errorf("reading the content: %w", err)
		err = u.err
	}
	return n, err
}

// receive keeps the content of a row and has it scanned. The row that comes back says
// what the content turned out to be, and whether it is good or in quarantine. limit is
// how long a content may be, quota aside.
func (e *AttachmentEngine) receive(ctx context.Context, row Attachment, up *upload, op string, limit int64) (Attachment, error) {
	up.limit, up.late = row.Size, func() error {
		if e.clock().Before(row.CreatedAt.Add(e.policy.UploadWindow)) {
			return ctx.Err()
		}
		return ErrUploadOver
	}
	err := e.contents.Put(ctx, row.Key, up)
	switch {
	case errors.Is(up.err, errOverLimit) && row.Size < limit:
		return row, ErrQuota
	case errors.Is(up.err, errOverLimit):
		return row, tooLong(op, limit)
	case up.err != nil:
		return row, up.err
	case err != nil:
		return row, fmt.Errorf("keeping the content: %w", err)
	case !up.done:
		return row, errors.New("keeping the content: it was not read to its end")
	}
	row.Size, row.SHA256 = up.read, hex.EncodeToString(up.sum.Sum(nil))
	row.Status, err = e.judge(ctx, row)
	return row, err
}

// judge has the content of a row scanned and says what follows.
func (e *AttachmentEngine) judge(ctx context.Context, row Attachment) (AttachmentStatus, error) {
	if e.scanner == nil {
		return AttachmentStored, nil
	}
	verdict, err := e.scan(ctx, row)
	switch {
	case err == nil && verdict == VerdictClean:
		return AttachmentStored, nil
	case err == nil && verdict == VerdictFlagged:
		return AttachmentUploading, ErrFlagged
	case ctx.Err() != nil:
		return AttachmentUploading, ctx.Err()
	case e.policy.ScanFailure == QuarantineUnscanned && row.Type != AttachmentTypePhoto:
		return AttachmentQuarantined, nil
	default:
		return AttachmentUploading, ErrNotScanned.Because(err)
	}
}

func (e *AttachmentEngine) scan(ctx context.Context, row Attachment) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, e.policy.ScanTimeout)
	defer cancel()
	content, err := e.contents.Open(ctx, row.Key)
	if err != nil {
		return "", err
	}
	defer content.Close() //nolint:errcheck // it was only read
	return e.scanner.Scan(ctx, within{ctx, content})
}

// within reads for as long as a context lives.
type within struct {
	ctx context.Context //nolint:containedctx // io.Reader has no other way
	io.Reader
}

func (w within) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Reader.Read(p)
}

// abandon removes what is left of an upload that failed. What was stored after all,
// because only the answer of the database was lost, stays.
func (e *AttachmentEngine) abandon(ctx context.Context, row Attachment) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	err := e.store.Update(ctx, func(tx Tx) error {
		at, err := attachment(ctx, tx, row.ID)
		if err != nil || at.Status != AttachmentUploading {
			return err
		}
		return retire(ctx, tx, e.journal, System(), "", &at, e.clock())
	})
	if err == nil || errors.Is(err, fault.ErrNotFound) {
		_ = e.discard(ctx, row) // the sweep does what is left
	}
}

// discard deletes the content of a row that is removed or gone, then the row.
func (e *AttachmentEngine) discard(ctx context.Context, row Attachment) error {
	var at Attachment
	err := e.store.View(ctx, func(tx Tx) (err error) {
		at, err = attachment(ctx, tx, row.ID)
		return err
	})
	gone := errors.Is(err, fault.ErrNotFound)
	if err != nil && !gone || err == nil && at.Status != AttachmentRemoved {
		return err
	}
	if err := e.contents.Delete(ctx, row.Key); err != nil || gone {
		return err
	}
	err = e.store.Update(ctx, func(tx Tx) error {
		now, err := attachment(ctx, tx, row.ID)
		if err != nil {
			return err
		}
		return tx.DeleteAttachment(ctx, now)
	})
	if errors.Is(err, fault.ErrNotFound) {
		return nil // somebody else was as far
	}
	return err
}
