package habilis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// Nothing runs without Run; Run delivers, and ends with its context. The bubble ends
// only once every goroutine in it has ended.
func TestRunDeliversAndStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox := notify.NewInbox()
		h, err := habilis.New(memory.New(), &habilis.Options{Mailer: inbox, Hashing: cheap})
		require.NoError(t, err)
		register := func(login string) {
			_, err = h.Accounts.Register(t.Context(), account.Anonymous(), account.Registration{Login: login, GivenName: "Julie", FamilyName: "Bon", AcceptConditions: true})
			require.NoError(t, err)
		}
		register("julie@atelier.example")
		time.Sleep(time.Hour)
		require.Empty(t, inbox.All(), "nothing runs before Run")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		register("hubert@atelier.example")
		time.Sleep(2 * time.Second)
		require.NotEmpty(t, inbox.Token("hubert@atelier.example"))
		require.Empty(t, inbox.Token("julie@atelier.example"), "ML-11: a link that is dead by now is not sent")
		cancel()
		require.NoError(t, <-done)
	})
}

// The background work removes what an upload left behind, and attachments stay out of
// what can be rolled back: a preview, and the host's own transaction.
func TestAttachmentsInTheHouse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox, contents, store := notify.NewInbox(), worldtest.NewContents(), memory.New()
		h, err := habilis.New(store, &habilis.Options{Mailer: inbox, Hashing: cheap, Contents: contents})
		require.NoError(t, err)
		julie := (&setting{h: h, store: store, inbox: inbox}).join(t, "julie@atelier.example", "Julie")
		note := account.NewAttachment{Designation: "Note", Type: "other"}
		_, err = h.Preview(t.Context(), func(h *habilis.Habilis) error {
			_, err := h.Accounts.AddAttachment(t.Context(), julie, note, strings.NewReader("x"))
			return err
		})
		require.ErrorIs(t, err, account.ErrNoContents)
		require.Empty(t, contents.Keys())

		_, err = h.Accounts.AddAttachment(t.Context(), julie, note, strings.NewReader("x"))
		require.NoError(t, err)
		require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error {
			found, err := tx.Attachments(t.Context(), account.AttachmentQuery{})
			require.NoError(t, err)
			found[0].Status, found[0].StatusSince = account.AttachmentRemoved, time.Now()
			return tx.PutAttachment(t.Context(), found[0])
		}))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		time.Sleep(2*time.Hour - time.Minute)
		require.Len(t, contents.Keys(), 1)
		time.Sleep(2 * time.Minute)
		require.Empty(t, contents.Keys())
		cancel()
		require.NoError(t, <-done)
	})
}

// R-110, LC-04: news of structures that wait when an account is deactivated are not sent
// any more; what concerns the account itself is.
func TestNewsStopWhenSomebodyLeaves(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, store storage.Store) {
		ctx, s := t.Context(), setup(t, store)
		_, err := s.h.Drain(ctx)
		require.NoError(t, err)
		require.NoError(t, s.approve(s.h)) // a mail to the clerk waits
		shown, err := s.h.Structures.PrepareDeactivation(ctx, s.clerk)
		require.NoError(t, err)
		_, err = s.h.Structures.Deactivate(ctx, s.clerk, structure.Deactivation{Confirmed: true, Token: shown.Token})
		require.NoError(t, err)
		stats, err := s.h.Drain(ctx)
		require.NoError(t, err)
		require.Equal(t, notify.Stats{Sent: 1, Expired: 1}, stats)
		last, _ := s.inbox.Last("julie@atelier.example")
		require.Equal(t, notify.MailAccountDeactivated, last.Template)
	})
}

// Run does what the clock owes, without anybody asking.
func TestRunCatchesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox := notify.NewInbox()
		h, err := habilis.New(memory.New(), &habilis.Options{Mailer: inbox, Hashing: cheap})
		require.NoError(t, err)
		s := &setting{h: h, inbox: inbox}
		by := s.join(t, "julie@atelier.example", "Julie")
		shown, err := h.Structures.PrepareDeactivation(t.Context(), by)
		require.NoError(t, err)
		_, err = h.Structures.Deactivate(t.Context(), by, structure.Deactivation{Confirmed: true, Token: shown.Token})
		require.NoError(t, err)
		time.Sleep(53*24*time.Hour - 10*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		time.Sleep(5 * time.Second)
		reminders := func() (n int) {
			for _, m := range inbox.All() {
				if m.Template == notify.MailReactivationReminder {
					n++
				}
			}
			return n
		}
		require.Equal(t, 1, reminders(), "the one that was missed before Run")
		time.Sleep(2 * time.Minute)
		require.Equal(t, 2, reminders(), "and the one that came due meanwhile")
		cancel()
		require.NoError(t, <-done)
	})
}

// sweeper is a store of contents that tells when it is swept.
type sweeper struct {
	*blob.Memory
	swept chan time.Duration
}

func (s sweeper) Sweep(_ context.Context, olderThan time.Duration) (int, error) {
	select {
	case s.swept <- olderThan:
	default:
	}
	return 0, nil
}

// I11: what an interrupted upload left behind in the contents themselves is swept, too,
// and never what an upload may still be writing.
func TestRunSweepsContents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		contents := sweeper{blob.NewMemory(), make(chan time.Duration, 1)}
		h, err := habilis.New(memory.New(), &habilis.Options{Hashing: cheap, Contents: contents})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		require.Greater(t, <-contents.swept, account.Guide2024().Attachments.UploadWindow)
		cancel()
		require.NoError(t, <-done)
	})
}

// an address that the mail server refuses for good is marked, and its owner is
// warned at the next sign-in; a contact address that is nobody's login is not.
func TestRefusedAddressIsMarked(t *testing.T) {
	t.Parallel()
	refusing := &refusingMailer{Inbox: notify.NewInbox()}
	h, err := habilis.New(memory.New(), &habilis.Options{Mailer: refusing, Hashing: cheap})
	require.NoError(t, err)
	s := &setting{h: h, inbox: refusing.Inbox}
	by := s.join(t, "julie@atelier.example", "Julie")
	refusing.on = true
	_, err = h.Accounts.ForgotPassword(t.Context(), account.Anonymous(), "julie@atelier.example")
	require.NoError(t, err)
	stats, err := h.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, notify.Stats{Dead: 1}, stats)
	o, err := h.Accounts.Overview(t.Context(), by)
	require.NoError(t, err)
	require.False(t, o.UndeliverableSince.IsZero())
}

type refusingMailer struct {
	*notify.Inbox
	on bool
}

func (m *refusingMailer) Send(ctx context.Context, e notify.Email) error {
	if m.on {
		return fmt.Errorf("%w, %w", notify.ErrUndeliverable, notify.ErrNoSuchMailbox)
	}
	return m.Inbox.Send(ctx, e)
}
