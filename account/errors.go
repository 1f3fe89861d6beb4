package account

import "github.com/habilis-go/habilis/internal/fault"

// Errors of this package; compare with errors.Is. Anonymous callers never get one
// that tells whether an address has an account.
var (
	// ErrAttachmentInUse: the host needs the file; see Options.InUse.
	ErrAttachmentInUse = fault.New("attachment_in_use", "the file is in use and cannot be deleted")

	// ErrFlagged: the scanner found malware; nothing was kept (FI-14).
	ErrFlagged = fault.New("file_flagged", "the file was refused by the virus scanner")

	// ErrNoContents: the service has no place to keep contents; see Options.Contents.
	ErrNoContents = fault.New("no_contents", "there is no place for the contents of files here")

	// ErrNotScanned: the scanner could not judge the file; it is refused or waits in
	// quarantine (FI-13).
	ErrNotScanned = fault.New("file_not_scanned", "the file could not be checked for viruses; try again later")

	// ErrQuota: the owner has as many files or bytes as allowed, what other uploads
	// under way may need counted in (FI-08).
	ErrQuota = fault.New("quota_reached", "there is no room for another file of this size")

	// ErrUploadOver: the upload took longer than the policy's window.
	ErrUploadOver = fault.New("upload_over", "the upload took too long; start again")

	// ErrLinkExpired: the link is over, was replaced by a newer one, or never was.
	ErrLinkExpired = fault.New("link_expired", "the link is no longer valid; ask for a new one")

	// ErrLinkUsed: the link did its work already.
	ErrLinkUsed = fault.New("link_used", "the link was used already")

	// ErrLoginChangeNotAllowed: the policy, or a directory outside that keeps the
	// account, forbids it.
	ErrLoginChangeNotAllowed = fault.New("login_change_not_allowed", "the login address of this account is not changed here")

	// ErrLoginChangePending: a change is under way; it ends by confirmation, by being
	// cancelled, or when its time is over.
	ErrLoginChangePending = fault.New("login_change_pending", "a change of the login address is under way")
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

	// ErrEnrolmentRequired: the account needs an authenticator application or a security
	// key first; the session is good for adding one alone.
	ErrEnrolmentRequired = fault.New("enrolment_required", "add an authenticator application or a security key first")

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

	// ErrSecretExpired: the secret of the technical account is right and over; it must
	// be reset.
	ErrSecretExpired = fault.New("secret_expired", "the secret of the technical account has expired; it must be reset")
	// ErrWrongAnswer: the answer to the secret question is not the right one.
	ErrWrongAnswer = fault.New("wrong_answer", "the answer is wrong")

	// ErrActor: the kind of actor may not do this at all.
	ErrActor = fault.New("wrong_actor", "this kind of actor may not do this")
)
