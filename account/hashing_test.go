package account_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
)

func cheap(t *testing.T) *account.Hasher {
	t.Helper()
	h, err := account.NewHasher(account.Hashing{MemoryKiB: 64, Passes: 1, TestOnly: true}, nil)
	require.NoError(t, err)
	return h
}

func hasher(t testing.TB, hashing account.Hashing) *account.Hasher {
	t.Helper()
	h, err := account.NewHasher(hashing, nil)
	require.NoError(t, err)
	return h
}

func matches(t testing.TB, h *account.Hasher, password, stored string) bool {
	t.Helper()
	ok, err := h.Check(t.Context(), password, stored)
	require.NoError(t, err)
	return ok
}

// schemes are cheap hashings of every scheme, with and without a pepper.
func schemes(t testing.TB) map[string]account.Hashing {
	t.Helper()
	pepper, err := account.NewPepper([]byte(strings.Repeat("pep-", 8)))
	require.NoError(t, err)
	return map[string]account.Hashing{
		"argon2id":           {MemoryKiB: 64, Passes: 1, TestOnly: true},
		"argon2id, peppered": {MemoryKiB: 64, Passes: 1, Pepper: pepper, TestOnly: true},
		"SHA-256":            {Scheme: account.SchemePBKDF2SHA256, Iterations: 10, TestOnly: true},
		"SHA-512":            {Scheme: account.SchemePBKDF2SHA512, Iterations: 10, TestOnly: true},
		"SHA-512, peppered":  {Scheme: account.SchemePBKDF2SHA512, Iterations: 10, Pepper: pepper, TestOnly: true},
	}
}

// CR-01, CR-13: salted, whole, normalised, under every scheme.
func TestPasswordHashes(t *testing.T) {
	t.Parallel()
	for name, hashing := range schemes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hasher(t, hashing)
			hash := func(password string) string {
				stored, err := h.Hash(t.Context(), password)
				require.NoError(t, err)
				require.False(t, h.Outdated(stored))
				return stored
			}
			one := hash("Correct-Horse-7")
			require.NotEqual(t, one, hash("Correct-Horse-7"), "the same password differs")
			require.NotContains(t, one, "Correct")
			require.True(t, matches(t, h, "Correct-Horse-7", one))
			require.False(t, matches(t, h, "Correct-Horse-8", one))
			require.False(t, matches(t, h, "Correct-Horse-7 ", one), "nothing is trimmed")
			require.False(t, matches(t, h, "", one))
			long := strings.Repeat("x", 100)
			require.False(t, matches(t, h, long+"b", hash(long+"a")), "nothing is cut after 72 bytes")
			require.True(t, matches(t, h, "cafe\u0301", hash("caf\u00e9")), "composed and decomposed are one password")
			require.False(t, matches(t, h, "a\x00", hash("a")), "a NUL is a character")
			if nul, err := h.Hash(t.Context(), "a\x00b"); err != nil {
				require.ErrorIs(t, err, fault.ErrInvalid)
				require.Contains(t, name, "SHA")
			} else {
				require.True(t, matches(t, h, "a\x00b", nul))
				require.False(t, matches(t, h, "a\x00c", nul), "and ends nothing")
			}
		})
	}
}

// DS-02: 1024 bytes in NFC are hashed, one more is refused before any work.
func TestEndlessPasswordsAreNotHashed(t *testing.T) {
	t.Parallel()
	h := cheap(t)
	longest := strings.Repeat("\u00e9", 512)
	stored, err := h.Hash(t.Context(), longest)
	require.NoError(t, err)
	require.True(t, matches(t, h, strings.Repeat("e\u0301", 512), stored))
	_, err = h.Hash(t.Context(), longest+"x")
	require.ErrorIs(t, err, fault.ErrInvalid)
	require.Equal(t, []fault.Field{{Path: "password", Code: "password_max", Param: "256"}}, fault.FieldsOf(err))
	require.False(t, matches(t, h, longest+"x", stored))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	ok, err := h.Check(ended, strings.Repeat("x", 1<<24), stored)
	require.NoError(t, err, "it does not even look for a slot")
	require.False(t, ok)
}

// Independent vectors.
func TestKnownHashes(t *testing.T) {
	t.Parallel()
	phc := func(prefix, salt, sum string) string {
		rawSalt, err := hex.DecodeString(salt)
		require.NoError(t, err)
		rawSum, err := hex.DecodeString(sum)
		require.NoError(t, err)
		return prefix + "$" + base64.RawStdEncoding.EncodeToString(rawSalt) + "$" + base64.RawStdEncoding.EncodeToString(rawSum)
	}
	h := cheap(t)
	for stored, password := range map[string]string{
		// The program argon2 of the reference implementation, 20171227.
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc":            "password",
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4":              "password",
		"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc":              "password",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94":            "differentpassword",
		"$argon2id$v=19$m=19456,t=2,p=1$ZGlmZnNhbHQxNmJ5dGVzIQ$R7Q5v2Opu6CfG/gH5T3Klr8pfq0uAfoBvzRSuBDss0E": "Été à Terneuil",
		// Wycheproof, pbkdf2_hmacsha256_test.json 4, 7, 51 and pbkdf2_hmacsha512_test.json 2, 5, 49.
		phc("$pbkdf2-sha256$i=4096", "84bbd18de5ec10ff", "05fd57d1cc373fa9f37e1857ac1c0af8fbf635e139a42f9dd25a4e4b4698ea13e943f42220384d32a272"):                 "Z0g3IVrr",
		phc("$pbkdf2-sha256$i=4096", "0a3bb93c0de86a174ab005b8089706ab", "b7a44e0e93f5f7ec0e177292db0b4a1354b62709e0dfe02167e19586fa99a70d777b39f953fb4fa4c342"): "I9tRBdQh",
		phc("$pbkdf2-sha256$i=4096", "1a71e2118c9fbcc9", "3e513d89ea5ad303f17cbf7cbdea54a940f0f5811844dfa875a55a8241d2f8df"):                                     "",
		phc("$pbkdf2-sha512$i=4096", "84bbd18de5ec10ff", "d1b8e64e3b67a548c8bda3118eab1bc3f81b4cc9ead842eda18f6685533c2c7f4f49b8c7a78fea13b776"):                 "Z0g3IVrr",
		phc("$pbkdf2-sha512$i=4096", "0a3bb93c0de86a174ab005b8089706ab", "8c9a9843f6c108ad5b95d872bd93f1afd8001871e24ae03100ab33a47b3bf923de1e0bb4a95985563a87"): "I9tRBdQh",
		phc("$pbkdf2-sha512$i=4096", "1a71e2118c9fbcc9", "580ad63c3ade95c330d57e32af17fd342457fb0289b5d74c2d01ee109293bbdb"):                                     "",
		// Botan, src/tests/data/passhash/bcrypt.vec.
		"$2a$05$DfPyLs.G6.To9fXEFgUL1O6HpYw3jIXgPcl/L3Qt3jESuWmhxtmpS": "abc",
		"$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq": "\xa3",
		"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy": "",
		"$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a": "U*U*U",
		"$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq": "\xa3",
	} {
		require.True(t, matches(t, h, password, stored), stored)
		require.False(t, matches(t, h, password+"x", stored), stored)
		require.True(t, h.Outdated(stored), stored)
	}
}

// bcrypt reads 72 bytes; a longer password is not right because its beginning is. The
// last vector of Botan's file shows that bcrypt itself would accept it.
func TestBcryptNeverMatchesByTruncation(t *testing.T) {
	t.Parallel()
	const stored = "$2a$04$....................../VvYrJip/blbJEy92Sih8t0k26f242."
	var password []byte
	for c := byte('A'); len(password) < 73; c++ {
		password = append(password, c)
	}
	h := cheap(t)
	require.True(t, matches(t, h, string(password[:72]), stored))
	require.False(t, matches(t, h, string(password), stored))
	require.False(t, matches(t, h, string(password[:71]), stored))

	const abc = "$2a$05$DfPyLs.G6.To9fXEFgUL1O6HpYw3jIXgPcl/L3Qt3jESuWmhxtmpS"
	require.True(t, matches(t, h, "abc", abc))
	require.False(t, matches(t, h, "abc\x00abc", abc), "nor by repetition behind a NUL, which bcrypt takes for the same")
}

// CR-14: a stored hash cannot ask for more work than we allow, and what is not one
// costs what a new hash costs.
func TestMalformedHashesAreRefusedBeforeWork(t *testing.T) {
	t.Parallel()
	h := cheap(t)
	argon, err := h.Hash(t.Context(), "x")
	require.NoError(t, err)
	pbkdf, err := hasher(t, account.Hashing{Scheme: account.SchemePBKDF2SHA256, Iterations: 10, TestOnly: true}).Hash(t.Context(), "x")
	require.NoError(t, err)
	require.True(t, matches(t, h, "x", pbkdf))
	const bcrypt = "$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"
	swap := strings.Replace
	for name, bad := range map[string]string{
		"empty": "", "16 GiB": swap(argon, "m=64", "m=16777216", 1), "1 GiB and 1 KiB": swap(argon, "m=64", "m=1048577", 1),
		"2^31 passes": swap(argon, "t=1", "t=2147483648", 1), "65 passes": swap(argon, "t=1", "t=65", 1), "no pass": swap(argon, "t=1", "t=0", 1),
		"17 lanes": swap(argon, "p=1", "p=17", 1), "no lane": swap(argon, "p=1", "p=0", 1), "less than 8 KiB a lane": swap(argon, "m=64", "m=7", 1),
		"other scheme": swap(argon, "argon2id", "argon2i", 1), "other version": swap(argon, "v=19", "v=16", 1),
		"unknown cost": swap(argon, "m=64", "z=64", 1), "no digits": swap(argon, "m=64", "m=", 1), "sign": swap(argon, "m=64", "m=+64", 1),
		"leading zero": swap(argon, "m=64", "m=064", 1), "twice": swap(argon, "m=64", "m=64,m=64", 1), "order": swap(argon, "m=64,t=1", "t=1,m=64", 1),
		"cut": argon[:len(argon)-4], "bad base64": argon[:len(argon)-1] + "*", "parts": argon + "$x", "endless": argon + strings.Repeat("A", 1<<20),
		"unknown pepper": swap(argon, "p=1", "p=1,keyid=AAAAAAAA", 1), "no pepper": swap(argon, "p=1", "p=1,keyid=", 1),
		"ten million and one": swap(pbkdf, "i=10", "i=10000001", 1), "2^32 iterations": swap(pbkdf, "i=10", "i=4294967296", 1),
		"no iteration": swap(pbkdf, "i=10", "i=0", 1), "SHA-1": swap(pbkdf, "sha256", "sha1", 1),
		"bcrypt 16": swap(bcrypt, "$05", "$16", 1), "bcrypt 31": swap(bcrypt, "$05", "$31", 1), "bcrypt 3": swap(bcrypt, "$05", "$03", 1),
		"bcrypt 2x": swap(bcrypt, "2b", "2x", 1), "bcrypt, cut": bcrypt[:59], "bcrypt alphabet": bcrypt[:59] + "*", "bcrypt only": "$2",
	} {
		start := time.Now()
		require.False(t, matches(t, h, "x", bad), name)
		require.Less(t, time.Since(start), 2*time.Second, name)
		require.True(t, h.Outdated(bad), name)
	}
}

// EN-02: an account without a password costs as much as one with.
func TestDecoysCostWhatHashesCost(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, hashing := range schemes(t) {
		h := hasher(t, hashing)
		require.False(t, matches(t, h, "x", ""), name)
		_, err := h.Check(ended, "x", "")
		require.ErrorIs(t, err, context.Canceled, "the decoy goes the same way")
	}
	h := hasher(t, account.Hashing{MemoryKiB: 8 * 1024, TestOnly: true})
	stored, err := h.Hash(t.Context(), "x")
	require.NoError(t, err)
	took := func(stored string) time.Duration {
		start := time.Now()
		matches(t, h, "y", stored)
		return time.Since(start)
	}
	// In turns, and the fastest of each: what else the machine does falls on both.
	genuine, decoy := time.Hour, time.Hour
	for range 300 {
		genuine, decoy = min(genuine, took(stored)), min(decoy, took(""))
		if genuine < 3*decoy && decoy < 3*genuine {
			return
		}
	}
	t.Errorf("a password takes %v, none %v", genuine, decoy)
}

// CR-11: costs below the floor are refused, at each floor and bound.
func TestHashingFloor(t *testing.T) {
	t.Parallel()
	sha256, sha512 := account.SchemePBKDF2SHA256, account.SchemePBKDF2SHA512
	for _, weak := range []account.Hashing{
		{MemoryKiB: 1024},
		{MemoryKiB: 19*1024 - 1},
		{Passes: 1},
		{MemoryKiB: 7*1024 - 1, Passes: 64},
		{MemoryKiB: 1<<20 + 1},
		{Passes: 65},
		{Lanes: 17},
		{AtOnce: -1},
		{Queue: -2},
		{Scheme: "bcrypt"},
		{Scheme: "md5", TestOnly: true},
		{Scheme: sha256, Iterations: 599_999},
		{Scheme: sha512, Iterations: 209_999},
		{Scheme: sha256, Iterations: 10_000_001},
		{MemoryKiB: 7, TestOnly: true},
		{MemoryKiB: 15, Lanes: 2, TestOnly: true},
		{Scheme: sha512, Iterations: 10_000_001, TestOnly: true},
	} {
		_, err := account.NewHasher(weak, nil)
		require.ErrorIs(t, err, account.ErrWeakHashing, "%+v", weak)
	}
	for _, good := range []account.Hashing{
		{},
		{MemoryKiB: 46 * 1024, Passes: 1},
		{MemoryKiB: 7 * 1024, Passes: 6},
		{MemoryKiB: 1 << 20, Passes: 64, Lanes: 16},
		{Queue: -1},
		{Scheme: sha256},
		{Scheme: sha512},
		{Scheme: sha256, Iterations: 10_000_000},
		{MemoryKiB: 8, Passes: 1, TestOnly: true},
	} {
		_, err := account.NewHasher(good, nil)
		require.NoError(t, err, "%+v", good)
	}
	_, err := account.NewHasher(account.Hashing{}, strings.NewReader("short"))
	require.Error(t, err, "without random bytes there is no hasher")
}

// A hash of another scheme, cost or pepper than new ones is to be made anew.
func TestOutdatedHashes(t *testing.T) {
	t.Parallel()
	all := schemes(t)
	all["more memory"] = account.Hashing{MemoryKiB: 128, Passes: 1, TestOnly: true}
	all["more passes"] = account.Hashing{MemoryKiB: 64, Passes: 2, TestOnly: true}
	all["more lanes"] = account.Hashing{MemoryKiB: 64, Passes: 1, Lanes: 2, TestOnly: true}
	all["more iterations"] = account.Hashing{Scheme: account.SchemePBKDF2SHA256, Iterations: 11, TestOnly: true}
	for name, hashing := range all {
		stored, err := hasher(t, hashing).Hash(t.Context(), "x")
		require.NoError(t, err)
		for other, now := range all {
			now.Pepper = hashing.Pepper
			h := hasher(t, now)
			require.True(t, matches(t, h, "x", stored), "%s under %s", name, other)
			same := now == hashing
			require.Equal(t, !same, h.Outdated(stored), "%s under %s", name, other)
		}
	}
	require.True(t, cheap(t).Outdated(""))
}

// A pepper can come, be rotated and go out of use; a hash whose key is gone matches
// nothing.
func TestPeppers(t *testing.T) {
	t.Parallel()
	oldKey, newKey := []byte(strings.Repeat("old-", 8)), []byte(strings.Repeat("new-", 8))
	with := func(current []byte, previous ...[]byte) *account.Hasher {
		p, err := account.NewPepper(current, previous...)
		require.NoError(t, err)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", p, p, p, p), "old-", "CR-17")
		return hasher(t, account.Hashing{MemoryKiB: 64, Passes: 1, Pepper: p, TestOnly: true})
	}
	hash := func(h *account.Hasher) string {
		stored, err := h.Hash(t.Context(), "x")
		require.NoError(t, err)
		return stored
	}
	bare, before, rotated, after := cheap(t), with(oldKey), with(newKey, oldKey), with(newKey)
	plain, seasoned := hash(bare), hash(before)
	require.True(t, matches(t, before, "x", plain), "a pepper can be introduced")
	require.True(t, before.Outdated(plain))
	require.True(t, matches(t, rotated, "x", seasoned))
	require.True(t, rotated.Outdated(seasoned))
	require.False(t, before.Outdated(seasoned))
	require.False(t, matches(t, after, "x", seasoned))
	require.False(t, matches(t, bare, "x", seasoned))
	stripped := seasoned[:strings.Index(seasoned, ",keyid=")] + seasoned[strings.Index(seasoned, ",keyid=")+len(",keyid=AAAAAAAA"):]
	require.False(t, matches(t, before, "x", stripped), "the pepper went into the hash")
	for _, weak := range [][]byte{nil, make([]byte, 32), make([]byte, 31), []byte(strings.Repeat("k", 33))} {
		_, err := account.NewPepper(weak)
		require.ErrorIs(t, err, account.ErrWeakKey)
	}
}

// slow is a hashing that takes much longer than refusing a caller.
func slow(atOnce, queue int) account.Hashing {
	return account.Hashing{MemoryKiB: 64 * 1024, Passes: 4, AtOnce: atOnce, Queue: queue}
}

// DS-01: at most AtOnce hashes at a time, at most Queue callers wait, and whoever
// comes then is told so at once.
func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	const atOnce, queue, callers = 1, 2, 50
	h := hasher(t, slow(atOnce, queue))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	results := make(chan error, callers)
	before := runtime.NumGoroutine()
	for range callers {
		go func() {
			_, err := h.Hash(ctx, "slow")
			results <- err
		}()
	}
	for range callers - atOnce - queue { // one of them works, for much longer than this takes
		require.ErrorIs(t, <-results, account.ErrBusy)
	}
	require.Equal(t, fault.Code("busy"), fault.CodeOf(account.ErrBusy))
	require.Less(t, runtime.NumGoroutine()-before, callers, "whoever was refused is gone")
	cancel()
	for range queue {
		require.ErrorIs(t, <-results, context.Canceled, "whoever waits gives up with its context")
	}
	require.NoError(t, <-results, "whoever works goes on")
	stored, err := h.Hash(t.Context(), "again")
	require.NoError(t, err, "every place was given back")
	require.NotEmpty(t, stored)
}

// Without a queue nobody waits.
func TestHashingWithoutQueue(t *testing.T) {
	t.Parallel()
	h := hasher(t, slow(1, -1))
	results := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := h.Hash(t.Context(), "slow")
			results <- err
		}()
	}
	require.ErrorIs(t, <-results, account.ErrBusy)
	require.NoError(t, <-results)
}

// Whoever has given up already costs nothing.
func TestHashingStopsBeforeWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := cheap(t)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := h.Hash(ended, "late")
		require.ErrorIs(t, err, context.Canceled)
		_, err = h.Check(ended, "late", "")
		require.ErrorIs(t, err, context.Canceled)
	})
}

func BenchmarkHash(b *testing.B) {
	for name, hashing := range map[string]account.Hashing{
		"argon2id_19MiB_2": {}, "argon2id_46MiB_1": {MemoryKiB: 46 * 1024, Passes: 1},
		"pbkdf2_sha256_600000": {Scheme: account.SchemePBKDF2SHA256}, "pbkdf2_sha512_210000": {Scheme: account.SchemePBKDF2SHA512},
	} {
		h := hasher(b, hashing)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_, err := h.Hash(b.Context(), strconv.Itoa(i))
				require.NoError(b, err)
			}
		})
	}
	h := hasher(b, account.Hashing{})
	b.Run("bcrypt_12_check", func(b *testing.B) {
		for b.Loop() {
			matches(b, h, "password", "$2y$12$5Xmto5aXd2I.3UhLab4gc.kXojwbikijoAdr4vsnqjs9H2C7VVndK")
		}
	})
}
