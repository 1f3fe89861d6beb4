package mfa

import "github.com/habilis-go/habilis/internal/fault"

// Errors of this package; compare with errors.Is.
var (
	// ErrWrongCode: the code is not the one that was sent, or is over. Which, is not
	// told.
	ErrWrongCode = fault.New("wrong_code", "the code is wrong or no longer valid")

	// ErrSignInOver: the sign-in took too long, had too many wrong codes, was
	// finished, or never was. Begin again.
	ErrSignInOver = fault.New("sign_in_over", "the sign-in is over; begin again")

	// ErrSecondFactorRequired: the password alone does not sign in.
	ErrSecondFactorRequired = fault.New("second_factor_required", "a second factor is needed")

	// ErrTooSoon: a code was sent a moment ago; wait before asking for another.
	ErrTooSoon = fault.New("too_soon", "a code was sent a moment ago")
)
