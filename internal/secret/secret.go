// Package secret makes and recognises the secrets that habilis hands out once: in
// a link or as the handle of a sign-in. Only their digests are stored.
package secret

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/habilis-go/habilis/internal/ids"
)

// size is the length of a secret in bytes: 256 bits.
const size = 32

// New returns a fresh secret as text, URL-safe and without padding so that it
// survives copying and pasting, and the digest to store.
func New(maker ids.Maker) (text, digest string, err error) {
	raw, err := maker.Bytes(size)
	if err != nil {
		return "", "", err
	}
	text = base64.RawURLEncoding.EncodeToString(raw)
	return text, Digest(text), nil
}

// Digest returns the digest under which a secret is stored, or "" if the text
// cannot be one: wrong length, wrong alphabet, or not the one text that encodes
// its bytes (RP-13).
func Digest(text string) string {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != size || base64.RawURLEncoding.EncodeToString(raw) != text {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
