package storagetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
)

func accountCases() []testCase {
	return []testCase{
		{"LoginUnique", loginUnique},
		{"ByLogin", byLogin},
		{"LoginBytewise", loginBytewise},
		{"List", accountList},
		{"Due", accountsDue},
		{"Person", accountsByPerson},
	}
}

func loginUnique(b *bench) {
	k := accountKind()
	puts(b, k, k.make(1), k.make(2))
	b.wantErr("a second account with the same Login is refused with ErrExists", b.try(func(tx storage.Tx) error {
		a := newAccount(3)
		a.Login = newAccount(1).Login
		return tx.PutAccount(b.ctx, a)
	}), storage.ErrExists)
	b.wantErr("taking another account's Login is refused with ErrExists", b.try(func(tx storage.Tx) error {
		a, err := tx.Account(b.ctx, accountID(2))
		if err != nil {
			return err
		}
		a.Login = newAccount(1).Login
		return tx.PutAccount(b.ctx, a)
	}), storage.ErrExists)
	_, err := ask(b, func(tx storage.Tx) (account.Account, error) { return tx.Account(b.ctx, accountID(3)) })
	b.wantErr("a refused account is not stored", err, storage.ErrNotFound)
	b.equal("a refused change is not stored", load(b, k, k.make(2)).Login, newAccount(2).Login)

	b.update(func(tx storage.Tx) error {
		a, err := tx.Account(b.ctx, accountID(1))
		if err != nil {
			return err
		}
		a.Login = "renamed@example.org"
		if err := tx.PutAccount(b.ctx, a); err != nil {
			return err
		}
		heir := newAccount(4)
		heir.Login = newAccount(1).Login
		if err := tx.PutAccount(b.ctx, heir); err != nil {
			return fmt.Errorf("a Login that was given up is free, within the unit too: %w", err)
		}
		return nil
	})
}

func byLogin(b *bench) {
	k := accountKind()
	find := func(login string) (account.Account, error) {
		return ask(b, func(tx storage.Tx) (account.Account, error) { return tx.AccountByLogin(b.ctx, login) })
	}
	puts(b, k, k.make(1), k.make(2))
	got, err := find(newAccount(1).Login)
	b.wantErr("AccountByLogin finds the account", err, nil)
	b.equal("AccountByLogin returns the whole account", got, load(b, k, k.make(1)))
	for _, login := range []string{"", "nobody@example.org", "person_@example.org", "person%", "%"} {
		_, err = find(login)
		b.wantErr(fmt.Sprintf("AccountByLogin of a login nobody has (%q) answers ErrNotFound", login), err, storage.ErrNotFound)
	}
	b.update(func(tx storage.Tx) error {
		a, err := tx.AccountByLogin(b.ctx, newAccount(1).Login)
		if err != nil {
			return err
		}
		a.Login = "renamed@example.org"
		if err := tx.PutAccount(b.ctx, a); err != nil {
			return err
		}
		_, err = tx.AccountByLogin(b.ctx, "renamed@example.org")
		return err
	})
	_, err = find(newAccount(1).Login)
	b.wantErr("a Login that was given up finds nobody", err, storage.ErrNotFound)
	got, err = find("renamed@example.org")
	b.wantErr("a new Login finds the account", err, nil)
	b.equal("a new Login finds the account", got.ID, accountID(1))
}

// lookalikes are different to the contract and alike to some collations.
func lookalikes() []string {
	return []string{
		"ana@example.org", "ANA@example.org", "Ana@example.org", "ana@example.org ", " ana@example.org",
		"aña@example.org", "an\u0303a@example.org", "a\u00adna@example.org", "аna@example.org", // the last begins with a Cyrillic letter
		"an_@example.org", "an%", "ss@example.org", "ß@example.org", "ẞ@example.org", "👩@example.org", "👨@example.org",
	}
}

func loginBytewise(b *bench) {
	for n, login := range lookalikes() {
		a := newAccount(n)
		a.Login = login
		if err := b.try(func(tx storage.Tx) error { return tx.PutAccount(b.ctx, a) }); err != nil {
			b.Errorf("logins are compared byte by byte: %q must not clash with any of %q, got: %v", login, lookalikes()[:n], err)
		}
	}
	for n, login := range lookalikes() {
		a, err := ask(b, func(tx storage.Tx) (account.Account, error) { return tx.AccountByLogin(b.ctx, login) })
		if err != nil || a.ID != accountID(n) || a.Login != login {
			b.Errorf("logins are compared byte by byte: asked for %q, got %q, %v", login, a.Login, err)
		}
	}
	_, err := ask(b, func(tx storage.Tx) (account.Account, error) { return tx.AccountByLogin(b.ctx, "aNA@example.org") })
	b.wantErr("logins are compared byte by byte: another case finds nobody", err, storage.ErrNotFound)
}

func accountList(b *bench) {
	k := accountKind()
	for _, n := range []int{5, 1, 16, 3, 10, 2} {
		puts(b, k, k.make(n))
	}
	for _, c := range []struct {
		what  string
		after account.ID
		limit int
		want  []account.ID
	}{
		{"by ID, from the beginning", "", 100, []account.ID{accountID(1), accountID(2), accountID(3), accountID(5), accountID(10), accountID(16)}},
		{"at most limit", "", 2, []account.ID{accountID(1), accountID(2)}},
		{"after an ID, itself left out", accountID(2), 2, []account.ID{accountID(3), accountID(5)}},
		{"after an ID that is not there", accountID(4), 2, []account.ID{accountID(5), accountID(10)}},
		{"after the last", accountID(16), 2, nil},
	} {
		got := list(b, func(tx storage.Tx) ([]account.Account, error) {
			return tx.Accounts(b.ctx, account.Query{After: c.after, Limit: c.limit})
		})
		b.equal("Accounts lists "+c.what, keys(got, func(a account.Account) account.ID { return a.ID }), c.want)
	}
	for _, c := range []struct {
		what string
		q    account.Query
		want []account.ID
	}{
		{"with any of several IDs, by ID and each once", account.Query{IDs: []account.ID{accountID(5), accountID(9), accountID(1), accountID(16), accountID(1)}}, []account.ID{accountID(1), accountID(5), accountID(16)}},
		{"with an ID", account.Query{IDs: []account.ID{accountID(3)}}, []account.ID{accountID(3)}},
		{"with IDs, after one of them", account.Query{IDs: []account.ID{accountID(5), accountID(1), accountID(3)}, After: accountID(1), Limit: 1}, []account.ID{accountID(3)}},
		{"with IDs that are due", account.Query{IDs: []account.ID{accountID(5), accountID(3)}, DueAt: minute(4)}, []account.ID{accountID(3)}},
		{"with no IDs: IDs that are empty and not nil select nothing", account.Query{IDs: []account.ID{}}, nil},
	} {
		got := list(b, func(tx storage.Tx) ([]account.Account, error) { return tx.Accounts(b.ctx, c.q) })
		b.equal("Accounts lists those "+c.what, keys(got, func(a account.Account) account.ID { return a.ID }), c.want)
	}
	got := list(b, func(tx storage.Tx) ([]account.Account, error) {
		return tx.Accounts(b.ctx, account.Query{After: accountID(2), Limit: 1})
	})
	b.equal("Accounts lists whole accounts", got, []account.Account{load(b, k, k.make(3))})
}

func accountsDue(b *bench) {
	k := accountKind()
	for n, at := range []time.Time{minute(9), minute(2), {}, minute(4), minute(2), minute(3).Add(time.Microsecond), minute(3)} {
		a := k.make(n)
		a.DueAt = at
		puts(b, k, a)
	}
	due := func(q account.Query) []account.ID {
		return keys(list(b, func(tx storage.Tx) ([]account.Account, error) { return tx.Accounts(b.ctx, q) }),
			func(a account.Account) account.ID { return a.ID })
	}
	all := []account.ID{accountID(1), accountID(4), accountID(6), accountID(5), accountID(3), accountID(0)}
	b.equal("Accounts lists those that are due, earliest first, then by ID, and none that never is", due(account.Query{DueAt: minute(9)}), all)
	b.equal("Accounts lists at most Limit of those that are due", due(account.Query{DueAt: minute(9), Limit: 3}), all[:3])
	b.equal("Accounts lists what is due at the very instant, and nothing later", due(account.Query{DueAt: minute(3)}), all[:3])
	b.equal("Accounts compares instants in any zone", due(account.Query{DueAt: minute(3).In(time.FixedZone("UTC-5", -5*60*60))}), all[:3])
	b.equal("Accounts lists nothing when nothing is due", due(account.Query{DueAt: minute(1)}), []account.ID(nil))
	b.equal("After holds for those that are due, too", due(account.Query{DueAt: minute(4), After: accountID(3)}), []account.ID{accountID(4), accountID(6), accountID(5)})
	b.update(func(tx storage.Tx) error {
		a, err := tx.Account(b.ctx, accountID(1))
		a.DueAt = time.Time{}
		return errors.Join(err, tx.PutAccount(b.ctx, a))
	})
	b.equal("an account that is not due any more is not listed", due(account.Query{DueAt: minute(3)}), all[1:3])
}

func linkCases() []testCase {
	return []testCase{{"DigestUnique", digestUnique}, {"ByDigest", byDigest}, {"OnePerPurpose", onePerPurpose}}
}

func digestUnique(b *bench) {
	k := linkKind()
	puts(b, k, k.make(1))
	b.wantErr("a second link with the same Digest is refused with ErrExists", b.try(func(tx storage.Tx) error {
		l := newLink(2)
		l.Digest = newLink(1).Digest
		return tx.PutLink(b.ctx, l)
	}), storage.ErrExists)
}

func byDigest(b *bench) {
	k := linkKind()
	puts(b, k, k.make(1), k.make(2))
	find := func(d string) (account.Link, error) {
		return ask(b, func(tx storage.Tx) (account.Link, error) { return tx.LinkByDigest(b.ctx, d) })
	}
	got, err := find(newLink(2).Digest)
	b.wantErr("LinkByDigest finds the link", err, nil)
	b.equal("LinkByDigest returns the whole link", got, load(b, k, k.make(2)))
	_, err = find(digest("nothing"))
	b.wantErr("LinkByDigest of a digest no link has answers ErrNotFound", err, storage.ErrNotFound)

	newer := got
	newer.Digest = digest("newer")
	b.update(func(tx storage.Tx) error { return tx.PutLink(b.ctx, newer) })
	_, err = find(newLink(2).Digest)
	b.wantErr("the digest of a link that was replaced finds nothing", err, storage.ErrNotFound)
	got, err = find(digest("newer"))
	b.wantErr("the new digest finds the link", err, nil)
	b.equal("the new digest finds the link", got.Account, accountID(2))
}

func onePerPurpose(b *bench) {
	k := linkKind()
	other := newLink(1)
	other.Purpose, other.Digest = "another", digest("another")
	puts(b, k, k.make(1), other)
	b.equal("links of two purposes are two links", load(b, k, k.make(1)).Digest, newLink(1).Digest)
	b.equal("links of two purposes are two links", load(b, k, other).Digest, other.Digest)
}

func throttleCases() []testCase {
	return []testCase{{"OnePerFactor", func(b *bench) {
		k := throttleKind()
		other := newThrottle(1)
		other.Factor, other.Failures = account.FactorMailCode, 1
		puts(b, k, k.make(1), other)
		b.equal("counters of two factors are two counters", load(b, k, k.make(1)).Failures, 3)
		b.equal("counters of two factors are two counters", load(b, k, other).Failures, 1)
	}}}
}
