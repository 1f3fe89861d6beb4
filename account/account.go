package account

import (
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/match"
	"github.com/habilis-go/habilis/internal/page"
	"github.com/habilis-go/habilis/notify"
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

// Kind tells people from programs.
type Kind string

// Kinds.
const (
	KindPerson    Kind = "person"
	KindTechnical Kind = "technical" // for the interfaces of a structure's information system
)

// Account is that of a person or of a program. Treat it as a value: changing a copy
// changes nothing until a service stores it.
type Account struct {
	ID           ID
	Kind         Kind
	Status       Status
	Login        string // canonical login address, unique
	ContactEmail string // where notices go; not unique
	GivenName    string
	FamilyName   string
	Language     string // base language of mails and labels: "fr" or "en"

	Notices notify.Preferences // which news of structures its owner wants

	Profile     Profile     // what its owner tells beyond the name
	Credentials Credentials // what it proves itself with

	// External says that a directory outside keeps this account's identity: its login
	// address and its life are not changed here. Defaults to false.
	External bool

	// Stamp changes whenever every session, half-login and remembered device must
	// end; sessions carry a copy (see [Session]).
	Stamp string

	// Salt blinds the digests of this row in the history. Erasing a person wipes it,
	// and with it every link from the history to what the row once said.
	Salt string

	ConditionsAcceptedAt time.Time // when the person accepted the conditions of use
	CreatedAt            time.Time
	ActivatedAt          time.Time // zero before activation
	ReactivatedAt        time.Time // when it last came back; zero when it never did
	LastSignInAt         time.Time // zero when never signed in
	StatusSince          time.Time // when it got its status
	ReactivableUntil     time.Time // a deactivated person can come back before this instant; zero otherwise
	UndeliverableSince   time.Time // mails to the login address come back since then; zero while they arrive
	DueAt                time.Time // when the clock next has work with it; zero for never
	Version              int64
}

// Criteria select people by what a manager types about them. They are ANDed and meet
// folded text: case and accents do not matter. The zero Criteria selects everybody.
type Criteria struct {
	Family, Given  match.Pattern // family and given name
	Login          match.Pattern // login address
	Postcode, Town match.Pattern
	Country        string // ISO 3166 alpha-2 of the postal address, or "" for any
	Status         Status
}

// IsZero reports whether c selects everybody.
func (c Criteria) IsZero() bool { return c == Criteria{} }

// Match reports whether c selects a. Adapters that cannot ask their database may call it.
func (c Criteria) Match(a Account) bool {
	p := a.Profile.Address
	return c.Family.Match(match.Fold(a.FamilyName)) && c.Given.Match(match.Fold(a.GivenName)) &&
		c.Login.Match(match.Fold(a.Login)) && c.Postcode.Match(match.Fold(p.Postcode)) && c.Town.Match(match.Fold(p.Town)) &&
		(c.Country == "" || c.Country == p.Country) && (c.Status == "" || c.Status == a.Status)
}

// Query selects accounts. Conditions are ANDed; a zero condition selects all.
type Query struct {
	IDs    []ID // any of these; nil selects every account
	Person Criteria
	After  ID        // only those with an ID after this one
	DueAt  time.Time // if set: only those whose DueAt is set and not after it, earliest DueAt first, then by ID
	Limit  int       // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q Query) Capped() int { return page.Limit(q.Limit) }

// String names the account without saying anything about its owner, so that an
// account can end up in a log (CR-17).
func (a Account) String() string { return "account " + string(a.ID) }

// GoString is String.
func (a Account) GoString() string { return a.String() }

// DisplayName is [Card.DisplayName].
func (a Account) DisplayName() string { return displayName(a.GivenName, a.FamilyName) }

// SortName is [Card.SortName].
func (a Account) SortName() string { return sortName(a.GivenName, a.FamilyName) }

// upper writes s in capitals. ASCII, which most names are, needs no rules of a language.
func upper(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return cases.Upper(language.French).String(s)
		}
	}
	return strings.ToUpper(s)
}
