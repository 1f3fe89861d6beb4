package account

import (
	"time"

	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/page"
)

// AttachmentID names an attachment. Values are UUIDs of version 7.
type AttachmentID string

// Owner is whose an attachment is: an account's or a structure's, never both.
type Owner struct {
	Account   ID
	Structure authz.StructureID
}

// AttachmentStatus is where an attachment is on its way.
type AttachmentStatus string

// Statuses. A row is there before its content and goes after it, so that content
// without a row cannot be left behind, whatever crashes.
const (
	AttachmentUploading   AttachmentStatus = "uploading"   // its content is on the way
	AttachmentStored      AttachmentStatus = "stored"      // there to be used
	AttachmentQuarantined AttachmentStatus = "quarantined" // refused or not yet cleared by the scanner; nobody can read it
	AttachmentRemoved     AttachmentStatus = "removed"     // its content is to be deleted
)

// Attachment is a file that its owner keeps to add to invoices and the like.
// The content lies elsewhere, under Key.
type Attachment struct {
	ID          AttachmentID
	Owner       Owner
	Status      AttachmentStatus
	Type        string // one of the policy's list
	Designation string // what its owner calls it
	FileName    string // cleaned name of the file that was chosen
	MediaType   string // what its content was found to be
	Size        int64  // in bytes
	SHA256      string // of the content, hexadecimal
	Key         string // of the content; random
	CreatedAt   time.Time
	CreatedBy   ID        // who added it
	StatusSince time.Time // when it got its status
	Version     int64
}

// AttachmentQuery selects attachments. Conditions are ANDed; a zero condition selects
// all. The order is CreatedAt, then ID.
type AttachmentQuery struct {
	ID       AttachmentID
	Owner    Owner // both parts are compared if either is set
	Statuses []AttachmentStatus
	Until    time.Time // if set: only those whose StatusSince is not after it

	AfterAt time.Time // continues a listing: only what follows (CreatedAt, ID)
	AfterID AttachmentID

	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q AttachmentQuery) Capped() int { return page.Limit(q.Limit) }
