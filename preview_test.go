package habilis_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// outsideDirectory counts the accounts that the host's external process is asked for.
type outsideDirectory struct{ asked int }

func (d *outsideDirectory) ProvisionAccount(context.Context, account.Actor, structure.Structure, account.Registration) error {
	d.asked++
	return nil
}

// R-021, EX-11 in spirit: a preview asks no external directory for an account, and checks
// as the operation does.
func TestPreviewAsksNoDirectory(t *testing.T) {
	t.Parallel()
	ctx, s, d := t.Context(), setup(t, memory.New()), &outsideDirectory{}
	keys, err := account.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(t, err)
	h, err := habilis.New(s.store, &habilis.Options{Keys: keys, Hashing: cheap, Provisioner: d})
	require.NoError(t, err)
	st, err := h.Structures.Create(ctx, account.Support("S-1"), structure.Creation{
		Identifier: structure.SIRET("21750001600019"), LegalName: "Trésorerie", Type: structure.Public,
		Directory: structure.DirectoryExternal, Principal: s.manager.ID,
	})
	require.NoError(t, err)
	create := func(by account.Actor) func(h *habilis.Habilis) error {
		return func(h *habilis.Habilis) error {
			_, err := h.Structures.CreatePerson(ctx, by, st.ID, account.Registration{
				Login: "zoe@atelier.example", GivenName: "Zoé", FamilyName: "Blanc", Language: "fr",
			})
			return err
		}
	}
	plan, err := h.Preview(ctx, create(s.manager))
	require.NoError(t, err)
	require.Empty(t, plan.Mails)
	_, err = h.Preview(ctx, create(s.clerk))
	require.Error(t, err, "only for whoever may")
	require.Zero(t, d.asked, "nothing leaves")
	require.NoError(t, create(s.manager)(h))
	require.Equal(t, 1, d.asked)
}

// plainTx hides what a unit can do besides.
type plainTx struct{ storage.Tx }

// EX-11 in spirit: in a transaction of the host, a preview leaves nothing behind that the
// host would commit.
func TestPreviewInATransactionOfTheHost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tx      func(storage.Tx) storage.Tx
		refused error
	}{
		"that nests":         {func(tx storage.Tx) storage.Tx { return tx }, nil},
		"that does not nest": {func(tx storage.Tx) storage.Tx { return plainTx{tx} }, habilis.ErrNoRollback},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, memory.New())
			before := events(t, s.store)
			require.NoError(t, s.store.Update(t.Context(), func(unit storage.Tx) error {
				joined, err := s.h.On(storage.Join(c.tx(unit)))
				if err != nil {
					return err
				}
				plan, err := joined.Preview(t.Context(), s.approve)
				if !errors.Is(err, c.refused) || err == nil && len(plan.Gained) != 4 {
					t.Errorf("the plan is %v, the error %v", plan, err)
				}
				return nil
			}))
			require.Equal(t, before, events(t, s.store))
			require.False(t, s.may(t), "nothing happened")
		})
	}
}
