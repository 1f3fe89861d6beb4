package sqlstore

import (
	"math/bits"
	"strconv"
	"strings"
)

// where collects conditions that are ANDed, with their arguments.
type where struct {
	conditions []string
	args       []any
}

func (w *where) and(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// equal selects by a column if a value is given.
func (w *where) equal(column, value string) {
	if value != "" {
		w.and(column+" = ?", value)
	}
}

// word selects by a column of states, roles and the like if a value is given. The value
// is part of the statement: of a parameter, PostgreSQL cannot know whether a partial index
// on such a value serves, and SQLite plans the statement again each time it is set.
func word[T ~string](w *where, column string, value T) {
	if value != "" {
		anyWord(w, column, []T{value})
	}
}

// anyWord selects the rows whose column holds any of the values, which are as in word.
func anyWord[T ~string](w *where, column string, values []T) {
	quoted := make([]string, len(values))
	for i, v := range values {
		if strings.Trim(string(v), "abcdefghijklmnopqrstuvwxyz_") != "" || len(v) > maxWord {
			in(w, column, values) // not one of ours
			return
		}
		quoted[i] = "'" + string(v) + "'"
	}
	switch list := strings.Join(quoted, ", "); len(values) {
	case 0:
	case 1:
		w.and(column + " = " + list)
	default:
		w.and(column + " IN (" + list + ")")
	}
}

// maxWord is longer than any state or role.
const maxWord = 32

// in selects the rows whose column holds any of the values. The list is filled up
// to a power of two by repeating the last one, so that only a handful of different
// statements ever has to be planned.
func in[T ~string](w *where, column string, values []T) {
	if len(values) == 0 {
		return
	}
	if len(values) == 1 {
		w.and(column+" = ?", string(values[0]))
		return
	}
	size := 1 << bits.Len(uint(len(values)-1))
	args := make([]any, size)
	for i := range args {
		args[i] = string(values[min(i, len(values)-1)])
	}
	w.and(column+" IN ("+placeholders(size)+")", args...)
}

// arrayed is in, with all values as one argument where the database has arrays: less to
// send and to plan, and a plan for any number of values knows no better than the index
// on the column.
func arrayed[T ~string](w *where, d *Dialect, column string, values []T) {
	if !d.Arrays || len(values) == 0 {
		in(w, column, values)
		return
	}
	w.and(column+" = ANY (CAST(? AS TEXT[]))", array(values))
}

// array writes texts as PostgreSQL writes an array of them.
func array[T ~string](values []T) string {
	var b strings.Builder
	b.Grow(len(values)*(len(values[0])+len(`","`)) + len(`{""}`)) // they are as long as one another
	for i, v := range values {
		b.WriteString([]string{`{"`, `","`}[min(i, 1)])
		if strings.ContainsAny(string(v), `"\`) {
			v = T(strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(string(v)))
		}
		b.WriteString(string(v))
	}
	b.WriteString(`"}`)
	return b.String()
}

// chunk is how many values of a list one statement takes: a few, or any number where
// they are one argument.
func (d *Dialect) chunk(few int) int {
	if d.Arrays {
		return arrayAtOnce
	}
	return few
}

// arrayAtOnce bounds the arguments that are lists.
const arrayAtOnce = 1000

// query completes a statement: conditions, order and limit. The limit is part of the
// statement: SQLite plans one whose limit is a parameter again each time it is set.
func (w *where) query(d *Dialect, selectAll, order string, limit int) (string, []any) {
	return d.rebind(w.selection(selectAll) + " ORDER BY " + order + " LIMIT " + strconv.Itoa(limit)), w.args
}

// page is query without the first rows.
func (w *where) page(d *Dialect, selectAll, order string, skip, limit int) (string, []any) {
	query, args := w.query(d, selectAll, order, limit)
	if skip > 0 {
		query += " OFFSET " + strconv.Itoa(skip)
	}
	return query, args
}

// selection is a statement with its conditions.
func (w *where) selection(selectAll string) string {
	if len(w.conditions) == 0 {
		return selectAll
	}
	return selectAll + " WHERE " + strings.Join(w.conditions, " AND ")
}

// firsts selects of the rows that w selects the oldest one for each value of the columns.
func (w *where) firsts(table, columns string) where {
	var out where
	turn := "row_number() OVER (PARTITION BY " + columns + " ORDER BY requested_at, id)"
	out.and("id IN (SELECT id FROM ("+w.selection("SELECT id, "+turn+" AS turn FROM "+table)+") AS turns WHERE turn = 1)", w.args...)
	return out
}
