package notify_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

// slow is a store whose units take a second, and those that count notices a minute, which
// counts how many there are at once. The units after the first few that only read fail.
type slow struct {
	storage.Store
	joined bool
	sound  int // -1 for all

	mu           sync.Mutex
	inside, most map[string]int
}

// slowTx counts notices slowly.
type slowTx struct {
	storage.Tx
	of *slow
}

func (x slowTx) Tallies(ctx context.Context, q notify.TallyQuery) ([]notify.Tally, error) {
	defer x.of.enter("deciding", time.Minute)()
	return x.Tx.Tallies(ctx, q)
}

var errAway = errors.New("the database is away")

func (s *slow) Joined() bool { return s.joined }

func (s *slow) View(ctx context.Context, fn func(storage.Tx) error) error {
	s.mu.Lock()
	away := s.sound == 0
	s.sound--
	s.mu.Unlock()
	if away {
		return errAway
	}
	defer s.enter("units", time.Second)()
	return s.Store.View(ctx, func(tx storage.Tx) error { return fn(slowTx{tx, s}) })
}

func (s *slow) Update(ctx context.Context, fn func(storage.Tx) error) error {
	defer s.enter("units", time.Second)()
	return s.Store.Update(ctx, fn)
}

// enter counts something that takes a while, until what it returns is called.
func (s *slow) enter(what string, takes time.Duration) (leave func()) {
	count := func(n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inside[what] += n
		s.most[what] = max(s.most[what], s.inside[what])
	}
	count(1)
	time.Sleep(takes) // of the bubble
	return func() { count(-1) }
}

// Pages of people are read, decided about, two at once, and written at the same time, in a
// transaction of the host one after the other, and nothing goes on once CatchUp returns: the
// bubble fails if a goroutine stays behind. A failure anywhere ends it, with what was written
// before, and the next one goes on from there.
func TestPagesAreDecidedAhead(t *testing.T) {
	t.Parallel()
	const people = 9 // five pages of two
	for _, joined := range []bool{false, true} {
		for _, sound := range []int{-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11} {
			t.Run(fmt.Sprintf("joined %v, %d sound", joined, sound), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					n := newNewsroom(t, worldtest.New(t, memory.New()))
					for i := range people {
						who := n.member(t, fmt.Sprintf("p%d@terneuil.example", i), n.company.Urba)
						n.grant(t, who, n.company.Urba)
						n.wants(t, who, everything(notify.Daily))
					}
					n.publish(t, n.company.Urba, "invoice.paid")
					require.Zero(t, n.catchUp(t))
					n.until(t, "2026-11-23 06:00")
					s := &slow{Store: n.Store, joined: joined, sound: sound, inside: map[string]int{}, most: map[string]int{}}
					told, err := n.publisher(t, s).CatchUp(t.Context())
					switch {
					case sound >= 0:
						require.ErrorIs(t, err, errAway)
					case joined:
						require.NoError(t, err)
						require.Equal(t, map[string]int{"units": 1, "deciding": 1}, s.most)
					default:
						require.NoError(t, err)
						require.Equal(t, map[string]int{"units": 4, "deciding": 2}, s.most)
					}
					again, err := n.publisher(t, n.Store).CatchUp(t.Context())
					require.NoError(t, err)
					require.Equal(t, people, told+again)
					require.Len(t, n.news(t, notify.MailDigestDaily), people)
					require.NoError(t, n.Store.View(t.Context(), func(tx storage.Tx) error {
						r, err := tx.Run(t.Context(), notify.Daily)
						require.Equal(t, people, r.Told)
						require.False(t, r.FinishedAt.IsZero())
						return err
					}))
				})
			})
		}
	}
}
