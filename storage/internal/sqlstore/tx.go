package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/habilis-go/habilis/storage"
)

// Tx is one unit of work, or a part of one that can fail alone.
type Tx struct {
	conn  Conn
	store *Store
	depth int   // how many savepoints stand around it
	ended bool  // its unit is over
	lost  error // the first failure; nothing is committed after one

	narrowing narrowing // of the last search
}

var (
	_ storage.Tx     = (*Tx)(nil)
	_ storage.Nester = (*Tx)(nil)
)

// Nest runs fn between a savepoint and its release, or return.
func (tx *Tx) Nest(ctx context.Context, fn func(storage.Tx) error) (err error) {
	name := "habilis_" + strconv.Itoa(tx.depth+1)
	if err := tx.flush(ctx); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, "savepoint", "SAVEPOINT "+name); err != nil {
		return err
	}
	part := &Tx{conn: tx.conn, store: tx.store, depth: tx.depth + 1}
	keep := false
	defer func() {
		part.ended = true
		if keep {
			return
		}
		if undo := tx.undo(ctx, name); undo != nil {
			tx.lost = undo
		}
	}()
	err = fn(part)
	if err == nil {
		err = part.lost
	}
	if err == nil {
		err = part.flush(ctx)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	if _, err := tx.conn.Exec(ctx, "RELEASE SAVEPOINT "+name); err != nil {
		return tx.store.fail(ctx, "release savepoint", err)
	}
	keep = true
	return nil
}

// undo brings the transaction back to where the savepoint was set, even if the
// caller's context is dead: the owner may want to go on.
func (tx *Tx) undo(ctx context.Context, name string) error {
	uctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if d, ok := tx.conn.(Deferrer); ok {
		d.Discard()
	}
	for _, statement := range []string{"ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT "} {
		if _, err := tx.conn.Exec(uctx, statement+name); err != nil {
			return tx.store.fail(uctx, "roll back to savepoint", err)
		}
	}
	return nil
}

// ready says why no further statement may run, if so.
func (tx *Tx) ready(ctx context.Context) error {
	switch {
	case tx.ended:
		return ErrEnded
	case tx.lost != nil:
		return fmt.Errorf("an earlier statement of this unit failed: %w", tx.lost)
	default:
		return ctx.Err()
	}
}

// fail remembers that the unit is lost, and why.
func (tx *Tx) fail(ctx context.Context, what string, err error) error {
	tx.lost = tx.store.fail(ctx, what, err)
	return tx.lost
}

// ask runs reads in their order, together if the connection can do that.
func (tx *Tx) ask(ctx, statement context.Context, reads ...Read) error {
	if err := tx.ready(ctx); err != nil {
		return err
	}
	err := askAll(statement, tx.conn, reads)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return tx.fail(ctx, "read", err)
	}
	return nil
}

func askAll(ctx context.Context, conn Conn, reads []Read) error {
	if a, ok := conn.(Asker); ok && len(reads) > 1 {
		return a.Ask(ctx, reads)
	}
	for _, r := range reads {
		rows, err := conn.Query(ctx, r.Query, r.Args...)
		if err != nil {
			return err
		}
		err = r.Take(rows)
		rows.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// write runs a statement that writes one row, or has it kept back.
func (tx *Tx) write(ctx context.Context, w Write) error {
	if err := tx.ready(ctx); err != nil {
		return err
	}
	if d, ok := tx.conn.(Deferrer); ok {
		for i, arg := range w.Args { // the caller may change its bytes before they are sent
			if raw, ok := arg.([]byte); ok {
				w.Args[i] = slices.Clone(raw)
			}
		}
		d.Defer(w)
		return nil
	}
	if err := w.Outcome(tx.conn.Exec(tx.statementContext(ctx), w.Query, w.Args...)); err != nil {
		tx.lost = err
		return err
	}
	return nil
}

// flush sends what was kept back, if anything was.
func (tx *Tx) flush(ctx context.Context) error { return tx.deferred(ctx, Deferrer.Flush) }

// settle sends what was kept back and must not travel with the commit.
func (tx *Tx) settle(ctx context.Context) error { return tx.deferred(ctx, Deferrer.Settle) }

func (tx *Tx) deferred(ctx context.Context, send func(Deferrer, context.Context) error) error {
	d, ok := tx.conn.(Deferrer)
	if !ok {
		return nil
	}
	if err := tx.ready(ctx); err != nil {
		return err
	}
	if err := send(d, ctx); err != nil {
		return tx.fail(ctx, "write", err)
	}
	return nil
}

// outcome maps the failure of a write; nothing touched means that somebody was faster.
func (tx *Tx) outcome(ctx context.Context, touched int64, err error) error {
	switch {
	case err != nil:
		return tx.store.fail(ctx, "write", err)
	case touched == 0:
		return storage.ErrConflict
	default:
		return nil
	}
}

func (tx *Tx) exec(ctx context.Context, what, query string, args ...any) (int64, error) {
	if err := tx.ready(ctx); err != nil {
		return 0, err
	}
	n, err := tx.conn.Exec(tx.statementContext(ctx), query, args...)
	if err != nil {
		return 0, tx.fail(ctx, what, err)
	}
	return n, nil
}

// statementContext is what a statement that touches a row or two runs under.
func (tx *Tx) statementContext(ctx context.Context) context.Context {
	if tx.store.dialect.Local {
		return context.WithoutCancel(ctx)
	}
	return ctx
}
