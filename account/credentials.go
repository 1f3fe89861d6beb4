package account

import "time"

// Credentials are what an account proves itself with, as they are stored. They print
// as nothing.
type Credentials struct {
	Password  string    // PHC string of the password, "" before activation; of a program: of its secret
	ChangedAt time.Time // when the password was last set
	ResetAt   time.Time // when it was last set by way of the mailbox; zero for never (FL-11)
	Expired   bool      // a new one must be chosen at the next sign-in
	Former    []string  // PHC strings of earlier passwords, newest first, as many as the policy remembers
	Question  string    // secret question of the policy of 2019, "" for none
	Answer    string    // PHC string of its normalised answer

	// Of a program: the secret before the present one, which works until an instant so
	// that both sides can change over.
	Overlap      string
	OverlapUntil time.Time
}

// String hides the credentials (CR-17).
func (Credentials) String() string { return "account.Credentials" }

// GoString hides the credentials.
func (Credentials) GoString() string { return "account.Credentials" }

// MarshalJSON hides the credentials.
func (Credentials) MarshalJSON() ([]byte, error) { return []byte(`"account.Credentials"`), nil }
