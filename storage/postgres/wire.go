package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/habilis-go/habilis/storage/internal/sqlstore"
)

// manner is how the pool of the host has statements sent.
type manner struct {
	prepared bool            // each connection prepares them once; some poolers cannot
	tracer   pgx.BatchTracer // nil if nobody watches
}

// mannerOf does as a pgx batch would.
func mannerOf(pool *pgxpool.Pool) manner {
	config := pool.Config().ConnConfig
	tracer, _ := config.Tracer.(pgx.BatchTracer)
	return manner{prepared: config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement, tracer: tracer}
}

// statementsKept is about how many statements a connection keeps prepared: as many as
// pgx does.
const statementsKept = 512

// wire speaks to the server over one connection, for one unit at a time. pgx could do
// that too; for units as short as ours, finding out how to send each value and to read
// each column is a good part of the work.
type wire struct {
	conn  *pgconn.PgConn
	known map[string]prepared
	order []string // of known, oldest first
	names int      // given so far

	// Room for the arguments of a statement, used again for the next one.
	text  []byte
	args  [][]byte
	forms []int16
}

// prepared is a statement that a connection knows.
type prepared struct {
	plan    *pgconn.StatementDescription // for pgconn, without columns that it would copy for each answer
	columns []pgconn.FieldDescription
}

// wireOf returns the wire of a connection, which stays with it.
func wireOf(conn *pgconn.PgConn) *wire {
	const key = "habilis"
	w, ok := conn.CustomData()[key].(*wire)
	if !ok {
		w = &wire{conn: conn, known: map[string]prepared{}, text: make([]byte, 0, 4096)}
		conn.CustomData()[key] = w
	}
	return w
}

// makeRoom drops the oldest statements, if others are about to be prepared and there are
// too many. One that is dropped too early is prepared anew.
func (w *wire) makeRoom(ctx context.Context, statements []sqlstore.Read) error {
	if len(w.order)+len(statements) <= statementsKept {
		return nil
	}
	more := 0
	for _, s := range statements {
		if _, ok := w.known[s.Query]; !ok {
			more++
		}
	}
	for more > 0 && len(w.order) > 0 && len(w.order)+more > statementsKept {
		oldest := w.order[0]
		if err := w.conn.Deallocate(ctx, w.known[oldest].plan.Name); err != nil {
			return err
		}
		delete(w.known, oldest)
		w.order = slices.Delete(w.order, 0, 1)
	}
	return nil
}

// learn prepares those of the statements that the connection does not know, in one message.
// What was prepared before one that cannot be stays known.
func (w *wire) learn(ctx context.Context, statements []sqlstore.Read) error {
	if err := w.makeRoom(ctx, statements); err != nil { // before: what is sent next must stay
		return err
	}
	var fresh []string
	for _, s := range statements {
		if _, ok := w.known[s.Query]; !ok && !slices.Contains(fresh, s.Query) {
			fresh = append(fresh, s.Query)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	way, first := w.conn.StartPipeline(ctx), w.names+1
	for _, query := range fresh {
		w.names++
		way.SendPrepare(nameOf(w.names), query, nil)
	}
	err := way.Sync()
	for i := 0; err == nil && i < len(fresh); i++ {
		var answer any
		if answer, err = way.GetResults(); err == nil {
			err = w.keep(nameOf(first+i), fresh[i], answer)
		}
	}
	if closed := way.Close(); err == nil {
		err = closed
	}
	return err
}

// nameOf is the name of a statement on the server.
func nameOf(n int) string { return "habilis_" + strconv.Itoa(n) }

// keep notes what the server says of a statement that was prepared.
func (w *wire) keep(name, query string, answer any) error {
	d, ok := answer.(*pgconn.StatementDescription)
	if !ok {
		return fmt.Errorf("preparing a statement: the server answered with a %T", answer)
	}
	p := prepared{plan: d, columns: d.Fields}
	for i := range p.columns {
		p.columns[i].Format = pgx.BinaryFormatCode
	}
	// One, however many there are: with none, pgconn would ask the server each time.
	d.Name, d.Fields = name, make([]pgconn.FieldDescription, 1)
	w.known[query], w.order = p, append(w.order, query)
	return nil
}

// forget forgets every statement if the server did, or cannot run one any more because a
// table changed.
func (w *wire) forget(err error) {
	var known *pgconn.PgError
	if errors.As(err, &known) && (known.Code == "26000" || known.Code == "0A000") { // invalid_sql_statement_name, feature_not_supported
		clear(w.known)
		w.order = w.order[:0]
	}
}

// inBinary asks for every column in binary, which for a text is the text.
func inBinary() []int16 { return []int16{pgx.BinaryFormatCode} }

// encode writes arguments as text, which the server reads whatever it takes them for, and
// bytes as they are.
func (w *wire) encode(args []any) error {
	w.text, w.args, w.forms = w.text[:0], w.args[:0], w.forms[:0]
	for _, a := range args {
		from, form := len(w.text), int16(pgx.TextFormatCode)
		switch v := a.(type) {
		case nil:
			w.args, w.forms = append(w.args, nil), append(w.forms, form)
			continue
		case []byte:
			w.args, w.forms = append(w.args, v), append(w.forms, pgx.BinaryFormatCode)
			continue
		case string:
			w.text = append(w.text, v...)
		case int64:
			w.text = strconv.AppendInt(w.text, v, 10)
		case int:
			w.text = strconv.AppendInt(w.text, int64(v), 10)
		case bool:
			w.text = strconv.AppendBool(w.text, v)
		default:
			return fmt.Errorf("no statement takes a %T", a)
		}
		w.args, w.forms = append(w.args, w.text[from:len(w.text):len(w.text)]), append(w.forms, form)
	}
	if !slices.Contains(w.forms, pgx.BinaryFormatCode) {
		w.forms = w.forms[:0] // none says that all are text
	}
	return nil
}

// send sends statements in one message.
func (m manner) send(ctx context.Context, conn *pgx.Conn, statements []sqlstore.Read) (*answers, error) {
	a := &answers{wire: wireOf(conn.PgConn()), columns: make([][]pgconn.FieldDescription, 0, len(statements))}
	if m.prepared {
		if err := a.wire.learn(ctx, statements); err != nil {
			return nil, err
		}
	}
	var b pgconn.Batch
	for _, s := range statements {
		if err := a.wire.encode(s.Args); err != nil {
			return nil, err
		}
		p := a.wire.known[s.Query] // none, if they are not prepared
		a.columns = append(a.columns, p.columns)
		if m.prepared {
			b.ExecStatement(p.plan, a.wire.args, a.wire.forms, inBinary())
		} else {
			b.ExecParams(s.Query, a.wire.args, nil, a.wire.forms, inBinary())
		}
	}
	if m.tracer != nil {
		ctx = a.watch(ctx, m.tracer, conn, statements)
	}
	a.all = a.wire.conn.ExecBatch(ctx, &b)
	return a, nil
}

// answers are what the server says to statements that were sent together, in their order.
type answers struct {
	wire    *wire
	all     *pgconn.MultiResultReader
	columns [][]pgconn.FieldDescription // of those to come; nil where the server describes them

	// Who watches is told of each answer, and of the end. Defaults to nil: nobody does.
	told  func(pgconn.CommandTag, error)
	ended func(error)
}

// watch has a tracer of the host watch.
func (a *answers) watch(ctx context.Context, t pgx.BatchTracer, conn *pgx.Conn, statements []sqlstore.Read) context.Context {
	var b pgx.Batch
	for _, s := range statements {
		b.Queue(s.Query, s.Args...)
	}
	ctx = t.TraceBatchStart(ctx, conn, pgx.TraceBatchStartData{Batch: &b})
	a.told = func(tag pgconn.CommandTag, err error) {
		s := statements[0]
		statements = statements[1:]
		t.TraceBatchQuery(ctx, conn, pgx.TraceBatchQueryData{SQL: s.Query, Args: s.Args, CommandTag: tag, Err: err})
	}
	a.ended = func(err error) { t.TraceBatchEnd(ctx, conn, pgx.TraceBatchEndData{Err: err}) }
	return ctx
}

var errNoAnswer = errors.New("the server answered fewer statements than it got")

// Exec takes the next answer and leaves its rows.
func (a *answers) Exec() (pgconn.CommandTag, error) {
	r := a.Query()
	r.Close()
	return r.tag, r.err
}

// Query takes the next answer.
func (a *answers) Query() *wireRows {
	columns := a.columns[0]
	a.columns = a.columns[1:]
	if !a.all.NextResult() {
		err := a.all.Close()
		if err == nil {
			err = errNoAnswer
		}
		a.tell(pgconn.CommandTag{}, err)
		return &wireRows{answers: a, err: err}
	}
	rows := &wireRows{answers: a, from: a.all.ResultReader(), columns: columns}
	if columns == nil {
		rows.columns = rows.from.FieldDescriptions()
	}
	return rows
}

// tell tells who watches of an answer.
func (a *answers) tell(tag pgconn.CommandTag, err error) {
	if a.told != nil {
		a.told(tag, err)
	}
}

// Close leaves the rest of the answers. It returns the first failure of all.
func (a *answers) Close() error {
	err := a.all.Close()
	a.wire.forget(err)
	if a.ended != nil {
		a.ended(err)
		a.ended = nil
	}
	return err
}

// wireRows are the rows of one answer.
type wireRows struct {
	answers *answers
	from    *pgconn.ResultReader // nil once it was read
	columns []pgconn.FieldDescription
	tag     pgconn.CommandTag
	err     error
}

// Next implements sqlstore.Rows.
func (r *wireRows) Next() bool {
	if r.from != nil && r.err == nil && r.from.NextRow() {
		return true
	}
	r.Close()
	return false
}

// Scan implements sqlstore.Rows.
func (r *wireRows) Scan(targets ...any) error {
	easy, err := scan(targets, r.columns, r.from.Values())
	if err == nil && !easy {
		err = fmt.Errorf("a row of %d columns does not fit %d targets, or a type is not one of ours", len(r.from.Values()), len(targets))
	}
	return err
}

// Err implements sqlstore.Rows.
func (r *wireRows) Err() error { return r.err }

// Close implements sqlstore.Rows.
func (r *wireRows) Close() {
	if r.from == nil {
		return
	}
	tag, err := r.from.Close()
	r.from, r.tag = nil, tag
	if r.err == nil {
		r.err = err
	}
	r.answers.tell(tag, err)
}
