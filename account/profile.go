package account

import "time"

// Profile is what the owner of an account tells beyond the name. Everything in it is
// optional and stays editable.
type Profile struct {
	Phone         string        `json:"phone,omitempty"` // E.164, "+33149961012"
	Address       PostalAddress `json:"address,omitzero"`
	Biography     string        `json:"biography,omitempty"`     // plain text
	Photo         AttachmentID  `json:"photo,omitempty"`         // "" for none
	Accessibility bool          `json:"accessibility,omitempty"` // larger type, no motion. Defaults to false.
	Survey        Consent       `json:"survey,omitzero"`         // to satisfaction surveys
}

// PostalAddress is where somebody works.
type PostalAddress struct {
	Street     string `json:"street,omitempty"`
	Complement string `json:"complement,omitempty"`
	Postcode   string `json:"postcode,omitempty"`
	Town       string `json:"town,omitempty"`
	Country    string `json:"country,omitempty"` // ISO 3166-1 alpha-2
}

// Consent is a yes that was given once and can be taken back as easily. The
// zero value is no.
type Consent struct {
	Conditions string    `json:"conditions,omitempty"` // version of the text that was agreed to
	At         time.Time `json:"at,omitzero"`          // when
}
