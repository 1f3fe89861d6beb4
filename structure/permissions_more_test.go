package structure_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/structure"
)

// open opens the space for works once.
func (k *crew) open(t *testing.T) {
	t.Helper()
	st, err := k.w.Structures.Structure(t.Context(), k.c.Manager, k.c.ID)
	require.NoError(t, err)
	for _, space := range st.Spaces {
		if space == works {
			return
		}
	}
	openSpace(t, k.w, k.c, works)
}

// wishing is a new member's request for the space.
func (k *crew) wishing(t *testing.T) []structure.SubscriptionID {
	t.Helper()
	k.open(t)
	by := k.newcomer(t)
	enrol(t, k.w, k.c, by, k.c.Urba)
	lines, err := k.w.Structures.RequestSubscriptions(t.Context(), by, wish(k.c, read(works)))
	require.NoError(t, err)
	return lineIDs(lines)
}

// holding is a new member who holds the space, and the line.
func (k *crew) holding(t *testing.T) (account.Actor, []structure.SubscriptionID) {
	t.Helper()
	k.open(t)
	by := k.newcomer(t)
	enrol(t, k.w, k.c, by, k.c.Urba)
	lines, err := k.w.Structures.GrantSubscriptions(t.Context(), k.c.Manager, structure.SubscriptionGrant{
		Structure: k.c.ID, Account: by.ID, Lines: []structure.Line{read(works)},
	})
	require.NoError(t, err)
	return by, lineIDs(lines)
}

func lineErr(t *testing.T) func([]structure.SubscriptionOutcome, error) error {
	return func(out []structure.SubscriptionOutcome, err error) error {
		t.Helper()
		if err != nil {
			return err
		}
		require.Len(t, out, 1)
		return out[0].Err
	}
}

// MEM-T1, R-256, R-261, R-268, R-275, R-276, R-300, R-302 to R-304, PE-01: rights in spaces, by everybody, with and
// without what the principal lends. Everybody inside asks and gives up; whoever may give,
// gives.
func TestWhoMayGiveWhat(t *testing.T) {
	t.Parallel()
	type k = *crew
	exercise(t, map[string]permission{
		"ask": {false, [5]string{yes, yes, yes, no, no}, func(t *testing.T, k k, by account.Actor) error {
			k.open(t)
			_, err := k.w.Structures.RequestSubscriptions(t.Context(), by, wish(k.c, write(works)))
			return err
		}},
		"approve": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.ApproveSubscriptions(t.Context(), by, structure.Verdict{Requested: k.wishing(t)})
			return err
		}},
		"refuse": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.RejectSubscriptions(t.Context(), by, k.wishing(t), structure.Refusal{Reason: "no"})
			return err
		}},
		"approve many": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			return lineErr(t)(k.w.Structures.ApproveManySubscriptions(t.Context(), by, k.wishing(t)...))
		}},
		"refuse many": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			return lineErr(t)(k.w.Structures.RejectManySubscriptions(t.Context(), by, k.wishing(t), structure.Refusal{Reason: "no"}))
		}},
		"grant": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			k.open(t)
			to := k.newcomer(t)
			enrol(t, k.w, k.c, to, k.c.Urba)
			_, err := k.w.Structures.GrantSubscriptions(t.Context(), by, structure.SubscriptionGrant{
				Structure: k.c.ID, Account: to.ID, Lines: []structure.Line{read(works)},
			})
			return err
		}},
		"take away": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, lines := k.holding(t)
			return lineErr(t)(k.w.Structures.RemoveSubscriptions(t.Context(), by, lines...))
		}},
		"give up one's own": {false, [5]string{own, own, own, no, no}, func(t *testing.T, k k, by account.Actor) error {
			k.open(t)
			lines, err := k.w.Structures.GrantSubscriptions(t.Context(), k.c.Manager, structure.SubscriptionGrant{
				Structure: k.c.ID, Account: by.ID, Lines: []structure.Line{read(works)},
			})
			ids := lineIDs(lines)
			if err != nil { // a stranger holds nothing: somebody else's, then
				_, ids = k.holding(t)
			}
			return lineErr(t)(k.w.Structures.RemoveSubscriptions(t.Context(), by, ids...))
		}},
		"edit one's own": {false, [5]string{own, own, own, no, no}, func(t *testing.T, k k, by account.Actor) error {
			k.open(t)
			_, err := k.w.Structures.ApplyEntitlementChanges(t.Context(), by, structure.EntitlementScope{Structure: k.c.ID}, []structure.EntitlementChange{
				{To: profile(works, authz.Write)},
			})
			return err
		}},
		"edit another's": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			who, _ := k.holding(t)
			_, err := k.w.Structures.ApplyEntitlementChanges(t.Context(), by, structure.EntitlementScope{Structure: k.c.ID, Account: who.ID}, []structure.EntitlementChange{
				{From: profile(works, authz.Read), To: profile(works, authz.Write)},
			})
			return err
		}},
		"empty another's": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			who, _ := k.holding(t)
			_, err := k.w.Structures.RemoveAllEntitlements(t.Context(), by, structure.EntitlementScope{Structure: k.c.ID, Account: who.ID})
			return err
		}},
		"copy": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			from, _ := k.holding(t)
			to := k.newcomer(t)
			enrol(t, k.w, k.c, to, k.c.Urba)
			c := structure.EntitlementCopy{Structure: k.c.ID, From: from.ID, To: to.ID}
			plan, err := k.w.Structures.PlanCopy(t.Context(), by, c)
			if err != nil {
				return err
			}
			_, err = k.w.Structures.CopyEntitlements(t.Context(), by, c, plan.Token)
			return err
		}},
		"close the space": {true, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			k.open(t)
			_, err := k.w.Structures.CloseSpace(t.Context(), by, k.c.ID, works)
			return err
		}},
	})
}

// MEM-T1, R-143, R-145, R-155, R-324, R-359, R-374, R-425, C-14, PE-01: the record, lists that leave, programs, the role of
// principal manager and one's own account, by everybody.
func TestWhoMayKeepWhat(t *testing.T) {
	t.Parallel()
	type k = *crew
	program := func(t *testing.T, k k) account.ID {
		t.Helper()
		k.fresh++
		h, err := k.w.Structures.CreateTechnical(t.Context(), proven(k.w, k.c.Manager), k.c.ID, structure.TechnicalSpec{
			Login: fmt.Sprintf("tech_%d_%s@interfaces.example", k.fresh+1, worldtest.SIRETCompany), Name: "Stock",
		})
		require.NoError(t, err)
		return h.Account
	}
	exercise(t, map[string]permission{
		"profile": {false, [5]string{own, own, own, own, no}, func(t *testing.T, k k, by account.Actor) error {
			if _, err := k.w.Accounts.Overview(t.Context(), by); err != nil {
				return err
			}
			_, _, err := k.w.Accounts.PatchProfile(t.Context(), by, account.Patch{GivenName: new("Juliette")})
			return err
		}},
		"close one's account": {false, [5]string{byHeir, own, own, own, no}, func(t *testing.T, k k, by account.Actor) error {
			shown, err := k.w.Structures.PrepareDeactivation(t.Context(), by)
			if err != nil {
				return err
			}
			_, err = k.w.Structures.Deactivate(t.Context(), by, structure.Deactivation{Confirmed: true, Token: shown.Token})
			return err
		}},
		"view the record": {true, [5]string{yes, yes, yes, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.Record(t.Context(), by, k.c.ID)
			return err
		}},
		"name": {true, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.UpdateGeneral(t.Context(), by, k.c.ID, structure.General{LegalName: "Dufour"})
			return err
		}},
		"address": {true, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.UpdateAddress(t.Context(), by, k.c.ID, account.PostalAddress{Town: "Terneuil"})
			return err
		}},
		"bank account": {true, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			if _, err := k.w.Structures.BankAccounts(t.Context(), by, k.c.ID); err != nil {
				return err
			}
			b, err := k.w.Structures.AddBankAccount(t.Context(), by, k.c.ID, structure.NewBankAccount{IBAN: iban})
			if err != nil {
				return err
			}
			return k.w.Structures.RemoveBankAccount(t.Context(), by, k.c.ID, b.ID)
		}},
		"mandate": {true, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.SignMandate(t.Context(), by, k.c.ID, structure.NewMandate{
				Signatory: "P", Version: "1", SignedOn: authz.Date{Year: 2026, Month: time.November, Day: 22},
			})
			return err
		}},
		"service": {true, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.UpdateService(t.Context(), by, k.c.Urba.ID, structure.ServiceChange{Name: "Plans", Active: true})
			return err
		}},
		"members as a file": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.ExportMembers(t.Context(), by, k.c.ID, structure.MemberFilter{}, structure.CSV{}, io.Discard)
			return err
		}},
		"users as a file": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.ExportUsers(t.Context(), by, structure.UserExport{All: true}, structure.CSV{}, io.Discard)
			return err
		}},
		"history as a file": {false, [5]string{yes, yes, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.ExportHistory(t.Context(), by, k.c.ID, structure.HistoryQuery{}, structure.CSV{}, io.Discard)
			return err
		}},
		"create a program": {false, [5]string{yes, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.CreateTechnical(t.Context(), by, k.c.ID, structure.TechnicalSpec{
				Login: "tech_2_" + worldtest.SIRETCompany + "@interfaces.example", Name: "Stock",
			})
			return err
		}},
		"new secret": {false, [5]string{yes, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.ResetTechnical(t.Context(), by, k.c.ID, program(t, k), structure.TechnicalReset{Confirmed: true})
			return err
		}},
		"close a program": {false, [5]string{yes, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			return k.w.Structures.CloseTechnical(t.Context(), by, k.c.ID, program(t, k))
		}},
		"call an interface": {false, [5]string{no, no, no, no, yes}, func(t *testing.T, k k, by account.Actor) error {
			secret := worldtest.Password
			if by.ID == k.who["technical"].ID {
				secret = k.secret
			}
			caller, err := k.w.Accounts.AuthenticateTechnical(t.Context(), k.w.Account(t, by.ID).Login, secret)
			if err != nil {
				return err
			}
			require.True(t, may(t, k.w, caller.ID, k.c.ID, "").Allowed, "by the spaces that it was given")
			return nil
		}},
		"close the structure": {false, [5]string{yes, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.DeactivateStructure(t.Context(), by, k.c.ID)
			if err == nil {
				_, err = k.w.Structures.ActivateStructure(t.Context(), account.Support("S-1"), k.c.ID)
			}
			return err
		}},
		"another identifier": {false, [5]string{yes, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.ChangeIdentifier(t.Context(), by, k.c.ID, structure.SIRET(luhnSIRET(1)))
			return err
		}},
		"hand over": {false, [5]string{yes, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			heir := k.newcomer(t)
			shown, err := k.w.Structures.PrepareTransfer(t.Context(), by, k.c.ID)
			if err != nil {
				return err
			}
			_, err = k.w.Structures.TransferPrincipal(t.Context(), by, structure.Transfer{
				Structures: []structure.ID{k.c.ID}, Token: shown.Token, SuccessorForAll: structure.Successor{Account: heir.ID},
			})
			return err
		}},
		"hand over without being shown": {false, [5]string{no, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.TransferPrincipal(t.Context(), by, structure.Transfer{
				Structures: []structure.ID{k.c.ID}, SuccessorForAll: to(clerk),
			})
			return err
		}},
	})
}
