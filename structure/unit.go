package structure

import (
	"time"

	"github.com/habilis-go/habilis/authz"
)

// Unit is a service of a structure: "URBA, Urbanisme". The Go name avoids
// a clash with [Service], this package's entry point; people read "service".
type Unit struct {
	ID        ServiceID
	Structure ID
	Code      string // unique in the structure
	Name      string
	Active    bool
	Validity  authz.Validity // bounds every right on it
	CreatedAt time.Time
	Version   int64
}
