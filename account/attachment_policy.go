package account

import (
	"slices"
	"time"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/text/language"
)

// AttachmentPolicy holds what a deployment decides about attachments. It is data.
// Sizes are in bytes; a Mo of the guides is 1 000 000 of them (C-01), and what is
// exactly at a limit is accepted.
type AttachmentPolicy struct {
	MaxBytes       int64 // Largest content. Defaults to 10 000 000.
	MaxFiles       int   // Most files of one owner. Defaults to 500.
	MaxTotal       int64 // All contents of one owner together. Defaults to 500 000 000.
	MaxDesignation int   // Longest designation, in characters. Defaults to 100.

	Types      []AttachmentType // What an owner says that a file is; a closed list. Defaults to seven types.
	MediaTypes []string         // What a content may be found to be. Defaults to PDF, images, text, office documents and ZIP.

	// ScanFailure says what becomes of a file that the scanner could not judge.
	// Defaults to RefuseUnscanned.
	ScanFailure ScanFailure

	// ScanTimeout is how long the scanner may take for one file. Defaults to 30 s.
	ScanTimeout time.Duration

	// UploadWindow is how long an upload may take. What an upload left behind is removed
	// after twice that, what a removal left behind as well. Defaults to an hour.
	UploadWindow time.Duration

	Photo PhotoPolicy // of the photo in a profile
}

// PhotoPolicy is what a photo may be. It counts neither as a file of the list nor
// towards its limits.
type PhotoPolicy struct {
	MaxBytes   int64    // Largest photo. Defaults to 2 000 000.
	MediaTypes []string // Defaults to JPEG, PNG and WebP.
}

// AttachmentType is one type of the list, with what people read.
type AttachmentType struct {
	Code   string                  // stable key
	Labels map[language.Tag]string // by base language
}

// Label returns what people of the given language read, else the English label, else
// the code.
func (t AttachmentType) Label(lang language.Tag) string {
	base, _ := lang.Base()
	for _, tag := range []language.Tag{lang, language.Make(base.String()), language.English} {
		if label, ok := t.Labels[tag]; ok {
			return label
		}
	}
	return t.Code
}

// ScanFailure says what becomes of a file that the scanner could not judge.
type ScanFailure string

// What becomes of it.
const (
	RefuseUnscanned     ScanFailure = "refuse"     // it is refused (fail closed)
	QuarantineUnscanned ScanFailure = "quarantine" // it is kept and cannot be read until the scanner clears it
)

// AttachmentTypePhoto is the type of a profile's photo. It is not in the list.
const AttachmentTypePhoto = "photo"

// AttachmentsGuide2024 is the default policy: 10 Mo for one file.
func AttachmentsGuide2024() AttachmentPolicy {
	return AttachmentPolicy{
		MaxBytes: 10_000_000, MaxFiles: 500, MaxTotal: 500_000_000, MaxDesignation: 100,
		Types: []AttachmentType{
			attachmentType("supporting_document", "Pièce justificative", "Supporting document"),
			attachmentType("purchase_order", "Bon de commande", "Purchase order"),
			attachmentType("delivery_note", "Bon de livraison", "Delivery note"),
			attachmentType("contract", "Contrat ou marché", "Contract"),
			attachmentType("bank_details", "Relevé d’identité bancaire", "Bank details"),
			attachmentType("mandate", "Mandat ou délégation", "Mandate or delegation"),
			attachmentType("other", "Autre document", "Other document"),
		},
		MediaTypes: []string{
			"application/pdf", "application/zip", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
			"application/vnd.oasis.opendocument.presentation", "application/vnd.oasis.opendocument.spreadsheet",
			"application/vnd.oasis.opendocument.text",
			"application/vnd.openxmlformats-officedocument.presentationml.presentation",
			"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
			"image/jpeg", "image/png", "image/tiff", "image/webp", "text/csv", "text/plain", "text/rtf",
		},
		ScanFailure: RefuseUnscanned, ScanTimeout: 30 * time.Second, UploadWindow: time.Hour,
		Photo: PhotoPolicy{MaxBytes: 2_000_000, MediaTypes: []string{"image/jpeg", "image/png", "image/webp"}},
	}
}

// AttachmentsGuide2019 is the policy of the guide of 2019: 4 Mo for one file.
func AttachmentsGuide2019() AttachmentPolicy {
	p := AttachmentsGuide2024()
	p.MaxBytes = 4_000_000
	return p
}

func attachmentType(code, fr, en string) AttachmentType {
	return AttachmentType{Code: code, Labels: map[language.Tag]string{language.French: fr, language.English: en}}
}

// Type returns the type of the list with this code.
func (p AttachmentPolicy) Type(code string) (AttachmentType, bool) {
	i := slices.IndexFunc(p.Types, func(t AttachmentType) bool { return t.Code == code })
	if i < 0 {
		return AttachmentType{}, false
	}
	return p.Types[i], true
}

func (p AttachmentPolicy) check() error {
	bad := ErrBadPolicy.With
	switch {
	case p.MaxBytes <= 0 || p.MaxFiles <= 0 || p.MaxDesignation <= 0 || p.Photo.MaxBytes <= 0:
		return bad("the limits of attachments must be positive")
	case p.MaxTotal < p.MaxBytes:
		return bad("an attachment of the largest size must fit into the quota")
	case len(p.Types) == 0 || len(p.MediaTypes) == 0 || len(p.Photo.MediaTypes) == 0:
		return bad("attachments need types and media types")
	case p.ScanFailure != RefuseUnscanned && p.ScanFailure != QuarantineUnscanned:
		return bad("what cannot be scanned is refused or put into quarantine")
	case p.ScanTimeout <= 0 || p.UploadWindow <= 0:
		return bad("uploads and scans must have some time")
	}
	seen := map[string]bool{"": true, AttachmentTypePhoto: true}
	for _, t := range p.Types {
		if seen[t.Code] {
			return bad("the types of attachments must have codes of their own")
		}
		seen[t.Code] = true
	}
	for _, m := range slices.Concat(p.MediaTypes, p.Photo.MediaTypes) {
		if k := mimetype.Lookup(m); k == nil || plainType(k) != m {
			return bad("a media type cannot be recognised in contents")
		}
	}
	return nil
}
