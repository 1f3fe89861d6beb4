package structure_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

var desk = account.Support("S-1")

// an inactive structure gives nobody a right and takes no request; active
// again, it is as it was. The managers are told each time.
func TestDeactivateAndActivateStructure(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c, member, _ := decided(t, w)
		ctx := t.Context()
		st, err := w.Structures.DeactivateStructure(ctx, c.Manager, c.ID)
		require.NoError(t, err)
		require.Equal(t, structure.StatusInactive, st.Status)
		require.Equal(t, 1, w.Count(t, boss, notify.MailStructureDeactivated))
		require.False(t, may(t, w, member.ID, c.ID, c.Urba.ID).Allowed)
		require.False(t, may(t, w, c.Manager.ID, c.ID, c.Urba.ID).Allowed)
		other := w.Join(t, "new@terneuil.example")
		w.Unchanged(t, func() {
			_, err := w.Structures.DeactivateStructure(ctx, c.Manager, c.ID)
			require.NoError(t, err, "again")
			_, err = w.Structures.Request(ctx, other, ask(c, c.Voie))
			require.ErrorIs(t, err, structure.ErrStructureInactive)
			_, err = w.Structures.UpdateGeneral(ctx, c.Manager, c.ID, structure.General{LegalName: "x"})
			require.ErrorIs(t, err, structure.ErrDenied)
			_, err = w.Structures.ChangeIdentifier(ctx, c.Manager, c.ID, structure.SIRET(worldtest.SIRETCity))
			require.ErrorIs(t, err, structure.ErrStructureInactive)
			_, err = w.Structures.Create(ctx, other, structure.Creation{Identifier: c.Identifier, LegalName: "x", Type: structure.Private})
			require.ErrorIs(t, err, structure.ErrStructureExists, "the identifier stays taken")
		})
		_, err = w.Structures.ActivateStructure(ctx, c.Manager, c.ID)
		require.NoError(t, err)
		require.Equal(t, 1, w.Count(t, boss, notify.MailStructureActivated))
		require.True(t, may(t, w, member.ID, c.ID, c.Urba.ID).Allowed)
		w.Proven(t)
	})
}

// support may do what the principal manager may, nobody else may, and what
// has no principal manager is not activated.
func TestWhoDeactivatesStructures(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	c, member, _ := decided(t, w)
	ctx, stranger := t.Context(), w.Join(t, "stranger@terneuil.example")
	for by, want := range map[account.Actor]error{member: structure.ErrDenied, stranger: structure.ErrNotFound, account.Anonymous(): account.ErrActor, account.System(): account.ErrActor} {
		w.Unchanged(t, func() {
			_, err := w.Structures.DeactivateStructure(ctx, by, c.ID)
			require.ErrorIs(t, err, want)
			_, err = w.Structures.ActivateStructure(ctx, by, c.ID)
			require.ErrorIs(t, err, want)
			_, err = w.Structures.ChangeIdentifier(ctx, by, c.ID, structure.SIRET(worldtest.SIRETCity))
			require.ErrorIs(t, err, want)
		})
	}
	for _, id := range []structure.ID{"x", "019ab000-0000-7000-8000-000000000000"} {
		_, err := w.Structures.DeactivateStructure(ctx, desk, id)
		require.ErrorIs(t, err, structure.ErrNotFound)
	}
	_, err := w.Structures.DeactivateStructure(ctx, desk, c.ID)
	require.NoError(t, err)
	orphan(t, w, c.ID)
	_, err = w.Structures.ActivateStructure(ctx, desk, c.ID)
	require.ErrorIs(t, err, structure.ErrNoPrincipal)
}

// orphan takes the principal manager from a structure, behind the back of the services.
func orphan(t *testing.T, w *worldtest.World, id structure.ID) {
	t.Helper()
	require.NoError(t, w.Store.Update(t.Context(), func(tx storage.Tx) error {
		ms, err := tx.Memberships(t.Context(), structure.MembershipQuery{Structures: []structure.ID{id}, Role: structure.RolePrincipalManager})
		if err != nil {
			return err
		}
		ms[0].Status = structure.StatusRemoved
		return tx.PutMembership(t.Context(), ms[0])
	}))
}

// support alone says who keeps the accounts; what an external directory keeps is
// refused from then on, and not any more once it is local again.
func TestSetDirectory(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	_, err := w.Structures.SetDirectory(ctx, c.Manager, c.ID, structure.DirectoryExternal)
	require.ErrorIs(t, err, account.ErrActor)
	_, err = w.Structures.SetDirectory(ctx, desk, c.ID, "ldap")
	require.Equal(t, map[string]string{"directory": "oneoflocal external "}, codes(err))
	_, err = w.Structures.SetDirectory(ctx, desk, "x", structure.DirectoryLocal)
	require.ErrorIs(t, err, structure.ErrNotFound)
	create := func() error {
		_, err := w.Structures.CreatePerson(ctx, c.Manager, c.ID, worldtest.Registration("new@terneuil.example"))
		return err
	}
	for range 2 {
		st, err := w.Structures.SetDirectory(ctx, desk, c.ID, structure.DirectoryExternal)
		require.NoError(t, err)
		require.True(t, st.External())
	}
	require.ErrorIs(t, create(), structure.ErrExternallyManaged)
	_, err = w.Structures.SetDirectory(ctx, desk, c.ID, structure.DirectoryLocal)
	require.NoError(t, err)
	require.NoError(t, create())
	changes := 0
	for _, k := range w.Kinds(t) {
		if k == "structure.directory_changed" {
			changes++
		}
	}
	require.Equal(t, 2, changes, "the same again writes nothing")
	w.Proven(t)
}

// another identifier takes the place of the first, with the list of what is as it
// was and what is not; one that is taken gives the structure that has it.
func TestChangeIdentifier(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c, member, _ := decided(t, w)
		proven := c.Manager
		proven.ProvenAt = w.Clock.Now()
		_, err := w.Structures.CreateTechnical(ctx, proven, c.ID, structure.TechnicalSpec{Login: "tech_1_" + worldtest.SIRETCompany + "@cpro.example", Name: "ERP"})
		require.NoError(t, err)
		_, err = w.Structures.AddBankAccount(ctx, c.Manager, c.ID, structure.NewBankAccount{IBAN: iban})
		require.NoError(t, err)
		other, err := w.Structures.Create(ctx, member, structure.Creation{Identifier: structure.SIRET(worldtest.SIRETWelfare), LegalName: "Other", Type: structure.Private})
		require.NoError(t, err)
		w.Unchanged(t, func() {
			out, err := w.Structures.ChangeIdentifier(ctx, c.Manager, c.ID, other.Identifier)
			require.ErrorIs(t, err, structure.ErrStructureExists)
			require.Equal(t, other.ID, out.Structure.ID)
			require.Empty(t, out.Carried)
			_, err = w.Structures.ChangeIdentifier(ctx, c.Manager, c.ID, structure.Identifier{Scheme: structure.SchemeRIDET, Value: "1"})
			require.Equal(t, map[string]string{"identifier": "ridet "}, codes(err))
			_, err = w.Structures.ChangeIdentifier(ctx, c.Manager, c.ID, structure.Identifier{Scheme: "SIREN"})
			require.Equal(t, map[string]string{"identifier": "scheme "}, codes(err))
			_, err = w.Structures.ChangeIdentifier(ctx, c.Manager, c.ID, c.Identifier)
			require.NoError(t, err, "the same again")
		})
		out, err := w.Structures.ChangeIdentifier(ctx, desk, c.ID, structure.SIRET("217 500 016 00019"))
		require.NoError(t, err)
		require.Equal(t, worldtest.SIRETCity, out.Structure.Identifier.Value)
		require.Equal(t, c.Identifier, out.Former)
		require.Equal(t, []structure.Part{structure.PartMandate, structure.PartTechnical}, out.Dropped)
		require.Len(t, out.Carried, 7)
		require.Equal(t, 1, out.Closed)
		require.Len(t, out.Structure.Sheet.Accounts, 1)
		require.True(t, may(t, w, member.ID, c.ID, c.Urba.ID).Allowed, "people keep their rights")
		require.Equal(t, 1, w.Count(t, boss, notify.MailIdentifierChanged))
		require.Equal(t, 1, w.Count(t, boss, notify.MailTechnicalClosed))
		all, err := w.Structures.Technicals(ctx, c.Manager, c.ID)
		require.NoError(t, err)
		require.Equal(t, account.StatusDeactivated, all[0].Status)
		_, err = w.Structures.Create(ctx, member, structure.Creation{Identifier: c.Identifier, LegalName: "Successor", Type: structure.Private})
		require.NoError(t, err, "the former one is free again")
		w.Proven(t)
	})
}

// A signed mandate ends with the identifier that it was signed for.
func TestChangeIdentifierDropsTheMandate(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	_, err := w.Structures.SignMandate(ctx, c.Manager, c.ID, structure.NewMandate{Signatory: "P", Version: "1", SignedOn: today})
	require.NoError(t, err)
	m, err := w.Structures.Mandate(ctx, c.Manager, c.ID)
	require.NoError(t, err)
	require.False(t, m.IsZero())
	_, err = w.Structures.ChangeIdentifier(ctx, c.Manager, c.ID, structure.SIRET(worldtest.SIRETCity))
	require.NoError(t, err)
	m, err = w.Structures.Mandate(ctx, c.Manager, c.ID)
	require.NoError(t, err)
	require.True(t, m.IsZero())
	for _, p := range []structure.Part{structure.PartMandate, structure.PartTechnical} {
		require.NotContains(t, p.Label(french)+p.Label(english), "structure_part")
	}
}
