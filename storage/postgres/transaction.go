package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/habilis-go/habilis/storage"
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
	begin := []string{p.dialect.BeginView}
	if m == sqlstore.Update {
		if begin[0] = p.dialect.BeginUpdate; p.dialect.Unhurried != "" && storage.Unhurried(ctx) {
			begin = append(begin, p.dialect.Unhurried)
		}
	}
	return &transaction{conn: conn, begin: begin}, nil
}

// transaction sends little and often nothing: it begins with its first statement, in
// the same message to the server, and keeps writes back until the next statement that
// has an answer to wait for. Units are short, so each way to the server and back is a
// good part of one.
type transaction struct {
	conn    *pgxpool.Conn
	begin   []string // nil once it was sent
	pending []sqlstore.Write
}

var (
	_ sqlstore.Deferrer = (*transaction)(nil)
	_ sqlstore.Asker    = (*transaction)(nil)
)

// Defer implements sqlstore.Deferrer.
func (t *transaction) Defer(w sqlstore.Write) { t.pending = append(t.pending, w) }

// Discard implements sqlstore.Deferrer.
func (t *transaction) Discard() { t.pending = nil }

// Flush implements sqlstore.Deferrer.
func (t *transaction) Flush(ctx context.Context) error {
	if len(t.pending) == 0 {
		return nil
	}
	results, err := t.send(ctx)
	if err != nil {
		return err
	}
	return results.Close()
}

// Exec implements sqlstore.Conn.
func (t *transaction) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.begin == nil && len(t.pending) == 0 {
		tag, err := t.conn.Exec(ctx, query, args...)
		return tag.RowsAffected(), err
	}
	results, err := t.send(ctx, sqlstore.Read{Query: query, Args: args})
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
	if t.begin == nil && len(t.pending) == 0 {
		rows, err := t.conn.Query(ctx, query, args...)
		return quickRows{rows}, err
	}
	results, err := t.send(ctx, sqlstore.Read{Query: query, Args: args})
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close() // says the same again
		return nil, err
	}
	return batchRows{quickRows{rows}, results}, nil
}

// Ask implements sqlstore.Asker.
func (t *transaction) Ask(ctx context.Context, reads []sqlstore.Read) error {
	results, err := t.send(ctx, reads...)
	if err != nil {
		return err
	}
	for _, r := range reads {
		if err := takeNext(results, r); err != nil {
			_ = results.Close() // says the same again, or less
			return err
		}
	}
	return results.Close()
}

func takeNext(results pgx.BatchResults, r sqlstore.Read) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	return r.Take(quickRows{rows})
}

// send sends what is due before some statements together with them, and reads the
// answers to all but these.
func (t *transaction) send(ctx context.Context, statements ...sqlstore.Read) (pgx.BatchResults, error) {
	var all pgx.Batch
	begin, pending := t.begin, t.pending
	for _, b := range begin {
		all.Queue(b)
	}
	for _, w := range pending {
		all.Queue(w.Query, w.Args...)
	}
	for _, s := range statements {
		all.Queue(s.Query, s.Args...)
	}
	t.begin, t.pending = nil, nil
	results := t.conn.SendBatch(ctx, &all)
	for range begin {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // says the same again
			return nil, err
		}
	}
	for _, w := range pending {
		tag, err := results.Exec()
		if err := w.Outcome(tag.RowsAffected(), err); err != nil {
			_ = results.Close() // the unit is lost whatever it says
			return nil, &sqlstore.LateError{Err: err}
		}
	}
	return results, nil
}

// batchRows are rows that came together with other answers.
type batchRows struct {
	quickRows
	results pgx.BatchResults
}

// Close implements sqlstore.Rows.
func (r batchRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // a connection that breaks here fails the next statement
}

// Settle implements sqlstore.Deferrer.
func (t *transaction) Settle(ctx context.Context) error {
	if slices.ContainsFunc(t.pending, func(w sqlstore.Write) bool { return !w.Sure }) {
		return t.Flush(ctx)
	}
	return nil
}

// Commit implements sqlstore.Transaction.
func (t *transaction) Commit(ctx context.Context) error {
	defer t.conn.Release()
	if t.begin != nil && len(t.pending) == 0 {
		return nil // nothing happened
	}
	return t.end(ctx, "COMMIT")
}

func (t *transaction) end(ctx context.Context, statement string) error {
	results, err := t.send(ctx, sqlstore.Read{Query: statement})
	if err != nil {
		return err
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed
	}
	if err == nil && tag.String() != statement {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

// Rollback implements sqlstore.Transaction. The pool drops a connection whose
// transaction is still open afterwards.
func (t *transaction) Rollback(ctx context.Context) error {
	defer t.conn.Release()
	t.Discard()
	if t.begin != nil {
		return nil
	}
	return t.end(ctx, "ROLLBACK")
}
