package sqlstore

import (
	"math/bits"
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

// query completes a statement: conditions, order and limit.
func (w *where) query(d *Dialect, selectAll, order string, limit int) (string, []any) {
	var b strings.Builder
	b.WriteString(selectAll)
	for i, c := range w.conditions {
		if i == 0 {
			b.WriteString(" WHERE ")
		} else {
			b.WriteString(" AND ")
		}
		b.WriteString(c)
	}
	b.WriteString(" ORDER BY " + order + " LIMIT ?")
	return d.rebind(b.String()), append(w.args, int64(limit))
}
