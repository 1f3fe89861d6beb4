package account_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// EN-06, R-100: nothing tells that an address is taken, neither the answer, nor the
// page, nor the mails to the present address, nor the history; its owner alone hears.
func TestATakenAddressIsAnsweredLikeAFreeOne(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		hubert := proven(t, w, "hubert@terneuil.example")
		one, two := proven(t, w, "one@terneuil.example"), proven(t, w, "two@terneuil.example")
		free, err := w.Accounts.RequestLoginChange(ctx, again(w, one), "free00@terneuil.example")
		require.NoError(t, err)
		taken, err := w.Accounts.RequestLoginChange(ctx, again(w, two), "hubert@terneuil.example")
		require.NoError(t, err)
		require.Equal(t, "hubert@terneuil.example", taken.Address)
		free.Address, taken.Address = "", ""
		require.Equal(t, free, taken)
		page, err := w.Accounts.PendingLoginChange(ctx, two)
		require.NoError(t, err)
		require.Equal(t, "hubert@terneuil.example", page.Address)
		_, err = w.Accounts.RequestLoginChange(ctx, again(w, two), "other@terneuil.example")
		require.ErrorIs(t, err, account.ErrLoginChangePending, "it counts as one under way, like any other")
		require.Equal(t, []string{
			"login_change free00@terneuil.example", "login_change_warning one@terneuil.example",
			"login_change_warning two@terneuil.example", "login_taken hubert@terneuil.example",
		}, sent(t, w, "login_"))
		require.NotContains(t, w.Last(t, "hubert@terneuil.example", notify.MailLoginTaken).Values, "Link", "the owner of the address gets nothing to confirm")
		a, b := load(t, w, one), load(t, w, two)
		require.Equal(t, a.Version, b.Version, "the same was written for both")

		w.Clock.Move(time.Minute)
		require.NoError(t, w.Accounts.CancelLoginChange(ctx, two), "cancelling tells nothing either")
		change(t, w, hubert, func(a *account.Account) { a.Status = account.StatusDeactivated })
		_, err = w.Accounts.RequestLoginChange(ctx, again(w, two), "hubert@terneuil.example")
		require.NoError(t, err, "nor does the state of the other account")
		require.Len(t, sent(t, w, "login_taken"), 1)
		require.Len(t, sent(t, w, "login_change hubert"), 0)
	})
}

// whoever proves the mailbox first gets the address; an address that was taken
// meanwhile fails neutrally, and frees itself for whoever asked when it is free again.
func TestAnAddressTakenMeanwhile(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := proven(t, w, before)
		confirm, _ := request(t, w, julie, after)
		other := w.Join(t, after)
		w.Unchanged(t, func() {
			_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
			require.ErrorIs(t, err, account.ErrLinkExpired)
			_, err = w.Accounts.InspectLink(ctx, confirm)
			require.ErrorIs(t, err, account.ErrLinkExpired)
		})
		require.Equal(t, before, load(t, w, julie).Login)
		change(t, w, other, func(a *account.Account) { a.Login = "elsewhere@terneuil.example" })
		_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
		require.NoError(t, err)
	})
}

// A registration that nobody activated proved nothing: it blocks neither a change nor
// the way back.
func TestARegistrationThatWasNeverActivatedGivesWay(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := proven(t, w, before)
		require.NoError(t, register(t, w, worldtest.Registration(after)))
		squatter, err := byLogin(t, w, after)
		require.NoError(t, err)
		dead := w.Token(t, after)
		confirm, _ := request(t, w, julie, after)
		_, err = w.Accounts.ConfirmLoginChange(ctx, confirm)
		require.NoError(t, err)
		gone := load(t, w, account.Person(squatter.ID))
		require.Equal(t, account.StatusAnonymized, gone.Status)
		require.Empty(t, gone.GivenName+gone.FamilyName+gone.ContactEmail+gone.Salt)
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			l, err := tx.Link(ctx, squatter.ID, account.PurposeActivation)
			require.Empty(t, l.Address, "no row of it tells the address")
			return err
		}))
		_, err = w.Accounts.Activate(ctx, dead, worldtest.Password)
		require.ErrorIs(t, err, account.ErrLinkExpired)

		w.Clock.Move(time.Minute)
		require.NoError(t, register(t, w, worldtest.Registration(before)), "an intruder blocks the way back")
		_, err = w.Accounts.UndoLoginChange(ctx, tokenTo(t, w, before, notify.MailLoginChangeUndo))
		require.NoError(t, err)
		require.Equal(t, before, load(t, w, julie).Login)
		w.Proven(t)
	})
}

// The former address takes a change back: whoever made it is shut out at once, and what
// they left behind is void.
func TestUndoingALoginChange(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := proven(t, w, before)
		confirm, _ := request(t, w, julie, after)
		_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
		require.NoError(t, err)
		undo := tokenTo(t, w, before, notify.MailLoginChangeUndo)
		require.Equal(t, w.Clock.Now().Add(72*time.Hour).Format(time.RFC3339), w.Last(t, before, notify.MailLoginChangeUndo).Values["Until"])
		held := w.SignIn(t, after)
		w.Clock.Move(time.Minute)
		further, cancel := request(t, w, julie, "further@atelier.example")

		w.Clock.Move(time.Hour)
		a, err := w.Accounts.UndoLoginChange(ctx, undo)
		require.NoError(t, err)
		require.Equal(t, before, a.Login)
		require.True(t, a.Credentials.Expired, "a new password is due")
		_, err = w.Accounts.Resume(ctx, held)
		require.ErrorIs(t, err, account.ErrSessionEnded)
		require.ErrorIs(t, beginWith(t, w, after), account.ErrInvalidCredentials)
		w.Unchanged(t, func() {
			_, err = w.Accounts.ConfirmLoginChange(ctx, further)
			require.ErrorIs(t, err, account.ErrLinkExpired)
			require.ErrorIs(t, w.Accounts.CancelLoginChangeByLink(ctx, cancel), account.ErrLinkExpired)
			_, err = w.Accounts.UndoLoginChange(ctx, undo)
			require.ErrorIs(t, err, account.ErrLinkUsed)
		})
		require.Equal(t, []string{"login_change_undone " + before, "login_changed " + after}, sent(t, w, "login_", w.Clock.Now()), "both addresses are told")
		w.Proven(t)
	})
}

// The way back ends at its instant; a policy without one mails none.
func TestHowLongALoginChangeCanBeUndone(t *testing.T) {
	t.Parallel()
	for early, want := range map[time.Duration]error{time.Microsecond: nil, 0: account.ErrLinkExpired} {
		w := memoryWorld(t)
		julie := proven(t, w, before)
		confirm, _ := request(t, w, julie, after)
		_, err := w.Accounts.ConfirmLoginChange(t.Context(), confirm)
		require.NoError(t, err)
		w.Clock.Move(72*time.Hour - early)
		_, err = w.Accounts.UndoLoginChange(t.Context(), tokenTo(t, w, before, notify.MailLoginChangeUndo))
		require.ErrorIs(t, err, want)
	}
	w := memoryWorld(t)
	julie := proven(t, w, before)
	confirm, _ := request(t, w, julie, after)
	_, err := withPolicy(t, w, func(p *account.Policy) { p.LoginChange.UndoLifetime = 0 }).ConfirmLoginChange(t.Context(), confirm)
	require.NoError(t, err)
	require.Equal(t, []string{"login_changed " + after, "login_changed " + before}, sent(t, w, "login_changed"), "the former address is told all the same")
	require.Empty(t, sent(t, w, "login_change_undo"))
}

// An intruder who changes the address twice does not shake the owner off, nor by
// closing the account; going back by an ordinary change leaves no way back to itself.
func TestTheFirstAddressKeepsTheWayBack(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := proven(t, w, before)
		move := func(to string) {
			t.Helper()
			w.Clock.Move(time.Minute)
			confirm, _ := request(t, w, julie, to)
			_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
			require.NoError(t, err)
		}
		move("evil@one.example")
		undo := tokenTo(t, w, before, notify.MailLoginChangeUndo)
		move("evil@two.example")
		require.Empty(t, sent(t, w, "login_change_undo evil"))
		w.Last(t, "evil@one.example", notify.MailLoginChanged)
		change(t, w, julie, func(a *account.Account) { a.Status = account.StatusDeactivated })
		_, err := w.Accounts.UndoLoginChange(ctx, undo)
		require.NoError(t, err)
		require.Equal(t, before, load(t, w, julie).Login)
		change(t, w, julie, func(a *account.Account) { a.Status = account.StatusActive })

		move(after)
		back := tokenTo(t, w, before, notify.MailLoginChangeUndo)
		move(before)
		_, err = w.Accounts.UndoLoginChange(ctx, back)
		require.ErrorIs(t, err, account.ErrLinkExpired)
		_, err = w.Accounts.UndoLoginChange(ctx, tokenTo(t, w, after, notify.MailLoginChangeUndo))
		require.NoError(t, err, "it is the other address that has one now")
	})
}

// LC-17: whoever took an account over and closes it, or closes it and comes back, has not
// shaken the owner of the former address off.
func TestTheFirstAddressKeepsTheWayBackWhenTheAccountIsClosed(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"closed": false, "closed and back": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
				ctx := t.Context()
				julie := proven(t, w, before)
				confirm, _ := request(t, w, julie, "evil@one.example")
				_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
				require.NoError(t, err)
				undo := tokenTo(t, w, before, notify.MailLoginChangeUndo)
				until := w.Leave(t, julie)
				_, err = w.Accounts.RequestReactivation(ctx, account.Anonymous(), "evil@one.example")
				require.NoError(t, err)
				link := w.TokenIn(t, "evil@one.example", notify.MailReactivation)
				if back {
					require.NoError(t, complete(w, link))
				}
				w.Clock.Move(time.Minute)
				info, err := w.Accounts.InspectLink(ctx, undo)
				require.NoError(t, err)
				require.Equal(t, before, info.Address)
				a, err := w.Accounts.UndoLoginChange(ctx, undo)
				require.NoError(t, err)
				require.Equal(t, before, a.Login)
				if !back {
					require.ErrorIs(t, complete(w, link), account.ErrLinkExpired, "the intruder's link is void")
					require.Equal(t, until, a.ReactivableUntil)
					_, err = w.Accounts.RequestReactivation(ctx, account.Anonymous(), before)
					require.NoError(t, err)
					require.NoError(t, complete(w, w.TokenIn(t, before, notify.MailReactivation)))
				}
				require.Equal(t, account.StatusActive, load(t, w, julie).Status)
				w.Proven(t)
			})
		})
	}
}

// follow lists every way to follow a link, by the purpose that it is for.
func follow(s *account.Service) map[account.Purpose]func(context.Context, string) error {
	return map[account.Purpose]func(context.Context, string) error{
		account.PurposeActivation: func(ctx context.Context, token string) error {
			_, err := s.Activate(ctx, token, worldtest.Password)
			return err
		},
		account.PurposeLoginChange: func(ctx context.Context, token string) error {
			_, err := s.ConfirmLoginChange(ctx, token)
			return err
		},
		account.PurposeLoginChangeCancel: s.CancelLoginChangeByLink,
		account.PurposeLoginChangeUndo: func(ctx context.Context, token string) error {
			_, err := s.UndoLoginChange(ctx, token)
			return err
		},
	}
}

// RP-09: a link is good for its own purpose and for no other, all pairs.
func TestEveryPairOfPurposes(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := proven(t, w, before)
		maker := ids.NewMaker(nil)
		tokens := map[account.Purpose]string{}
		for _, p := range []account.Purpose{
			account.PurposeActivation, account.PurposeReactivation, account.PurposePasswordReset,
			account.PurposeLoginChange, account.PurposeLoginChangeCancel, account.PurposeLoginChangeUndo,
		} {
			token, digest, err := secret.New(maker)
			require.NoError(t, err)
			tokens[p] = token
			address := before
			if p == account.PurposeLoginChange || p == account.PurposeLoginChangeUndo {
				address = after
			}
			require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
				former, err := tx.Link(ctx, julie.ID, p)
				if err != nil && p == account.PurposeActivation {
					return err
				}
				return tx.PutLink(ctx, account.Link{
					Account: julie.ID, Purpose: p, Digest: digest, Address: address,
					CreatedAt: w.Clock.Now(), ExpiresAt: w.Clock.Now().Add(time.Hour), Version: former.Version,
				})
			}))
		}
		w.Unchanged(t, func() {
			for purpose, token := range tokens {
				for door, open := range follow(w.Accounts) {
					if door != purpose {
						require.ErrorIs(t, open(ctx, token), account.ErrLinkExpired, "%s at the door of %s", purpose, door)
					}
				}
			}
		})
		require.Equal(t, before, load(t, w, julie).Login)
	})
}

// RP-13: a link works as it was mailed or not at all.
func TestTamperedLoginLinks(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx := t.Context()
	julie := proven(t, w, before)
	confirm, _ := request(t, w, julie, after)
	_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
	require.NoError(t, err)
	undo := tokenTo(t, w, before, notify.MailLoginChangeUndo)
	w.Clock.Move(time.Minute)
	confirm, cancel := request(t, w, julie, "next@atelier.example")
	doors := follow(w.Accounts)
	w.Unchanged(t, func() {
		for p, token := range map[account.Purpose]string{
			account.PurposeLoginChange: confirm, account.PurposeLoginChangeCancel: cancel, account.PurposeLoginChangeUndo: undo,
		} {
			for name, bad := range map[string]string{
				"empty": "", "short": token[:42], "long": token + "A", "other case": strings.ToUpper(token), "random": strings.Repeat("A", 43),
				"padded": token + "=", "NUL": token[:42] + "\x00", "space": " " + token, "huge": strings.Repeat(token, 10000), "digest": secret.Digest(token),
			} {
				require.ErrorIs(t, doors[p](ctx, bad), account.ErrLinkExpired, "%s %s", p, name)
				_, err := w.Accounts.InspectLink(ctx, bad)
				require.ErrorIs(t, err, account.ErrLinkExpired, "%s %s", p, name)
			}
		}
	})
}

// ML-13: looking at a link changes nothing, however often, and tells what it would do.
func TestInspectingALinkDoesNotFollowIt(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		look := func(token string, p account.Purpose, address string, until time.Duration) {
			t.Helper()
			w.Unchanged(t, func() {
				for range 3 {
					info, err := w.Accounts.InspectLink(ctx, token)
					require.NoError(t, err)
					require.Equal(t, account.LinkInfo{Purpose: p, Address: address, Until: w.Clock.Now().Add(until)}, info)
				}
			})
		}
		require.NoError(t, register(t, w, worldtest.Registration(before)))
		activation := w.Token(t, before)
		look(activation, account.PurposeActivation, before, time.Hour)
		a, err := w.Accounts.Activate(ctx, activation, worldtest.Password)
		require.NoError(t, err)
		_, err = w.Accounts.InspectLink(ctx, activation)
		require.ErrorIs(t, err, account.ErrLinkUsed)

		julie := account.Person(a.ID)
		confirm, cancel := request(t, w, julie, after)
		look(confirm, account.PurposeLoginChange, after, 24*time.Hour)
		look(cancel, account.PurposeLoginChangeCancel, before, 24*time.Hour)
		_, err = w.Accounts.ConfirmLoginChange(ctx, confirm)
		require.NoError(t, err, "and then it works")
		undo := tokenTo(t, w, before, notify.MailLoginChangeUndo)
		look(undo, account.PurposeLoginChangeUndo, before, 72*time.Hour)
		_, err = w.Accounts.InspectLink(ctx, cancel)
		require.ErrorIs(t, err, account.ErrLinkExpired)
		_, err = w.Accounts.UndoLoginChange(ctx, undo)
		require.NoError(t, err)
	})
}

// The states of an account that a link is for.
func TestWhatALinkIsFor(t *testing.T) {
	t.Parallel()
	now := worldtest.Start
	p, a, d, g := account.StatusPendingActivation, account.StatusActive, account.StatusDeactivated, account.StatusAnonymized
	for purpose, row := range map[account.Purpose]struct {
		address  string
		statuses []account.Status
		external bool
	}{
		account.PurposeActivation:        {before, []account.Status{p}, true},
		account.PurposeReactivation:      {before, []account.Status{d}, true},
		account.PurposePasswordReset:     {before, []account.Status{a}, true},
		account.PurposeLoginChange:       {after, []account.Status{a}, false},
		account.PurposeLoginChangeCancel: {before, []account.Status{a}, true},
		account.PurposeLoginChangeUndo:   {after, []account.Status{a, d}, false},
		"something else":                 {before, nil, false},
	} {
		l := account.Link{Purpose: purpose, Address: row.address, ExpiresAt: now.Add(time.Second)}
		for _, status := range []account.Status{p, a, d, g} {
			holder := account.Account{Login: before, Status: status}
			if !slices.Contains(row.statuses, status) {
				require.ErrorIs(t, l.Works(holder, now), account.ErrLinkExpired, "%s when %s", purpose, status)
				continue
			}
			require.NoError(t, l.Works(holder, now), "%s when %s", purpose, status)
			holder.External = true
			require.Equal(t, row.external, l.Works(holder, now) == nil, "%s outside", purpose)
			holder.External = false
			other, wrong := l, account.ErrLinkExpired
			other.Address = "other@terneuil.example"
			if row.address == after {
				other.Address, wrong = before, account.ErrLinkUsed
			}
			require.ErrorIs(t, other.Works(holder, now), wrong, "%s for another address", purpose)
			other.Address = ""
			require.ErrorIs(t, other.Works(holder, now), account.ErrLinkExpired, "%s when void", purpose)
			require.ErrorIs(t, l.Works(holder, l.ExpiresAt), account.ErrLinkExpired)
			other = l
			other.UsedAt = now
			require.ErrorIs(t, other.Works(holder, now), account.ErrLinkUsed)
		}
	}
}

// Links that were open when the address changed are void, and stay so after the way
// back.
func TestALoginChangeVoidsOpenLinks(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx := t.Context()
	julie := proven(t, w, before)
	plant := func(address string) {
		for _, p := range []account.Purpose{account.PurposePasswordReset, account.PurposeReactivation} {
			_, digest, err := secret.New(ids.NewMaker(nil))
			require.NoError(t, err)
			require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
				former, err := tx.Link(ctx, julie.ID, p)
				if err != nil {
					require.ErrorIs(t, err, fault.ErrNotFound)
				}
				return tx.PutLink(ctx, account.Link{
					Account: julie.ID, Purpose: p, Digest: digest, Address: address,
					CreatedAt: w.Clock.Now(), ExpiresAt: w.Clock.Now().Add(24 * time.Hour), Version: former.Version,
				})
			}))
		}
	}
	void := func() {
		t.Helper()
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			for _, p := range []account.Purpose{account.PurposePasswordReset, account.PurposeReactivation} {
				link, err := tx.Link(ctx, julie.ID, p)
				require.NoError(t, err)
				for _, address := range []string{before, after} {
					require.ErrorIs(t, link.Usable(address, w.Clock.Now()), account.ErrLinkExpired)
				}
			}
			return nil
		}))
	}
	plant(before)
	confirm, _ := request(t, w, julie, after)
	_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
	require.NoError(t, err)
	void()
	plant(after)
	_, err = w.Accounts.UndoLoginChange(ctx, tokenTo(t, w, before, notify.MailLoginChangeUndo))
	require.NoError(t, err)
	void()
}

// LC-17: a way back that leads to an address which is somebody else's by now leads
// nowhere, so it does not keep the next change from having one.
func TestAWayBackThatLeadsNowhereIsReplaced(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := proven(t, w, before)
		move := func(to string) {
			t.Helper()
			w.Clock.Move(time.Minute)
			confirm, _ := request(t, w, julie, to)
			_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
			require.NoError(t, err)
		}
		move(after)
		dead := tokenTo(t, w, before, notify.MailLoginChangeUndo)
		require.NoError(t, register(t, w, worldtest.Registration(before)))
		move("evil@one.example")
		require.Empty(t, sent(t, w, "login_change_undo "+after), "a registration that proved nothing gives way")
		_, err := w.Accounts.Activate(ctx, w.Token(t, before), worldtest.Password)
		require.NoError(t, err)
		move("evil@two.example")
		_, err = w.Accounts.UndoLoginChange(ctx, dead)
		require.ErrorIs(t, err, account.ErrLinkExpired)
		_, err = w.Accounts.UndoLoginChange(ctx, tokenTo(t, w, "evil@one.example", notify.MailLoginChangeUndo))
		require.NoError(t, err)
		w.Proven(t)
	})
}
