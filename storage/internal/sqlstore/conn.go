package sqlstore

import "context"

// Mode says what a transaction is for.
type Mode int

// Modes.
const (
	View   Mode = iota // reads one consistent state
	Update             // reads and writes
)

// Source opens transactions. It is safe for concurrent use.
type Source interface {
	Begin(ctx context.Context, m Mode) (Transaction, error)
}

// Conn runs statements inside one transaction. It is used by one goroutine.
type Conn interface {
	// Exec runs a statement and returns how many rows it touched.
	Exec(ctx context.Context, query string, args ...any) (int64, error)

	// Query runs a statement that returns rows. Some clients report its failure only
	// through the rows' Err.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
}

// Read is a statement that reads, and what becomes of its rows.
type Read struct {
	Query string
	Args  []any
	Take  func(Rows) error // leaves Close to the caller; what ended the rows is in its error
}

// Asker is an optional ability of a Conn: to send several reads at once, which saves
// all but one of them a way to the server and back. They run in their order; what
// others commit meanwhile may show in the later ones.
type Asker interface {
	Ask(ctx context.Context, reads []Read) error
}

// Write is a statement that writes one row.
type Write struct {
	Query string
	Args  []any

	// Outcome says what it means that the statement touched so many rows, or failed.
	Outcome func(touched int64, err error) error

	// Strict is a statement that does the same and fails on the server whenever Outcome is
	// not nil, so that a commit that follows in the same message comes to nothing. Defaults
	// to none: the answer is looked at before the commit is sent.
	Strict string
}

// Deferrer is an optional ability of a Conn: to keep writes back and send them with
// the statement that follows, which saves each of them a way to the server and back.
// What they break is reported by that statement, as a [LateError].
type Deferrer interface {
	// Defer keeps a write back.
	Defer(w Write)

	// Flush sends what was kept back.
	Flush(ctx context.Context) error

	// Settle sends what was kept back and must not travel with the commit.
	Settle(ctx context.Context) error

	// Discard forgets what was kept back.
	Discard()
}

// LateError is the Outcome of a write that was kept back.
type LateError struct{ Err error }

// Error implements error.
func (l *LateError) Error() string { return l.Err.Error() }

// Unwrap gives errors.Is the outcome.
func (l *LateError) Unwrap() error { return l.Err }

// Transaction is a Conn with an end. Commit and Rollback both give the connection
// back, or away if it cannot be trusted any more, whatever they return.
type Transaction interface {
	Conn

	// Commit runs to its end once the commit was sent, for at most [CommitTimeout]: giving
	// up half-way would leave the caller unable to tell what happened. A context that dies
	// meanwhile may still stop the writes that travel with it.
	Commit(ctx context.Context) error

	Rollback(ctx context.Context) error
}

// Rows walks through a result. Both pgx.Rows and a wrapped *sql.Rows fit.
type Rows interface {
	Next() bool
	Scan(targets ...any) error
	Err() error
	Close()
}
