package structure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// R-330..R-335, HIS-T1: the word of the guides, in capitals, beside our own label and
// the precise code. Theirs for a refused subscription is one of ours for something else.
func TestGuideLabels(t *testing.T) {
	t.Parallel()
	for kind, want := range map[notify.Kind][2]string{
		"membership.approved":   {"VALIDÉE", "Validée"},
		"subscription.approved": {"VALIDÉE", "Validée"},
		"membership.rejected":   {"REFUSÉE", "Refusée"},
		"subscription.rejected": {"DÉSACTIVÉE", "Refusée (abonnement)"},
		"membership.removed":    {"SUPPRIMÉ", "Supprimée"},
		"membership.disabled":   {"", "Désactivée"},
		"structure.created":     {"", "Structure créée"},
	} {
		e := structure.Entry{Kind: kind}
		require.Equal(t, want, [2]string{e.GuideLabel(language.French), e.Label(language.French)}, kind)
	}
	require.Equal(t, "DISABLED", structure.Entry{Kind: "subscription.rejected"}.GuideLabel(language.English))
}

// past is a structure in which memberships and subscriptions were asked for and decided.
type past struct {
	w      *worldtest.World
	c      worldtest.Company
	julie  account.Actor
	zoe    account.Actor
	m      structure.Membership
	waited time.Time // when Zoé's request was refused
}

func newPast(t *testing.T, w *worldtest.World) past {
	t.Helper()
	ctx, p := t.Context(), past{w: w, c: company(t, w)}
	openSpace(t, w, p.c, works)
	w.Clock.Move(time.Hour)
	p.julie = w.Join(t, clerk)
	m, err := w.Structures.Request(ctx, p.julie, ask(p.c, p.c.Urba))
	require.NoError(t, err)
	w.Clock.Move(time.Hour)
	p.m, err = w.Structures.Approve(ctx, p.c.Manager, m.ID, structure.Approval{})
	require.NoError(t, err)
	lines := []structure.Line{read(works), write(works)}
	wanted := wish(p.c, lines...)
	wanted.Comment = "for the works"
	asked, err := w.Structures.RequestSubscriptions(ctx, p.julie, wanted)
	require.NoError(t, err)
	w.Clock.Move(time.Hour)
	_, err = w.Structures.ApproveSubscriptions(ctx, p.c.Manager, structure.Verdict{Requested: lineIDs(asked), Ticked: lines[:1]})
	require.NoError(t, err)
	p.zoe = w.Join(t, "zoe@terneuil.example")
	z, err := w.Structures.Request(ctx, p.zoe, ask(p.c))
	require.NoError(t, err)
	w.Clock.Move(time.Hour)
	_, err = w.Structures.Reject(ctx, p.c.Manager, z.ID, structure.Refusal{Reason: "not of this house"})
	require.NoError(t, err)
	p.waited = w.Clock.Now()
	return p
}

func (p past) entries(t *testing.T, q structure.HistoryQuery) []structure.Entry {
	t.Helper()
	out, err := p.w.Structures.History(t.Context(), p.c.Manager, p.c.ID, q)
	require.NoError(t, err)
	return out
}

func kindsIn(entries []structure.Entry) []notify.Kind {
	out := make([]notify.Kind, 0, len(entries))
	for _, e := range entries {
		out = append(out, e.Kind)
	}
	return out
}

// R-326..R-328, R-336: the table of what was decided, of memberships and of subscriptions,
// newest first, ties by number, with the structure by identifier and name; by applicant
// and by date.
func TestDecidedRequests(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		p := newPast(t, w)
		table := p.entries(t, structure.HistoryQuery{Kinds: structure.DecidedKinds()})
		kinds := kindsIn(table)
		require.ElementsMatch(t, []notify.Kind{"subscription.rejected", "subscription.approved"}, kinds[1:3], "decided at once")
		require.Equal(t, []notify.Kind{"membership.rejected", "membership.approved", "membership.approved"},
			append(kinds[:1:1], kinds[3:]...), "the last one is the founder's own")
		require.Equal(t, table[1].At, table[2].At)
		require.Greater(t, table[1].Number(), table[2].Number())
		require.Equal(t, structure.PlaceName{ID: p.c.ID, Identifier: p.c.Identifier, Name: p.c.DisplayName()}, table[0].Structure)

		of := structure.HistoryQuery{Applicant: p.zoe.ID}
		require.Equal(t, []notify.Kind{"membership.rejected", "membership.requested"}, kindsIn(p.entries(t, of)))
		at := p.waited
		require.Equal(t, []notify.Kind{"membership.rejected"}, kindsIn(p.entries(t, structure.HistoryQuery{From: at})))
		require.Empty(t, p.entries(t, structure.HistoryQuery{From: at.Add(time.Microsecond)}))
		require.Equal(t, []notify.Kind{"membership.requested"}, kindsIn(p.entries(t, structure.HistoryQuery{Applicant: p.zoe.ID, Until: at})))
		require.Len(t, p.entries(t, structure.HistoryQuery{Applicant: p.zoe.ID, Until: at.Add(time.Microsecond)}), 2)
	})
}

// a line about a space that was opened or closed names it, on the structure's own
// chain, whatever else happened between, and in its detail too.
func TestHistoryNamesTheSpace(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		p := newPast(t, w)
		ctx, by := t.Context(), p.c.Manager
		for _, space := range []authz.Space{works, authz.SpaceInvoicesIssued} {
			_, err := w.Structures.CloseSpace(ctx, by, p.c.ID, space)
			require.NoError(t, err)
		}
		openSpace(t, w, p.c, works)
		var got []string
		for _, e := range p.entries(t, structure.HistoryQuery{Kinds: []notify.Kind{"structure.created", "structure.space_opened", "structure.space_closed"}}) {
			got = append(got, string(e.Kind)+" "+string(e.Right.Space))
			d, err := w.Structures.HistoryEntry(ctx, by, p.c.ID, e.Number())
			require.NoError(t, err)
			require.Equal(t, e.Right, d.Entry.Right)
		}
		require.Equal(t, []string{
			"structure.space_opened " + string(works), "structure.space_closed " + string(authz.SpaceInvoicesIssued),
			"structure.space_closed " + string(works), "structure.space_opened " + string(works), "structure.created ",
		}, got)
	})
}

// the detail is the request as it was decided, whatever happens to it later.
func TestHistoryEntryIsASnapshot(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, p := t.Context(), newPast(t, w)
		table := p.entries(t, structure.HistoryQuery{Kinds: structure.DecidedKinds(), Applicant: p.julie.ID})
		detail := func(e structure.Entry) structure.HistoryDetail {
			d, err := w.Structures.HistoryEntry(ctx, p.c.Manager, p.c.ID, e.Number())
			require.NoError(t, err)
			require.Equal(t, e, d.Entry)
			return d
		}
		membership := detail(table[2])
		require.Equal(t, "planning files", membership.Comment)
		require.Equal(t, p.m.RequestedAt, membership.RequestedAt)
		require.Equal(t, structure.Services(p.c.Urba.ID), membership.Membership.Granted)
		require.Nil(t, membership.Lines)

		lines := detail(table[0])
		require.Equal(t, "for the works", lines.Comment)
		require.Equal(t, []structure.DecidedLine{
			{Right: read(works), Status: structure.SubscriptionApproved, Validity: lines.Lines[0].Validity},
			{Right: write(works), Status: structure.SubscriptionRejected, Validity: lines.Lines[1].Validity},
		}, lines.Lines, "all lines of the request, with what became of each")
		require.Equal(t, lines.Lines, detail(table[1]).Lines)

		_, err := w.Structures.DisableMembers(ctx, p.c.Manager, p.m.ID)
		require.NoError(t, err)
		require.Equal(t, membership, detail(table[2]), "then and not now")

		refused := p.entries(t, structure.HistoryQuery{Applicant: p.zoe.ID})
		require.Equal(t, "not of this house", detail(refused[0]).Reason)
		w.Clock.Move(time.Hour)
		_, err = w.Structures.Request(ctx, p.zoe, ask(p.c))
		require.NoError(t, err)
		require.Empty(t, detail(refused[0]).Reason, "what another request replaced is gone: events hold no text")
	})
}

// managers of the structure read the history, and whoever asked reads what became
// of it, without being told who decided; nobody else learns that there is such a line.
func TestWhoReadsAnEntry(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, p := t.Context(), newPast(t, w)
	refused := p.entries(t, structure.HistoryQuery{Applicant: p.zoe.ID})[0]
	d, err := w.Structures.HistoryEntry(ctx, p.zoe, p.c.ID, refused.Number())
	require.NoError(t, err)
	require.Equal(t, "not of this house", d.Reason)
	require.Equal(t, notify.Kind("membership.rejected"), d.Entry.Kind)
	require.Zero(t, d.Entry.Actor)
	require.Empty(t, d.Membership.DecidedBy)
	require.Zero(t, d.Entry.Event, "nor does the event tell")

	created := p.entries(t, structure.HistoryQuery{Kinds: []notify.Kind{"structure.created"}})[0]
	for name, row := range map[string]struct {
		by     account.Actor
		number int64
		want   error
	}{
		"a member, about somebody else": {p.julie, refused.Number(), structure.ErrDenied},
		"a stranger, about another":     {p.zoe, created.Number(), structure.ErrNotFound},
		"a stranger, beyond the end":    {p.zoe, 99, structure.ErrNotFound},
		"a manager, beyond the end":     {p.c.Manager, 99, structure.ErrNotFound},
		"a manager, number zero":        {p.c.Manager, 0, structure.ErrNotFound},
		"nobody":                        {account.Anonymous(), refused.Number(), account.ErrActor},
	} {
		_, err := w.Structures.HistoryEntry(ctx, row.by, p.c.ID, row.number)
		require.ErrorIs(t, err, row.want, name)
	}
	_, err = w.Structures.HistoryEntry(ctx, p.c.Manager, "nonsense", 1)
	require.ErrorIs(t, err, structure.ErrNotFound)

	mine, err := w.Structures.Feed(ctx, p.zoe, structure.FeedQuery{Kinds: structure.RequestKinds()})
	require.NoError(t, err)
	require.Len(t, mine, 2, "the history of one's own requests, newest first")
	require.Equal(t, refused.Number(), mine[0].Position.Sequence)
	require.Equal(t, p.c.DisplayName(), mine[0].Where)
	require.Equal(t, "person", mine[0].By)
}

// a line records who, whom, where, what, when, before and after, under a number
// without gaps, and an erasure leaves the line without the names.
func TestHistoryOutlivesErasure(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, p := t.Context(), newPast(t, w)
	before := p.entries(t, structure.HistoryQuery{Applicant: p.zoe.ID})
	require.Equal(t, p.c.Manager.ID, before[0].Event.Actor.ID)
	require.Equal(t, p.zoe.ID, before[0].Applicant.ID)
	require.Equal(t, time.UTC, before[0].At.Location())
	w.Clock.Move(time.Hour)
	officer := account.Support("A-1")
	plan, err := w.Structures.PlanErasure(ctx, officer, p.zoe.ID)
	require.NoError(t, err)
	_, err = w.Structures.Erase(ctx, officer, p.zoe.ID, plan.Token)
	require.NoError(t, err)
	after := p.entries(t, structure.HistoryQuery{Applicant: p.zoe.ID, Until: p.waited.Add(time.Microsecond)})
	require.Len(t, after, 2)
	for i := range after {
		require.Equal(t, before[i].Event, after[i].Event, "no line is ever edited")
		require.NotContains(t, after[i].Applicant.DisplayName, "Julie")
	}
	d, err := w.Structures.HistoryEntry(ctx, p.c.Manager, p.c.ID, after[0].Number())
	require.NoError(t, err)
	require.Empty(t, d.Reason)
	for i, e := range p.entries(t, structure.HistoryQuery{}) {
		require.Equal(t, p.entries(t, structure.HistoryQuery{Limit: 1})[0].Number()-int64(i), e.Number(), "without gaps")
	}
	w.Proven(t)
}
