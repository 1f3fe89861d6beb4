package notify

import (
	"sync"
	"time"
)

// pace bounds the notices to one address within an hour. It keeps a number for each
// address of the hour, and forgets them all when the next hour begins.
type pace struct {
	perHour int

	mu    sync.Mutex
	until time.Time
	sent  map[string]int
}

func newPace(perHour int) *pace { return &pace{perHour: perHour, sent: map[string]int{}} }

// take counts one notice to an address, or returns until when there is none left for it.
func (p *pace) take(address string, now time.Time) (wait time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.until) || p.until.Sub(now) > time.Hour { // or the clock went back
		p.until = now.Truncate(time.Hour).Add(time.Hour)
		clear(p.sent)
	}
	if p.sent[address] >= p.perHour {
		return p.until, false
	}
	p.sent[address]++
	return time.Time{}, true
}

// giveBack uncounts a notice that was not sent.
func (p *pace) giveBack(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sent[address] > 0 {
		p.sent[address]--
	}
}
