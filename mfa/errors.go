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

	// ErrNotAsked: the sign-in asks for another factor; choose this one first.
	ErrNotAsked = fault.New("factor_not_asked", "the sign-in asks for another factor")

	// ErrWayRefused: this factor cannot be chosen; the challenge tells why.
	ErrWayRefused = fault.New("way_refused", "this way to sign in cannot be chosen")

	// ErrAuthenticatorEnrolled: an account has one application at most; replace it
	//
	ErrAuthenticatorEnrolled = fault.New("authenticator_enrolled", "the account has an authenticator application already")

	// ErrEnrolmentOver: the enrolment took too long, had too many wrong codes, was
	// replaced, or never was. Begin again.
	ErrEnrolmentOver = fault.New("enrolment_over", "the enrolment is over; begin again")

	// ErrNoSuchFactor: the account has no such factor.
	ErrNoSuchFactor = fault.New("no_such_factor", "the account has no such authentication factor")

	// ErrNotOffered: the policy of the deployment has no such factor.
	ErrNotOffered = fault.New("factor_not_offered", "this deployment does not offer this factor")

	// ErrKeyLimit: the account has as many security keys as the policy allows.
	ErrKeyLimit = fault.New("key_limit", "the account has as many security keys as it may have")

	// ErrKeyRefused: the answer of the security key does not prove what was asked for.
	// What it wraps says why, for whoever runs the service.
	ErrKeyRefused = fault.New("key_refused", "the security key was not recognised")

	// ErrKeyRegistered: an account has this security key already, this one or another.
	ErrKeyRegistered = fault.New("key_registered", "this security key is registered already")

	// ErrTooSoon: a code was sent a moment ago; wait before asking for another.
	ErrTooSoon = fault.New("too_soon", "a code was sent a moment ago")
)
