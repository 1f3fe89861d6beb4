package smtp_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/smtptest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/notify/smtp"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/sqlite"
)

// The process that is killed finds here which file and which server it works with, and
// its number.
const (
	crashFile   = "HABILIS_CRASH_FILE"
	crashServer = "HABILIS_CRASH_SERVER"
	crashNumber = "HABILIS_CRASH_NUMBER"
)

func crashKeys(tb testing.TB) *account.Keys {
	tb.Helper()
	key := sha256.Sum256([]byte("crashes around SMTP"))
	keys, err := account.NewKeys(key[:])
	require.NoError(tb, err)
	return keys
}

func crashStore(t *testing.T, file string) (*sqlite.Store, notify.Store) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), file, nil)
	require.NoError(t, err)
	return s, storage.Notices(s)
}

// TestCrashChild is the process that is killed: it drains the outbox. Each one lives
// after the leases of the one before.
func TestCrashChild(t *testing.T) {
	t.Parallel()
	file := os.Getenv(crashFile)
	if file == "" {
		t.Skip("only as a process of TestKillsAroundSMTP")
	}
	number, err := strconv.Atoi(os.Getenv(crashNumber))
	require.NoError(t, err)
	_, store := crashStore(t, file)
	mailer, err := smtp.New(os.Getenv(crashServer), from, &smtp.Options{TLS: smtp.Loopback, Hello: os.Getenv(crashNumber)})
	require.NoError(t, err)
	d, err := notify.NewDispatcher(store, mailer, crashKeys(t), &notify.DispatcherOptions{
		Now: func() time.Time { return time.Now().Add(time.Duration(number) * time.Hour) },
	})
	require.NoError(t, err)
	_, err = d.Drain(t.Context())
	require.NoError(t, err)
}

// ML-10: a process that is killed at random points of its work loses no mail and sends one
// twice at most. HABILIS_ROUNDS is how often it is killed.
func TestKillsAroundSMTP(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	kills, perRound := longtest.Rounds(500), 3
	file := filepath.Join(t.TempDir(), "outbox.db")
	s := smtptest.StartWith(t, smtptest.Config{TLS: smtptest.TLSNone})
	owed := kills*perRound + 50
	owe(t, file, owed)

	random := rand.New(rand.NewPCG(1, uint64(kills)))
	hits := map[smtptest.Stage]int{}
	number, killed, early := 0, 0, 0
	for ; killed < kills; number++ {
		stage := []smtptest.Stage{smtptest.StageConnect, smtptest.StageFrom, smtptest.StageTo, smtptest.StageData, smtptest.StageKept, smtptest.StageKept}[random.IntN(6)]
		delay := time.Duration(random.IntN(2)) * time.Duration(random.IntN(3000)) * time.Microsecond
		if life(t, s, file, number, stage, 1+random.IntN(2*perRound-1), delay) {
			killed++
			hits[stage]++
		} else if early++; early > kills/10+3 {
			t.Fatal("the processes end before they are killed")
		}
		if random.IntN(20) == 0 { // more to do, so that no process runs dry
			owed += perRound
			owe(t, file, perRound)
		}
	}
	s.SetHook(nil)
	require.False(t, life(t, s, file, number, "", 0, 0), "the last one is left alone")

	copies, lives := map[string][]string{}, map[string]int{}
	for _, m := range s.Mails() {
		require.NoError(t, m.Err)
		id := m.Header.Get("Message-Id")
		copies[id] = append(copies[id], m.Hello)
	}
	duplicates := 0
	for id, by := range copies {
		for _, life := range by[:len(by)-1] { // those that did not come to mark it
			duplicates++
			lives[life]++
			require.Equal(t, 1, lives[life], "life %s sent more than one mail that was sent again, %s among them", life, id)
		}
	}
	t.Logf("%d kills (%v), %d mails owed, %d lost, %d sent twice", killed, hits, owed, owed-len(copies), duplicates)
	require.Len(t, copies, owed, "none lost")
	require.LessOrEqual(t, duplicates, killed)
	if killed >= 100 {
		require.NotZero(t, duplicates, "the kills came where they matter")
	}

	db, store := crashStore(t, file)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, store.View(t.Context(), func(tx notify.Tx) error {
		n, err := tx.CountMessages(t.Context(), notify.MessageQuery{Status: notify.MessageSent})
		require.Equal(t, owed, n, "every one of them is marked")
		return err
	}))
}

// owe puts so many mails into the outbox.
func owe(t *testing.T, file string, n int) {
	t.Helper()
	db, store := crashStore(t, file)
	defer func() { require.NoError(t, db.Close()) }()
	journal, now := notify.NewJournal(crashKeys(t), ids.NewMaker(nil)), time.Now().UTC()
	require.NoError(t, store.Update(t.Context(), func(tx notify.Tx) error {
		for i := range n {
			m := notify.Mail{
				Key: fmt.Sprint(now.UnixNano(), "/", i), Template: notify.MailSignedOutEverywhere, To: fmt.Sprintf("m%d@example.org", i), Language: "fr",
				Values: notify.Values{"Name": "Julie BON", "At": now.Format(time.RFC3339)},
			}
			if err := journal.Enqueue(t.Context(), tx, now, m); err != nil {
				return err
			}
		}
		return nil
	}))
}

// life starts a process and kills it some time after a stage of its nth mail. It reports
// whether the process was killed before it ended.
func life(t *testing.T, s *smtptest.Server, file string, number int, at smtptest.Stage, nth int, delay time.Duration) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashChild$")
	cmd.Env = append(os.Environ(), crashFile+"="+file, crashServer+"="+s.Addr, crashNumber+"="+strconv.Itoa(number))
	var once sync.Once
	var mu sync.Mutex
	kill := func() { once.Do(func() { _ = cmd.Process.Kill() }) }
	if at != "" {
		s.SetHook(func(stage smtptest.Stage, m smtptest.Mail) error {
			mu.Lock()
			defer mu.Unlock()
			if stage != at || m.Hello != "" && m.Hello != strconv.Itoa(number) {
				return nil
			}
			if nth--; nth == 0 || at == smtptest.StageConnect {
				if delay == 0 {
					kill()
				} else {
					time.AfterFunc(delay, kill)
				}
			}
			return nil
		})
	}
	mu.Lock() // until the process is there to be killed
	require.NoError(t, cmd.Start())
	mu.Unlock()
	return cmd.Wait() != nil
}
