package sqlstore

import (
	"context"
	"database/sql"
	"sync"

	"github.com/habilis-go/habilis/storage"
)

// maxStatements bounds the prepared statements of a connection. Fixed statements
// are a few dozen; searches add some.
const maxStatements = 200

// Lanes is a [Source] on databases that nobody else uses: connections are kept
// open with their prepared statements, one lane of them for units that read and
// one for units that write.
type Lanes struct {
	reading, writing *lane
	closed           chan struct{}
	once             sync.Once
	err              error // of Close
}

// NewLanes returns a source with up to readers connections of read and one of
// write. With read nil, everything goes through the one of write, which is then
// never closed: its database is in memory.
func NewLanes(write, read *sql.DB, readers int, d *Dialect) *Lanes {
	l := &Lanes{closed: make(chan struct{}), writing: newLane(write, 1, d)}
	l.reading = l.writing
	if read == nil {
		l.writing.alone = true
		return l
	}
	l.reading = newLane(read, readers, d)
	return l
}

// Begin waits for a free connection of the lane and opens a transaction on it.
func (l *Lanes) Begin(ctx context.Context, m Mode) (Transaction, error) {
	from, begin := l.reading, l.reading.dialect.BeginView
	if m == Update {
		from, begin = l.writing, l.writing.dialect.BeginUpdate
	}
	select {
	case <-l.closed:
		return nil, ErrClosed
	default:
	}
	var s *session
	select {
	case s = <-from.free:
	case <-l.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s == nil {
		conn, err := from.db.Conn(ctx)
		if err != nil {
			from.free <- nil
			return nil, err
		}
		s = &session{lane: from, conn: conn, statements: make(map[string]*sql.Stmt)}
	}
	err := s.hurry(ctx, m == Update && storage.Unhurried(ctx))
	if err == nil {
		_, err = s.Exec(ctx, begin)
	}
	if err != nil {
		s.abandon(ctx)
		return nil, err
	}
	return s, nil
}

// Close waits for the units that run and closes the connections and databases.
func (l *Lanes) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.err = l.writing.close()
		if l.reading != l.writing {
			if err := l.reading.close(); l.err == nil {
				l.err = err
			}
		}
	})
	return l.err
}

// lane is a set of connections. Its channel holds one entry for each connection
// that no unit uses, nil for one that is not open yet.
type lane struct {
	db      *sql.DB
	dialect *Dialect
	alone   bool // its connection is the database
	free    chan *session
}

func newLane(db *sql.DB, size int, d *Dialect) *lane {
	l := &lane{db: db, dialect: d, free: make(chan *session, size)}
	for range size {
		l.free <- nil
	}
	return l
}

func (l *lane) close() error {
	for range cap(l.free) {
		if s := <-l.free; s != nil {
			s.forget()
			_ = s.conn.Close()
		}
	}
	return l.db.Close()
}

// session is one connection with its prepared statements, and the transaction on
// it: it belongs to one unit at a time.
type session struct {
	lane       *lane
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	quick      bool // commits do not wait for the disk
}

// hurry sees to it that the next commit waits for the disk, unless it is to be quick.
func (s *session) hurry(ctx context.Context, quick bool) error {
	d := s.lane.dialect
	statement := d.Durable
	if quick {
		statement = d.Quick
	}
	if statement == "" || quick == s.quick {
		return nil
	}
	// Never one that was prepared before: SQLite obeys while it prepares.
	if _, err := s.conn.ExecContext(ctx, statement); err != nil {
		return err
	}
	s.quick = quick
	return nil
}

// Exec implements Conn.
func (s *session) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	return affected(stmt.ExecContext(ctx, args...))
}

// Query implements Conn.
func (s *session) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return wrapped(stmt.QueryContext(ctx, args...))
}

// Commit ends the transaction and frees the connection.
func (s *session) Commit(ctx context.Context) error {
	cctx, cancel := committing(ctx)
	defer cancel()
	return s.end(cctx, "COMMIT")
}

// Rollback ends the transaction and frees the connection.
func (s *session) Rollback(ctx context.Context) error { return s.end(ctx, "ROLLBACK") }

func (s *session) end(ctx context.Context, statement string) error {
	_, err := s.Exec(ctx, statement)
	if err != nil {
		s.abandon(ctx)
		return err
	}
	s.lane.free <- s
	return nil
}

// abandon ends a transaction after something went wrong. A lone connection is
// kept whatever happens, since what it holds in memory is the database; any other
// one is closed, and the lane opens a new one when it needs it.
func (s *session) abandon(ctx context.Context) {
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_, _ = s.Exec(rctx, "ROLLBACK") // fails if the transaction is gone already, which is as good
	if s.lane.alone {
		s.lane.free <- s
		return
	}
	s.forget()
	discard(s.conn)
	s.lane.free <- nil
}

func (s *session) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := s.statements[query]; ok {
		return stmt, nil
	}
	if len(s.statements) >= maxStatements {
		s.forget()
	}
	stmt, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.statements[query] = stmt
	return stmt, nil
}

// forget closes the prepared statements.
func (s *session) forget() {
	for _, stmt := range s.statements {
		_ = stmt.Close()
	}
	clear(s.statements)
}
