package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// ChangeReason says why a new password is due.
type ChangeReason string

// Reasons.
const (
	ReasonPolicy      ChangeReason = "policy"      // the rules changed, or it is too old: nothing ends meanwhile
	ReasonCompromised ChangeReason = "compromised" // somebody else may know it: every session ends at once
)

// RequirePasswordChange makes the next sign-in of an account ask for a new password
// before there is a session, and tells its owner by mail. Nobody is locked out by it:
// the present password still leads to the page where it is replaced. If it was
// compromised, sessions, half-logins and open links end, too. Asking again because of the
// policy changes nothing; of a password that was compromised it ends what has begun since,
// and tells the owner again.
//
// Only [Support] and [System] may. Errors: [ErrActor]; ErrNotFound; ErrInvalid for an
// unknown reason; [ErrNotActive] if the account is not, or has no password.
func (s *Service) RequirePasswordChange(ctx context.Context, by Actor, id ID, why ChangeReason) error {
	if by.Kind != notify.ActorSupport && by.Kind != notify.ActorSystem {
		return ErrActor
	}
	kind, known := map[ChangeReason]notify.Kind{
		ReasonPolicy: "account.password_outdated", ReasonCompromised: "account.password_compromised",
	}[why]
	if !known {
		return fault.Invalid("account.RequirePasswordChange", fault.Field{Path: "reason", Code: "oneof", Param: "policy compromised"})
	}
	if !ids.Valid(id) {
		return fault.ErrNotFound
	}
	now := s.clock()
	stamp, _, err := secret.New(s.ids)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, id)
		switch {
		case err != nil:
			return err
		case a.Status != StatusActive || a.Kind != KindPerson || a.Credentials.Password == "":
			return ErrNotActive
		case a.Credentials.Expired && why == ReasonPolicy:
			return nil
		}
		a.Credentials.Expired = true
		if why == ReasonCompromised {
			a.Stamp = stamp
			if err := VoidLinks(ctx, tx, a.ID, now); err != nil {
				return err
			}
		}
		if err := s.put(ctx, tx, by, kind, &a, now); err != nil {
			return err
		}
		return s.journal.Enqueue(ctx, tx, now, notify.Mail{
			Key: "password_expired/" + notify.Digest(a.Salt, stamp), Template: notify.MailPasswordExpired,
			To: a.Login, Account: a.ID, Language: a.Language,
			Values: notify.Values{"Name": a.DisplayName(), "Link": s.links.To(s.links.SignIn, "")},
		})
	})
}

// Renewal is the right to replace an expired password, handed out once by package mfa
// to whoever proved all factors. Keep it as a sign-in's handle is kept.
type Renewal struct {
	Token string
	Until time.Time // dead from this instant on
}

// PutRenewal stores the digest of a renewal in the unit that ends the sign-in.
func PutRenewal(ctx context.Context, tx Tx, a Account, digest string, until, now time.Time) error {
	link, err := tx.Link(ctx, a.ID, PurposeExpiredPassword)
	if errors.Is(err, fault.ErrNotFound) {
		link = Link{Account: a.ID, Purpose: PurposeExpiredPassword}
	} else if err != nil {
		return err
	}
	link.Digest, link.Address = digest, a.Login
	link.CreatedAt, link.ExpiresAt, link.UsedAt = now, until, time.Time{}
	return tx.PutLink(ctx, link)
}

// ReplaceExpired sets a new password in place of an expired one. The token is that of
// a [Renewal]. No session opens: sign in with the new password. What ends is as with
// [Service.ChangePassword], and so are the rules.
//
// Errors: ErrInvalid naming every bad field, after which the token still works;
// [ErrLinkExpired]; [ErrLinkUsed].
func (s *Service) ReplaceExpired(ctx context.Context, token string, p NewPassword) (Account, error) {
	return s.setByLink(ctx, "account.ReplaceExpired", token, PurposeExpiredPassword, p)
}
