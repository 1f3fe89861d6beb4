package notify

import (
	"iter"
	"sync"
)

// ahead is seq, one value ahead of whoever ranges over it: the next value is made while
// the one before is worked on, in a goroutine that ends before the range does. Where the
// store is part of a transaction of the host, which is nobody's to share, it is seq.
func (p *Publisher) ahead(seq iter.Seq[digestPage]) iter.Seq[digestPage] {
	if j, ok := p.store.(interface{ Joined() bool }); ok && j.Joined() {
		return seq
	}
	return ahead(seq)
}

func ahead[T any](seq iter.Seq[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		made, over := make(chan T), make(chan struct{})
		var wg sync.WaitGroup
		defer wg.Wait()
		defer close(over)
		wg.Go(func() {
			defer close(made)
			for v := range seq {
				select {
				case made <- v:
				case <-over:
					return
				}
			}
		})
		for v := range made {
			if !yield(v) {
				return
			}
		}
	}
}
