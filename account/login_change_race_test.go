package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
)

// confirmations lists the secrets that were mailed to confirm a change, by address.
func confirmations(t *testing.T, w *worldtest.World) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, m := range w.Mails(t) {
		if m.Template == notify.MailLoginChange {
			_, token, ok := strings.Cut(m.Values["Link"], "token=")
			require.True(t, ok)
			out[m.To] = append(out[m.To], token)
		}
	}
	return out
}

// RC-04, R-096: of 64 parallel requests, for an own address and a victim's, exactly one
// is under way, and what is mailed to an address confirms that address.
func TestParallelLoginChanges(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		intruder := again(w, proven(t, w, before))
		won := map[string]int{}
		addresses := []string{"own@evil.example", "victim@terneuil.example"}
		for i, err := range race(64, func(ctx context.Context, i int) error {
			_, err := w.Accounts.RequestLoginChange(ctx, intruder, addresses[i%2])
			return err
		}) {
			switch {
			case err == nil:
				won[addresses[i%2]]++
			case !errors.Is(err, account.ErrLoginChangePending):
				t.Errorf("unexpected: %v", err)
			}
		}
		require.Len(t, won, 1)
		mailed := confirmations(t, w)
		require.Len(t, mailed, 1)
		for address, tokens := range mailed {
			require.Equal(t, 1, won[address])
			require.Len(t, tokens, 1)
			a, err := w.Accounts.ConfirmLoginChange(t.Context(), tokens[0])
			require.NoError(t, err)
			require.Equal(t, address, a.Login)
		}
		w.Proven(t)
	})
}

// RC-04: requests, cancellations and confirmations in any interleaving never give an
// account an address whose secret was not presented. The intruder reads one mailbox,
// and the victim's is another.
func TestParallelLoginChangesNeverGiveTheVictimsAddress(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		intruder := again(w, proven(t, w, before))
		s := withPolicy(t, w, func(p *account.Policy) { p.MailPause = 0 })
		own := "own@evil.example"
		var read []string
		for range 3 {
			for _, err := range race(64, func(ctx context.Context, i int) error {
				switch i % 4 {
				case 0:
					_, err := s.RequestLoginChange(ctx, intruder, own)
					return err
				case 1:
					_, err := s.RequestLoginChange(ctx, intruder, "victim@terneuil.example")
					return err
				case 2:
					return s.CancelLoginChange(ctx, intruder)
				default:
					if len(read) == 0 {
						return nil
					}
					_, err := s.ConfirmLoginChange(ctx, read[i%len(read)])
					return err
				}
			}) {
				switch {
				case err == nil, errors.Is(err, account.ErrLoginChangePending), errors.Is(err, fault.ErrNotFound), errors.Is(err, fault.ErrConflict),
					errors.Is(err, account.ErrLinkExpired), errors.Is(err, account.ErrLinkUsed), errors.Is(err, fault.ErrInvalid):
				default:
					t.Errorf("unexpected: %v", err)
				}
			}
			read = confirmations(t, w)[own]
			require.Contains(t, []string{before, own}, load(t, w, intruder).Login)
		}
		for _, token := range read {
			_, _ = s.ConfirmLoginChange(t.Context(), token)
			require.Contains(t, []string{before, own}, load(t, w, intruder).Login)
		}
		w.Proven(t)
	})
}

// RC-05: several accounts prove one new address at once; one wins, the others learn
// nothing.
func TestParallelConfirmationsOfOneAddress(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		const people = 4
		for i := range people {
			w.Clock.Move(time.Minute)
			request(t, w, proven(t, w, fmt.Sprintf("julie%d@terneuil.example", i)), after)
		}
		tokens := confirmations(t, w)[after]
		require.Len(t, tokens, people)
		var won, used, lost int
		for _, err := range race(64, func(ctx context.Context, i int) error {
			_, err := w.Accounts.ConfirmLoginChange(ctx, tokens[i%people])
			return err
		}) {
			switch {
			case err == nil:
				won++
			case errors.Is(err, account.ErrLinkUsed):
				used++
			case errors.Is(err, account.ErrLinkExpired):
				lost++
			default:
				t.Errorf("unexpected: %v", err)
			}
		}
		require.Equal(t, []int{1, 15, 48}, []int{won, used, lost})
		require.Len(t, sent(t, w, "login_change_undo"), 1)
		w.Proven(t)
	})
}

// Of 64 parallel uses of the way back exactly one does it.
func TestOneUndo(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := proven(t, w, before)
		confirm, _ := request(t, w, julie, after)
		_, err := w.Accounts.ConfirmLoginChange(t.Context(), confirm)
		require.NoError(t, err)
		undo := tokenTo(t, w, before, notify.MailLoginChangeUndo)
		won := 0
		for _, err := range race(64, func(ctx context.Context, _ int) error {
			_, err := w.Accounts.UndoLoginChange(ctx, undo)
			return err
		}) {
			if err == nil {
				won++
			} else if !errors.Is(err, account.ErrLinkUsed) {
				t.Errorf("unexpected: %v", err)
			}
		}
		require.Equal(t, 1, won)
		w.Proven(t)
	})
}
