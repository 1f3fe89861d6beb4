package notify

import (
	"iter"
	"sync"
)

// ahead works on the values of seq, up to n of them at once and the next one listed
// meanwhile, while whoever ranges over the results deals with an earlier one. Results come
// in the order of values. Its goroutines end before the range does.
func ahead[T any](seq iter.Seq[T], n int, work func(T) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		begun, busy, over := make(chan chan T, n), make(chan struct{}, n), make(chan struct{})
		var wg sync.WaitGroup
		defer wg.Wait()
		defer close(over)
		wg.Go(func() {
			defer close(begun)
			for v := range seq {
				select {
				case busy <- struct{}{}:
				case <-over:
					return
				}
				done := make(chan T, 1)
				wg.Go(func() {
					done <- work(v)
					<-busy
				})
				select {
				case begun <- done:
				case <-over:
					return
				}
			}
		})
		for done := range begun {
			if !yield(<-done) {
				return
			}
		}
	}
}

// inTurn is ahead without any of it: one value after the other.
func inTurn[T any](seq iter.Seq[T], work func(T) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range seq {
			if !yield(work(v)) {
				return
			}
		}
	}
}
