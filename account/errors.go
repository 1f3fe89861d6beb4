package account

import "github.com/habilis-go/habilis/internal/fault"

// Errors of this package; compare with errors.Is. Anonymous callers never get one
// that tells whether an address has an account.
var (
	// ErrLinkExpired: the link is over, was replaced by a newer one, or never was.
	ErrLinkExpired = fault.New("link_expired", "the link is no longer valid; ask for a new one")

	// ErrLinkUsed: the link did its work already.
	ErrLinkUsed = fault.New("link_used", "the link was used already")

	// ErrExternallyManaged: a directory outside keeps the account, or the accounts of the
	// structure; it is created and closed there.
	ErrExternallyManaged = fault.New("externally_managed", "an external directory keeps this account; ask whoever keeps it")

	// ErrNoSupportDesk: the deployment has no support desk; see Options.SupportDesk.
	ErrNoSupportDesk = fault.New("no_support_desk", "this deployment has no support desk")

	// ErrNotDeactivated: only a deactivated account can be reactivated.
	ErrNotDeactivated = fault.New("account_not_deactivated", "the account is not deactivated")

	// ErrNotPending: the account does not wait for its activation.
	ErrNotPending = fault.New("account_not_pending", "the account does not wait for its activation")

	// ErrReactivationWindowClosed: the owner can no longer come back alone; support can
	// help.
	ErrReactivationWindowClosed = fault.New("reactivation_window_closed", "the time to reactivate the account alone is over; ask support")

	// ErrNotActive: the account that acts is not active.
	ErrNotActive = fault.New("account_not_active", "the account is not active")

	// ErrSessionEnded: the session does not hold any more, whatever the reason.
	ErrSessionEnded = fault.New("session_ended", "the session has ended; sign in again")

	// ErrInvalidCredentials: address or password is wrong, or the account may not
	// sign in now. Which of these it is, is not told.
	ErrInvalidCredentials = fault.New("invalid_credentials", "the address or the password is wrong")

	// ErrThrottled: too many tries failed; the next one is accepted later. It never
	// reaches an anonymous caller.
	ErrThrottled = fault.New("throttled", "too many tries; wait before the next one")

	// ErrProofRequired: what was asked for needs a factor proven again first; see
	// Policy.FreshProof.
	ErrProofRequired = fault.New("proof_required", "prove again who you are first")

	// ErrActor: the kind of actor may not do this at all.
	ErrActor = fault.New("wrong_actor", "this kind of actor may not do this")
)
