package structure_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

const (
	boss  = "pauline@terneuil.example"
	clerk = "julie@terneuil.example"
)

func company(t *testing.T, w *worldtest.World) worldtest.Company {
	t.Helper()
	return w.Company(t, worldtest.SIRETCompany, boss)
}

func ask(c worldtest.Company, units ...structure.Unit) structure.Request {
	r := structure.Request{Structure: c.ID, Comment: "planning files"}
	for _, u := range units {
		r.Services = append(r.Services, u.ID)
	}
	r.Whole = len(units) == 0
	return r
}

func may(t *testing.T, w *worldtest.World, a account.ID, s structure.ID, u structure.ServiceID) authz.Decision {
	t.Helper()
	d, err := w.Authz.Check(t.Context(), authz.Request{
		Account: a, Structure: s, Service: u, Space: authz.SpaceInvoicesIssued, Level: authz.Write,
	})
	require.NoError(t, err)
	return d
}

func codes(err error) map[string]string {
	out := map[string]string{}
	for _, f := range fault.FieldsOf(err) {
		out[f.Path] += f.Code + f.Param + " "
	}
	return out
}

// ask, wait, be approved, hold the defaults:
// what a host decides by them is its own.
func TestRequestThenApprove(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		m, err := w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.NoError(t, err)
		require.Equal(t, structure.StatusPending, m.Status)
		told := w.Last(t, boss, notify.MailMembershipRequested)
		require.Equal(t, "URBA Urbanisme", told.Values["Scope"])
		require.Equal(t, "Julie BON", told.Values["Applicant"])
		require.True(t, strings.HasSuffix(told.Values["Link"], "/manage/requests/"+string(m.ID)))
		require.False(t, may(t, w, julie.ID, c.ID, c.Urba.ID).Allowed, "a request has no effect until approved")

		waiting, err := w.Structures.Pending(ctx, c.Manager)
		require.NoError(t, err)
		require.Len(t, waiting, 1)
		require.Equal(t, "Julie BON", waiting[0].Applicant.DisplayName)
		require.True(t, waiting[0].Decidable)
		rows := waiting[0].Rows()
		require.Equal(t, []string{"ACHA", "URBA", "VOIE"}, []string{rows[0].Unit.Code, rows[1].Unit.Code, rows[2].Unit.Code})
		require.Equal(t, structure.StatusPending, rows[1].Status, "R-160 to R-162")
		require.True(t, rows[1].Ticked, "R-166")
		require.False(t, rows[0].Ticked)

		w.Clock.Move(time.Hour)
		m, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
		require.NoError(t, err)
		require.Equal(t, structure.StatusApproved, m.Status)
		require.Equal(t, structure.RoleMember, m.Role, "R-224: simple user unless told otherwise")
		require.Equal(t, c.Manager.ID, m.DecidedBy)
		approved := w.Last(t, clerk, notify.MailMembershipApproved)
		require.Equal(t, "URBA Urbanisme", approved.Values["Scope"])

		d := may(t, w, julie.ID, c.ID, c.Urba.ID)
		require.True(t, d.Allowed, d.Explain(language.English))
		d = may(t, w, julie.ID, c.ID, c.Voie.ID)
		require.False(t, d.Allowed)
		require.Equal(t, authz.ReasonServiceNotHeld, d.Missing()[0].Reason)
		rights, err := w.Authz.Statement(ctx, julie.ID, c.ID, time.Time{})
		require.NoError(t, err)
		var may []string
		for _, r := range rights {
			may = append(may, string(r.Space)+" "+string(r.Level))
		}
		require.ElementsMatch(t, []string{"invoices.issued read", "invoices.issued write", "tickets.issued read", "tickets.issued write"}, may, "R-009")

		mine, err := w.Structures.Mine(ctx, julie)
		require.NoError(t, err)
		require.Len(t, mine, 1)
		require.Equal(t, c.Structure.DisplayName(), mine[0].Structure.DisplayName())
		waiting, err = w.Structures.Pending(ctx, c.Manager)
		require.NoError(t, err)
		require.Empty(t, waiting)
		w.Proven(t)
	})
}

// the ticks are the outcome, whatever was asked.
func TestTheTicksAreTheOutcome(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		m, err := w.Structures.Request(ctx, julie, ask(c, c.Urba, c.Voie))
		require.NoError(t, err)
		ticked := structure.Services(c.Acha.ID, c.Voie.ID)
		m, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Role: structure.RoleSecondaryManager, Scope: &ticked})
		require.NoError(t, err)
		require.Equal(t, ticked, m.Granted)
		require.Equal(t, structure.RoleSecondaryManager, m.Role)
		require.False(t, may(t, w, julie.ID, c.ID, c.Urba.ID).Allowed, "unticked is refused")
		require.True(t, may(t, w, julie.ID, c.ID, c.Acha.ID).Allowed, "ticked without being asked for is granted")

		m, err = w.Structures.Request(ctx, julie, ask(c, c.Urba, c.Voie))
		require.NoError(t, err, "R-252: a member asks for more")
		require.Equal(t, structure.Services(c.Urba.ID), m.Asked, "what is held already is not asked again")
		require.True(t, may(t, w, julie.ID, c.ID, c.Voie.ID).Allowed, "and keeps what it has meanwhile")
		m, err = w.Structures.Reject(ctx, c.Manager, m.ID, structure.Refusal{Reason: "not needed"})
		require.NoError(t, err)
		require.Equal(t, structure.StatusApproved, m.Status)
		require.True(t, may(t, w, julie.ID, c.ID, c.Voie.ID).Allowed)
		whole := structure.Whole()
		m, err = w.Structures.Request(ctx, julie, ask(c))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Scope: &whole})
		require.NoError(t, err)
		require.True(t, may(t, w, julie.ID, c.ID, "").Allowed, "R-168")
		_, err = w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.ErrorIs(t, err, structure.ErrAlreadyMember)
		w.Proven(t)
	})
}

// refused with a reason that the applicant reads, and free
// to ask again; nothing old is revived.
func TestReject(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		m, err := w.Structures.Request(ctx, julie, ask(c))
		require.NoError(t, err)
		w.Unchanged(t, func() {
			for _, reason := range []string{"", " \n ", strings.Repeat("é", 256), "NUL\x00", "\xff"} {
				_, err := w.Structures.Reject(ctx, c.Manager, m.ID, structure.Refusal{Reason: reason})
				require.ErrorIs(t, err, fault.ErrInvalid)
			}
		})
		reason := strings.Repeat("é", 255)
		m, err = w.Structures.Reject(ctx, c.Manager, m.ID, structure.Refusal{Reason: reason})
		require.NoError(t, err)
		require.Equal(t, structure.StatusRejected, m.Status)
		require.Equal(t, reason, w.Last(t, clerk, notify.MailMembershipRejected).Values["Reason"])
		mine, err := w.Structures.Mine(ctx, julie)
		require.NoError(t, err)
		require.Equal(t, reason, mine[0].Membership.Reason.Text)
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
		require.ErrorIs(t, err, structure.ErrAlreadyDecided)

		m, err = w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.NoError(t, err)
		require.Equal(t, structure.StatusPending, m.Status)
		require.Empty(t, m.Reason.Text)
		require.True(t, m.Granted.IsZero())
		m, err = w.Structures.Reject(ctx, c.Manager, m.ID, structure.Refusal{Reason: "Not now.\r\nAsk again in May.\r\n"})
		require.NoError(t, err)
		require.Equal(t, "Not now.\nAsk again in May.", m.Reason.Text, "as a browser sends it")
		w.Proven(t)
	})
}

// ..R-209: bad requests name every field and leave
// nothing behind.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		other := w.Company(t, worldtest.SIRETCity, "other@city.example")
		closed, err := w.Structures.AddService(ctx, c.Manager, c.ID, structure.ServiceSpec{Code: "OLD", Name: "Over", Until: authz.Date{Year: 2026, Month: 11, Day: 21}})
		require.NoError(t, err)
		julie := w.Join(t, clerk)
		w.Unchanged(t, func() {
			for name, row := range map[string]struct {
				change func(*structure.Request)
				want   map[string]string
			}{
				"everything": {func(r *structure.Request) {
					*r = structure.Request{Structure: "x", Services: []structure.ServiceID{"y\x00"}, Comment: " ", From: authz.Date{Year: 2026, Month: 2, Day: 30}}
				}, map[string]string{"structure": "id ", "services[0]": "id ", "comment": "required ", "from": "day past "}},
				"comment of 256": {func(r *structure.Request) { r.Comment = strings.Repeat("é", 256) }, map[string]string{"comment": "max255 "}},
				"NUL":            {func(r *structure.Request) { r.Comment = "a\x00b" }, map[string]string{"comment": "text "}},
				"yesterday":      {func(r *structure.Request) { r.From = authz.Date{Year: 2026, Month: 11, Day: 21} }, map[string]string{"from": "past "}},
				"ends first": {func(r *structure.Request) {
					r.From, r.Until = authz.Date{Year: 2027, Month: 1, Day: 2}, authz.Date{Year: 2027, Month: 1, Day: 1}
				}, map[string]string{"until": "before_from "}},
				"both scopes":     {func(r *structure.Request) { r.Whole, r.Services = true, []structure.ServiceID{c.Urba.ID} }, map[string]string{"services": "excluded_by_whole "}},
				"foreign service": {func(r *structure.Request) { r.Whole, r.Services = false, []structure.ServiceID{other.Urba.ID} }, map[string]string{"services[0]": "service "}},
				"service over":    {func(r *structure.Request) { r.Whole, r.Services = false, []structure.ServiceID{closed.ID} }, map[string]string{"services[0]": "service "}},
			} {
				r := ask(c)
				row.change(&r)
				_, err := w.Structures.Request(ctx, julie, r)
				require.ErrorIs(t, err, fault.ErrInvalid, name)
				require.Equal(t, row.want, codes(err), name)
			}
			_, err := w.Structures.Request(ctx, julie, structure.Request{Structure: c.ID, Comment: "why"})
			require.ErrorIs(t, err, structure.ErrEmptyScope)
			_, err = w.Structures.Request(ctx, julie, structure.Request{Structure: c.ID})
			require.Equal(t, map[string]string{"services": "required ", "comment": "required "}, codes(err), "all at once (R-031)")
			_, err = w.Structures.Request(ctx, julie, structure.Request{Structure: "019ab000-0000-7000-8000-000000000000", Whole: true, Comment: "why"})
			require.ErrorIs(t, err, structure.ErrNotFound)
			_, err = w.Structures.Request(ctx, account.Anonymous(), ask(c))
			require.ErrorIs(t, err, account.ErrActor)
			_, err = w.Structures.Request(ctx, c.Manager, ask(c))
			require.ErrorIs(t, err, structure.ErrAlreadyMember)
		})
		r := ask(c)
		r.Comment = strings.Repeat("é", 255)
		r.From, r.Until = authz.Date{Year: 2026, Month: 11, Day: 22}, authz.Date{Year: 2026, Month: 11, Day: 22}
		m, err := w.Structures.Request(ctx, julie, r)
		require.NoError(t, err, "255 characters, today to today")
		require.Equal(t, 24*time.Hour, m.Validity.Until.Sub(m.Validity.From))
		w.Unchanged(t, func() {
			_, err = w.Structures.Request(ctx, julie, ask(c, c.Urba))
			require.ErrorIs(t, err, structure.ErrRequestPending, "R-252")
		})
	})
}

// R-254, PE-01, PE-10, TI-01, TI-02, LG-07: who may decide, and what everybody else learns.
func TestWhoMayDecide(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		stranger := w.Company(t, worldtest.SIRETCity, "other@city.example").Manager
		julie, hubert := w.Join(t, clerk), w.Join(t, "hubert@terneuil.example")
		for _, who := range []account.Actor{julie, hubert} {
			_, err := w.Structures.Request(ctx, who, ask(c, c.Urba))
			require.NoError(t, err)
		}
		cases, err := w.Structures.Pending(ctx, c.Manager)
		require.NoError(t, err)
		require.Len(t, cases, 2)
		first, second := cases[0].Membership, cases[1].Membership
		_, err = w.Structures.Approve(ctx, c.Manager, first.ID, structure.Approval{})
		require.NoError(t, err)

		w.Unchanged(t, func() {
			for name, row := range map[string]struct {
				by   account.Actor
				want error
			}{
				"a stranger's manager":  {stranger, structure.ErrNotFound},
				"the applicant":         {account.Person(second.Account), structure.ErrNotFound},
				"a simple member":       {account.Person(first.Account), structure.ErrDenied},
				"nobody":                {account.Anonymous(), account.ErrActor},
				"an unknown account":    {account.Person("019ab000-0000-7000-8000-000000000000"), account.ErrNotActive},
				"an impossible account": {account.Person("\x00"), account.ErrNotActive},
			} {
				_, err := w.Structures.Approve(ctx, row.by, second.ID, structure.Approval{})
				require.ErrorIs(t, err, row.want, name)
				_, err = w.Structures.Reject(ctx, row.by, second.ID, structure.Refusal{Reason: "no"})
				require.ErrorIs(t, err, row.want, name)
				_, err = w.Structures.History(ctx, row.by, c.ID, structure.HistoryQuery{})
				require.ErrorIs(t, err, row.want, name)
				_, err = w.Structures.AddService(ctx, row.by, c.ID, structure.ServiceSpec{Code: "X", Name: "X"})
				require.ErrorIs(t, err, row.want, name)
			}
			_, err := w.Structures.Case(ctx, stranger, second.ID)
			require.ErrorIs(t, err, structure.ErrNotFound)
			_, err = w.Structures.Case(ctx, account.Person(first.Account), second.ID)
			require.ErrorIs(t, err, structure.ErrNotFound, "a member does not read others' requests")
			waiting, err := w.Structures.Pending(ctx, stranger)
			require.NoError(t, err)
			require.Empty(t, waiting, "TI-13")
			for _, id := range []structure.MembershipID{"", "x", "\x00", "019ab000-0000-7000-8000-000000000000"} {
				_, err := w.Structures.Approve(ctx, c.Manager, id, structure.Approval{})
				require.ErrorIs(t, err, structure.ErrNotFound, "EN-11")
			}
			_, err = w.Structures.Approve(ctx, c.Manager, second.ID, structure.Approval{Role: structure.RolePrincipalManager})
			require.ErrorIs(t, err, fault.ErrInvalid, "PE-02: the principal's role is never granted")
			empty := structure.Scope{}
			_, err = w.Structures.Approve(ctx, c.Manager, second.ID, structure.Approval{Scope: &empty})
			require.ErrorIs(t, err, structure.ErrEmptyScope)
			foreign := structure.Services("019ab000-0000-7000-8000-000000000000")
			_, err = w.Structures.Approve(ctx, c.Manager, second.ID, structure.Approval{Scope: &foreign})
			require.ErrorIs(t, err, fault.ErrInvalid)
		})
		own, err := w.Structures.Case(ctx, account.Person(second.Account), second.ID)
		require.NoError(t, err)
		require.False(t, own.Decidable, "nobody decides their own request")
	})
}

// R-253, RC-10: of managers who decide one request at the same moment one wins, and
// the others get the decision that was made.
func TestOneRequestOneDecision(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		for range 5 {
			m, err := w.Structures.Request(ctx, julie, ask(c, c.Urba))
			require.NoError(t, err)
			var mu sync.Mutex
			var made []structure.Membership
			var wg sync.WaitGroup
			for i := range 16 {
				wg.Go(func() {
					var got structure.Membership
					var err error
					if i%2 == 0 {
						got, err = w.Structures.Reject(context.Background(), c.Manager, m.ID, structure.Refusal{Reason: "no"})
					} else {
						got, err = w.Structures.Reject(context.Background(), c.Manager, m.ID, structure.Refusal{Reason: "never"})
					}
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						made = append(made, got)
					case !errors.Is(err, structure.ErrAlreadyDecided):
						t.Errorf("unexpected: %v", err)
					case got.Status != structure.StatusRejected:
						t.Errorf("the loser got %+v instead of the decision that was made", got)
					}
				})
			}
			wg.Wait()
			require.Len(t, made, 1)
		}
		w.Proven(t)
	})
}

// a secondary manager decides only while the principal lends own powers,
// and is told of requests only then.
func TestSecondaryManagersNeedDelegation(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		hubert := w.Join(t, "hubert@terneuil.example")
		m, err := w.Structures.Request(ctx, hubert, ask(c))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Role: structure.RoleSecondaryManager})
		require.NoError(t, err)
		m, err = w.Structures.Request(ctx, w.Join(t, clerk), ask(c, c.Urba))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, hubert, m.ID, structure.Approval{})
		require.ErrorIs(t, err, structure.ErrDenied)

		require.NoError(t, storage.Structures(w.Store).Update(ctx, func(tx structure.Tx) error {
			s, err := tx.Structure(ctx, c.ID)
			s.Delegated.Users = true
			return errors.Join(err, tx.PutStructure(ctx, s))
		}))
		_, err = w.Structures.Request(ctx, w.Join(t, "third@terneuil.example"), ask(c, c.Urba))
		require.NoError(t, err)
		w.Last(t, "hubert@terneuil.example", notify.MailMembershipRequested)
		_, err = w.Structures.Approve(ctx, hubert, m.ID, structure.Approval{})
		require.NoError(t, err)
	})
}

// a request whose last day went by while it waited is not approved as it is,
// which would give a membership that is over; the manager gives it other dates.
func TestARequestWhoseLastDayIsOver(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		r := ask(c, c.Urba)
		r.Until = authz.Date{Year: 2026, Month: time.November, Day: 25}
		m, err := w.Structures.Request(ctx, julie, r)
		require.NoError(t, err)
		w.Clock.Move(m.Validity.Until.Sub(w.Clock.Now()))
		w.Unchanged(t, func() {
			for _, v := range []*authz.Validity{nil, &m.Validity} {
				_, err := w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Validity: v})
				require.Equal(t, map[string]string{"until": "past "}, codes(err))
			}
			out, err := w.Structures.ApproveMany(ctx, c.Manager, []structure.MembershipID{m.ID}, structure.Approval{})
			require.NoError(t, err)
			require.Equal(t, map[string]string{"until": "past "}, codes(out[0].Err))
		})
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Validity: &authz.Validity{}})
		require.NoError(t, err)
		require.True(t, may(t, w, julie.ID, c.ID, c.Urba.ID).Allowed)
		w.Proven(t)
	})
}

// R-192, MEM-T1: what the principal manager lends reaches the whole structure, also for a
// secondary manager of one service; without it nothing does.
func TestPowersThatAreLentReachTheWholeStructure(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	deputy := w.Join(t, "deputy@terneuil.example")
	n := newMember(c, deputy, c.Urba)
	n.Role = structure.RoleSecondaryManager
	_, err := w.Structures.Attach(ctx, c.Manager, n)
	require.NoError(t, err)
	m, err := w.Structures.Request(ctx, w.Join(t, clerk), ask(c, c.Voie))
	require.NoError(t, err)
	_, err = w.Structures.Approve(ctx, deputy, m.ID, structure.Approval{})
	require.ErrorIs(t, err, structure.ErrDenied)
	lend(t, w, c, authz.Delegation{Users: true})
	_, err = w.Structures.Approve(ctx, deputy, m.ID, structure.Approval{})
	require.NoError(t, err)
	require.False(t, may(t, w, deputy.ID, c.ID, c.Voie.ID).Allowed, "it is no right in the other service")
	w.Proven(t)
}
