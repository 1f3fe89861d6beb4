package account

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/notify"
)

// Personal is the personal part of "my account": what the person told, and the
// settings. It holds nothing that proves who somebody is.
type Personal struct {
	ID           ID
	Status       Status
	DisplayName  string // "Jean PIERRE"
	SortName     string // "PIERRE Jean"
	GivenName    string
	FamilyName   string
	Login        string // changed by a procedure of its own
	ContactEmail string // where notices go
	Phone        string // E.164; show it by way of [FormatPhone]
	Biography    string
	Photo        Attachment // the zero value if there is none that can be shown
	Address      PostalAddress

	Language      string
	Accessibility bool
	Survey        Consent // R-040; whether it holds is for [Service.MayBeSurveyed] to say
	Notices       notify.Preferences
	External      bool // a directory outside keeps the names and the login address

	CreatedAt     time.Time
	ActivatedAt   time.Time // zero before
	ReactivatedAt time.Time // zero if it never was
	LastSignInAt  time.Time // zero before the first sign-in

	// UndeliverableSince says that mails to the login address come back since then;
	// warn the person, and offer to change the address. Zero while they arrive.
	UndeliverableSince time.Time
}

// Overview is "my account" as far as it has nothing to do with structures; package
// structure adds memberships and spaces between the two parts.
type Overview struct {
	Personal
	Attachments []Attachment // stored ones without the photo, oldest first, at most 1000
}

// Overview returns what the person who acts keeps in the account, in one read and
// without side effects. Errors: [ErrActor], [ErrNotActive].
func (s *Service) Overview(ctx context.Context, by Actor) (Overview, error) {
	var out Overview
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		out, err = OverviewIn(ctx, tx, a)
		return err
	})
	if err != nil {
		return Overview{}, err
	}
	return out, nil
}

// OverviewIn is [Service.Overview] of an account that the caller may see, inside a unit
// of work that is open already.
func OverviewIn(ctx context.Context, tx Tx, a Account) (Overview, error) {
	files, err := tx.Attachments(ctx, AttachmentQuery{
		Owner: Owner{Account: a.ID}, Statuses: []AttachmentStatus{AttachmentStored}, Limit: 1000,
	})
	if err != nil {
		return Overview{}, err
	}
	out := Overview{Personal: a.overview()}
	for _, f := range files {
		if f.ID == a.Profile.Photo {
			out.Photo = f.shown()
		}
		if f.listed() {
			out.Attachments = append(out.Attachments, f.shown())
		}
	}
	return out, nil
}

// overview returns the personal part, without the photo.
func (a Account) overview() Personal {
	return Personal{
		ID: a.ID, Status: a.Status, DisplayName: a.DisplayName(), SortName: a.SortName(),
		GivenName: a.GivenName, FamilyName: a.FamilyName, Login: a.Login, ContactEmail: a.ContactEmail,
		Phone: a.Profile.Phone, Biography: a.Profile.Biography, Address: a.Profile.Address,
		Language: a.Language, Accessibility: a.Profile.Accessibility, Survey: a.Profile.Survey, Notices: a.Notices, External: a.External,
		CreatedAt: a.CreatedAt, ActivatedAt: a.ActivatedAt, ReactivatedAt: a.ReactivatedAt, LastSignInAt: a.LastSignInAt,
		UndeliverableSince: a.UndeliverableSince,
	}
}

// photo reports whether an attachment can be the photo of an account: its own, there to
// be used, and an image that the policy admits.
func photo(ctx context.Context, tx Tx, owner ID, id AttachmentID, p PhotoPolicy) (bool, error) {
	found, err := tx.Attachments(ctx, AttachmentQuery{
		ID: id, Owner: Owner{Account: owner}, Statuses: []AttachmentStatus{AttachmentStored}, Limit: 1,
	})
	if err != nil || len(found) == 0 {
		return false, err
	}
	return slices.Contains(p.MediaTypes, found[0].MediaType) && found[0].Size <= p.MaxBytes, nil
}
