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
	rows  *btree.Map[string, *V]
	index *btree.Map[string, string] // entry to key of the row
}

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
	return table[V]{kind: k, rows: new(btree.Map[string, *V]), index: new(btree.Map[string, string])}
}

// copy returns a table that changes on its own. It takes constant time, but
// marks the nodes of tb as shared: only the owner of tb may call it.
func (tb table[V]) copy() table[V] {
	return table[V]{kind: tb.kind, rows: tb.rows.Copy(), index: tb.index.Copy()}
}

func (tb table[V]) get(k key) (V, error) {
	v, ok := tb.rows.Get(string(k))
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
	old, exists := tb.rows.Get(string(tb.kind.key(v)))
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
	if old, ok := tb.rows.Set(k, &v); ok {
		before = tb.entries(*old)
	}
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
	old, ok := tb.rows.Get(k)
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
			v, _ := tb.rows.Get(k)
			return yield(*v)
		})
	}
}

// named yields the rows with these IDs, in their order and each once.
func named[V any, K ~string](tb table[V], ids []K) iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, id := range distinct(ids) {
			if v, ok := tb.rows.Get(string(byID(id))); ok && !yield(*v) {
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
			v, _ := tb.rows.Get(k)
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
