package account

import "github.com/habilis-go/habilis/internal/fault"

// Errors of this package; compare with errors.Is. Anonymous callers never get one
// that tells whether an address has an account.
var (
	// ErrLinkExpired: the link is over, was replaced by a newer one, or never was.
	ErrLinkExpired = fault.New("link_expired", "the link is no longer valid; ask for a new one")

	// ErrLinkUsed: the link did its work already.
	ErrLinkUsed = fault.New("link_used", "the link was used already")

	// ErrNotActive: the account that acts is not active.
	ErrNotActive = fault.New("account_not_active", "the account is not active")

	// ErrSessionEnded: the session does not hold any more, whatever the reason.
	ErrSessionEnded = fault.New("session_ended", "the session has ended; sign in again")

	// ErrInvalidCredentials: address or password is wrong, or the account may not
	// sign in now. Which of these it is, is not told.
	ErrInvalidCredentials = fault.New("invalid_credentials", "the address or the password is wrong")

	// ErrPasswordExpired: every factor is proven, but a new password is due before
	// there is a session; see mfa.Service.Renew and [Service.ReplaceExpired].
	ErrPasswordExpired = fault.New("password_expired", "choose a new password first")

	// ErrThrottled: too many tries failed; the next one is accepted later. It never
	// reaches an anonymous caller.
	ErrThrottled = fault.New("throttled", "too many tries; wait before the next one")

	// ErrProofRequired: what was asked for needs a factor proven again first; see
	// Policy.FreshProof.
	ErrProofRequired = fault.New("proof_required", "prove again who you are first")

	// ErrWrongAnswer: the answer to the secret question is not the right one.
	ErrWrongAnswer = fault.New("wrong_answer", "the answer is wrong")

	// ErrActor: the kind of actor may not do this at all.
	ErrActor = fault.New("wrong_actor", "this kind of actor may not do this")
)
