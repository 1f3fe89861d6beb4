package storagetest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/storage/storagetest"
)

func TestMemoryPasses(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, storagetest.Harness{
		New:    func(*testing.T) storage.Store { return memory.New() },
		Reopen: func(_ *testing.T, s storage.Store) storage.Store { return s },
	})
}

// TestUnsabotagedPasses is the control of the tests below: the wrapper alone breaks
// nothing.
func TestUnsabotagedPasses(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, storagetest.Harness{
		New: func(*testing.T) storage.Store {
			type plainTx struct{ storage.Tx } // hides that memory can nest
			return &saboteur{inner: memory.New(), tx: func(tx storage.Tx) storage.Tx { return plainTx{tx} }}
		},
	})
}

// sabotage is a store that breaks one obligation, and the case that must notice.
type sabotage struct {
	breaks  string
	caught  string // path below Run
	store   func() *saboteur
	forgets bool // data is gone after a restart
}

func units(update func(context.Context, *memory.Store, func(storage.Tx) error) error) func() *saboteur {
	return func() *saboteur { return &saboteur{update: update} }
}

func handles(tx func(storage.Tx) storage.Tx) func() *saboteur {
	return func() *saboteur { return &saboteur{tx: tx} }
}

func sabotages() []sabotage {
	type tx = storage.Tx
	return append(querySabotages(), []sabotage{
		{breaks: "versions are not compared", caught: "Contract/Account/Versions", store: handles(func(x tx) tx { return skipsVersions{x} })},
		{breaks: "ErrExists where ErrConflict is due", caught: "Contract/Account/InsertOverExisting", store: handles(func(x tx) tx { return confusesErrors{x} })},
		{breaks: "an error that is not ErrNotFound", caught: "Contract/Account/NotFound", store: handles(func(x tx) tx { return rawErrors{x} })},
		{breaks: "times in whole seconds", caught: "Contract/Account/Times", store: handles(func(x tx) tx { return coarseTimes{x} })},
		{breaks: "two accounts with one login", caught: "Contract/Account/LoginUnique", store: handles(func(x tx) tx { return sharedLogins{x} })},
		{breaks: "logins without regard to case", caught: "Contract/Account/LoginBytewise", store: handles(func(x tx) tx { return foldsLogins{x} })},
		{breaks: "the cursor's own row is listed again", caught: "Contract/Account/List", store: handles(func(x tx) tx { return repeatsCursor{x} })},
		{breaks: "a deletion compares no version", caught: "Contract/SignIn/Delete", store: handles(func(x tx) tx { return deletesAnyVersion{x} })},
		{breaks: "a deletion of a factor compares no version", caught: "Contract/Factor/Delete", store: handles(func(x tx) tx { return deletesAnyFactor{x} })},
		{breaks: "two applications of one account", caught: "Contract/Factor/Single", store: handles(func(x tx) tx { return manyFactors{x} })},
		{breaks: "two factors with one credential", caught: "Contract/Factor/CredentialUnique", store: handles(func(x tx) tx { return sharedCredentials{x} })},
		{breaks: "pending enrolments are not listed", caught: "Contract/Factor/OfAccount", store: handles(func(x tx) tx { return confirmedOnly{x} })},
		{breaks: "no credential finds a factor", caught: "Contract/Factor/ByCredential", store: handles(func(x tx) tx { return emptyCredentials{x} })},
		{breaks: "a factor is over an instant late", caught: "Contract/Factor/Expired", store: handles(func(x tx) tx { return expiresNever{x} })},
		{breaks: "slices are shared with the caller", caught: "Contract/Structure/Aliasing", store: sharesSlices},
		{breaks: "a percent sign is a wildcard", caught: "Contract/StructureSearch/Literal", store: handles(func(x tx) tx { return wildPercent{x} })},
		{breaks: "two principal managers", caught: "Contract/Membership/PrincipalUnique", store: handles(func(x tx) tx { return manyPrincipals{x} })},
		{breaks: "a list in no order", caught: "Contract/MembershipList/Order", store: handles(func(x tx) tx { return unordered{x} })},
		{breaks: "an empty condition selects all", caught: "Contract/MembershipList/NoStructures", store: handles(func(x tx) tx { return emptyMeansAll{x} })},
		{breaks: "a standing without the end of the chain", caught: "Contract/MembershipList/Standing", store: handles(func(x tx) tx { return forgetsHeads{x} })},
		{breaks: "a decision without the end of the chain", caught: "Contract/MembershipList/Deciding", store: handles(func(x tx) tx { return forgetsHeads{x} })},
		{breaks: "members of the wrong account", caught: "Contract/MembershipList/Members", store: handles(func(x tx) tx { return mixesMembers{x} })},
		{breaks: "an event's number is taken twice", caught: "Contract/Event/SequenceTaken", store: handles(func(x tx) tx { return eventsTwice{x} })},
		{breaks: "a state is written anew", caught: "Contract/Event/RoundTrip", store: handles(func(x tx) tx { return tidiesJSON{x} })},
		{breaks: "a key is enqueued twice", caught: "Contract/Message/EnqueueTwice", store: handles(func(x tx) tx { return mailsTwice{x} })},
		{breaks: "leases are ignored", caught: "Contract/Message/Due", store: handles(func(x tx) tx { return ignoresLeases{x} })},
		{breaks: "a failed unit is committed", caught: "Transactions/RollbackOnError", store: units(commitsFailed)},
		{breaks: "a unit that panicked is committed", caught: "Transactions/RollbackOnPanic", store: units(commitsPanicked)},
		{breaks: "a panic is swallowed", caught: "Transactions/RollbackOnPanic", store: units(swallowsPanic)},
		{breaks: "fn's error is swallowed", caught: "Transactions/RollbackOnRefusal", store: units(swallowsError)},
		{breaks: "fn's error is reworded", caught: "Transactions/ErrorIdentity", store: units(rewordsError)},
		{breaks: "a lost unit is committed", caught: "Transactions/LostUnit", store: handles(func(x tx) tx { return keepsGoing{x} })},
		{breaks: "a dead context is ignored", caught: "Transactions/CancelledInside", store: units(ignoresContext)},
		{breaks: "a View writes", caught: "Transactions/ViewReadOnly", store: func() *saboteur { return &saboteur{view: writesInView} }},
		{breaks: "a View sees later commits", caught: "Transactions/ViewConsistent", store: drifts},
		{breaks: "a View sees what is not committed", caught: "Transactions/UncommittedUnseen", store: peeks},
		{breaks: "a handle outlives its unit", caught: "Transactions/EndedTx", store: outlives},
		{breaks: "a part that failed is kept", caught: "Transactions/Nest", store: handles(func(x tx) tx { return keepsParts{x} })},
		{breaks: "a restart forgets", caught: "Transactions/Durability", store: func() *saboteur { return &saboteur{} }, forgets: true},
		{breaks: "two accounts with one login, by the model", caught: "Model", store: handles(func(x tx) tx { return sharedLogins{x} })},
		{breaks: "a list in no order, by the model", caught: "Model", store: handles(func(x tx) tx { return unordered{x} })},
		{breaks: "a key is enqueued twice, by the model", caught: "Model", store: handles(func(x tx) tx { return mailsTwice{x} })},
		{breaks: "concurrent changes are lost", caught: "Transactions/NoLostUpdate", store: units(writesBlindly)},
		{breaks: "concurrent changes of the aggregate root are lost", caught: "Transactions/WriteSkew", store: units(writesBlindly)},
		{breaks: "concurrent events are lost", caught: "Transactions/ChainRace", store: units(writesBlindly)},
	}...)
}

const sabotageVariable = "HABILIS_SABOTAGE"

// TestSabotaged runs the suite on one sabotaged store. It fails, and is run by
// TestSuiteNoticesSabotage in a process of its own.
func TestSabotaged(t *testing.T) {
	t.Parallel()
	name := os.Getenv(sabotageVariable)
	if name == "" {
		t.Skip("run by TestSuiteNoticesSabotage")
	}
	for _, s := range sabotages() {
		if s.breaks != name {
			continue
		}
		open := func(*testing.T) storage.Store {
			broken := s.store()
			if broken.inner == nil {
				broken.inner = memory.New()
			}
			return broken
		}
		h := storagetest.Harness{New: open, Reopen: func(_ *testing.T, s storage.Store) storage.Store { return s }}
		if s.forgets {
			h.Reopen = func(t *testing.T, _ storage.Store) storage.Store { return open(t) }
		}
		storagetest.Run(t, h)
	}
}

func TestSuiteNoticesSabotage(t *testing.T) {
	t.Parallel()
	for _, s := range sabotages() {
		t.Run(s.breaks, func(t *testing.T) {
			t.Parallel()
			path := []string{"^TestSabotaged$"}
			for _, part := range strings.Split(s.caught, "/") {
				path = append(path, "^"+part+"$")
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			child := exec.CommandContext(ctx, os.Args[0], "-test.run="+strings.Join(path, "/"), "-test.timeout=50s")
			// A drawn sequence may pass a broken store by; these are always the same.
			child.Env = append(os.Environ(), sabotageVariable+"="+s.breaks, storagetest.SeedVariable+"=1,2,3,4")
			out, err := child.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("the suite must fail, and not by a panic: want exit status 1, got %v\n%s", err, out)
			}
			if want := fmt.Sprintf("--- FAIL: TestSabotaged/%s", s.caught); !strings.Contains(string(out), want) {
				t.Errorf("the suite must fail by the case %s\n%s", s.caught, out)
			}
		})
	}
}
