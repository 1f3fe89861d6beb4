package notify

import (
	"crypto/sha256"
	"encoding/hex"
)

// Digest is how an event refers to text that must stay erasable: SHA-256 over a
// random salt and the parts. The salt stands in the row beside the text; once it
// is wiped, nothing links the digest to what was said. Without a salt there is
// nothing to refer to, and the digest is "".
func Digest(salt string, parts ...string) string {
	if salt == "" {
		return ""
	}
	h := sha256.New()
	for _, s := range append([]string{"habilis digest 1", salt}, parts...) {
		writeLength(h, len(s))
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil))
}
