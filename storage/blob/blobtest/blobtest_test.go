package blobtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/blob/blobtest"
)

// saboteur is a memory store that breaks one obligation. What is nil is as it should
// be.
type saboteur struct {
	*blob.Memory
	put    func(ctx context.Context, m *blob.Memory, key string, content io.Reader) error
	open   func(ctx context.Context, m *blob.Memory, key string) (io.ReadCloser, error)
	remove func(ctx context.Context, m *blob.Memory, key string) error
	keys   func(ctx context.Context, m *blob.Memory, before time.Time) iter.Seq2[string, error]
	left   func() int
}

func (s *saboteur) Put(ctx context.Context, key string, content io.Reader) error {
	if s.put == nil {
		return s.Memory.Put(ctx, key, content)
	}
	return s.put(ctx, s.Memory, key, content)
}

func (s *saboteur) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if s.open == nil {
		return s.Memory.Open(ctx, key)
	}
	return s.open(ctx, s.Memory, key)
}

func (s *saboteur) Delete(ctx context.Context, key string) error {
	if s.remove == nil {
		return s.Memory.Delete(ctx, key)
	}
	return s.remove(ctx, s.Memory, key)
}

func (s *saboteur) Keys(ctx context.Context, before time.Time) iter.Seq2[string, error] {
	if s.keys == nil {
		return s.Memory.Keys(ctx, before)
	}
	return s.keys(ctx, s.Memory, before)
}

// takesAnyEnd fills buffers by io.ReadFull, which cannot tell a cut line from the end.
func takesAnyEnd() *saboteur {
	return &saboteur{put: func(ctx context.Context, m *blob.Memory, key string, content io.Reader) error {
		var all bytes.Buffer
		for buffer := make([]byte, 1000); ; {
			n, err := io.ReadFull(content, buffer)
			all.Write(buffer[:n])
			switch {
			case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
				return m.Put(ctx, key, &all)
			case err != nil:
				return err
			}
		}
	}}
}

// keepsWhatCame stores what a broken content yielded before it broke.
func keepsWhatCame() *saboteur {
	return &saboteur{put: func(ctx context.Context, m *blob.Memory, key string, content io.Reader) error {
		all, broken := io.ReadAll(content)
		return errors.Join(broken, m.Put(context.WithoutCancel(ctx), key, bytes.NewReader(all)))
	}}
}

// leavesParts forgets to clean up beneath.
func leavesParts() *saboteur {
	var mu sync.Mutex
	left := 0
	return &saboteur{
		put: func(ctx context.Context, m *blob.Memory, key string, content io.Reader) error {
			err := m.Put(ctx, key, content)
			if err != nil {
				mu.Lock()
				left++
				mu.Unlock()
			}
			return err
		},
		left: func() int {
			mu.Lock()
			defer mu.Unlock()
			return left
		},
	}
}

func ignoresContext() *saboteur {
	return &saboteur{put: func(ctx context.Context, m *blob.Memory, key string, content io.Reader) error {
		return m.Put(context.WithoutCancel(ctx), key, content)
	}}
}

func replaces() *saboteur {
	return &saboteur{put: func(ctx context.Context, m *blob.Memory, key string, content io.Reader) error {
		err := m.Put(ctx, key, content)
		if errors.Is(err, blob.ErrExists) {
			return errors.Join(m.Delete(ctx, key), m.Put(ctx, key, content))
		}
		return err
	}}
}

// looksThenWrites asks first whether a key is free and believes it later.
func looksThenWrites() *saboteur {
	return &saboteur{put: func(ctx context.Context, m *blob.Memory, key string, content io.Reader) error {
		if r, err := m.Open(ctx, key); err == nil {
			return errors.Join(blob.ErrExists, r.Close())
		}
		time.Sleep(20 * time.Millisecond) // the others look meanwhile
		err := m.Put(ctx, key, content)
		if errors.Is(err, blob.ErrExists) {
			return nil
		}
		return err
	}}
}

// showsEarly makes a key visible before its content is there.
func showsEarly() *saboteur {
	return &saboteur{put: func(ctx context.Context, m *blob.Memory, key string, content io.Reader) error {
		if err := m.Put(ctx, key, strings.NewReader("")); err != nil {
			return err
		}
		all, err := io.ReadAll(content)
		if err := errors.Join(err, ctx.Err(), m.Delete(context.WithoutCancel(ctx), key)); err != nil {
			return err
		}
		return m.Put(ctx, key, bytes.NewReader(all))
	}}
}

// oneAtATime is busy while a content arrives.
func oneAtATime() *saboteur {
	var mu sync.Mutex
	return &saboteur{put: func(ctx context.Context, m *blob.Memory, key string, content io.Reader) error {
		if !mu.TryLock() {
			return errors.New("database is locked")
		}
		defer mu.Unlock()
		return m.Put(ctx, key, content)
	}}
}

// fewReaders has connections that only the end of a content gives back.
func fewReaders(number int) func() *saboteur {
	return func() *saboteur {
		free := make(chan struct{}, number)
		return &saboteur{open: func(ctx context.Context, m *blob.Memory, key string) (io.ReadCloser, error) {
			select {
			case free <- struct{}{}:
			default:
				return nil, errors.New("no connection is free")
			}
			r, err := m.Open(ctx, key)
			if err != nil {
				<-free
				return nil, err
			}
			return &greedy{ReadCloser: r, end: sync.OnceFunc(func() { <-free })}, nil
		}}
	}
}

type greedy struct {
	io.ReadCloser
	end func()
}

func (g *greedy) Read(p []byte) (int, error) {
	n, err := g.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		g.end()
	}
	return n, err
}

// endsEarly takes a content that is gone for one that is over.
func endsEarly() *saboteur {
	return &saboteur{open: func(ctx context.Context, m *blob.Memory, key string) (io.ReadCloser, error) {
		r, err := m.Open(ctx, key)
		return &forgetful{r, func() bool {
			r, err := m.Open(context.Background(), key)
			return err == nil && r.Close() == nil
		}}, err
	}}
}

type forgetful struct {
	io.ReadCloser
	there func() bool
}

func (f *forgetful) Read(p []byte) (int, error) {
	if !f.there() {
		return 0, io.EOF
	}
	return f.ReadCloser.Read(p)
}

// outlivesClose goes on reading after Close.
func outlivesClose() *saboteur {
	return &saboteur{open: func(ctx context.Context, m *blob.Memory, key string) (io.ReadCloser, error) {
		r, err := m.Open(ctx, key)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(r), nil
	}}
}

func missesTheMissing() *saboteur {
	return &saboteur{remove: func(ctx context.Context, m *blob.Memory, key string) error {
		r, err := m.Open(ctx, key)
		if err != nil {
			return err
		}
		return errors.Join(r.Close(), m.Delete(ctx, key))
	}}
}

func listsBackwards() *saboteur {
	return &saboteur{keys: func(ctx context.Context, m *blob.Memory, before time.Time) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			var all []string
			for key, err := range m.Keys(ctx, before) {
				if err != nil {
					yield("", err)
					return
				}
				all = append([]string{key}, all...)
			}
			for _, key := range all {
				if !yield(key, nil) {
					return
				}
			}
		}
	}}
}

func listsTheYoung() *saboteur {
	return &saboteur{keys: func(ctx context.Context, m *blob.Memory, _ time.Time) iter.Seq2[string, error] {
		return m.Keys(ctx, time.Time{})
	}}
}

func foldsKeys() *saboteur {
	return &saboteur{put: func(ctx context.Context, m *blob.Memory, key string, content io.Reader) error {
		return m.Put(ctx, strings.ToLower(key), content)
	}}
}

// sabotage is a store that breaks one obligation, and the case that must notice.
type sabotage struct {
	breaks, caught string
	store          func() *saboteur
}

func sabotages() []sabotage {
	return []sabotage{
		{"a cut line is taken for the end", "FailingReader", takesAnyEnd},
		{"half a content is kept", "FailingReader", keepsWhatCame},
		{"parts are left beneath", "FailingReader", leavesParts},
		{"a dead context is ignored", "CancelledPut", ignoresContext},
		{"a content is replaced", "ExistingKeyIsRefused", replaces},
		{"several Puts of one key win", "ParallelPuts", looksThenWrites},
		{"a content is visible too early", "InvisibleUntilWhole", showsEarly},
		{"a slow Put keeps others out", "SlowPutHoldsNobodyUp", oneAtATime},
		{"slow readers keep others out", "SlowReaderHoldsNobodyUp", fewReaders(8)},
		{"a reader that is closed early holds on", "EarlyClose", fewReaders(50)},
		{"a reader outlives its Close", "EarlyClose", outlivesClose},
		{"a content that is gone seems to be over", "DeleteWhileRead", endsEarly},
		{"nothing to delete is an error", "UnknownKey", missesTheMissing},
		{"keys come in no order", "Keys", listsBackwards},
		{"keys that are too young are listed", "Keys", listsTheYoung},
		{"two keys are one", "InvalidKeys", foldsKeys},
	}
}

func run(t *testing.T, store func() *saboteur) {
	t.Helper()
	blobtest.Run(t, blobtest.Harness{
		New: func(*testing.T) blob.Store {
			s := store()
			s.Memory = blob.NewMemory()
			return s
		},
		Left: func(_ *testing.T, s blob.Store) int {
			if left := s.(*saboteur).left; left != nil {
				return left()
			}
			return 0
		},
	})
}

// TestUnsabotagedPasses is the control of the tests below: the wrapper alone breaks
// nothing.
func TestUnsabotagedPasses(t *testing.T) {
	t.Parallel()
	run(t, func() *saboteur { return &saboteur{} })
}

const sabotageVariable = "HABILIS_SABOTAGE"

// TestSabotaged runs the suite on one sabotaged store. It fails, and is run by
// TestSuiteNoticesSabotage in a process of its own.
func TestSabotaged(t *testing.T) {
	t.Parallel()
	name := os.Getenv(sabotageVariable)
	if name == "" {
		t.Skip("run by TestSuiteNoticesSabotage")
	}
	for _, s := range sabotages() {
		if s.breaks == name {
			run(t, s.store)
		}
	}
}

func TestSuiteNoticesSabotage(t *testing.T) {
	t.Parallel()
	for _, s := range sabotages() {
		t.Run(s.breaks, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestSabotaged$/^"+s.caught+"$", "-test.timeout=50s")
			child.Env = append(os.Environ(), sabotageVariable+"="+s.breaks)
			out, err := child.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("the suite must fail, and not by a panic: want exit status 1, got %v\n%s", err, out)
			}
			if want := fmt.Sprintf("--- FAIL: TestSabotaged/%s", s.caught); !strings.Contains(string(out), want) {
				t.Errorf("the suite must fail by the case %s\n%s", s.caught, out)
			}
		})
	}
}
