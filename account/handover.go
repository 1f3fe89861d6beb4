package account

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
)

// Handover holds the credentials of a technical account for the one file in which they
// leave. It prints as nothing; the secret is in no other place, so a
// file that is lost can only be replaced by a reset. It is safe for concurrent
// use.
type Handover struct {
	Account   ID
	Login     string
	ExpiresAt time.Time // when the secret stops working

	mu     sync.Mutex
	secret string // "" once handed over
}

// NewHandover returns the handover of a fresh secret, whose digest the account keeps.
func NewHandover(a Account, secret string, p TechnicalPolicy) *Handover {
	return &Handover{Account: a.ID, Login: a.Login, ExpiresAt: a.SecretExpiresAt(p), secret: secretPrefix + secret}
}

// FileFormat is the form of an exported file.
type FileFormat string

// Formats.
const (
	CSV  FileFormat = "csv"  // RFC 4180, semicolons, one line under the headings
	JSON FileFormat = "json" // one object
)

// ErrHandedOver reports that the credentials left already; only a reset makes others.
var ErrHandedOver = fault.New("handed_over", "the credentials were exported already; reset them to get new ones")

// notice stands in the file, in both languages, since whoever opens it may read either.
const notice = "SECRET - à conserver en lieu sûr, ne pas transmettre par courriel / keep it safe, do not send it by mail"

// Export writes the credentials, once: a second call writes nothing and returns
// [ErrHandedOver]. A writer that fails has used up the handover, since part of the
// secret may have left.
func (h *Handover) Export(w io.Writer, f FileFormat) error {
	if f != CSV && f != JSON {
		return fault.Invalid("account.Export", fault.Field{Path: "format", Code: "oneof", Param: "csv json"})
	}
	h.mu.Lock()
	secret := h.secret
	h.secret = ""
	h.mu.Unlock()
	if secret == "" {
		return ErrHandedOver
	}
	expires := h.ExpiresAt.UTC().Format(time.RFC3339)
	if f == JSON {
		return json.NewEncoder(w).Encode(map[string]string{
			"notice": notice, "login": h.Login, "password": secret, "expires_at": expires,
		})
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	return out.WriteAll([][]string{{"login", "password", "expires_at", "notice"}, {h.Login, secret, expires, notice}})
}

// FileName is a safe name for the exported file.
func (h *Handover) FileName(f FileFormat) string {
	local, _, _ := strings.Cut(h.Login, "@")
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, local)
	return "secret-" + safe + "." + string(f)
}

// String hides the secret (CR-17).
func (h *Handover) String() string { return "account.Handover of " + string(h.Account) }

// GoString hides the secret.
func (h *Handover) GoString() string { return h.String() }

// MarshalJSON hides the secret; see [Handover.Export].
func (h *Handover) MarshalJSON() ([]byte, error) { return json.Marshal(h.String()) }
