package account

import (
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/authz"
)

// ID names an account. Values are UUIDs of version 7.
type ID = authz.AccountID

// Status is the life-cycle state of an account.
type Status = authz.AccountStatus

// Statuses.
const (
	StatusPendingActivation = authz.AccountPendingActivation
	StatusActive            = authz.AccountActive
	StatusDeactivated       = authz.AccountDeactivated
	StatusAnonymized        = authz.AccountAnonymized
)

// Account is a person's (or, later, a technical) account. Treat it as a value:
// changing a copy changes nothing until a service stores it.
type Account struct {
	ID           ID
	Status       Status
	Login        string // canonical login address, unique
	ContactEmail string // where notices go; not unique
	GivenName    string
	FamilyName   string
	Language     string // base language of mails and labels: "fr" or "en"

	// PasswordHash is the PHC string of the password, "" before activation.
	PasswordHash string

	// Stamp changes whenever every session, half-login and remembered device must
	// end; sessions carry a copy (see [Session]).
	Stamp string

	// Salt blinds the digests of this row in the history. Erasing a person wipes it,
	// and with it every link from the history to what the row once said.
	Salt string

	ConditionsAcceptedAt time.Time // when the person accepted the conditions of use
	CreatedAt            time.Time
	ActivatedAt          time.Time // zero before activation
	LastSignInAt         time.Time // zero when never signed in
	StatusSince          time.Time // when it got its status
	Version              int64
}

// DisplayName is given name then family name in capitals, "Jean PIERRE".
func (a Account) DisplayName() string {
	return strings.TrimSpace(a.GivenName + " " + upper(a.FamilyName))
}

// SortName is family name in capitals then given name, "BON Julie", as managers'
// tables show it.
func (a Account) SortName() string {
	return strings.TrimSpace(upper(a.FamilyName) + " " + a.GivenName)
}

func upper(s string) string { return cases.Upper(language.French).String(s) }
