package notify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

// TI-14: a digest of the day before, to
// those who may know and want to, at the contact address, grouped by structure, without
// what it is about; nothing when nothing happened, and once however often it is asked.
func TestDailyDigest(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		n := newNewsroom(t, w)
		c := n.company
		boss, urba, voie, idle := c.Manager, n.member(t, "urba@terneuil.example", c.Urba), n.member(t, "voie@terneuil.example", c.Voie), n.member(t, "idle@terneuil.example", c.Urba)
		n.grant(t, urba, c.Urba)
		n.grant(t, voie, c.Voie)
		for _, who := range []account.Actor{boss, urba, voie, idle} {
			n.wants(t, who, everything(notify.Daily))
		}
		contact := "desk@terneuil.example"
		_, _, err := w.Accounts.PatchProfile(t.Context(), urba, account.Patch{ContactEmail: &contact})
		require.NoError(t, err)
		n.publish(t, c.Urba, "invoice.rejected")
		n.publish(t, c.Urba, "invoice.rejected")
		n.publish(t, c.Urba, "")
		require.Empty(t, n.news(t, notify.MailDigestDaily))

		n.until(t, "2026-11-23 05:59")
		require.Zero(t, n.catchUp(t), "not before SendAt: the window of the day before that is empty")
		n.until(t, "2026-11-23 06:00")
		require.Equal(t, 2, n.catchUp(t))
		require.Zero(t, n.catchUp(t))
		mails := n.news(t, notify.MailDigestDaily)
		require.ElementsMatch(t, []string{contact, "boss@terneuil.example"}, addresses(mails),
			"neither who works in another service nor who has no subscription")
		for _, m := range mails {
			require.Equal(t, "Activité de vos structures le 22/11/2026", m.Subject)
			require.Contains(t, strings.ReplaceAll(m.Text, "\u00a0", " "), "« Atelier Dufour 5520 »\n- Factures rejetées, à acquitter sur le portail (Facturation) : 2\n- Nouveaux événements (Facturation) : 1\n")
			require.Contains(t, m.Text, "\n\nhttp://localhost:8080/\n\n")
			require.NotContains(t, m.Text+m.HTML+m.Subject, "SECRET")
		}
		n.until(t, "2026-11-24 06:00")
		require.Zero(t, n.catchUp(t), "a day without news has no digest")
	})
}

// the weekly recap goes from Monday to Sunday and comes by itself, with the
// daily digest or without.
func TestWeeklyDigest(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t, worldtest.New(t, memory.New()))
	both := n.company.Manager
	weekly := n.member(t, "weekly@terneuil.example", n.company.Urba)
	n.grant(t, weekly, n.company.Urba)
	n.wants(t, both, everything(notify.Daily, notify.Weekly))
	n.wants(t, weekly, everything(notify.Weekly))
	n.publish(t, n.company.Urba, "invoice.paid") // a Sunday
	n.until(t, "2026-11-23 06:00")
	n.catchUp(t)
	mails := n.news(t, notify.MailDigestWeekly)
	require.ElementsMatch(t, []string{"boss@terneuil.example", "weekly@terneuil.example"}, addresses(mails))
	require.Equal(t, "Récapitulatif de vos structures du 16/11/2026 au 22/11/2026", mails[0].Subject)
	n.publish(t, n.company.Urba, "invoice.paid") // a Monday
	for _, day := range []string{"24", "25", "26", "27", "28", "29"} {
		n.until(t, "2026-11-"+day+" 06:00")
		n.catchUp(t)
	}
	require.Equal(t, []string{"boss@terneuil.example"}, addresses(n.news(t, notify.MailDigestDaily, notify.MailDigestWeekly)), "the daily one, and no recap before Monday")
	n.until(t, "2026-11-30 06:00")
	n.catchUp(t)
	require.Len(t, n.news(t, notify.MailDigestWeekly), 2)
}

// LC-04, ML-16: what ended or was switched off after the digest was
// made is not in it when it leaves, and it goes where notices go then.
func TestRightsAreThoseOfTheMomentOfSending(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		n := newNewsroom(t, w)
		c, ctx := n.company, t.Context()
		var people []account.Actor
		for i := range 4 {
			who := n.member(t, fmt.Sprintf("p%d@terneuil.example", i), c.Urba)
			n.wants(t, who, everything(notify.Daily, notify.AtOnce))
			people = append(people, who)
		}
		lines := n.grant(t, people[0], c.Urba)
		for _, who := range people[1:] {
			n.grant(t, who, c.Urba)
		}
		n.publish(t, c.Urba, "invoice.received")
		n.until(t, "2026-11-23 06:00")
		require.Equal(t, 8, n.catchUp(t))
		_, err := w.Structures.RemoveSubscriptions(ctx, c.Manager, lines[0].ID)
		require.NoError(t, err)
		n.wants(t, people[1], notify.Preferences{})
		n.Leave(t, people[2])
		require.ElementsMatch(t, []string{"p3@terneuil.example", "p3@terneuil.example"}, addresses(n.news(t, notify.MailDigestDaily, notify.MailNotice)))
	})
}

// whoever chooses another language while a mail waits gets all of that mail in one
// language, and the next one in the other.
func TestAMailIsInOneLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"fr", "en"} {
		n := newNewsroom(t, worldtest.New(t, memory.New()))
		who, words := n.company.Manager, map[string]string{"fr": "Factures rejetées", "en": "Invoices rejected"}
		other := map[string]string{"fr": "en", "en": "fr"}[lang]
		speaks := func(lang string) {
			_, _, err := n.Accounts.PatchProfile(t.Context(), who, account.Patch{Language: &lang})
			require.NoError(t, err)
		}
		n.wants(t, who, everything(notify.Daily, notify.AtOnce))
		speaks(lang)
		n.publish(t, n.company.Urba, "invoice.rejected")
		n.until(t, "2026-11-23 06:00")
		require.Equal(t, 2, n.catchUp(t))
		speaks(other)
		mails := n.news(t, notify.MailDigestDaily, notify.MailNotice)
		require.Len(t, mails, 2)
		for _, m := range mails {
			require.Equal(t, lang, m.Language)
			require.Contains(t, m.Text, words[lang])
			require.NotContains(t, m.Text, words[other])
		}
		n.publish(t, n.company.Urba, "invoice.rejected")
		require.Equal(t, 1, n.catchUp(t))
		mails = n.news(t, notify.MailNotice)
		require.Contains(t, mails[len(mails)-1].Text, words[other])
	}
}

// a mail at once for whoever asked for it, with a link to the page and
// nothing of what is on it.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t, worldtest.New(t, memory.New()))
	n.wants(t, n.company.Manager, everything(notify.AtOnce))
	other := n.member(t, "other@terneuil.example", n.company.Voie)
	n.wants(t, other, everything(notify.AtOnce))
	n.publish(t, n.company.Urba, "invoice.rejected")
	require.Equal(t, 1, n.catchUp(t))
	require.Zero(t, n.catchUp(t))
	mails := n.news(t, notify.MailNotice)
	require.Equal(t, []string{"boss@terneuil.example"}, addresses(mails))
	require.Contains(t, mails[0].Text, "\n\nhttp://localhost:8080/invoices/1\n\n")
	require.NotContains(t, mails[0].Text+mails[0].HTML+mails[0].Subject, "SECRET")
}

// RC-17, R-405: jobs on several nodes at once make one digest for each person and window.
func TestDigestsAtOnce(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		n := newNewsroom(t, w)
		const people = 9
		for i := range people {
			who := n.member(t, fmt.Sprintf("p%d@terneuil.example", i), n.company.Urba)
			n.grant(t, who, n.company.Urba)
			n.wants(t, who, everything(notify.Daily, notify.Weekly, notify.AtOnce))
		}
		n.publish(t, n.company.Urba, "invoice.paid")
		n.until(t, "2026-11-23 06:00")
		var wg sync.WaitGroup
		told, errs := make([]int, 4), make([]error, 4)
		for i := range told {
			p := n.publisher(t, w.Store)
			wg.Go(func() { told[i], errs[i] = p.CatchUp(t.Context()) })
		}
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, 3*people, told[0]+told[1]+told[2]+told[3])
		seen := map[string]int{}
		for _, m := range n.news(t, notify.MailDigestDaily, notify.MailDigestWeekly, notify.MailNotice) {
			seen[string(m.Template)+" "+m.To]++
		}
		require.Len(t, seen, 3*people)
		for what, times := range seen {
			require.Equal(t, 1, times, what)
		}
	})
}

// publisher is one that decides about two people at a time.
func (n *newsroom) publisher(t *testing.T, store storage.Store) *notify.Publisher {
	t.Helper()
	p, err := notify.NewPublisher(storage.Notices(store), n.Keys, n.Structures.Readership(), &notify.PublisherOptions{Now: n.Clock.Now, Batch: 2})
	require.NoError(t, err)
	return p
}

// failing is a store whose units fail after the first few: before they commit, or after.
type failing struct {
	storage.Store
	left  int
	after bool
}

var errCrash = errors.New("crash")

func (f *failing) Update(ctx context.Context, fn func(storage.Tx) error) error {
	if f.left--; f.left < 0 {
		if !f.after {
			return errCrash
		}
		return errors.Join(f.Store.Update(ctx, fn), errCrash)
	}
	return f.Store.Update(ctx, fn)
}

// a job that dies in the middle, before any commit or after it, is gone on with:
// each person gets one digest of each kind.
func TestDigestsSurviveCrashes(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t, worldtest.New(t, memory.New()))
	const people = 5
	for i := range people {
		who := n.member(t, fmt.Sprintf("p%d@terneuil.example", i), n.company.Urba)
		n.grant(t, who, n.company.Urba)
		n.wants(t, who, everything(notify.Daily, notify.Weekly, notify.AtOnce))
	}
	n.until(t, "2026-11-23 06:00")
	n.catchUp(t)
	day, crashes := 23, 0
	for _, after := range []bool{false, true} {
		for at := range 12 {
			n.publish(t, n.company.Urba, "invoice.paid")
			day += 7
			n.until(t, "2026-11-01 06:00")
			n.Clock.Move(time.Duration(day-1) * 24 * time.Hour)
			if _, err := n.publisher(t, &failing{n.Store, at, after}).CatchUp(t.Context()); err != nil {
				require.ErrorIs(t, err, errCrash)
				crashes++
			}
			_, err := n.publisher(t, n.Store).CatchUp(t.Context())
			require.NoError(t, err)
			mails := n.news(t, notify.MailDigestDaily, notify.MailDigestWeekly, notify.MailNotice)
			seen := map[string]int{}
			for _, m := range mails {
				seen[string(m.Template)+" "+m.To]++
			}
			require.Len(t, seen, 3*people, "crash at unit %d, after its commit: %v", at, after)
			require.Len(t, mails, 3*people)
		}
	}
	require.Greater(t, crashes, 16)
}

// LC-23: when the clock jumps, no digest comes twice and no news are lost.
func TestDigestsSurviveClockJumps(t *testing.T) {
	t.Parallel()
	for name, jumps := range map[string][]time.Duration{
		"an hour to and fro":  {time.Hour, -time.Hour, time.Hour, -time.Hour},
		"two days to and fro": {48 * time.Hour, -48 * time.Hour, 48 * time.Hour, -48 * time.Hour},
		"two days on":         {48 * time.Hour},
		"stuck":               {-3 * time.Hour, -3 * time.Hour, -3 * time.Hour},
		"away for five days":  {5 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewsroom(t, worldtest.New(t, memory.New()))
			n.wants(t, n.company.Manager, everything(notify.Daily))
			published, told, subjects := 0, 0, map[string]bool{}
			for i := range 60 {
				if i < 45 {
					n.publish(t, n.company.Urba, "invoice.paid")
					published++
				}
				n.catchUp(t)
				for _, m := range n.news(t, notify.MailDigestDaily) {
					require.False(t, subjects[m.Subject], "%s came twice", m.Subject)
					subjects[m.Subject] = true
					var count int
					_, rest, ok := strings.Cut(m.Text, "(Facturation)\u00a0: ")
					require.True(t, ok)
					_, err := fmt.Sscan(rest, &count)
					require.NoError(t, err)
					told += count
				}
				n.Clock.Move(3 * time.Hour)
				if i < len(jumps) {
					n.Clock.Move(jumps[i])
				}
			}
			require.Equal(t, published, told, "each notice is told once")
		})
	}
}

// meanwhile is a store that does something right before its first unit that writes.
type meanwhile struct {
	storage.Store
	once sync.Once
	do   func()
}

func (m *meanwhile) Update(ctx context.Context, fn func(storage.Tx) error) error {
	m.once.Do(m.do)
	return m.Store.Update(ctx, fn)
}

// a contact address that changes after somebody was decided about, and before the
// mail is written or while it is under way, is where the mail goes all the same.
func TestAContactAddressThatChangesWhileItIsDecidedAbout(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		n := newNewsroom(t, w)
		who := n.member(t, "who@terneuil.example", n.company.Urba)
		n.grant(t, who, n.company.Urba)
		moves := func(to string) {
			_, _, err := w.Accounts.PatchProfile(t.Context(), who, account.Patch{ContactEmail: &to})
			require.NoError(t, err)
		}
		for i, rhythm := range []notify.Rhythm{notify.Daily, notify.AtOnce} {
			n.wants(t, who, everything(rhythm))
			n.publish(t, n.company.Urba, "invoice.paid")
			if rhythm == notify.Daily {
				require.Zero(t, n.catchUp(t))
				n.until(t, "2026-11-23 06:00")
			}
			to := fmt.Sprintf("new%d@terneuil.example", i)
			told, err := n.publisher(t, &meanwhile{Store: w.Store, do: func() { moves(to) }}).CatchUp(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, told)
			require.Equal(t, []string{to}, addresses(n.news(t, notify.MailDigestDaily, notify.MailNotice)))
		}
		n.publish(t, n.company.Urba, "invoice.paid")
		require.Equal(t, 1, n.catchUp(t))
		var err error
		n.outbox, err = notify.NewDispatcher(storage.Notices(w.Store), n.inbox, w.Keys, &notify.DispatcherOptions{
			Now: w.Clock.Now, MaxAttempts: 1,
			Compose: func(ctx context.Context, m notify.Message, v notify.Values) (notify.Values, bool, error) {
				if m.To == "new1@terneuil.example" {
					moves("last@terneuil.example")
				}
				return w.Notices.Compose(ctx, m, v)
			},
		})
		require.NoError(t, err)
		require.Equal(t, []string{"last@terneuil.example"}, addresses(n.news(t, notify.MailNotice)), "a mail that is under way")
	})
}

// notices that are kept for the shortest time are there for the longest window
// that a recap after a standstill is about, whenever it is made and sent.
func TestNoticesOutlastTheRecapThatListsThem(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t, worldtest.New(t, memory.New()))
	policy := notify.NoticesGuide2024()
	policy.Kept = notify.MinKept
	var err error
	n.Notices, err = notify.NewPublisher(storage.Notices(n.Store), n.Keys, n.Structures.Readership(), &notify.PublisherOptions{Now: n.Clock.Now, Policy: &policy})
	require.NoError(t, err)
	n.wants(t, n.company.Manager, everything(notify.Weekly))
	n.until(t, "2026-11-23 06:00")
	require.Zero(t, n.catchUp(t))
	n.publish(t, n.company.Urba, "invoice.paid")
	n.until(t, "2026-12-14 05:59") // the last moment before the next recap is due
	require.Equal(t, 1, n.catchUp(t))
	require.Zero(t, n.catchUp(t), "and what is old goes")
	n.until(t, "2026-12-21 05:58") // the last moment at which the mail is worth sending
	require.Zero(t, n.catchUp(t))
	mails := n.news(t, notify.MailDigestWeekly)
	require.Len(t, mails, 1)
	require.Equal(t, "Récapitulatif de vos structures du 23/11/2026 au 06/12/2026", mails[0].Subject)
}
