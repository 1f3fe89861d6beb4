package storagetest

import (
	"testing"

	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

func runScenarios(t *testing.T, h Harness) {
	t.Helper()
	h.cases(t, []testCase{
		{"Journal", journalScenario},
	})
}

// journalScenario records two chains through the library's own Journal, rolls one
// unit back in between, and lets the chains prove themselves.
func journalScenario(b *bench) {
	journal := notify.NewJournal(plain{}, ids.NewMaker(nil))
	record := func(tx storage.Tx, n int) error {
		for _, f := range []notify.Fact{
			{Account: accountID(1), Kind: "account.changed"},
			{Account: accountID(1), Structure: structureID(1), Kind: "membership.changed"},
		} {
			f.At, f.Actor = minute(n), notify.Actor{Kind: notify.ActorPerson, ID: accountID(1)}
			f.Object, f.State = notify.Object{Type: "thing", ID: uuid(n)}, map[string]int{"é<>&": n}
			if err := journal.Record(b.ctx, tx, f); err != nil {
				return err
			}
		}
		return nil
	}
	for n := range 5 {
		b.update(func(tx storage.Tx) error { return record(tx, n) })
		_ = b.try(func(tx storage.Tx) error {
			if err := record(tx, 100); err != nil {
				return err
			}
			return errRollback
		})
	}
	b.update(func(tx storage.Tx) error { return record(tx, -10) }) // the clock went back
	for _, chain := range []notify.Chain{notify.AccountChain(accountID(1)), notify.StructureChain(structureID(1))} {
		verifyChain(b, eventsOf(b, notify.EventQuery{Chain: chain}), 6)
	}
}
