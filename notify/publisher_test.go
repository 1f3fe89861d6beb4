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
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// newsroom is a world with one structure, and an inbox that its outbox is drained into.
type newsroom struct {
	*worldtest.World
	company worldtest.Company
	inbox   *notify.Inbox
	outbox  *notify.Dispatcher
}

const works = authz.SpaceInvoicesToValidate // a space that simple users have to ask for

func newNewsroom(t *testing.T, w *worldtest.World) *newsroom {
	t.Helper()
	n := &newsroom{World: w, inbox: notify.NewInbox()}
	n.company = w.Company(t, worldtest.SIRETCompany, "boss@terneuil.example")
	_, err := w.Structures.OpenSpace(t.Context(), n.company.Manager, n.company.ID, works)
	require.NoError(t, err)
	n.outbox, err = notify.NewDispatcher(storage.Notices(w.Store), n.inbox, w.Keys, &notify.DispatcherOptions{Now: w.Clock.Now, Compose: w.Notices.Compose})
	require.NoError(t, err)
	return n
}

// everything is what wants all news of all categories.
func everything(rhythms ...notify.Rhythm) notify.Preferences {
	p := notify.Preferences{On: true, Categories: notify.NoticesGuide2024().Codes()}
	for _, r := range rhythms {
		p.AtOnce, p.Daily, p.Weekly = p.AtOnce || r == notify.AtOnce, p.Daily || r == notify.Daily, p.Weekly || r == notify.Weekly
	}
	return p
}

func (n *newsroom) wants(t *testing.T, by account.Actor, p notify.Preferences) {
	t.Helper()
	_, _, err := n.Accounts.UpdateNotices(t.Context(), by, p)
	require.NoError(t, err)
}

// member joins somebody as a simple user of one service of the structure.
func (n *newsroom) member(t *testing.T, login string, in structure.Unit) account.Actor {
	t.Helper()
	who := n.Join(t, login)
	_, err := n.Structures.Attach(t.Context(), n.company.Manager, structure.NewMember{
		Structure: n.company.ID, Account: who.ID, Services: []structure.ServiceID{in.ID}, Comment: "x",
	})
	require.NoError(t, err)
	return who
}

func (n *newsroom) grant(t *testing.T, who account.Actor, in structure.Unit) []structure.Subscription {
	t.Helper()
	lines, err := n.Structures.GrantSubscriptions(t.Context(), n.company.Manager, structure.SubscriptionGrant{
		Structure: n.company.ID, Account: who.ID, Lines: []structure.Line{{Space: works, Level: authz.Read, Service: in.ID}},
	})
	require.NoError(t, err)
	return lines
}

func (n *newsroom) publish(t *testing.T, in structure.Unit, kind notify.NoticeKind) notify.Notice {
	t.Helper()
	out, err := n.Notices.Publish(t.Context(), notify.Notice{
		Category: invoicing, Kind: kind, Structure: n.company.ID, Service: in.ID, Space: works, Subject: "Facture 2026-SECRET", Path: "/invoices/1",
	})
	require.NoError(t, err)
	return out
}

// until moves the clock to a wall clock time in Paris.
func (n *newsroom) until(t *testing.T, wall string) {
	t.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	at, err := time.ParseInLocation("2006-01-02 15:04", wall, paris)
	require.NoError(t, err)
	n.Clock.Move(at.Sub(n.Clock.Now()))
}

func (n *newsroom) catchUp(t *testing.T) int {
	t.Helper()
	told, err := n.Notices.CatchUp(t.Context())
	require.NoError(t, err)
	return told
}

// news drains the outbox and returns the mails of some kinds that left since the last time.
func (n *newsroom) news(t *testing.T, kinds ...notify.Template) (out []notify.Email) {
	t.Helper()
	before := len(n.inbox.All())
	_, err := n.outbox.Drain(t.Context())
	require.NoError(t, err)
	for _, m := range n.inbox.All()[before:] {
		for _, k := range kinds {
			if m.Template == k {
				out = append(out, m)
			}
		}
	}
	return out
}

func addresses(mails []notify.Email) []string {
	var to []string
	for _, m := range mails {
		to = append(to, m.To)
	}
	return to
}

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

// publishing names every bad field, takes a key once, and takes part in the host's
// own transaction.
func TestPublish(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		n := newNewsroom(t, w)
		ctx := t.Context()
		fits := notify.Notice{
			Key: strings.Repeat("k", notify.MaxNoticeKey), Category: invoicing, Structure: n.company.ID, Space: works,
			Subject: strings.Repeat("é", notify.MaxNoticeSubject), Path: "/" + strings.Repeat("x", notify.MaxNoticePath-1),
		}
		first, err := n.Notices.Publish(ctx, fits)
		require.NoError(t, err)
		again, err := n.Notices.Publish(ctx, fits)
		require.NoError(t, err)
		require.Equal(t, first, again, "the same key")
		for field, alter := range map[string]func(*notify.Notice){
			"key":       func(v *notify.Notice) { v.Key += "k" },
			"category":  func(v *notify.Notice) { v.Category = "quotes" },
			"kind":      func(v *notify.Notice) { v.Kind = "commitment.changed" },
			"structure": func(v *notify.Notice) { v.Structure = structure.ID(n.company.Urba.ID) },
			"service":   func(v *notify.Notice) { v.Service = structure.ServiceID(n.company.ID) },
			"space":     func(v *notify.Notice) { v.Space = authz.SpaceMyAccount },
			"subject":   func(v *notify.Notice) { v.Subject += "é" },
			"path":      func(v *notify.Notice) { v.Path += "x" },
		} {
			bad := fits
			alter(&bad)
			_, err := n.Notices.Publish(ctx, bad)
			require.ErrorContains(t, err, field)
		}
		for _, path := range []string{"invoices", "//evil.example", "https://evil.example", "/a b", "/é", "/<b>", "/a\\b", `/"`} {
			bad := fits
			bad.Key, bad.Path = "", path
			_, err := n.Notices.Publish(ctx, bad)
			require.ErrorContains(t, err, "path", path)
		}
		require.ErrorIs(t, w.Store.Update(ctx, func(tx storage.Tx) error {
			fits.Key = "rolled back"
			_, err := n.publisher(t, storage.Join(tx)).Publish(ctx, fits)
			require.NoError(t, err)
			return errCrash
		}), errCrash)
		feed, more, err := n.Notices.Feed(ctx, n.company.Manager, notify.FeedQuery{})
		require.NoError(t, err)
		require.False(t, more)
		require.Len(t, feed, 1, "what the host rolled back was never published")
	})
}

// the feed shows what one may know now, newest first, page by page.
func TestFeed(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		n := newNewsroom(t, w)
		ctx := t.Context()
		voie := n.member(t, "voie@terneuil.example", n.company.Voie)
		n.grant(t, voie, n.company.Voie)
		stranger := n.Join(t, "stranger@terneuil.example")
		var all, own []notify.NoticeID
		for i := range 7 {
			in := n.company.Urba
			if i%3 == 0 {
				in = n.company.Voie
			}
			n.Clock.Move(time.Duration(i%2) * time.Second) // some share an instant
			v := n.publish(t, in, "invoice.received")
			all = append([]notify.NoticeID{v.ID}, all...)
			if i%3 == 0 {
				own = append([]notify.NoticeID{v.ID}, own...)
			}
		}
		read := func(by account.Actor, limit int) (ids []notify.NoticeID) {
			q, more := notify.FeedQuery{Limit: limit}, true
			for more {
				var page []notify.News
				var err error
				page, more, err = n.Notices.Feed(ctx, by, q)
				require.NoError(t, err)
				require.LessOrEqual(t, len(page), limit)
				for _, v := range page {
					ids = append(ids, v.ID)
					require.Equal(t, []string{"Atelier Dufour 5520", "Facturation", "Factures reçues"}, []string{v.StructureName, v.CategoryLabel, v.KindLabel})
					q.BeforeAt, q.BeforeID = v.At, v.ID
				}
				more = more && len(page) > 0
			}
			return ids
		}
		for _, limit := range []int{2, 7, 100} {
			require.ElementsMatch(t, all, read(n.company.Manager, limit))
			require.ElementsMatch(t, own, read(voie, limit))
			require.Empty(t, read(stranger, limit))
			require.Empty(t, read(account.Anonymous(), limit))
		}
	})
}

// Notices go when they were kept long enough, to the microsecond.
func TestNoticesAreDropped(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t, worldtest.New(t, memory.New()))
	n.publish(t, n.company.Urba, "")
	n.Clock.Move(n.Notices.Policy().Kept)
	n.catchUp(t)
	feed := func() int {
		all, _, err := n.Notices.Feed(t.Context(), n.company.Manager, notify.FeedQuery{})
		require.NoError(t, err)
		return len(all)
	}
	require.Equal(t, 1, feed())
	n.Clock.Move(time.Microsecond)
	n.catchUp(t)
	require.Zero(t, feed())
}

// C-28: people choose from what there is, and see what is kept
// on for them.
func TestSettings(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	policy := account.Guide2024()
	policy.Notices = notify.Notices2022()
	w.Configure(t, &account.Options{Policy: &policy}, &structure.Options{})
	n := newNewsroom(t, w)
	simple := n.member(t, "simple@terneuil.example", n.company.Urba)
	_, changed, err := n.Accounts.UpdateNotices(t.Context(), simple, notify.Preferences{On: true, Weekly: true, Categories: []notify.Category{invoicing, certificates, invoicing}})
	require.NoError(t, err)
	require.Equal(t, account.Changed{account.FieldNotices}, changed)
	_, changed, err = n.Accounts.UpdateNotices(t.Context(), simple, notify.Preferences{On: true, Weekly: true, Categories: []notify.Category{certificates, invoicing}})
	require.NoError(t, err)
	require.False(t, changed.Any(), "the same choice")
	_, _, err = n.Accounts.UpdateNotices(t.Context(), simple, notify.Preferences{Categories: []notify.Category{"quotes"}})
	require.ErrorContains(t, err, "notices")
	s, err := n.Notices.Settings(t.Context(), simple)
	require.NoError(t, err)
	require.Equal(t, []notify.CategoryChoice{
		{Code: certificates, Label: "Certificats de cessibilité", On: true}, {Code: commitments, Label: "Engagements"}, {Code: invoicing, Label: "Facturation", On: true},
	}, s.Categories)
	require.True(t, s.Preferences.On && s.Preferences.Weekly && !s.Preferences.Daily)
	s, err = n.Notices.Settings(t.Context(), n.company.Manager)
	require.NoError(t, err)
	require.Equal(t, []bool{false, false, true}, []bool{s.Categories[0].Kept, s.Categories[1].Kept, s.Categories[2].Kept})
	n.publish(t, n.company.Urba, "invoice.received")
	n.until(t, "2026-11-23 06:00")
	require.Equal(t, 1, n.catchUp(t), "the principal manager hears of invoices whatever was chosen")
	n.Proven(t)
}

// mails about the account itself go to the login address, whatever is switched off.
func TestSecurityMailsCannotBeSwitchedOff(t *testing.T) {
	t.Parallel()
	for _, template := range notify.KnownTemplates() {
		if template.Composed() {
			require.True(t, template.Notice(), "it is news, and it follows the contact address")
		}
	}
	n := newNewsroom(t, worldtest.New(t, memory.New()))
	contact := "desk@terneuil.example"
	_, _, err := n.Accounts.PatchProfile(t.Context(), n.company.Manager, account.Patch{ContactEmail: &contact, Notices: &notify.Preferences{}})
	require.NoError(t, err)
	n.SignIn(t, "boss@terneuil.example")
	mails := n.news(t, notify.MailSignInCode)
	require.Equal(t, []string{"boss@terneuil.example"}, addresses(mails))
}
