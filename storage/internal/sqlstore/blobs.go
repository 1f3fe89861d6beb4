package sqlstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/blob"
)

const (
	// partSize is the length of each part of a content but the last. Each part is a
	// transaction of its own.
	partSize = 256 << 10

	// removedAtOnce is how many parts one transaction removes.
	removedAtOnce = 16

	// keysAtOnce is how many keys, or contents to sweep, are read in one go.
	keysAtOnce = 500

	// cleaningTimeout bounds removing what a Put that failed had written.
	cleaningTimeout = 30 * time.Second
)

// errSwept: the parts were removed while the content was still being written.
var errSwept = errors.New("the content came so slowly that it was swept away")

// Blobs is a [blob.Sweeper] in the tables habilis_blobs and habilis_blob_parts. It is
// safe for concurrent use.
//
// A row of habilis_blobs stands for one Put, and its state decides: parts are added
// only while it is 'writing', Open sees it only if it is 'kept', and parts are removed
// only once it is 'removing'. Whoever changes the state does so on that row, so that
// a Put, a Delete and a Sweep of one content collide there. No transaction is open
// while somebody's reader or writer is waited for.
type Blobs struct {
	store *Store
	sql   blobStatements
}

var _ blob.Sweeper = (*Blobs)(nil)

type blobStatements struct {
	insert, insertPart, progress, retire, abandon, removeParts, remove string
	find, part, keys, unfinished                                       string
}

// NewBlobs returns the contents beside the objects of s.
func NewBlobs(s *Store) *Blobs {
	d := s.dialect
	now := d.Now
	return &Blobs{store: s, sql: blobStatements{
		insert: d.rebind("INSERT INTO habilis_blobs (id, name, state, parts, size, touched_at) VALUES (?, ?, 'writing', 0, 0, " + now + ")"),
		progress: d.rebind("UPDATE habilis_blobs SET state = ?, parts = ?, size = ?, touched_at = " + now +
			" WHERE id = ? AND state = 'writing'"),
		insertPart: d.rebind("INSERT INTO habilis_blob_parts (blob_id, number, content) VALUES (?, ?, ?)"),
		retire:     d.rebind("UPDATE habilis_blobs SET state = 'removing', touched_at = " + now + " WHERE id = ?"),
		abandon: d.rebind("UPDATE habilis_blobs SET state = 'removing', touched_at = " + now +
			" WHERE id = ? AND state <> 'kept' AND touched_at < " + now + " - ?"),
		removeParts: d.rebind("DELETE FROM habilis_blob_parts WHERE blob_id = ? AND number > " +
			"(SELECT max(number) FROM habilis_blob_parts WHERE blob_id = ?) - ?"),
		remove: d.rebind("DELETE FROM habilis_blobs WHERE id = ?"),
		find:   d.rebind("SELECT id, parts, size FROM habilis_blobs WHERE name = ? AND state = 'kept'"),
		part:   d.rebind("SELECT content FROM habilis_blob_parts WHERE blob_id = ? AND number = ?"),
		keys:   d.rebind("SELECT name FROM habilis_blobs WHERE state = 'kept' AND name > ? AND touched_at < ? ORDER BY name LIMIT ?"),
		unfinished: d.rebind("SELECT id FROM habilis_blobs WHERE state <> 'kept' AND touched_at < " + now +
			" - ? AND id > ? ORDER BY id LIMIT ?"),
	}}
}

// Put implements [blob.Store].
func (b *Blobs) Put(ctx context.Context, key string, content io.Reader) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	u := &upload{id: rand.Text(), key: key}
	defer func() {
		if u.parts > 0 && !u.kept { // after a panic of content, too
			cctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaningTimeout)
			defer cancel()
			_ = b.clear(cctx, u.id) // Sweep does what this could not
		}
	}()
	buffer := make([]byte, partSize)
	for !u.kept {
		n, err := fill(ctx, content, buffer)
		if err != nil && err != io.EOF { //nolint:errorlint // the end of a reader is io.EOF itself
			return err
		}
		if err := b.write(ctx, u, buffer[:n], err != nil); err != nil {
			return err
		}
	}
	return nil
}

// fill reads until buffer is full. Unlike io.ReadFull it tells the end of content
// from a content that broke off with io.ErrUnexpectedEOF.
func fill(ctx context.Context, content io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		var more int
		more, err = content.Read(buffer[n:])
		n += more
	}
	return n, err
}

// upload is one Put under way.
type upload struct {
	id, key     string
	parts, size int64 // sent so far, those of a write that failed included
	kept        bool
}

// write stores the next part, and with the last one makes the content visible.
func (b *Blobs) write(ctx context.Context, u *upload, part []byte, last bool) error {
	first, number, state := u.parts == 0, u.parts, "writing"
	u.size += int64(len(part))
	if last {
		state = "kept"
	}
	u.parts++
	err := storage.Update(ctx, b.store, func(handle storage.Tx) error {
		tx := handle.(*Tx)
		if first {
			if err := b.begin(ctx, tx, u); err != nil {
				return err
			}
		}
		if err := touch(ctx, tx, b.sql.insertPart, "", []any{u.id, number, part}); err != nil {
			return err
		}
		n, err := tx.exec(ctx, "keep a content", b.sql.progress, state, u.parts, u.size, u.id)
		if err == nil && n == 0 {
			err = errSwept
		}
		return err
	})
	u.kept = err == nil && last
	return err
}

// begin refuses a key that is taken before much is sent; the index refuses it again
// at the end.
func (b *Blobs) begin(ctx context.Context, tx *Tx, u *upload) error {
	taken, err := scan[found](ctx, tx, b.sql.find, u.key)
	switch {
	case err != nil:
		return err
	case len(taken) > 0:
		return storage.ErrExists
	default:
		return touch(ctx, tx, b.sql.insert, "", []any{u.id, u.key})
	}
}

// Delete implements [blob.Store].
func (b *Blobs) Delete(ctx context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	f, err := b.find(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return b.clear(ctx, f.id)
}

// clear makes a content invisible and removes it, parts first: what a crash leaves
// still has the row by which Sweep finds it.
func (b *Blobs) clear(ctx context.Context, id string) error {
	for done := false; !done; {
		err := storage.Update(ctx, b.store, func(handle storage.Tx) error {
			tx := handle.(*Tx)
			if _, err := tx.exec(ctx, "retire a content", b.sql.retire, id); err != nil {
				return err
			}
			n, err := tx.exec(ctx, "remove parts", b.sql.removeParts, id, id, int64(removedAtOnce))
			if err != nil {
				return err
			}
			if done = n < removedAtOnce; !done {
				return nil
			}
			_, err = tx.exec(ctx, "remove a content", b.sql.remove, id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Keys implements [blob.Store]. It reads some hundred keys at a time.
func (b *Blobs) Keys(ctx context.Context, before time.Time) iter.Seq2[string, error] {
	limit := int64(1<<63 - 1)
	if !before.IsZero() {
		limit = before.UnixMicro()
	}
	return func(yield func(string, error) bool) {
		for last := ""; ; {
			keys, err := look[text](ctx, b.store, b.sql.keys, last, limit, int64(keysAtOnce))
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range keys {
				if last = string(key); !yield(last, nil) {
					return
				}
			}
			if len(keys) < keysAtOnce {
				return
			}
		}
	}
}

// Sweep implements [blob.Sweeper].
func (b *Blobs) Sweep(ctx context.Context, olderThan time.Duration) (int, error) {
	swept, last := 0, ""
	for {
		ids, err := look[text](ctx, b.store, b.sql.unfinished, olderThan.Microseconds(), last, int64(keysAtOnce))
		if err != nil {
			return swept, err
		}
		for _, id := range ids {
			last = string(id)
			ours, err := b.abandon(ctx, last, olderThan)
			if err == nil && ours {
				swept++
				err = b.clear(ctx, last)
			}
			if err != nil {
				return swept, fmt.Errorf("sweep: %w", err)
			}
		}
		if len(ids) < keysAtOnce {
			return swept, nil
		}
	}
}

// abandon makes a content one to remove, unless it was kept or touched meanwhile.
func (b *Blobs) abandon(ctx context.Context, id string, olderThan time.Duration) (bool, error) {
	var n int64
	err := storage.Update(ctx, b.store, func(handle storage.Tx) (err error) {
		tx := handle.(*Tx)
		n, err = tx.exec(ctx, "abandon a content", b.sql.abandon, id, olderThan.Microseconds())
		return err
	})
	return n == 1, err
}
