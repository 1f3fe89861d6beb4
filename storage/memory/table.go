package memory

import (
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/btree"

	"github.com/habilis-go/habilis/storage"
)

// table holds the rows of one kind by key, and an index of further entries that
// lead to them. A row is never changed, only replaced: units share those that they
// leave alone, and what a tree copies to become another's is a pointer for each.
type table[V any] struct {
	kind  *kind[V]
	rows  *rowTree
	index *entryTree
}

// rowTree leads from the key of a row to a *V. It is one type for all kinds, since the
// compiler writes the methods of a tree anew for each type that it holds, in this
// package and in whatever imports it.
type rowTree = btree.Map[string, any]

// entryTree leads from an entry to the key of its row.
type entryTree = btree.Map[string, string]

// kind says how rows of one kind are kept. Entries of one kind begin with a
// letter each, so they share one index.
type kind[V any] struct {
	key     func(V) key
	version func(*V) *int64 // nil for rows that never change
	own     func(V) V       // a copy that shares no memory and is normalised
	unique  func(V) []key   // entries that one row only may hold
	order   func(V) []key   // entries that lists are read from
}

func newTable[V any](k *kind[V]) table[V] {
	return table[V]{kind: k, rows: new(rowTree), index: new(entryTree)}
}

// copy returns a table that changes on its own. It takes constant time, but
// marks the nodes of tb as shared: only the owner of tb may call it.
func (tb table[V]) copy() table[V] {
	return table[V]{kind: tb.kind, rows: tb.rows.Copy(), index: tb.index.Copy()}
}

// row returns the row of a key. It is the table's own.
func (tb table[V]) row(k string) (*V, bool) {
	found, _ := tb.rows.Get(k)
	v, ok := found.(*V)
	return v, ok
}

func (tb table[V]) get(k key) (V, error) {
	v, ok := tb.row(string(k))
	if !ok {
		var none V
		return none, storage.ErrNotFound
	}
	return tb.kind.own(*v), nil
}

// find returns the row that a unique entry leads to.
func (tb table[V]) find(entry key) (V, error) {
	k, ok := tb.index.Get(string(entry))
	if !ok {
		var none V
		return none, storage.ErrNotFound
	}
	return tb.get(key(k))
}

// put inserts or replaces as the contract has it.
func (tb table[V]) put(v V) error {
	v = tb.kind.own(v)
	version := tb.kind.version(&v)
	old, exists := tb.row(string(tb.kind.key(v)))
	if exists && *tb.kind.version(old) != *version || !exists && *version != 0 {
		return storage.ErrConflict
	}
	if err := tb.checkUnique(v); err != nil {
		return err
	}
	*version++
	tb.set(v)
	return nil
}

func (tb table[V]) checkUnique(v V) error {
	if tb.kind.unique == nil {
		return nil
	}
	for _, entry := range tb.kind.unique(v) {
		if holder, ok := tb.index.Get(string(entry)); ok && holder != string(tb.kind.key(v)) {
			return storage.ErrExists
		}
	}
	return nil
}

// set stores v, whatever was there.
func (tb table[V]) set(v V) {
	k := string(tb.kind.key(v))
	var before []key
	if old, ok := tb.row(k); ok {
		before = tb.entries(*old)
	}
	tb.rows.Set(k, &v)
	after := tb.entries(v)
	for _, entry := range before {
		if !slices.Contains(after, entry) {
			tb.index.Delete(string(entry))
		}
	}
	for _, entry := range after {
		if !slices.Contains(before, entry) {
			tb.index.Set(string(entry), k)
		}
	}
}

// remove deletes the row that has v's key if it has v's version too.
func (tb table[V]) remove(v V) error {
	k := string(tb.kind.key(v))
	old, ok := tb.row(k)
	if !ok || *tb.kind.version(old) != *tb.kind.version(&v) {
		return storage.ErrConflict
	}
	for _, entry := range tb.entries(*old) {
		tb.index.Delete(string(entry))
	}
	tb.rows.Delete(k)
	return nil
}

func (tb table[V]) entries(v V) []key {
	var all []key
	if tb.kind.unique != nil {
		all = append(all, tb.kind.unique(v)...)
	}
	if tb.kind.order != nil {
		all = append(all, tb.kind.order(v)...)
	}
	return all
}

// scan yields the rows whose entries begin with prefix and follow after, in the
// order of the entries. An after that equals prefix begins at the beginning. The
// rows are the table's own; see [table.take].
func (tb table[V]) scan(prefix, after key) iter.Seq[V] {
	return func(yield func(V) bool) {
		tb.index.Ascend(string(after), func(entry, k string) bool {
			if entry == string(after) {
				return true
			}
			if !strings.HasPrefix(entry, string(prefix)) {
				return false
			}
			v, _ := tb.row(k)
			return yield(*v)
		})
	}
}

// named yields the rows with these IDs, in their order and each once.
func named[V any, K ~string](tb table[V], ids []K) iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, id := range distinct(ids) {
			if v, ok := tb.row(string(byID(id))); ok && !yield(*v) {
				return
			}
		}
	}
}

// scanBack is scan in reverse: entries below before, the highest first.
func (tb table[V]) scanBack(prefix, before key) iter.Seq[V] {
	return func(yield func(V) bool) {
		tb.index.Descend(string(before), func(entry, k string) bool {
			if entry == string(before) {
				return true
			}
			if !strings.HasPrefix(entry, string(prefix)) {
				return false
			}
			v, _ := tb.row(k)
			return yield(*v)
		})
	}
}

// take returns copies of the first limit rows that fit.
func (tb table[V]) take(rows iter.Seq[V], limit int, fits func(V) bool) []V {
	var out []V
	if limit <= 0 {
		return nil
	}
	for v := range rows {
		if !fits(v) {
			continue
		}
		if out = append(out, tb.kind.own(v)); len(out) == limit {
			break
		}
	}
	return out
}
