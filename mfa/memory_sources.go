package mfa

import (
	"container/list"
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// SourcePolicy says how many tries a source has. It is data; zero fields mean their
// defaults.
type SourcePolicy struct {
	Tries    int // tries a minute, as many at once. Defaults to 30.
	Failures int // failed tries a minute, as many at once. Defaults to 10.

	// AllFailures is how many failed tries a minute all sources have together, as many
	// at once. It stops a spray from many sources, and everybody else's sign-in with
	// it while that lasts. Defaults to 0, no such bound.
	AllFailures int

	// Table bounds the sources that are remembered, some 300 bytes each; the one that
	// was quiet for longest makes room. Defaults to 10000.
	Table int
}

// MemorySources is [Sources] in the memory of one process. It is safe for concurrent
// use.
type MemorySources struct {
	policy SourcePolicy
	mu     sync.Mutex
	known  map[string]*list.Element // of *source
	recent *list.List               // latest try first
	all    *source
}

type source struct {
	name            string
	tries, failures *rate.Limiter
	open            int // tries under way, each of which may fail
}

// NewMemorySources returns one without any source yet. The error is [ErrBadPolicy] for
// a negative number.
func NewMemorySources(p SourcePolicy) (*MemorySources, error) {
	if p.Tries < 0 || p.Failures < 0 || p.AllFailures < 0 || p.Table < 0 {
		return nil, ErrBadPolicy.With("a source has a negative budget")
	}
	set := func(n *int, otherwise int) {
		if *n == 0 {
			*n = otherwise
		}
	}
	set(&p.Tries, 30)
	set(&p.Failures, 10)
	set(&p.Table, 10_000)
	m := &MemorySources{policy: p, known: map[string]*list.Element{}, recent: list.New()}
	m.all = &source{tries: rate.NewLimiter(rate.Inf, 0), failures: rate.NewLimiter(rate.Inf, 0)}
	if p.AllFailures > 0 {
		m.all.failures = perMinute(p.AllFailures)
	}
	return m, nil
}

func perMinute(n int) *rate.Limiter { return rate.NewLimiter(rate.Limit(float64(n)/60), n) }

// Take implements [Sources].
func (m *MemorySources) Take(_ context.Context, name string, now time.Time) (bool, func(bool)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.find(name)
	// Every open try may yet fail, so parallel ones cannot exceed the budget (BF-03).
	if !s.mayFail(now) || !m.all.mayFail(now) || !s.tries.AllowN(now, 1) {
		return false, func(bool) {}
	}
	s.open++
	m.all.open++
	return true, func(failed bool) {
		m.mu.Lock()
		defer m.mu.Unlock()
		s.settle(failed, now)
		m.all.settle(failed, now)
	}
}

func (s *source) mayFail(now time.Time) bool {
	return s.failures.Limit() == rate.Inf || s.failures.TokensAt(now) >= float64(s.open+1)
}

func (s *source) settle(failed bool, now time.Time) {
	s.open--
	if failed {
		s.failures.AllowN(now, 1)
	}
}

// find returns the row of a source, a fresh one if it is not known or was forgotten.
func (m *MemorySources) find(name string) *source {
	if e, ok := m.known[name]; ok {
		m.recent.MoveToFront(e)
		return e.Value.(*source)
	}
	if len(m.known) >= m.policy.Table {
		oldest := m.recent.Back()
		delete(m.known, oldest.Value.(*source).name)
		m.recent.Remove(oldest)
	}
	s := &source{name: name, tries: perMinute(m.policy.Tries), failures: perMinute(m.policy.Failures)}
	m.known[name] = m.recent.PushFront(s)
	return s
}

// Len returns how many sources are remembered, for a host's gauges.
func (m *MemorySources) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.known)
}
