package account

import (
	"strings"
	"time"
)

// Card is as much of an account as others need to deal with it: who it is, how to reach
// it, whether it may act and when it was last seen. What it proves itself with, and what
// its owner tells of themselves, stays with the [Account]. Its fields are those of Account.
type Card struct {
	ID           ID
	Kind         Kind
	Status       Status
	Login        string
	ContactEmail string
	GivenName    string
	FamilyName   string
	Language     string

	CreatedAt          time.Time
	StatusSince        time.Time
	ActivatedAt        time.Time
	ReactivatedAt      time.Time
	LastSignInAt       time.Time
	UndeliverableSince time.Time
}

// Card returns the card of the account.
func (a Account) Card() Card {
	return Card{
		ID: a.ID, Kind: a.Kind, Status: a.Status, Login: a.Login, ContactEmail: a.ContactEmail,
		GivenName: a.GivenName, FamilyName: a.FamilyName, Language: a.Language,
		CreatedAt: a.CreatedAt, StatusSince: a.StatusSince, ActivatedAt: a.ActivatedAt, ReactivatedAt: a.ReactivatedAt,
		LastSignInAt: a.LastSignInAt, UndeliverableSince: a.UndeliverableSince,
	}
}

// String names the account without saying anything about its owner, so that a card can
// end up in a log (CR-17).
func (c Card) String() string { return Account{ID: c.ID}.String() }

// GoString is String.
func (c Card) GoString() string { return c.String() }

// DisplayName is given name then family name in capitals, "Jean PIERRE".
func (c Card) DisplayName() string { return displayName(c.GivenName, c.FamilyName) }

// SortName is family name in capitals then given name, "BON Julie", as managers'
// tables show it.
func (c Card) SortName() string { return sortName(c.GivenName, c.FamilyName) }

func displayName(given, family string) string { return strings.TrimSpace(given + " " + upper(family)) }

func sortName(given, family string) string { return strings.TrimSpace(upper(family) + " " + given) }
