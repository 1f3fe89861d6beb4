package notify_test

import (
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

// RC-17: an event that several processes publish at once is published once, and all of
// them get the same notice.
func TestPublishingAKeyAtOnce(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		n := newNewsroom(t, w)
		for run := range 20 {
			var wg sync.WaitGroup
			got, errs := make([]notify.Notice, 8), make([]error, 8)
			for i := range got {
				wg.Go(func() {
					got[i], errs[i] = n.Notices.Publish(t.Context(), notify.Notice{
						Key: fmt.Sprint("invoice ", run), Category: invoicing, Structure: n.company.ID, Space: works,
					})
				})
			}
			wg.Wait()
			require.NoError(t, errors.Join(errs...))
			for _, one := range got {
				require.Equal(t, got[0], one)
			}
		}
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
