package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
)

// The pause between mails is over at exactly its end, for every mail that an anonymous
// caller causes.
func TestThePauseBetweenMailsIsExact(t *testing.T) {
	t.Parallel()
	pause := account.Guide2024().MailPause
	for kind, c := range map[notify.Template]struct {
		prepare func(t *testing.T, w *worldtest.World)
		ask     func(t *testing.T, w *worldtest.World) error
	}{
		notify.MailActivation: {
			prepare: func(*testing.T, *worldtest.World) {},
			ask: func(t *testing.T, w *worldtest.World) error {
				t.Helper()
				return register(t, w, worldtest.Registration(julie))
			},
		},
		notify.MailPasswordReset: {
			prepare: func(t *testing.T, w *worldtest.World) {
				t.Helper()
				w.Join(t, julie)
			},
			ask: func(t *testing.T, w *worldtest.World) error {
				t.Helper()
				_, err := w.Accounts.ForgotPassword(t.Context(), account.Anonymous(), julie)
				return err
			},
		},
		notify.MailReactivation: {
			prepare: func(t *testing.T, w *worldtest.World) {
				t.Helper()
				w.Leave(t, w.Join(t, julie))
			},
			ask: func(t *testing.T, w *worldtest.World) error {
				t.Helper()
				_, err := w.Accounts.RequestReactivation(t.Context(), account.Anonymous(), julie)
				return err
			},
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := memoryWorld(t)
			c.prepare(t, w)
			require.NoError(t, c.ask(t, w))
			require.Equal(t, 1, w.Count(t, julie, kind))
			w.Clock.Move(pause - time.Microsecond)
			require.NoError(t, c.ask(t, w))
			require.Equal(t, 1, w.Count(t, julie, kind), "a moment too early")
			w.Clock.Move(time.Microsecond)
			require.NoError(t, c.ask(t, w))
			require.Equal(t, 2, w.Count(t, julie, kind))
		})
	}
}

// What people write to support, and support about a case, is as long as it may be.
func TestTextsToAndFromSupportAreBounded(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	configured(t, w, func(*account.Policy) {})
	ask := func(n int) error {
		return w.Accounts.AskSupport(t.Context(), account.Anonymous(), account.SupportRequest{Login: julie, Text: strings.Repeat("é", n)})
	}
	require.NoError(t, ask(1000))
	require.Equal(t, map[string]string{"text": "max1000 "}, codes(ask(1001)))

	person := w.Join(t, julie)
	w.Leave(t, person)
	grant := func(n int) error {
		_, err := w.Accounts.SupportReactivate(t.Context(), account.Support("S-42"), person.ID, strings.Repeat("é", n))
		return err
	}
	require.Equal(t, map[string]string{"reason": "max255 "}, codes(grant(256)))
	require.NoError(t, grant(255))
}

// The longest designation of a file is what the policy says.
func TestTheLongestDesignationIsThePolicys(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julie)
	s := files(t, w, func(_ *account.Options, p *account.AttachmentPolicy) { p.MaxDesignation = 7 })
	add := func(n int) error {
		_, err := s.AddAttachment(t.Context(), by, file(strings.Repeat("é", n)), strings.NewReader("x"))
		return err
	}
	require.NoError(t, add(7))
	require.Equal(t, map[string]string{"designation": "max7 "}, codes(add(8)))
}

// A proof is fresh until exactly the end of the policy's time.
func TestAProofIsFreshToItsLastMoment(t *testing.T) {
	t.Parallel()
	fresh, now, w := account.Guide2024().FreshProof, worldtest.Start, memoryWorld(t)
	by := account.Person("019ab000-0000-7000-8000-000000000001")
	by.ProvenAt = now
	require.NoError(t, w.Accounts.RequireProof(by, now.Add(fresh-time.Microsecond)))
	require.ErrorIs(t, w.Accounts.RequireProof(by, now.Add(fresh)), account.ErrProofRequired)
}
