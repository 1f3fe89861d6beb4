package sqlstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/habilis-go/habilis/storage"
)

// table describes how values of type T lie in a table, and holds the statements
// that follow from it. It never changes once made.
type table[T any] struct {
	name    string
	keys    int      // so many of the columns, the first ones, are the primary key
	columns []string // version, if there is one, comes last

	// fields returns a pointer to each column's field, in the order of columns, so
	// that one list serves both for reading and for writing.
	fields func(*T) []any

	// derived names columns that are written only, for searching, and derive
	// computes them.
	derived []string
	derive  func(*T) []any

	selectAll, get, insert, insertNew, update, updateStrict, remove, removeStrict string
}

// versioned says whether rows carry a version; history does not.
func (t *table[T]) versioned() bool { return t.columns[len(t.columns)-1] == "version" }

// prepare writes the statements for a dialect.
func (t table[T]) prepare(d *Dialect) *table[T] {
	key := make([]string, t.keys)
	for i, column := range t.columns[:t.keys] {
		key[i] = column + " = ?"
	}
	byKey := " WHERE " + strings.Join(key, " AND ")
	written := append(append([]string{}, t.columns...), t.derived...)
	if t.versioned() {
		written = append(append([]string{}, t.columns[:len(t.columns)-1]...), t.derived...)
	}

	t.selectAll = "SELECT " + strings.Join(t.columns, ", ") + " FROM " + t.name
	t.get = d.rebind(t.selectAll + byKey)
	names, values := strings.Join(written, ", "), placeholders(len(written))
	if t.versioned() {
		names, values = names+", version", values+", 1"
	}
	t.insert = d.rebind("INSERT INTO " + t.name + " (" + names + ") VALUES (" + values + ")")
	t.insertNew = t.insert + " ON CONFLICT (" + strings.Join(t.columns[:t.keys], ", ") + ") DO NOTHING"
	t.update = d.rebind("UPDATE " + t.name + " SET " + strings.Join(written[t.keys:], " = ?, ") +
		" = ?, version = version + 1" + byKey + " AND version = ?")
	t.updateStrict = strictly(t.update)
	t.remove = d.rebind("DELETE FROM " + t.name + byKey + " AND version = ?")
	t.removeStrict = strictly(t.remove)
	return &t
}

// strictly makes a statement that writes fail if it touches no row: it divides by how
// many it touched, which only the Classify of a [Deferrer] has to know.
func strictly(statement string) string {
	return "WITH touched AS (" + statement + " RETURNING 1) SELECT 1 / count(*) FROM touched"
}

// by returns the statement that gets the row with these unique columns.
func (t *table[T]) by(d *Dialect, columns ...string) string {
	return d.rebind(t.selectAll + " WHERE " + strings.Join(columns, " = ? AND ") + " = ?")
}

// row returns what is written for v, version aside, and its version.
func (t *table[T]) row(v *T) ([]any, int64) {
	fields := t.fields(v)
	var version int64
	if t.versioned() {
		last := len(fields) - 1
		version = *fields[last].(*int64)
		fields = fields[:last]
	}
	for i, f := range fields {
		fields[i] = argument(f)
	}
	if t.derive != nil {
		fields = append(fields, t.derive(v)...)
	}
	return fields, version
}

// put inserts a value of version 0 and replaces one whose version is still stored.
func put[T any](ctx context.Context, tx *Tx, t *table[T], v T) error {
	args, version := t.row(&v)
	if version != 0 {
		args = append(append(args[t.keys:len(args):len(args)], args[:t.keys]...), version)
		return touch(ctx, tx, t.update, t.updateStrict, args)
	}
	if _, able := tx.conn.(Deferrer); able { // which tells by the error what is taken
		return touch(ctx, tx, t.insert, t.insert, args)
	}
	return touch(ctx, tx, t.insertNew, "", args)
}

// remove deletes a value whose version is still stored.
func remove[T any](ctx context.Context, tx *Tx, t *table[T], v T) error {
	args, version := t.row(&v)
	return touch(ctx, tx, t.remove, t.removeStrict, append(args[:t.keys:t.keys], version))
}

// touch runs a statement that touches one row, unless somebody was faster. strict is as
// in [Write].
func touch(ctx context.Context, tx *Tx, query, strict string, args []any) error {
	return tx.write(ctx, Write{Query: query, Strict: strict, Args: args, Outcome: func(n int64, err error) error {
		return tx.outcome(ctx, n, err)
	}})
}

// get reads the one row that query selects, or returns ErrNotFound.
func get[T any](ctx context.Context, tx *Tx, t *table[T], query string, args ...any) (T, error) {
	var none T
	found, err := read(ctx, tx.statementContext(ctx), tx, t, query, args)
	switch {
	case err != nil:
		return none, err
	case len(found) == 0:
		return none, storage.ErrNotFound
	default:
		return found[0], nil
	}
}

// list reads every row that query selects.
func list[T any](ctx context.Context, tx *Tx, t *table[T], query string, args ...any) ([]T, error) {
	return read(ctx, ctx, tx, t, query, args)
}

func read[T any](ctx, statement context.Context, tx *Tx, t *table[T], query string, args []any) ([]T, error) {
	var found []T
	if err := tx.ask(ctx, statement, all(&found, t.fields, query, args...)); err != nil {
		return nil, err
	}
	return found, nil
}

// all reads every row that query selects into a list.
func all[T any](into *[]T, fields func(*T) []any, query string, args ...any) Read {
	return Read{Query: query, Args: args, Take: func(rows Rows) error {
		var v T
		row := fields(&v) // the same for every row: a scan leaves nothing of the one before
		for rows.Next() {
			if err := rows.Scan(row...); err != nil {
				return err
			}
			*into = append(*into, v)
		}
		return rows.Err()
	}}
}

// one reads the row that query selects, and leaves what it reads into as it is if
// there is none.
func one[T any](into *T, fields func(*T) []any, query string, args ...any) Read {
	return Read{Query: query, Args: args, Take: func(rows Rows) error {
		for rows.Next() {
			if err := rows.Scan(fields(into)...); err != nil {
				return err
			}
		}
		return rows.Err()
	}}
}

// rebind numbers the placeholders if the dialect wants that. No statement holds a
// question mark that is not one.
func (d *Dialect) rebind(query string) string {
	if !d.Numbered {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 16)
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
