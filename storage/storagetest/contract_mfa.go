package storagetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/storage"
)

func signInCases() []testCase {
	return []testCase{{"Delete", deleteSignIn}, {"Expired", expiredSignIns}}
}

func deleteSignIn(b *bench) {
	k := signInKind()
	puts(b, k, k.make(1), k.make(2))
	stale := load(b, k, k.make(1))
	current := stale
	b.update(func(tx storage.Tx) error { return tx.PutSignIn(b.ctx, current) })
	current.Version++
	remove := func(s mfa.SignIn) error {
		return b.try(func(tx storage.Tx) error { return tx.DeleteSignIn(b.ctx, s) })
	}
	b.wantErr("DeleteSignIn with a version that is not the stored one answers ErrConflict", remove(stale), storage.ErrConflict)
	b.equal("a refused deletion changes nothing", load(b, k, stale), current)
	b.update(func(tx storage.Tx) error {
		if err := tx.DeleteSignIn(b.ctx, current); err != nil {
			return err
		}
		_, err := tx.SignIn(b.ctx, current.ID)
		b.wantErr("a deleted sign-in is gone within the unit", err, storage.ErrNotFound)
		return nil
	})
	_, err := ask(b, func(tx storage.Tx) (mfa.SignIn, error) { return tx.SignIn(b.ctx, current.ID) })
	b.wantErr("a deleted sign-in is gone", err, storage.ErrNotFound)
	b.wantErr("deleting a sign-in that is not there answers ErrConflict", remove(current), storage.ErrConflict)
	b.equal("a deletion touches no other sign-in", load(b, k, k.make(2)).Version, int64(1))
	puts(b, k, k.make(1))
	b.equal("what was deleted can be inserted anew", load(b, k, k.make(1)).Version, int64(1))
}

func expiredSignIns(b *bench) {
	k := signInKind()
	expiries := []time.Time{minute(9), minute(2), minute(4), minute(2), minute(3).Add(time.Microsecond), minute(3)}
	for n, at := range expiries {
		s := k.make(n)
		s.ExpiresAt = at
		puts(b, k, s)
	}
	expired := func(at time.Time, limit int) []string {
		return keys(list(b, func(tx storage.Tx) ([]mfa.SignIn, error) { return tx.ExpiredSignIns(b.ctx, at, limit) }),
			func(s mfa.SignIn) string { return s.ID })
	}
	twins := []string{newSignIn(1).ID, newSignIn(3).ID}
	slices.Sort(twins)
	all := append(slices.Clone(twins), newSignIn(5).ID, newSignIn(4).ID, newSignIn(2).ID, newSignIn(0).ID)
	b.equal("ExpiredSignIns lists the oldest ExpiresAt first, then by ID", expired(minute(9), 100), all)
	b.equal("ExpiredSignIns lists at most limit", expired(minute(9), 3), all[:3])
	b.equal("ExpiredSignIns lists what expires at the very instant, and nothing later", expired(minute(3), 100), all[:3])
	b.equal("ExpiredSignIns accepts an instant in any zone",
		expired(minute(3).In(time.FixedZone("UTC-5", -5*60*60)), 100), all[:3])
	b.equal("ExpiredSignIns lists nothing when nothing expired", expired(minute(1), 100), []string(nil))
}

func factorCases() []testCase {
	return []testCase{
		{"Delete", deleteFactor},
		{"OfAccount", factorsOfAccount},
		{"ByCredential", byCredential},
		{"CredentialUnique", credentialUnique},
		{"Single", singleFactors},
		{"Expired", expiredFactors},
	}
}

func deleteFactor(b *bench) {
	k := factorKind()
	puts(b, k, k.make(1), k.make(2))
	stale := load(b, k, k.make(1))
	b.update(func(tx storage.Tx) error { return tx.PutFactor(b.ctx, stale) })
	current := load(b, k, stale)
	remove := func(f mfa.Factor) error {
		return b.try(func(tx storage.Tx) error { return tx.DeleteFactor(b.ctx, f) })
	}
	b.wantErr("DeleteFactor with a version that is not the stored one answers ErrConflict", remove(stale), storage.ErrConflict)
	b.equal("a refused deletion changes nothing", load(b, k, stale), current)
	b.update(func(tx storage.Tx) error {
		if err := tx.DeleteFactor(b.ctx, current); err != nil {
			return err
		}
		_, err := k.get(b.ctx, tx, current)
		b.wantErr("a deleted factor is gone within the unit", err, storage.ErrNotFound)
		_, err = tx.FactorByCredential(b.ctx, current.Credential)
		b.wantErr("the credential of a deleted factor finds nothing", err, storage.ErrNotFound)
		return nil
	})
	_, err := ask(b, func(tx storage.Tx) (mfa.Factor, error) { return k.get(b.ctx, tx, current) })
	b.wantErr("a deleted factor is gone", err, storage.ErrNotFound)
	b.wantErr("deleting a factor that is not there answers ErrConflict", remove(current), storage.ErrConflict)
	b.equal("a deletion touches no other factor", load(b, k, k.make(2)).Version, int64(1))
	puts(b, k, k.make(1))
	b.equal("what was deleted can be inserted anew", load(b, k, k.make(1)).Version, int64(1))
}

func factorIDs(of []mfa.Factor) []mfa.FactorID {
	return keys(of, func(f mfa.Factor) mfa.FactorID { return f.ID })
}

func factorsOfAccount(b *bench) {
	k := factorKind()
	for _, n := range []int{5, 1, 16, 3} {
		f := k.make(n)
		f.Account = accountID(n % 2)
		if n == 3 {
			f.ConfirmedAt = time.Time{}
		}
		puts(b, k, f)
	}
	of := func(n int) []mfa.FactorID {
		return factorIDs(list(b, func(tx storage.Tx) ([]mfa.Factor, error) { return tx.Factors(b.ctx, accountID(n)) }))
	}
	b.equal("Factors lists those of the account, pending ones included, by ID", of(1), []mfa.FactorID{factorID(1), factorID(3), factorID(5)})
	b.equal("Factors lists those of the account", of(0), []mfa.FactorID{factorID(16)})
	b.equal("Factors lists nothing for an account without any", of(9), []mfa.FactorID(nil))
}

func byCredential(b *bench) {
	k := factorKind()
	puts(b, k, k.make(1), k.make(2), k.bare(3))
	find := func(c string) (mfa.Factor, error) {
		return ask(b, func(tx storage.Tx) (mfa.Factor, error) { return tx.FactorByCredential(b.ctx, c) })
	}
	got, err := find(newFactor(2).Credential)
	b.wantErr("FactorByCredential finds the factor", err, nil)
	b.equal("FactorByCredential returns the whole factor", got, load(b, k, k.make(2)))
	for _, c := range []string{"", "nothing", "CREDENTIAL1", "credential_", "credential%"} {
		_, err = find(c)
		b.wantErr(fmt.Sprintf("FactorByCredential of what no factor has (%q) answers ErrNotFound", c), err, storage.ErrNotFound)
	}
}

func credentialUnique(b *bench) {
	k := factorKind()
	puts(b, k, k.make(1), k.bare(2), k.bare(3))
	b.wantErr("a second factor with the same Credential is refused with ErrExists, of another account too", b.try(func(tx storage.Tx) error {
		f := newFactor(4)
		f.Credential = newFactor(1).Credential
		return tx.PutFactor(b.ctx, f)
	}), storage.ErrExists)
	b.equal("factors without a Credential are as many as there are", load(b, k, k.bare(3)).Credential, "")
}

func singleFactors(b *bench) {
	k := factorKind()
	of := func(n int, kind account.Factor, confirmed bool) mfa.Factor {
		f := k.make(n)
		f.Account, f.Kind, f.Credential = accountID(1), kind, ""
		if !confirmed {
			f.ConfirmedAt = time.Time{}
		}
		return f
	}
	for n, kind := range []account.Factor{account.FactorAuthenticator, account.FactorRecoveryCode} {
		puts(b, k, of(10*n, kind, true), of(10*n+1, kind, false), of(10*n+2, kind, false))
		b.wantErr("a second confirmed "+string(kind)+" of an account is refused with ErrExists",
			b.try(func(tx storage.Tx) error { return tx.PutFactor(b.ctx, of(10*n+3, kind, true)) }), storage.ErrExists)
		b.wantErr("a second "+string(kind)+" of an account cannot be confirmed: ErrExists", b.try(func(tx storage.Tx) error {
			f, err := tx.Factor(b.ctx, factorID(10*n+1))
			if err != nil {
				return err
			}
			f.ConfirmedAt = minute(9)
			return tx.PutFactor(b.ctx, f)
		}), storage.ErrExists)
		b.update(func(tx storage.Tx) error {
			old, err := tx.Factor(b.ctx, factorID(10*n))
			if err != nil {
				return err
			}
			if err := tx.DeleteFactor(b.ctx, old); err != nil {
				return err
			}
			return tx.PutFactor(b.ctx, of(10*n+3, kind, true)) // one in place of the other, in one unit
		})
		others := of(10*n+4, kind, true)
		others.Account = accountID(2)
		puts(b, k, others)
	}
	puts(b, k, of(30, account.FactorSecurityKey, true), of(31, account.FactorSecurityKey, true),
		of(32, account.FactorTrustedDevice, true), of(33, account.FactorTrustedDevice, true))
}

func expiredFactors(b *bench) {
	k := factorKind()
	for n, at := range []time.Time{minute(9), minute(2), {}, minute(4), minute(2), minute(3).Add(time.Microsecond), minute(3)} {
		f := k.make(n)
		f.ExpiresAt = at
		puts(b, k, f)
	}
	expired := func(at time.Time, limit int) []mfa.FactorID {
		return factorIDs(list(b, func(tx storage.Tx) ([]mfa.Factor, error) { return tx.ExpiredFactors(b.ctx, at, limit) }))
	}
	all := []mfa.FactorID{factorID(1), factorID(4), factorID(6), factorID(5), factorID(3), factorID(0)}
	b.equal("ExpiredFactors lists the oldest ExpiresAt first, then by ID, and none that never expires", expired(minute(9), 100), all)
	b.equal("ExpiredFactors lists at most limit", expired(minute(9), 3), all[:3])
	b.equal("ExpiredFactors lists what expires at the very instant, and nothing later", expired(minute(3), 100), all[:3])
	b.equal("ExpiredFactors lists nothing when nothing expired", expired(minute(1), 100), []mfa.FactorID(nil))
}
