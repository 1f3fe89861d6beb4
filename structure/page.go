package structure

import (
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
)

// Bounds of a page.
const (
	DefaultPageSize = 20  // lines on a page of a list
	MaxPageSize     = 100 // lines on a page at most
)

// PageRequest asks for one page of a list, as people leaf through it. The zero
// PageRequest asks for the first page.
type PageRequest struct {
	Number int `validate:"min=0"`         // from 1; one after the last means the last. Defaults to 1.
	Size   int `validate:"min=0,max=100"` // lines on a page, at most MaxPageSize. Defaults to DefaultPageSize.
}

// fields names what is wrong with r.
func (r PageRequest) fields() []fault.Field { return check.Fields(r) }

// Page is one page of a list, with what a reader needs to leaf on. The zero Page is
// that of an empty list.
type Page[T any] struct {
	Items  []T
	Number int // which page this is, from 1
	Size   int // how many items a page has; the last may have fewer
	Total  int // how many items the whole list has
}

// newPage places a request in a list of so many items. The page has no items yet.
func newPage[T any](r PageRequest, total int) Page[T] {
	p := Page[T]{Number: max(r.Number, 1), Size: r.Size, Total: total}
	if p.Size == 0 {
		p.Size = DefaultPageSize
	}
	p.Number = min(p.Number, p.Last())
	return p
}

// skip is how many items stand before the page.
func (p Page[T]) skip() int { return (p.Number - 1) * p.Size }

// First is the number of the first page, which an empty list has too.
func (p Page[T]) First() int { return 1 }

// Last is the number of the last page.
func (p Page[T]) Last() int {
	if p.Size <= 0 || p.Total <= 0 {
		return 1
	}
	return (p.Total-1)/p.Size + 1
}

// Previous is the number of the page before, 0 if there is none.
func (p Page[T]) Previous() int { return max(p.Number-1, 0) }

// Next is the number of the page after, 0 if there is none.
func (p Page[T]) Next() int {
	if max(p.Number, 1) >= p.Last() {
		return 0
	}
	return p.Number + 1
}

// pageOf returns one page of a list that is at hand as a whole.
func pageOf[T any](all []T, r PageRequest) Page[T] {
	p := newPage[T](r, len(all))
	p.Items = all[p.skip():min(p.skip()+p.Size, len(all))]
	return p
}
