package account

import "time"

// Purpose is what a one-time link is good for, and for nothing else (RP-09).
type Purpose string

// Purposes.
const (
	PurposeActivation        Purpose = "activation"
	PurposeReactivation      Purpose = "reactivation"
	PurposePasswordReset     Purpose = "password_reset"
	PurposeExpiredPassword   Purpose = "expired_password"    // replaces a password that has to be changed; not mailed
	PurposeLoginChange       Purpose = "login_change"        // confirms the new address
	PurposeLoginChangeCancel Purpose = "login_change_cancel" // from the old address, before
	PurposeLoginChangeUndo   Purpose = "login_change_undo"   // from the old address, after
)

// Purposes lists what links are for.
func Purposes() []Purpose { return everyPurpose() }

// Link is a one-time link that was mailed. The secret itself is in the mail only;
// the row keeps its SHA-256. There is one row for each account and purpose, so a
// newer link voids the older one by replacing it (R-014, RP-10).
type Link struct {
	Account   ID
	Purpose   Purpose
	Digest    string // SHA-256 of the secret, hexadecimal; unique
	Address   string // the address that it proves
	CreatedAt time.Time
	ExpiresAt time.Time // dead from this instant on
	UsedAt    time.Time // zero until used; used once only
	Version   int64
}
