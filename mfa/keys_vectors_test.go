package mfa_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/mfa"
)

// R-084, FL-19: the vectors of WebAuthn Level 3, section 16, that a policy for their domain
// accepts register a key and sign in with it; the others are refused. internal/ceremony
// tells why.
func TestTheSpecificationsVectorsSignIn(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../internal/ceremony/testdata/webauthn3_section16.json")
	require.NoError(t, err)
	var file struct {
		Vectors []struct {
			Section        string
			CredentialID   string `json:"credentialId"`
			Registration   struct{ Challenge, ClientDataJSON, AttestationObject string }
			Authentication struct{ Challenge, ClientDataJSON, AuthenticatorData, Signature string }
		}
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	signedIn := 0
	for _, v := range file.Vectors {
		switch v.Section {
		case "16.4", "16.5", "16.8", "16.9", "16.13", "16.14", "16.15": // refused
		default:
			signedIn++
		}
		t.Run(v.Section, func(t *testing.T) {
			t.Parallel()
			w := world(t)
			ctx := t.Context()
			julie := w.Join(t, login)
			d := keyed(t, w, func(p *mfa.Policy) {
				p.Keys.Domain, p.Keys.Origins = "example.org", []string{"https://example.org"}
			})
			answer := func(response map[string]string) []byte {
				for k, s := range response {
					response[k] = base64.RawURLEncoding.EncodeToString(unhex(t, s))
				}
				id := base64.RawURLEncoding.EncodeToString(unhex(t, v.CredentialID))
				out, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response})
				require.NoError(t, err)
				return out
			}
			d.say(unhex(t, v.Registration.Challenge))
			begun, err := w.SignIns.BeginKey(ctx, proven(w, julie))
			require.NoError(t, err)
			_, err = w.SignIns.FinishKey(ctx, proven(w, julie), mfa.KeyAnswer{Enrolment: begun.ID, Response: answer(map[string]string{
				"clientDataJSON": v.Registration.ClientDataJSON, "attestationObject": v.Registration.AttestationObject,
			})})
			switch v.Section {
			case "16.4", "16.5", "16.8", "16.9", "16.13", "16.14", "16.15":
				require.ErrorIs(t, err, mfa.ErrKeyRefused)
				return
			}
			require.NoError(t, err)

			w.Clock.Move(time.Millisecond)
			handle, _ := ask(t, w)
			d.say(unhex(t, v.Authentication.Challenge))
			_, err = w.SignIns.BeginKeySignIn(ctx, handle)
			require.NoError(t, err)
			require.NoError(t, w.SignIns.ProveKey(ctx, handle, answer(map[string]string{
				"clientDataJSON": v.Authentication.ClientDataJSON, "authenticatorData": v.Authentication.AuthenticatorData,
				"signature": v.Authentication.Signature,
			})))
			_, err = w.SignIns.Finish(ctx, handle)
			require.NoError(t, err)
		})
	}
	require.Equal(t, 7, signedIn)
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}
