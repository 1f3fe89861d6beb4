package ceremony_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/ceremony"
)

type vector struct {
	Section, Title  string
	CredentialID    string `json:"credentialId"`
	PublicKey       string
	Registration    struct{ Challenge, ClientDataJSON, AttestationObject string }
	Authentication  struct{ Challenge, ClientDataJSON, AuthenticatorData, Signature string }
	registerRefused string // why our policy refuses the registration, "" if it does not
	assertRefused   string
}

// vectors reads the test vectors of WebAuthn Level 3, section 16, all but 16.12 (Ed448),
// which go-webauthn does not speak. Three are of pages in frames of other sites, two of
// algorithms that were not asked for, three of makers whose attestation is the
// specification's own and no maker's.
func vectors(t testing.TB) []vector {
	t.Helper()
	raw, err := os.ReadFile("testdata/webauthn3_section16.json")
	require.NoError(t, err)
	var file struct{ Vectors []vector }
	require.NoError(t, json.Unmarshal(raw, &file))
	for i := range file.Vectors {
		v := &file.Vectors[i]
		switch v.Section {
		case "16.4", "16.5":
			v.registerRefused, v.assertRefused = "cross origin", "cross origin"
		case "16.8", "16.9":
			v.registerRefused = "attestation format"
		case "16.13", "16.14", "16.15":
			v.registerRefused = "refused"
		}
	}
	return file.Vectors
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// answer is what a browser's credential.toJSON() gives.
func answer(t testing.TB, id []byte, response map[string]string) []byte {
	t.Helper()
	out, err := json.Marshal(map[string]any{"id": b64(id), "rawId": b64(id), "type": "public-key", "response": response})
	require.NoError(t, err)
	return out
}

func (v vector) created(t testing.TB) []byte {
	return answer(t, unhex(t, v.CredentialID), map[string]string{
		"clientDataJSON":    b64(unhex(t, v.Registration.ClientDataJSON)),
		"attestationObject": b64(unhex(t, v.Registration.AttestationObject)),
	})
}

func (v vector) got(t testing.TB) []byte {
	return answer(t, unhex(t, v.CredentialID), map[string]string{
		"clientDataJSON":    b64(unhex(t, v.Authentication.ClientDataJSON)),
		"authenticatorData": b64(unhex(t, v.Authentication.AuthenticatorData)),
		"signature":         b64(unhex(t, v.Authentication.Signature)),
	})
}

// record is what a registration would have stored for the vector's key.
func (v vector) record(t testing.TB) []byte {
	t.Helper()
	flags := unhex(t, v.Authentication.AuthenticatorData)[32]
	out, err := json.Marshal(map[string]any{
		"id": unhex(t, v.CredentialID), "publicKey": unhex(t, v.PublicKey),
		"flags": map[string]bool{"backupEligible": flags&0x08 != 0},
	})
	require.NoError(t, err)
	return out
}

func example(t testing.TB) *ceremony.Ceremonies {
	t.Helper()
	c, err := ceremony.New(ceremony.Party{ID: "example.org", Name: "Example", Origins: []string{"https://example.org"}})
	require.NoError(t, err)
	return c
}

var anna = ceremony.User{Handle: []byte("anna's handle"), Name: "anna@ccas.example", DisplayName: "Anna Martin"}

// FL-19.
func TestTheSpecificationsVectorsRegister(t *testing.T) {
	t.Parallel()
	c := example(t)
	for _, v := range vectors(t) {
		t.Run(v.Section, func(t *testing.T) {
			t.Parallel()
			asked := ceremony.Registration{User: anna, Verification: ceremony.VerificationPreferred, Challenge: unhex(t, v.Registration.Challenge)}
			k, err := c.Registered(asked, v.created(t))
			if v.registerRefused != "" {
				require.ErrorIs(t, err, ceremony.ErrRefused)
				require.ErrorContains(t, err, v.registerRefused)
				require.Empty(t, k)
				return
			}
			require.NoError(t, err)
			require.Equal(t, unhex(t, v.CredentialID), k.ID)

			ask := ceremony.Ask{Handle: anna.Handle, Records: [][]byte{k.Record}, Verification: ceremony.VerificationPreferred, Challenge: unhex(t, v.Authentication.Challenge)}
			got, err := c.Asserted(ask, v.got(t))
			require.NoError(t, err)
			require.Equal(t, k.ID, got.ID)
			require.False(t, got.Cloned, "these keys count nothing")
		})
	}
}

// R-084, FL-19.
func TestTheSpecificationsVectorsAssert(t *testing.T) {
	t.Parallel()
	c := example(t)
	for _, v := range vectors(t) {
		t.Run(v.Section, func(t *testing.T) {
			t.Parallel()
			records := [][]byte{v.record(t)}
			ask := ceremony.Ask{Handle: anna.Handle, Records: records, Verification: ceremony.VerificationPreferred, Challenge: unhex(t, v.Authentication.Challenge)}
			got, err := c.Asserted(ask, v.got(t))
			if v.assertRefused != "" {
				require.ErrorIs(t, err, ceremony.ErrRefused)
				require.ErrorContains(t, err, v.assertRefused)
				require.Empty(t, got)
				return
			}
			require.NoError(t, err)
			require.Equal(t, unhex(t, v.Authentication.AuthenticatorData)[32]&0x04 != 0, got.Verified)
		})
	}
}

// FL-19: nothing that is signed can be changed, byte by byte.
func TestNoByteOfAnAssertionCanBeChanged(t *testing.T) {
	t.Parallel()
	c := example(t)
	v := vectors(t)[0]
	records := [][]byte{v.record(t)}
	ask := ceremony.Ask{Handle: anna.Handle, Records: records, Verification: ceremony.VerificationPreferred, Challenge: unhex(t, v.Authentication.Challenge)}
	client, data, sig := unhex(t, v.Authentication.ClientDataJSON), unhex(t, v.Authentication.AuthenticatorData), unhex(t, v.Authentication.Signature)
	for name, part := range map[string][]byte{"client data": client, "authenticator data": data, "signature": sig} {
		for i := range part {
			part[i] ^= 0x10
			got, err := c.Asserted(ask, answer(t, unhex(t, v.CredentialID), map[string]string{
				"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(sig),
			}))
			require.ErrorIs(t, err, ceremony.ErrRefused, "%s, byte %d", name, i)
			require.Empty(t, got)
			part[i] ^= 0x10
		}
	}
	_, err := c.Asserted(ask, v.got(t))
	require.NoError(t, err, "unchanged")
}
