package storagetest

import (
	"errors"
	"testing"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func runScenarios(t *testing.T, h Harness) {
	t.Helper()
	h.cases(t, []testCase{
		{"Journal", journalScenario},
		{"Journey", journey},
		{"Dispatchers", dispatchers},
		{"RegisterRace", registerRace},
		{"ActivateRace", activateRace},
		{"GuessRace", guessRace},
		{"FinishRace", finishRace},
		{"CreateRace", createRace},
		{"RequestRace", requestRace},
		{"DecisionRace", decisionRace},
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

// journey goes once through everything that two people do until one may work for
// the structure of the other.
func journey(b *bench) {
	w := newWorld(b)
	jeanne, julie := w.person("jeanne@example.org"), w.person("julie@example.org")
	session := w.signIn("jeanne@example.org")
	by, err := w.accounts.Resume(b.ctx, session)
	b.ok("resuming a session", err)
	b.equal("a session is that of who signed in", by.ID, jeanne.ID)

	company, urba := w.company(jeanne)
	question := authz.Request{
		Account: julie.ID, Structure: company.ID, Service: urba.ID, Space: authz.SpaceInvoicesIssued, Level: authz.Write,
	}
	decision, err := w.structures.Authorizer().Check(b.ctx, question)
	b.ok("asking for a decision", err)
	b.equal("who is no member may not", decision.Allowed, false)

	request, err := w.structures.Request(b.ctx, julie, structure.Request{
		Structure: company.ID, Services: []structure.ServiceID{urba.ID}, Comment: "L'été, j'instruis les demandes.",
	})
	b.ok("requesting", err)
	decision, err = w.structures.Authorizer().Check(b.ctx, question)
	b.ok("asking for a decision", err)
	b.equal("who only asked may not", decision.Allowed, false)

	approved, err := w.structures.Approve(b.ctx, jeanne, request.ID, structure.Approval{})
	b.ok("approving", err)
	b.equal("what was approved is stored", load(b, membershipKind(), approved), approved)
	decision, err = w.structures.Authorizer().Check(b.ctx, question)
	b.ok("asking for a decision", err)
	b.equal("who was approved may", decision.Allowed, true)

	b.ok("signing out everywhere", w.accounts.SignOutEverywhere(b.ctx, jeanne))
	_, err = w.accounts.Resume(b.ctx, session)
	b.wantErr("a session ends with the stamp", err, account.ErrSessionEnded)
	w.proven()
}

func registerRace(b *bench) {
	w := newWorld(b)
	errs := race(8, func(int) error { return w.register("same@example.org") })
	b.successes("registering one address at once", errs)
	s := read(b)
	if len(s.Accounts) != 1 || len(s.Messages) != 1 {
		b.Errorf("registering one address at once: got %d accounts and %d mails, want 1 and 1", len(s.Accounts), len(s.Messages))
	}
	w.proven()
}

func activateRace(b *bench) {
	w := newWorld(b)
	b.ok("registering", w.register("one@example.org"))
	token := w.token("one@example.org")
	errs := race(6, func(int) error {
		_, err := w.accounts.Activate(b.ctx, token, password)
		return err
	})
	if n := b.successes("following one link at once", errs, account.ErrLinkUsed); n != 1 {
		b.Errorf("a link works once: it worked %d times", n)
	}
	w.proven()
}

func guessRace(b *bench) {
	w := newWorld(b)
	w.person("one@example.org")
	c, err := w.signIns.Begin(b.ctx, mfa.Credentials{Login: "one@example.org", Password: password})
	b.ok("beginning to sign in", err)
	var wrong int
	for _, err := range race(10, func(int) error { return w.signIns.ProveMailCode(b.ctx, c.Handle, "abcdef") }) {
		switch {
		case errors.Is(err, mfa.ErrWrongCode):
			wrong++
		case !errors.Is(err, mfa.ErrSignInOver):
			b.Errorf("guessing at once: got %v, want ErrWrongCode or ErrSignInOver", err)
		}
	}
	if budget := mfa.Guide2024().CodeTries; wrong != budget {
		b.Errorf("guessing at once stays within the budget and uses it up: %d tries were checked, want %d", wrong, budget)
	}
	w.proven()
}

func finishRace(b *bench) {
	w := newWorld(b)
	w.person("one@example.org")
	handle := w.proved("one@example.org")
	errs := race(6, func(int) error {
		_, err := w.signIns.Finish(b.ctx, handle)
		return err
	})
	if n := b.successes("finishing one sign-in at once", errs, mfa.ErrSignInOver); n != 1 {
		b.Errorf("a sign-in yields one session: got %d", n)
	}
	w.proven()
}

func createRace(b *bench) {
	w := newWorld(b)
	people := w.people(5)
	errs := race(len(people), func(i int) error {
		_, err := w.structures.Create(b.ctx, people[i], creation())
		return err
	})
	if n := b.successes("creating one structure at once", errs, structure.ErrStructureExists); n != 1 {
		b.Errorf("one identifier is one structure: %d were created", n)
	}
	s := read(b)
	if len(s.Structures) != 1 || len(s.Memberships) != 1 {
		b.Errorf("who came second leaves nothing: got %d structures and %d memberships, want 1 and 1", len(s.Structures), len(s.Memberships))
	}
	w.proven()
}

func requestRace(b *bench) {
	w := newWorld(b)
	company, _ := w.company(w.person("jeanne@example.org"))
	julie := w.person("julie@example.org")
	errs := race(6, func(int) error {
		_, err := w.structures.Request(b.ctx, julie, structure.Request{Structure: company.ID, Whole: true, Comment: "please"})
		return err
	})
	if n := b.successes("one person who asks several times at once", errs, structure.ErrRequestPending); n != 1 {
		b.Errorf("one person has one request: got %d", n)
	}
	w.proven()
}

// decisionRace lets managers approve and reject one request at the same moment.
func decisionRace(b *bench) {
	w := newWorld(b)
	jeanne, julie := w.person("jeanne@example.org"), w.person("julie@example.org")
	company, _ := w.company(jeanne)
	request, err := w.structures.Request(b.ctx, julie, structure.Request{Structure: company.ID, Whole: true, Comment: "please"})
	b.ok("requesting", err)
	before := len(w.mails())

	answers := make([]structure.Membership, 8)
	errs := race(len(answers), func(i int) (err error) {
		if i%2 == 0 {
			answers[i], err = w.structures.Approve(b.ctx, jeanne, request.ID, structure.Approval{})
		} else {
			answers[i], err = w.structures.Reject(b.ctx, jeanne, request.ID, structure.Refusal{Reason: "no"})
		}
		return err
	})
	if n := b.successes("deciding one request at once", errs, structure.ErrAlreadyDecided); n != 1 {
		b.Errorf("one request has one decision: %d were made", n)
	}
	for _, m := range answers {
		b.equal("whoever came second learns the decision that was made", m, load(b, membershipKind(), request))
	}
	if n := len(w.mails()) - before; n != 1 {
		b.Errorf("one decision is one mail: got %d", n)
	}
	decided := eventsOf(b, notify.EventQuery{
		Structure: company.ID, Account: julie.ID, Kinds: []notify.Kind{"membership.approved", "membership.rejected"},
	})
	if len(decided) != 1 {
		b.Errorf("one decision is one event: got %d", len(decided))
	}
	w.proven()
}
