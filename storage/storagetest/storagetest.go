// Package storagetest proves that an implementation of [storage.Store] keeps the
// contract. Whoever writes one runs it from a test of their own:
//
//	func TestStore(t *testing.T) {
//		storagetest.Run(t, storagetest.Harness{
//			New:    func(t *testing.T) storage.Store { return openFresh(t) },
//			Reopen: func(t *testing.T, s storage.Store) storage.Store { return openAgain(t, s) },
//		})
//	}
//
// The suite has four layers, each a subtest that can be run alone: "Contract" for
// each method, "Transactions" for what units of work promise, "Scenarios" for the
// library's own code over the store, and "Model" for random sequences of
// operations that are compared with [memory.Store]. A failure says which
// obligation was broken and what was expected.
//
// The suite stores objects without the ones they mention: a membership whose
// account is not there, for one. The contract asks for no foreign keys.
package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/habilis-go/habilis/storage"
)

// Harness is how the suite gets at the store under test.
type Harness struct {
	// New returns a fresh, empty store, and cleans up by t.Cleanup. It is called
	// once for each case, by several goroutines at a time. Required.
	New func(t *testing.T) storage.Store

	// Reopen returns a new handle on the data of s, as after a restart of the
	// process; s is not used afterwards. Defaults to nil: the data dies with the
	// process, and durability is not tested.
	Reopen func(t *testing.T, s storage.Store) storage.Store
}

// Run runs the whole suite. Every subtest is parallel.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if h.New == nil {
		t.Fatal("storagetest: Harness.New is required")
	}
	layers := []struct {
		name string
		run  func(*testing.T, Harness)
	}{
		{"Contract", runContract},
		{"Transactions", runTransactions},
		{"Scenarios", runScenarios},
		{"Model", runModel},
	}
	for _, l := range layers {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			l.run(t, h)
		})
	}
}

func runContract(t *testing.T, h Harness) {
	h.group(t, "Account", append(objectCases(accountKind()), accountCases()...))
	h.group(t, "Link", append(objectCases(linkKind()), linkCases()...))
	h.group(t, "Throttle", append(objectCases(throttleKind()), throttleCases()...))
	h.group(t, "Attachment", append(objectCases(attachmentKind()), attachmentCases()...))
	h.group(t, "SignIn", append(objectCases(signInKind()), signInCases()...))
	h.group(t, "Factor", append(objectCases(factorKind()), factorCases()...))
	h.group(t, "Structure", append(objectCases(structureKind()), structureCases()...))
	h.group(t, "StructureSearch", searchCases())
	h.group(t, "Unit", append(objectCases(unitKind()), unitCases()...))
	h.group(t, "Membership", append(objectCases(membershipKind()), membershipCases()...))
	h.group(t, "MembershipList", membershipListCases())
	h.group(t, "Subscription", append(objectCases(subscriptionKind()), subscriptionCases()...))
	h.group(t, "SubscriptionList", subscriptionListCases())
	h.group(t, "Walk", walkCases())
	h.group(t, "Count", countCases())
	h.group(t, "Event", eventCases())
	h.group(t, "EventList", eventListCases())
	h.group(t, "Notice", append(objectCases(noticeKind()), noticeCases()...))
	h.group(t, "Run", objectCases(runKind()))
	h.group(t, "Follower", followerCases())
	h.group(t, "Message", append(objectCases(messageKind()), messageCases()...))
}

// testCase is one case over a store of its own.
type testCase struct {
	name string
	run  func(*bench)
}

func (h Harness) group(t *testing.T, name string, cases []testCase) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		h.cases(t, cases)
	})
}

func (h Harness) cases(t *testing.T, cases []testCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(h.bench(t))
		})
	}
}

// patience bounds a case, so that a store that deadlocks fails the case instead
// of hanging the run.
const patience = 30 * time.Second

func (h Harness) bench(t *testing.T) *bench {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return &bench{T: t, harness: h, store: h.New(t), ctx: ctx}
}
