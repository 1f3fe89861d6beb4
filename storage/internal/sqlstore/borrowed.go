package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/habilis-go/habilis/storage"
)

// Borrowed is a [Source] on a host's *sql.DB: each unit takes a connection of its
// pool and gives it back.
type Borrowed struct {
	db      *sql.DB
	dialect *Dialect
	writer  chan struct{} // holds a token while nobody writes; nil without turns
}

// NewBorrowed returns a source on db. With inTurn, units that write wait for one
// another inside the process, for a database that has one writer anyway.
func NewBorrowed(db *sql.DB, d *Dialect, inTurn bool) *Borrowed {
	b := &Borrowed{db: db, dialect: d}
	if inTurn {
		b.writer = make(chan struct{}, 1)
		b.writer <- struct{}{}
	}
	return b
}

// Begin takes a connection and opens a transaction on it.
func (b *Borrowed) Begin(ctx context.Context, m Mode) (Transaction, error) {
	inTurn := m == Update && b.writer != nil
	if inTurn {
		select {
		case <-b.writer:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	t := &borrowed{source: b, inTurn: inTurn}
	conn, err := b.db.Conn(ctx)
	if err != nil {
		t.leave()
		return nil, err
	}
	t.conn, t.plain = conn, plain{conn}
	begin := b.dialect.BeginView
	if m == Update {
		begin = b.dialect.BeginUpdate
	}
	_, err = conn.ExecContext(ctx, begin)
	if err == nil && m == Update && b.dialect.Unhurried != "" && storage.Unhurried(ctx) {
		_, err = conn.ExecContext(ctx, b.dialect.Unhurried)
	}
	if err != nil {
		t.discard()
		return nil, err
	}
	return t, nil
}

type borrowed struct {
	plain
	source *Borrowed
	conn   *sql.Conn
	inTurn bool
}

// Commit ends the transaction and gives the connection back.
func (t *borrowed) Commit(ctx context.Context) error {
	cctx, cancel := committing(ctx)
	defer cancel()
	return t.end(cctx, "COMMIT")
}

// Rollback ends the transaction and gives the connection back.
func (t *borrowed) Rollback(ctx context.Context) error { return t.end(ctx, "ROLLBACK") }

func (t *borrowed) end(ctx context.Context, statement string) error {
	_, err := t.conn.ExecContext(ctx, statement)
	if err != nil {
		t.discard()
		return err
	}
	err = t.conn.Close()
	t.leave()
	return err
}

// discard closes the connection for good: its transaction may still be open, and
// nobody must get it in that state.
func (t *borrowed) discard() {
	discard(t.conn)
	t.leave()
}

func (t *borrowed) leave() {
	if t.inTurn {
		t.inTurn = false
		t.source.writer <- struct{}{}
	}
}

func discard(conn *sql.Conn) {
	// ErrBadConn is how database/sql is told to drop a connection; it also closes it.
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close()
}

// Execer is what *sql.Tx and *sql.Conn have in common.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Plain returns a [Conn] that sends every statement as it is, for the transaction
// of a host.
func Plain(e Execer) Conn { return plain{e} }

type plain struct{ Execer }

// Exec implements Conn.
func (p plain) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return affected(p.ExecContext(ctx, query, args...))
}

// Query implements Conn.
func (p plain) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	return wrapped(p.QueryContext(ctx, query, args...))
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func wrapped(r *sql.Rows, err error) (Rows, error) {
	if err != nil {
		return nil, err
	}
	return sqlRows{r}, nil
}

type sqlRows struct{ *sql.Rows }

// Close implements Rows. What could go wrong shows in Err.
func (r sqlRows) Close() { _ = r.Rows.Close() }
