package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/internal/sqlstore"
)

type poolSource struct {
	pool    *pgxpool.Pool
	dialect *sqlstore.Dialect
	manner  manner
	loose   bool // see transaction
}

// Begin implements sqlstore.Source.
func (p poolSource) Begin(ctx context.Context, m sqlstore.Mode) (sqlstore.Transaction, error) {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	t := &transaction{conn: conn, manner: p.manner, begin: []string{p.dialect.BeginView}}
	if m == sqlstore.Update {
		t.begin[0] = p.dialect.BeginUpdate
		if p.dialect.Unhurried != "" && storage.Unhurried(ctx) {
			t.begin = append(t.begin, p.dialect.Unhurried)
		} else {
			t.loose = p.loose && conn.Conn().PgConn().ParameterStatus("default_transaction_read_only") == "off"
		}
	}
	return t, nil
}

// transaction sends little and often nothing: it begins with its first statement, in
// the same message to the server, and keeps writes back until the next statement that
// has an answer to wait for. Units are short, so each way to the server and back is a
// good part of one.
type transaction struct {
	conn    *pgxpool.Conn
	manner  manner
	begin   []string // nil once it was sent
	pending []sqlstore.Write

	// loose says that a message is a transaction of its own, without a beginning and an end
	// that have to be said. At READ COMMITTED each statement sees what was committed before
	// it, in a transaction or not, and reads lock nothing: as long as nothing was written, it
	// makes no difference whether there is one. Defaults to false.
	loose bool
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
	results, err := t.send(ctx, t.start(), false)
	if err != nil {
		return err
	}
	return results.Close()
}

// Exec implements sqlstore.Conn.
func (t *transaction) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	results, err := t.send(ctx, t.start(), false, sqlstore.Read{Query: query, Args: args})
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
	results, err := t.send(ctx, t.startToRead(), false, sqlstore.Read{Query: query, Args: args})
	if err != nil {
		return nil, err
	}
	return lastRows{results.Query()}, nil
}

// lastRows are the rows of the last answer.
type lastRows struct{ *wireRows }

// Close implements sqlstore.Rows.
func (r lastRows) Close() {
	r.wireRows.Close()
	_ = r.answers.Close() // a connection that breaks here fails the next statement
}

// Ask implements sqlstore.Asker.
func (t *transaction) Ask(ctx context.Context, reads []sqlstore.Read) error {
	results, err := t.send(ctx, t.startToRead(), false, reads...)
	if err != nil {
		return err
	}
	for _, r := range reads {
		rows := results.Query()
		err := r.Take(rows)
		rows.Close()
		if err != nil {
			_ = results.Close() // says the same again, or less
			return err
		}
	}
	return results.Close()
}

// start returns what is to be sent for the transaction to begin, if it did not.
func (t *transaction) start() []string {
	begin := t.begin
	t.begin = nil
	return begin
}

// startToRead is start before statements that only read.
func (t *transaction) startToRead() []string {
	if t.loose && len(t.pending) == 0 {
		return nil
	}
	return t.start()
}

// send sends what begins a transaction, what was kept back and some statements together,
// and reads the answers to all but these. With strict, a write that breaks something stops
// what follows.
func (t *transaction) send(ctx context.Context, begin []string, strict bool, statements ...sqlstore.Read) (*answers, error) {
	pending := t.pending
	t.pending = nil
	all := statements
	if due := len(begin) + len(pending); due > 0 {
		all = make([]sqlstore.Read, 0, due+len(statements))
		for _, b := range begin {
			all = append(all, sqlstore.Read{Query: b})
		}
		for _, w := range pending {
			query := w.Query
			if strict {
				query = w.Strict
			}
			all = append(all, sqlstore.Read{Query: query, Args: w.Args})
		}
		all = append(all, statements...)
	}
	results, err := t.manner.send(ctx, t.conn.Conn(), all)
	if err != nil {
		return nil, err
	}
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

// Settle implements sqlstore.Deferrer.
func (t *transaction) Settle(ctx context.Context) error {
	if slices.ContainsFunc(t.pending, func(w sqlstore.Write) bool { return w.Strict == "" }) {
		return t.Flush(ctx)
	}
	return nil
}

// Commit implements sqlstore.Transaction. Writes that were kept back travel with it. If
// the context dies while one of them waits for somebody else, the server is asked to give
// it up; its answer says what became of the unit in any case.
func (t *transaction) Commit(ctx context.Context) error {
	defer t.conn.Release()
	if t.begin != nil && len(t.pending) == 0 {
		return nil // nothing happened
	}
	conn := t.conn.Conn().PgConn()
	answered, stopped := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		giveUp(context.WithoutCancel(ctx), conn, answered)
	})
	// A deadline is cheaper than a context that has one. A connection that refuses it is
	// broken, which shows at once.
	_ = conn.Conn().SetReadDeadline(time.Now().Add(sqlstore.CommitTimeout)) //nolint:forbidigo // deadlines of connections are in real time
	alive := context.WithoutCancel(ctx)
	err := t.writeAndCommit(alive)
	close(answered)
	_ = conn.Conn().SetReadDeadline(time.Time{})
	if !stop() {
		<-stopped
		_ = conn.Close(alive) // what was asked for late must not stop the next unit
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
		return err
	}
	if err != nil && !conn.IsClosed() && conn.TxStatus() != idle {
		undo, cancel := context.WithTimeout(alive, cancelTimeout)
		defer cancel()
		_ = t.end(undo, "ROLLBACK", false) // the pool drops the connection if it fails
	}
	return err
}

// giveUp asks the server to stop what the connection runs, until there is an answer: a
// request that comes before the statement does nothing.
func giveUp(ctx context.Context, conn *pgconn.PgConn, answered <-chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, sqlstore.CommitTimeout)
	defer cancel()
	for pause := 5 * time.Millisecond; ; pause *= 2 {
		_ = conn.CancelRequest(ctx) // if it fails, the commit runs to its end
		select {
		case <-answered:
			return
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// cancelTimeout bounds what ends a commit that failed.
const cancelTimeout = 5 * time.Second

// idle is the status of a connection without a transaction.
const idle = 'I'

// writeAndCommit sends what was kept back, and what makes it last.
func (t *transaction) writeAndCommit(ctx context.Context) error {
	if t.begin == nil || !t.loose {
		return t.end(ctx, "COMMIT", true)
	}
	results, err := t.send(ctx, nil, true) // which is a transaction
	if err != nil {
		return err
	}
	return results.Close()
}

func (t *transaction) end(ctx context.Context, statement string, strict bool) error {
	results, err := t.send(ctx, t.start(), strict, sqlstore.Read{Query: statement})
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
	return t.end(ctx, "ROLLBACK", false)
}
