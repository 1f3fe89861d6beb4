package mfa_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// a key is registered, listed, renamed, asked for at
// every sign-in, and removed.
func TestAKeyFromItsRegistrationToItsEnd(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		keyed(t, w, nil)
		first, f := add(t, w, julie)
		require.Equal(t, mfa.Enrolled{ID: f.ID, Kind: account.FactorSecurityKey, Label: "Clé de sécurité", AddedAt: worldtest.Start}, f)
		require.Equal(t, 1, count(t, w, "account.security_key_added"))
		require.Equal(t, "Clé de sécurité", w.Last(t, login, notify.MailFactorAdded).Values["Factor"])
		w.Clock.Move(time.Millisecond)
		second, g := add(t, w, julie)

		f, err := w.SignIns.RenameFactor(ctx, julie, f.ID, "  la   bleue ")
		require.NoError(t, err)
		require.Equal(t, "la bleue", f.Label)

		handle, options := ask(t, w)
		ids := []string{base64.RawURLEncoding.EncodeToString(first.key.ID), base64.RawURLEncoding.EncodeToString(second.key.ID)}
		require.ElementsMatch(t, ids, allowed(t, options), "R-086: any of several keys")
		require.Zero(t, w.Count(t, login, notify.MailSignInCode), "no code leaves where a key is asked for (R-090)")
		_, err = w.SignIns.Finish(ctx, handle)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired)
		require.NoError(t, w.SignIns.ProveKey(ctx, handle, second.get(t, options)))
		session, err := w.SignIns.Finish(ctx, handle)
		require.NoError(t, err)
		require.Equal(t, []account.Factor{account.FactorPassword, account.FactorSecurityKey}, session.Factors)

		used := w.Clock.Now()
		w.Clock.Move(time.Hour)
		list, err := w.SignIns.ListFactors(ctx, julie)
		require.NoError(t, err)
		require.Len(t, list, 4)
		require.Equal(t, f, list[2])
		require.Equal(t, used, list[3].LastUsedAt)

		require.ErrorIs(t, w.SignIns.RemoveFactor(ctx, julie, g.ID), account.ErrProofRequired)
		require.NoError(t, w.SignIns.RemoveFactor(ctx, proven(w, julie), g.ID))
		handle, options = ask(t, w)
		require.Equal(t, ids[:1], allowed(t, options))
		err = w.SignIns.ProveKey(ctx, handle, second.get(t, options))
		require.ErrorIs(t, err, mfa.ErrKeyRefused, "a removed key proves nothing")
		require.NoError(t, w.SignIns.RemoveFactor(ctx, proven(w, julie), f.ID))
		require.Equal(t, account.FactorMailCode, begin(t, w).Factor)
		w.Proven(t)
	})
}

// RP-17, FL-14: what answers a registration works once, and nothing is asked for before it did.
func TestAnAnswerRegistersOnce(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		keyed(t, w, nil)
		begun, err := w.SignIns.BeginKey(ctx, proven(w, julie))
		require.NoError(t, err)
		require.Equal(t, account.FactorMailCode, begin(t, w).Factor, "half a registration is none")

		stranger := newStick()
		stranger.site.Origin = "https://evil.example"
		answer := mfa.KeyAnswer{Enrolment: begun.ID, Response: stranger.create(t, begun.Options)}
		_, err = w.SignIns.FinishKey(ctx, proven(w, julie), answer)
		require.ErrorIs(t, err, mfa.ErrKeyRefused)
		require.ErrorContains(t, err, "origin", "whoever runs the service learns why")
		answer.Response = newStick().create(t, begun.Options)
		_, err = w.SignIns.FinishKey(ctx, proven(w, julie), answer)
		require.ErrorIs(t, err, mfa.ErrEnrolmentOver, "the challenge is spent")

		begun, err = w.SignIns.BeginKey(ctx, proven(w, julie))
		require.NoError(t, err)
		late := mfa.KeyAnswer{Enrolment: begun.ID, Response: newStick().create(t, begun.Options)}
		begun, err = w.SignIns.BeginKey(ctx, proven(w, julie))
		require.NoError(t, err)
		_, err = w.SignIns.FinishKey(ctx, proven(w, julie), late)
		require.ErrorIs(t, err, mfa.ErrEnrolmentOver, "a registration that was begun later")
		late.Enrolment = begun.ID
		_, err = w.SignIns.FinishKey(ctx, proven(w, julie), late)
		require.ErrorIs(t, err, mfa.ErrKeyRefused, "the challenge of another registration")

		begun, err = w.SignIns.BeginKey(ctx, proven(w, julie))
		require.NoError(t, err)
		answer = mfa.KeyAnswer{Enrolment: begun.ID, Response: newStick().create(t, begun.Options)}
		_, err = w.SignIns.FinishKey(ctx, proven(w, julie), answer)
		require.NoError(t, err)
		w.Unchanged(t, func() {
			_, err = w.SignIns.FinishKey(ctx, proven(w, julie), answer)
			require.ErrorIs(t, err, mfa.ErrEnrolmentOver)
		})
		w.Proven(t)
	})
}

// R-086, FL-20: a key belongs to one account, and once.
func TestAKeyBelongsToOneAccount(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie, ben := w.Join(t, login), w.Join(t, "ben@terneuil.example")
		keyed(t, w, nil)
		key, _ := add(t, w, julie)
		for _, by := range []account.Actor{julie, ben} {
			begun, err := w.SignIns.BeginKey(ctx, proven(w, by))
			require.NoError(t, err)
			_, err = w.SignIns.FinishKey(ctx, proven(w, by), mfa.KeyAnswer{Enrolment: begun.ID, Response: key.create(t, begun.Options)})
			require.ErrorIs(t, err, mfa.ErrKeyRegistered)
			_, err = w.SignIns.FinishKey(ctx, proven(w, ben), mfa.KeyAnswer{Enrolment: begun.ID, Response: newStick().create(t, begun.Options)})
			require.ErrorIs(t, err, mfa.ErrEnrolmentOver, "another's registration is not there")
		}
		list, err := w.SignIns.ListFactors(ctx, ben)
		require.NoError(t, err)
		require.Len(t, list, 2, "the password and the mailbox")
		w.Proven(t)
	})
}

// two accounts that register one key at once; one wins.
func TestOneOfTwoAccountsGetsTheKey(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		people := []account.Actor{w.Join(t, login), w.Join(t, "ben@terneuil.example")}
		keyed(t, w, nil)
		key, errs := newStick(), make([]error, len(people))
		var wg sync.WaitGroup
		for i, by := range people {
			begun, err := w.SignIns.BeginKey(t.Context(), proven(w, by))
			require.NoError(t, err)
			answer := mfa.KeyAnswer{Enrolment: begun.ID, Response: key.create(t, begun.Options)}
			wg.Go(func() { _, errs[i] = w.SignIns.FinishKey(t.Context(), proven(w, by), answer) })
		}
		wg.Wait()
		require.ErrorIs(t, errors.Join(errs...), mfa.ErrKeyRegistered)
		require.True(t, errs[0] == nil || errs[1] == nil)
		w.Proven(t)
	})
}

// FL-08, R-064: only a person who proved a factor of late, and has room for one more, adds a key.
func TestWhoMayAddAKey(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		_, err := w.SignIns.BeginKey(ctx, proven(w, julie))
		require.ErrorIs(t, err, mfa.ErrNotOffered, "no domain, no keys")
		keyed(t, w, func(p *mfa.Policy) { p.Keys.MaxKeys = 2 })

		begun, err := w.SignIns.BeginKey(ctx, proven(w, julie))
		require.NoError(t, err)
		answer := mfa.KeyAnswer{Enrolment: begun.ID, Response: newStick().create(t, begun.Options)}
		w.Unchanged(t, func() {
			for name, by := range map[string]account.Actor{"nobody": account.Anonymous(), "support": account.Support("x"), "the clock": account.System()} {
				_, err := w.SignIns.BeginKey(ctx, by)
				require.ErrorIs(t, err, account.ErrActor, name)
				_, err = w.SignIns.FinishKey(ctx, by, answer)
				require.ErrorIs(t, err, account.ErrActor, name)
			}
			_, err = w.SignIns.BeginKey(ctx, julie)
			require.ErrorIs(t, err, account.ErrProofRequired)
			_, err = w.SignIns.FinishKey(ctx, julie, answer)
			require.ErrorIs(t, err, account.ErrProofRequired)
			answer.Label = strings.Repeat("é", 65)
			_, err = w.SignIns.FinishKey(ctx, proven(w, julie), answer)
			require.Equal(t, []string{"label max 64"}, fieldsOf(err))
			answer.Label = "a\x00b"
			_, err = w.SignIns.FinishKey(ctx, proven(w, julie), answer)
			require.Equal(t, []string{"label line "}, fieldsOf(err))
		})
		answer.Label = strings.Repeat("é", 64)
		_, err = w.SignIns.FinishKey(ctx, proven(w, julie), answer)
		require.NoError(t, err)
		add(t, w, julie)
		_, err = w.SignIns.BeginKey(ctx, proven(w, julie))
		require.ErrorIs(t, err, mfa.ErrKeyLimit, "two is the most")
	})
}

// A registration is over at its instant; the challenge of a sign-in is over with the sign-in.
func TestKeyCeremoniesEnd(t *testing.T) {
	t.Parallel()
	w := world(t)
	ctx := t.Context()
	julie := w.Join(t, login)
	keyed(t, w, nil)
	for _, c := range []struct {
		after time.Duration
		want  error
	}{{10*time.Minute - time.Microsecond, nil}, {10 * time.Minute, mfa.ErrEnrolmentOver}} {
		begun, err := w.SignIns.BeginKey(ctx, proven(w, julie))
		require.NoError(t, err)
		require.Equal(t, w.Clock.Now().Add(10*time.Minute), begun.ExpiresAt)
		w.Clock.Move(c.after)
		_, err = w.SignIns.FinishKey(ctx, proven(w, julie), mfa.KeyAnswer{Enrolment: begun.ID, Response: newStick().create(t, begun.Options)})
		require.ErrorIs(t, err, c.want)
	}
	n, err := w.SignIns.PurgeExpired(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n, "what was never finished is removed")
}

// RP-16, FL-19: an answer works once, in the sign-in that it was given to.
func TestAnAnswerSignsInOnce(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie, ben := w.Join(t, login), w.Join(t, "ben@terneuil.example")
		keyed(t, w, nil)
		key, _ := add(t, w, julie)
		foreign, _ := add(t, w, ben)

		handle, options := ask(t, w)
		for name, response := range map[string][]byte{
			"nothing": nil, "no JSON": []byte("{"), "another account's key": foreign.get(t, options), "too much": bytes.Repeat([]byte(" "), 1<<20),
		} {
			require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, response), mfa.ErrKeyRefused, name)
		}
		handle, options = ask(t, w)
		spent := key.get(t, options)
		require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, []byte("{}")), mfa.ErrKeyRefused)
		require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, spent), mfa.ErrKeyRefused, "every try ends the challenge")

		options, err := w.SignIns.BeginKeySignIn(ctx, handle)
		require.NoError(t, err)
		right := key.get(t, options)
		require.NoError(t, w.SignIns.ProveKey(ctx, handle, right))
		require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, right), mfa.ErrKeyRefused, "RP-16")
		other, options := ask(t, w)
		require.ErrorIs(t, w.SignIns.ProveKey(ctx, other, right), mfa.ErrKeyRefused, "the answer of another sign-in")
		_, err = w.SignIns.Finish(ctx, other)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired)
		require.NotEmpty(t, options)
		w.Proven(t)
	})
}

// FL-19, R-087: the origin, the domain and the person are the ones that the policy names.
func TestOnlyTheSitesOwnAnswersCount(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		keyed(t, w, func(p *mfa.Policy) { p.Keys.Verification = mfa.VerificationRequired })
		key, _ := add(t, w, julie)
		for name, change := range map[string]func(*stick){
			"origin":   func(s *stick) { s.site.Origin = "https://www.acces.example.evil.example" },
			"domain":   func(s *stick) { s.site.ID = "www.acces.example" },
			"nobody":   func(s *stick) { s.Options.UserNotPresent = true },
			"no PIN":   func(s *stick) { s.Options.UserNotVerified = true },
			"a handle": func(s *stick) { s.Options.UserHandle = []byte("ben") },
		} {
			handle, options := ask(t, w)
			wrong := *key
			change(&wrong)
			require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, wrong.get(t, options)), mfa.ErrKeyRefused, name)
			options, err := w.SignIns.BeginKeySignIn(ctx, handle)
			require.NoError(t, err)
			key.key.Counter++
			require.NoError(t, w.SignIns.ProveKey(ctx, handle, key.get(t, options)), name)
		}
	})
}

// RP-18, R-089: a counter that does not rise is refused or not, as the policy says; the
// owner is told in either case.
func TestCopiesOfKeys(t *testing.T) {
	t.Parallel()
	for clones, want := range map[mfa.Clones]error{mfa.ClonesRefused: mfa.ErrKeyRefused, mfa.ClonesAccepted: nil} {
		t.Run(string(clones), func(t *testing.T) {
			t.Parallel()
			worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
				julie := w.Join(t, login)
				keyed(t, w, func(p *mfa.Policy) { p.Keys.Clones = clones })
				key, _ := add(t, w, julie)
				handle, options := ask(t, w)
				require.NoError(t, w.SignIns.ProveKey(t.Context(), handle, key.get(t, options)))

				copied := *key
				copied.key.Counter-- // the next answer has the same number
				handle, options = ask(t, w)
				require.ErrorIs(t, w.SignIns.ProveKey(t.Context(), handle, copied.get(t, options)), want)
				require.Equal(t, 1, count(t, w, "account.key_cloned"))
				require.Equal(t, "Clé de sécurité", w.Last(t, login, notify.MailKeyCloned).Values["Factor"])
				_, err := w.SignIns.Finish(t.Context(), handle)
				if want == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, mfa.ErrSecondFactorRequired)
				}
				handle, options = ask(t, w)
				require.NoError(t, w.SignIns.ProveKey(t.Context(), handle, key.get(t, options)), "the key itself goes on")
				require.Equal(t, 1, w.Count(t, login, notify.MailKeyCloned))
				w.Proven(t)
			})
		})
	}
}

// BF-08, BF-10: refused answers count in the sign-in and for the account, whatever is
// chosen in between.
func TestRefusedAnswersCount(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		keyed(t, w, func(p *mfa.Policy) { p.Keys.Failures.Free = 7 })
		key, _ := add(t, w, julie)
		handle, _ := ask(t, w)
		for range 2 {
			require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, nil), mfa.ErrKeyRefused)
			require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, handle, "000000"), mfa.ErrNotAsked)
			_, err := w.SignIns.Switch(ctx, handle, account.FactorMailCode)
			require.NoError(t, err)
			require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, handle, "x"), mfa.ErrWrongCode)
			require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, nil), mfa.ErrNotAsked)
			_, err = w.SignIns.BeginKeySignIn(ctx, handle)
			require.ErrorIs(t, err, mfa.ErrNotAsked)
			_, err = w.SignIns.Switch(ctx, handle, account.FactorSecurityKey)
			require.NoError(t, err)
		}
		require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, nil), mfa.ErrKeyRefused)
		require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, nil), mfa.ErrSignInOver, "five tries of a sign-in")

		handle, _ = ask(t, w)
		for range 4 {
			require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, nil), mfa.ErrKeyRefused)
		}
		options, err := w.SignIns.BeginKeySignIn(ctx, handle)
		require.NoError(t, err)
		require.ErrorIs(t, w.SignIns.ProveKey(ctx, handle, key.get(t, options)), mfa.ErrSignInOver, "seven refused answers lock the keys")
		w.Clock.Move(30 * time.Second)
		handle, options = ask(t, w)
		require.NoError(t, w.SignIns.ProveKey(ctx, handle, key.get(t, options)), "the lock ends by itself")
	})
}

// CR-07: a key in the row of another account, or with another's record in its row, proves
// nothing.
func TestMovedKeysProveNothing(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie, thief := w.Join(t, login), w.Join(t, "thief@terneuil.example")
		keyed(t, w, nil)
		add(t, w, julie)
		stolen, _ := add(t, w, thief)
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
			of := func(id account.ID) mfa.Factor {
				fs, err := tx.Factors(ctx, id)
				require.NoError(t, err)
				return fs[0]
			}
			victim, mine := of(julie.ID), of(thief.ID)
			require.NoError(t, tx.DeleteFactor(ctx, mine))
			victim.Credential, victim.Data = mine.Credential, mine.Data
			return tx.PutFactor(ctx, victim)
		}))
		w.Clock.Move(time.Millisecond)
		c, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: worldtest.Password})
		require.NoError(t, err)
		_, err = w.SignIns.BeginKeySignIn(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrWayRefused)
		require.ErrorIs(t, w.SignIns.ProveKey(ctx, c.Handle, stolen.get(t, []byte(`{"challenge":"AAAAAAAAAAAAAAAAAAAAAA"}`))), mfa.ErrKeyRefused)
	})
}

// RC-01: of 64 parallel uses of one answer, one succeeds; every day it is 16.
func TestParallelUsesOfOneAnswer(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, login)
		keyed(t, w, func(p *mfa.Policy) { p.CodeTries, p.Keys.Failures.Free = 10, 100 })
		key, _ := add(t, w, julie)
		handle, options := ask(t, w)
		response := key.get(t, options)
		errs := make([]error, 16)
		if longtest.Wanted() {
			errs = make([]error, 64)
		}
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = w.SignIns.ProveKey(t.Context(), handle, response) })
		}
		wg.Wait()
		n := 0
		for _, err := range errs {
			if err == nil {
				n++
			}
		}
		require.Equal(t, 1, n)
		w.Proven(t)
	})
}

func TestKeyPolicyIsChecked(t *testing.T) {
	t.Parallel()
	w := world(t)
	try := func(change func(*mfa.KeyPolicy)) error {
		p := keyPolicy()
		change(&p.Keys)
		_, err := mfa.New(storage.SignIns(w.Store), w.Keys, &mfa.Options{Policy: &p})
		return err
	}
	require.NoError(t, try(func(*mfa.KeyPolicy) {}))
	require.NoError(t, try(func(p *mfa.KeyPolicy) { p.MaxKeys, p.Lifetime = 100, time.Hour }))
	require.NoError(t, try(func(p *mfa.KeyPolicy) { *p = mfa.Guide2024().Keys }))
	for name, change := range map[string]func(*mfa.KeyPolicy){
		"no domain":       func(p *mfa.KeyPolicy) { p.Domain = "" },
		"passkeys alone":  func(p *mfa.KeyPolicy) { *p = mfa.KeyPolicy{Passwordless: true} },
		"a URL":           func(p *mfa.KeyPolicy) { p.Domain = "https://acces.example" },
		"no name":         func(p *mfa.KeyPolicy) { p.Name = "" },
		"no origin":       func(p *mfa.KeyPolicy) { p.Origins = nil },
		"another's":       func(p *mfa.KeyPolicy) { p.Origins = []string{"https://evil.example"} },
		"verification":    func(p *mfa.KeyPolicy) { p.Verification = "" },
		"clones":          func(p *mfa.KeyPolicy) { p.Clones = "ignored" },
		"no keys":         func(p *mfa.KeyPolicy) { p.MaxKeys = 0 },
		"too many keys":   func(p *mfa.KeyPolicy) { p.MaxKeys = 101 },
		"no time":         func(p *mfa.KeyPolicy) { p.Lifetime = 0 },
		"too much time":   func(p *mfa.KeyPolicy) { p.Lifetime = time.Hour + 1 },
		"no lock at all":  func(p *mfa.KeyPolicy) { p.Failures.Free = 0 },
		"no domain at it": func(p *mfa.KeyPolicy) { p.Domain = strings.Repeat("a", 64) + ".example" },
	} {
		require.Error(t, try(change), name)
	}
}
