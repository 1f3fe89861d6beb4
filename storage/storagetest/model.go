package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/habilis-go/habilis/internal/haste"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

// SeedVariable names the environment variable that makes the layer "Model" run
// the sequences of these seeds only, such as the one that a failure named. Several
// are separated by commas.
const SeedVariable = "HABILIS_STORAGETEST_SEED"

const (
	modelSequences = 4
	modelUnits     = 120
)

// runModel applies random units to the store under test and to a memory store,
// and compares every answer and, at the end, all they hold.
func runModel(t *testing.T, h Harness) {
	t.Helper()
	for n, seed := range modelSeeds(t) {
		t.Run(fmt.Sprint("Sequence", n+1), func(t *testing.T) {
			t.Parallel()
			modelSequence(h.bench(t), seed)
		})
	}
}

func modelSeeds(t *testing.T) []uint64 {
	t.Helper()
	var seeds []uint64
	if text := os.Getenv(SeedVariable); text != "" {
		for part := range strings.SplitSeq(text, ",") {
			seed, err := strconv.ParseUint(strings.TrimSpace(part), 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", SeedVariable, err)
			}
			seeds = append(seeds, seed)
		}
		return seeds
	}
	for range modelSequences {
		seeds = append(seeds, rand.Uint64())
	}
	return seeds
}

func modelSequence(b *bench, seed uint64) {
	b.Helper()
	model := memory.New()
	g := &generator{random: rand.New(rand.NewPCG(seed, 0))}
	var history []string
	for range modelUnits {
		u := g.unit()
		history = append(history, u.String())
		got, gotEnd := u.run(b.ctx, b.store)
		want, wantEnd := u.run(b.ctx, model)
		if d := u.differs(got, gotEnd, want, wantEnd); d != "" {
			b.Fatalf("the store answers otherwise than the model; to repeat: %s=%d\nthe last units were:\n%s\nthe difference is:\n%s",
				SeedVariable, seed, strings.Join(history[max(0, len(history)-8):], "\n"), d)
		}
	}
	want, err := ask(&bench{T: b.T, ctx: b.ctx, store: model}, func(tx storage.Tx) (state, error) { return stateOf(b.ctx, tx) })
	if err != nil {
		b.Fatalf("reading the model: %v", err)
	}
	if d := diff(read(b), want); d != "" {
		b.Fatalf("at the end the store holds something else than the model; to repeat: %s=%d\n%s", SeedVariable, seed, d)
	}
}

// step is one call, or a read and a write that depends on it.
type step struct {
	name string
	run  func(context.Context, storage.Tx) (any, error)
}

// unit is a list of steps and how it ends.
type unit struct {
	steps []step
	end   string // "commit", "rollback", "panic" or "view"
	haste string // "" or ", unhurried"
}

func (u unit) String() string {
	names := keys(u.steps, func(s step) string { return s.name })
	return fmt.Sprintf("\t%s%s: %s", u.end, u.haste, strings.Join(names, ", "))
}

// differs compares the answers of a store with those of the model. What a write
// breaks may be reported by a later call of the unit or by Update, so from the step
// at which the model refused a write only the end counts, and that the unit was
// rolled back before the store came to say so is as good.
func (u unit) differs(got []answer, gotEnd string, want []answer, wantEnd string) string {
	through := len(want)
	refused := through > 0 && want[through-1].Error == wantEnd && wantEnd != class(nil) && wantEnd != class(storage.ErrNotFound)
	if refused {
		through--
	}
	for i := range min(len(got), through) {
		if d := diff(got[i], want[i]); d != "" {
			return fmt.Sprintf("\t%s\n%s", u.steps[i].name, d)
		}
	}
	switch {
	case len(got) < through || !refused && len(got) > through:
		return fmt.Sprintf("\tit got through %d steps, want %d", len(got), through)
	case refused && (u.end == "rollback" && gotEnd == class(errRollback) || u.end == "panic" && gotEnd == panicked):
		return ""
	case gotEnd != wantEnd:
		return fmt.Sprintf("\tthe unit ended with %q, want %q", gotEnd, wantEnd)
	default:
		return ""
	}
}

// panicked is how a unit ends that panics.
const panicked = "panicked"

// answer is what a step answered.
type answer struct {
	Value any
	Error string
}

// run runs the unit once and returns its answers and how it ended.
func (u unit) run(ctx context.Context, s storage.Store) (answers []answer, end string) {
	work := func(tx storage.Tx) error {
		answers = nil // fn may be run again
		for _, step := range u.steps {
			value, err := step.run(ctx, tx)
			if err != nil {
				value = nil
			}
			answers = append(answers, answer{value, class(err)})
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				return err
			}
		}
		switch u.end {
		case "rollback":
			return errRollback
		case "panic":
			panic(errRollback)
		default:
			return nil
		}
	}
	defer func() {
		if p := recover(); p == errRollback { //nolint:errorlint // the very value
			end = panicked
		} else if p != nil {
			panic(p)
		}
	}()
	if u.haste != "" {
		ctx = haste.None(ctx)
	}
	run := s.Update
	if u.end == "view" {
		run = s.View
	}
	err := run(ctx, work)
	return answers, class(err)
}

func class(err error) string {
	switch {
	case err == nil:
		return "success"
	case errors.Is(err, storage.ErrNotFound):
		return "ErrNotFound"
	case errors.Is(err, storage.ErrExists):
		return "ErrExists"
	case errors.Is(err, storage.ErrConflict):
		return "ErrConflict"
	case errors.Is(err, errRollback):
		return "rolled back"
	default:
		return err.Error()
	}
}
