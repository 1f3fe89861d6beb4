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

// Transaction is a Conn with an end. Commit and Rollback both give the connection
// back, or away if it cannot be trusted any more, whatever they return.
type Transaction interface {
	Conn
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
