package structure

import (
	"time"

	"github.com/habilis-go/habilis/authz"
)

// ID names a structure. Values are UUIDs of version 7.
type ID = authz.StructureID

// ServiceID names a service of a structure.
type ServiceID = authz.ServiceID

// Type tells public bodies from private ones.
type Type = authz.StructureType

// Types.
const (
	Public  = authz.Public
	Private = authz.Private
)

// Status is the state of a structure.
type Status string

// Statuses.
const (
	StatusActive   Status = "active"
	StatusInactive Status = "inactive"
)

// Directory says who keeps the accounts of a structure's people.
type Directory string

// Directories.
const (
	DirectoryLocal    Directory = "local"    // habilis does
	DirectoryExternal Directory = "external" // a directory outside does; here they are neither created nor closed
)

// Structure is one establishment: one record for each identifier. Treat
// it as a value: changing a copy changes nothing until a service stores it.
type Structure struct {
	ID         ID
	Identifier Identifier // unique
	LegalName  string
	Label      string // what people call it; "" if the legal name will do
	Type       Type
	Status     Status
	Postcode   string
	Town       string
	Spaces     []authz.Space // open on the structure, sorted

	// Delegated says which powers the principal manager lends to secondary managers.
	// Defaults to none.
	Delegated authz.Delegation

	// Sheet is the rest of what managers keep about the structure; no decision looks at it.
	Sheet Sheet

	// Nomination is who was asked to take over as principal manager and has not
	// answered. Defaults to nobody.
	Nomination Nomination

	// Directory says who keeps the accounts of its people. Defaults to
	// DirectoryLocal, which "" also means.
	Directory Directory

	// Salt blinds the digests of this row in the history; see account.Account.Salt.
	Salt string

	CreatedAt time.Time
	Version   int64
}

// DisplayName is the label, else the legal name.
func (s Structure) DisplayName() string {
	if s.Label != "" {
		return s.Label
	}
	return s.LegalName
}

// External reports whether a directory outside keeps the accounts of its people.
func (s Structure) External() bool { return s.Directory == DirectoryExternal }
