package structure

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
)

// Sheet holds the sections of a structure's record that no decision looks at (R-142,
// The zero Sheet is empty.
type Sheet struct {
	Address  account.PostalAddress `json:"address,omitzero"`   // of the head office
	Accounts []BankAccount         `json:"accounts,omitempty"` // in the order in which they were added
	Mandate  Mandate               `json:"mandate,omitzero"`   // the last one that was signed
}

// Clone returns a copy that shares nothing with s.
func (s Sheet) Clone() Sheet {
	s.Accounts = slices.Clone(s.Accounts)
	return s
}

// digest is what the history keeps of s; "" of an empty one.
func (s Sheet) digest(salt string) string {
	text, err := json.Marshal(s)
	if err != nil || string(text) == "{}" {
		return ""
	}
	return notify.Digest(salt, string(text))
}

// BankAccount is where a structure is paid.
type BankAccount struct {
	ID    string `json:"id"`              // UUID of version 7
	Label string `json:"label,omitempty"` // what people call it
	IBAN  string `json:"iban"`            // ISO 13616, no spaces, upper case
	BIC   string `json:"bic,omitempty"`   // ISO 9362; "" if it follows from the IBAN
}

// Mandate is the record that a billing mandate was signed for a structure.
// What it says is the host's. The zero Mandate means that none was.
type Mandate struct {
	Signatory string               `json:"signatory"`          // who signed, as people write it
	SignedAt  time.Time            `json:"signed_at"`          // when
	Version   string               `json:"version"`            // of the text that was signed
	Document  account.AttachmentID `json:"document,omitempty"` // the signed paper among the structure's attachments, "" if there is none
	By        account.ID           `json:"by"`                 // the manager who recorded it
}

// IsZero reports whether no mandate was signed.
func (m Mandate) IsZero() bool { return m == Mandate{} }

// Nomination asks a person to take over as principal manager. The zero Nomination asks
// nobody.
type Nomination struct {
	Account   account.ID `json:"account"`
	By        account.ID `json:"by"`
	At        time.Time  `json:"at"`
	ExpiresAt time.Time  `json:"expires_at"` // not valid from this instant on
}

// IsZero reports whether nobody is asked.
func (n Nomination) IsZero() bool { return n == Nomination{} }
