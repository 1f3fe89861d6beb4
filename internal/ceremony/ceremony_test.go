package ceremony_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/ceremony"
)

var challenge = []byte("0123456789abcdef0123456789abcdef")

var party = virtualwebauthn.RelyingParty{ID: "example.org", Name: "Example", Origin: "https://example.org"}

// newKey makes a key both of whose coordinates take 32 bytes: virtualwebauthn leaves
// leading zeros out, which no authenticator may.
func newKey() virtualwebauthn.Credential {
	for {
		if k := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(k.Key.AttestationData()) == 77 {
			return k
		}
	}
}

// register registers a fresh key and returns it with its record.
func register(t testing.TB, c *ceremony.Ceremonies, u ceremony.User) (virtualwebauthn.Credential, []byte) {
	t.Helper()
	asked := ceremony.Registration{User: u, Verification: ceremony.VerificationPreferred, Challenge: challenge}
	key := newKey()
	k, err := c.Registered(asked, created(t, c, party, virtualwebauthn.NewAuthenticator(), key, asked))
	require.NoError(t, err)
	require.Equal(t, key.ID, k.ID)
	return key, k.Record
}

func created(t testing.TB, c *ceremony.Ceremonies, rp virtualwebauthn.RelyingParty, a virtualwebauthn.Authenticator, key virtualwebauthn.Credential, r ceremony.Registration) []byte {
	t.Helper()
	raw, err := c.Register(r)
	require.NoError(t, err)
	options, err := virtualwebauthn.ParseAttestationOptions(string(raw))
	require.NoError(t, err)
	return []byte(virtualwebauthn.CreateAttestationResponse(rp, a, key, *options))
}

// signed is an assertion whose signature is right whatever it says.
type signed struct {
	client            map[string]any
	rpID              string
	flags             byte
	counter           uint32
	id, rawID, handle []byte
	kind              string
}

func fair(key virtualwebauthn.Credential) signed {
	return signed{
		client: map[string]any{"type": "webauthn.get", "challenge": b64(challenge), "origin": "https://example.org", "crossOrigin": false},
		rpID:   "example.org", flags: 0x05, id: key.ID, rawID: key.ID, handle: anna.Handle, kind: "public-key",
	}
}

func (s signed) json(t testing.TB, key virtualwebauthn.Credential) []byte {
	t.Helper()
	client, err := json.Marshal(s.client)
	require.NoError(t, err)
	rp := sha256.Sum256([]byte(s.rpID))
	data := binary.BigEndian.AppendUint32(append(rp[:], s.flags), s.counter)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	sig, err := key.Key.Sign(digest[:])
	require.NoError(t, err)
	out, err := json.Marshal(map[string]any{
		"id": b64(s.id), "rawId": b64(s.rawID), "type": s.kind, "response": map[string]string{
			"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(sig), "userHandle": b64(s.handle),
		},
	})
	require.NoError(t, err)
	return out
}

// FL-19, WP-13: each lie is refused for itself; the signature is right in all but the last two.
func TestEachLieOfAnAssertionIsRefused(t *testing.T) {
	t.Parallel()
	c := example(t)
	key, record := register(t, c, anna)
	other, otherRecord := register(t, c, ceremony.User{Handle: []byte("ben"), Name: "ben", DisplayName: "Ben"})
	for name, lie := range map[string]struct {
		change func(*signed)
		by     virtualwebauthn.Credential
		why    string
	}{
		"another origin":        {func(s *signed) { s.client["origin"] = "https://example.org.evil.example" }, key, "origin"},
		"an origin below":       {func(s *signed) { s.client["origin"] = "https://evil.example.org" }, key, "origin"},
		"another port":          {func(s *signed) { s.client["origin"] = "https://example.org:8443" }, key, "origin"},
		"no HTTPS":              {func(s *signed) { s.client["origin"] = "http://example.org" }, key, "origin"},
		"a frame":               {func(s *signed) { s.client["crossOrigin"] = true }, key, "cross origin"},
		"a frame elsewhere":     {func(s *signed) { s.client["topOrigin"] = "https://evil.example" }, key, "topOrigin"},
		"a registration":        {func(s *signed) { s.client["type"] = "webauthn.create" }, key, "ceremony type"},
		"another challenge":     {func(s *signed) { s.client["challenge"] = b64([]byte("another challenge, 32 bytes long")) }, key, "challenge"},
		"no challenge":          {func(s *signed) { delete(s.client, "challenge") }, key, "challenge"},
		"another domain":        {func(s *signed) { s.rpID = "evil.example" }, key, "refused"},
		"nobody touched it":     {func(s *signed) { s.flags = 0x04 }, key, "refused"},
		"no PIN where needed":   {func(s *signed) { s.flags = 0x01 }, key, "refused"},
		"backed up all at once": {func(s *signed) { s.flags = 0x1d }, key, "Backup Eligible"},
		"backed up, cannot be":  {func(s *signed) { s.flags = 0x15 }, key, "Backup State"},
		"two identifiers":       {func(s *signed) { s.id = other.ID }, key, "does not match the rawId"},
		"another kind":          {func(s *signed) { s.kind = "password" }, key, "type"},
		"another's handle":      {func(s *signed) { s.handle = []byte("ben") }, key, "User handle"},
		"another's key":         {func(s *signed) { s.id, s.rawID = other.ID, other.ID }, other, "not owned"},
		"an unknown key":        {func(s *signed) { s.id, s.rawID = []byte("x"), []byte("x") }, key, "not owned"},
		"another's signature":   {func(*signed) {}, other, "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records := [][]byte{record}
			ask := ceremony.Ask{Handle: anna.Handle, Records: records, Verification: ceremony.VerificationRequired, Challenge: challenge}
			s := fair(key)
			lie.change(&s)
			got, err := c.Asserted(ask, s.json(t, lie.by))
			require.ErrorIs(t, err, ceremony.ErrRefused)
			require.ErrorContains(t, err, lie.why)
			require.NotContains(t, err.Error(), b64(challenge))
			require.Empty(t, got)

			_, err = c.Asserted(ask, fair(key).json(t, key))
			require.NoError(t, err, "the truth")
		})
	}
	ask := ceremony.Ask{Handle: []byte("ben"), Records: [][]byte{otherRecord}, Verification: ceremony.VerificationRequired, Challenge: challenge}
	_, err := c.Asserted(ask, fair(key).json(t, key))
	require.ErrorIs(t, err, ceremony.ErrRefused, "what was begun for one account is not finished for another")
}

// FL-19: for a registration, as long as nobody attests what the key is.
func TestEachLieOfARegistrationIsRefused(t *testing.T) {
	t.Parallel()
	c := example(t)
	key := newKey()
	asked := ceremony.Registration{User: anna, Verification: ceremony.VerificationRequired, Challenge: challenge}
	honest := created(t, c, party, virtualwebauthn.NewAuthenticator(), key, asked)

	client := func(change map[string]any) []byte {
		var doc map[string]any
		require.NoError(t, json.Unmarshal(honest, &doc))
		response := doc["response"].(map[string]any)
		raw, err := base64.RawURLEncoding.DecodeString(response["clientDataJSON"].(string))
		require.NoError(t, err)
		var data map[string]any
		require.NoError(t, json.Unmarshal(raw, &data))
		for k, v := range change {
			data[k] = v
		}
		raw, err = json.Marshal(data)
		require.NoError(t, err)
		response["clientDataJSON"] = b64(raw)
		out, err := json.Marshal(doc)
		require.NoError(t, err)
		return out
	}
	by := func(o virtualwebauthn.AuthenticatorOptions) []byte {
		return created(t, c, party, virtualwebauthn.NewAuthenticatorWithOptions(o), key, asked)
	}
	for name, lie := range map[string]struct {
		answer []byte
		why    string
	}{
		"another origin":       {client(map[string]any{"origin": "https://evil.example"}), "origin"},
		"a frame":              {client(map[string]any{"crossOrigin": true}), "cross origin"},
		"an assertion":         {client(map[string]any{"type": "webauthn.get"}), "ceremony type"},
		"another challenge":    {client(map[string]any{"challenge": b64([]byte("another challenge, 32 bytes long"))}), "challenge"},
		"another domain":       {created(t, c, virtualwebauthn.RelyingParty{ID: "evil.example", Origin: party.Origin}, virtualwebauthn.NewAuthenticator(), key, asked), "refused"},
		"nobody touched it":    {by(virtualwebauthn.AuthenticatorOptions{UserNotPresent: true}), "refused"},
		"no PIN where needed":  {by(virtualwebauthn.AuthenticatorOptions{UserNotVerified: true}), "refused"},
		"backed up, cannot be": {by(virtualwebauthn.AuthenticatorOptions{BackupState: true}), "Backup State"},
		"two identifiers":      {bytes.Replace(honest, []byte(`"id":"`+b64(key.ID)), []byte(`"id":"`+b64(bytes.Repeat([]byte{7}, 32))), 1), "Parse error"},
		"another identifier":   {bytes.ReplaceAll(honest, []byte(b64(key.ID)), []byte(b64(bytes.Repeat([]byte{7}, 32)))), "refused"},
		"nothing":              {nil, "Parse error"},
		"too much":             {bytes.Repeat([]byte(" "), ceremony.MaxResponse+1), "too long"},
		"two answers":          {append(bytes.Clone(honest), honest...), "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, err := c.Registered(asked, lie.answer)
			require.ErrorIs(t, err, ceremony.ErrRefused)
			require.ErrorContains(t, err, lie.why)
			require.Empty(t, k)
		})
	}
	padded := append(bytes.Clone(honest), bytes.Repeat([]byte(" "), ceremony.MaxResponse-len(honest))...)
	_, err := c.Registered(asked, padded)
	require.NoError(t, err, "the longest answer")
}

// who the browser asks, is the policy's.
func TestVerificationIsAskedForAndHeldTo(t *testing.T) {
	t.Parallel()
	c := example(t)
	careless := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserNotVerified: true})
	for v, accepted := range map[ceremony.Verification]bool{
		ceremony.VerificationRequired: false, ceremony.VerificationPreferred: true, ceremony.VerificationDiscouraged: true,
	} {
		key := newKey()
		asked := ceremony.Registration{User: anna, Verification: v, Challenge: challenge}
		options, err := c.Register(asked)
		require.NoError(t, err)
		require.Contains(t, string(options), `"userVerification":"`+string(v)+`"`)
		_, err = c.Registered(asked, created(t, c, party, careless, key, asked))
		require.Equal(t, accepted, err == nil, "%s: %v", v, err)

		_, record := register(t, c, anna)
		options, err = c.Assert(ceremony.Ask{Handle: anna.Handle, Records: [][]byte{record}, Verification: v, Challenge: challenge})
		require.NoError(t, err)
		require.Contains(t, string(options), `"userVerification":"`+string(v)+`"`)
	}
}

// RP-18, R-089: a counter that does not rise tells of a copy, unless the key counts nothing.
func TestACounterThatDoesNotRiseTellsOfACopy(t *testing.T) {
	t.Parallel()
	c := example(t)
	for name, row := range map[string]struct {
		first, second uint32
		cloned        bool
	}{
		"rises":         {4, 5, false},
		"rises by much": {4, 4_000_000_000, false},
		"counts none":   {0, 0, false},
		"stays":         {4, 4, true},
		"falls":         {4, 3, true},
		"falls to zero": {4, 0, true},
		"starts late":   {0, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, record := register(t, c, anna)
			prove := func(counter uint32) ceremony.Assertion {
				ask := ceremony.Ask{Handle: anna.Handle, Records: [][]byte{record}, Verification: ceremony.VerificationPreferred, Challenge: challenge}
				s := fair(key)
				s.counter = counter
				got, err := c.Asserted(ask, s.json(t, key))
				require.NoError(t, err)
				record = got.Record
				return got
			}
			require.False(t, prove(row.first).Cloned)
			require.Equal(t, row.cloned, prove(row.second).Cloned)
			require.False(t, prove(row.second+1).Cloned, "counts on from the last that was accepted")
		})
	}
}

// the browser is told which keys are there already.
func TestKeysThatAreThereAreNotOfferedAgain(t *testing.T) {
	t.Parallel()
	c := example(t)
	key, record := register(t, c, anna)
	raw, err := c.Register(ceremony.Registration{User: anna, Records: [][]byte{record}, Verification: ceremony.VerificationPreferred, Challenge: challenge})
	require.NoError(t, err)
	options, err := virtualwebauthn.ParseAttestationOptions(string(raw))
	require.NoError(t, err)
	require.True(t, key.IsExcludedForAttestation(*options))
	require.Equal(t, "example.org", options.RelyingPartyID)
	require.Equal(t, challenge, options.Challenge)
}

func TestAKeyThatKeepsTheAccountNeedsNoAddress(t *testing.T) {
	t.Parallel()
	c := example(t)
	key, record := register(t, c, anna)
	ask := ceremony.Ask{Anybody: true, Verification: ceremony.VerificationRequired, Challenge: challenge}
	options, err := c.Assert(ask)
	require.NoError(t, err)
	require.NotContains(t, string(options), "allowCredentials")

	response := fair(key).json(t, key)
	id, handle, err := ceremony.Answerer(response)
	require.NoError(t, err)
	require.Equal(t, key.ID, id)
	require.Equal(t, anna.Handle, handle)
	ask.Handle, ask.Records = handle, [][]byte{record}
	got, err := c.Asserted(ask, response)
	require.NoError(t, err)
	require.True(t, got.Verified)

	anonymous := fair(key)
	anonymous.handle = nil
	_, err = c.Asserted(ask, anonymous.json(t, key))
	require.ErrorIs(t, err, ceremony.ErrRefused, "a key that does not say whose it is")
	_, _, err = ceremony.Answerer([]byte("{}"))
	require.ErrorIs(t, err, ceremony.ErrRefused)
}

// ASVS 11.6.1.
func TestShortRSAKeysAreRefused(t *testing.T) {
	t.Parallel()
	c := example(t)
	asked := ceremony.Registration{User: anna, Verification: ceremony.VerificationPreferred, Challenge: challenge}
	key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA)
	_, err := c.Registered(asked, created(t, c, party, virtualwebauthn.NewAuthenticator(), key, asked))
	require.NoError(t, err, "2048 bits")

	short, err := rsa.GenerateKey(rand.Reader, 2047)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(short)
	require.NoError(t, err)
	weak := virtualwebauthn.NewCredentialWithImportedKey(virtualwebauthn.KeyTypeRSA, der)
	_, err = c.Registered(asked, created(t, c, party, virtualwebauthn.NewAuthenticator(), weak, asked))
	require.ErrorIs(t, err, ceremony.ErrRefused)
	require.ErrorContains(t, err, "2048")
}

func TestAPartyIsChecked(t *testing.T) {
	t.Parallel()
	for origin, party := range map[string]ceremony.Party{
		"its domain":    {ID: "example.org", Name: "E", Origins: []string{"https://example.org"}},
		"below":         {ID: "example.org", Name: "E", Origins: []string{"https://a.example.org:8443", "https://example.org"}},
		"trying things": {ID: "localhost", Name: "E", Origins: []string{"http://localhost:8080"}},
	} {
		_, err := ceremony.New(party)
		require.NoError(t, err, origin)
	}
	for why, party := range map[string]ceremony.Party{
		"no domain":        {Name: "E", Origins: []string{"https://example.org"}},
		"a URL":            {ID: "https://example.org", Name: "E", Origins: []string{"https://example.org"}},
		"upper case":       {ID: "Example.org", Name: "E", Origins: []string{"https://Example.org"}},
		"an address":       {ID: "127.0.0.1", Name: "E", Origins: []string{"https://127.0.0.1"}},
		"no name":          {ID: "example.org", Origins: []string{"https://example.org"}},
		"no origin":        {ID: "example.org", Name: "E"},
		"another's origin": {ID: "example.org", Name: "E", Origins: []string{"https://evil.example"}},
		"looks like it":    {ID: "example.org", Name: "E", Origins: []string{"https://evilexample.org"}},
		"no HTTPS":         {ID: "example.org", Name: "E", Origins: []string{"http://example.org"}},
		"a path":           {ID: "example.org", Name: "E", Origins: []string{"https://example.org/"}},
		"one of two":       {ID: "example.org", Name: "E", Origins: []string{"https://example.org", "*"}},
		"too long":         {ID: strings.Repeat("a", 64) + ".org", Name: "E", Origins: []string{"https://" + strings.Repeat("a", 64) + ".org"}},
	} {
		_, err := ceremony.New(party)
		require.Error(t, err, why)
	}
}

func TestACeremonyThatCannotBeIsNotBegun(t *testing.T) {
	t.Parallel()
	c := example(t)
	_, record := register(t, c, anna)
	fine := ceremony.Ask{Handle: anna.Handle, Records: [][]byte{record}, Verification: ceremony.VerificationPreferred, Challenge: challenge[:ceremony.MinChallenge]}
	_, err := c.Assert(fine)
	require.NoError(t, err)
	for name, change := range map[string]func(*ceremony.Ask){
		"a damaged record":  func(a *ceremony.Ask) { a.Records = [][]byte{[]byte("{")} },
		"a short challenge": func(a *ceremony.Ask) { a.Challenge = challenge[:ceremony.MinChallenge-1] },
		"no key to ask for": func(a *ceremony.Ask) { a.Records = nil },
	} {
		bad := fine
		change(&bad)
		options, err := c.Assert(bad)
		require.Error(t, err, name)
		require.Empty(t, options)
		got, err := c.Asserted(bad, nil)
		require.Error(t, err, name)
		require.Empty(t, got)
	}
	for name, bad := range map[string]ceremony.Registration{
		"a damaged record":  {User: anna, Records: [][]byte{[]byte("{")}, Challenge: challenge},
		"a short challenge": {User: anna, Challenge: challenge[:ceremony.MinChallenge-1]},
		"no handle":         {Challenge: challenge},
		"a long handle":     {User: ceremony.User{Handle: make([]byte, 65)}, Challenge: challenge},
	} {
		options, err := c.Register(bad)
		require.Error(t, err, name)
		require.Empty(t, options)
		k, err := c.Registered(bad, nil)
		require.Error(t, err, name)
		require.Empty(t, k)
	}
}
