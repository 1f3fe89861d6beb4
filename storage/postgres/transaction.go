package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/habilis-go/habilis/storage/internal/sqlstore"
)

type poolSource struct {
	pool    *pgxpool.Pool
	dialect *sqlstore.Dialect
}

// Begin implements sqlstore.Source.
func (p poolSource) Begin(ctx context.Context, m sqlstore.Mode) (sqlstore.Transaction, error) {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	begin := p.dialect.BeginView
	if m == sqlstore.Update {
		begin = p.dialect.BeginUpdate
	}
	return &transaction{conn: conn, begin: begin}, nil
}

// transaction begins with its first statement, in the same message to the server:
// units are short, so a way there and back is a good part of each.
type transaction struct {
	conn  *pgxpool.Conn
	begin string // "" once it was sent
}

// Exec implements sqlstore.Conn.
func (t *transaction) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.begin == "" {
		tag, err := t.conn.Exec(ctx, query, args...)
		return tag.RowsAffected(), err
	}
	results, err := t.first(ctx, query, args)
	if err != nil {
		return 0, err
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed
	}
	return tag.RowsAffected(), err
}

// Query implements sqlstore.Conn.
func (t *transaction) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	if t.begin == "" {
		return t.conn.Query(ctx, query, args...)
	}
	results, err := t.first(ctx, query, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close() // says the same again
		return nil, err
	}
	return firstRows{rows, results}, nil
}

// first sends the beginning and a statement, and reads the answer to the former.
func (t *transaction) first(ctx context.Context, query string, args []any) (pgx.BatchResults, error) {
	var both pgx.Batch
	both.Queue(t.begin)
	both.Queue(query, args...)
	t.begin = ""
	results := t.conn.SendBatch(ctx, &both)
	if _, err := results.Exec(); err != nil {
		_ = results.Close() // says the same again
		return nil, err
	}
	return results, nil
}

// firstRows are rows that came with the beginning.
type firstRows struct {
	pgx.Rows
	results pgx.BatchResults
}

// Close implements sqlstore.Rows.
func (r firstRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // a connection that breaks here fails the next statement
}

// Commit implements sqlstore.Transaction.
func (t *transaction) Commit(ctx context.Context) error {
	defer t.conn.Release()
	if t.begin != "" {
		return nil // nothing happened
	}
	tag, err := t.conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

// Rollback implements sqlstore.Transaction. The pool drops a connection whose
// transaction is still open afterwards.
func (t *transaction) Rollback(ctx context.Context) error {
	defer t.conn.Release()
	if t.begin != "" {
		return nil
	}
	_, err := t.conn.Exec(ctx, "ROLLBACK")
	return err
}
