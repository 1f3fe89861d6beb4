package account

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// mailLoginChange mails the link that confirms a change to the new address, or
// tells its owner if the address is another account's. A registration that was never
// activated does not count: it proved nothing.
func (s *Service) mailLoginChange(ctx context.Context, tx Tx, a Account, link Link, token string, now time.Time) error {
	owner, err := tx.AccountByLogin(ctx, link.Address)
	switch {
	case err == nil && owner.Status != StatusPendingActivation:
		return s.tellLoginTaken(ctx, tx, owner, now)
	case err != nil && !errors.Is(err, fault.ErrNotFound):
		return err
	}
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "login_change/" + link.Digest, Template: notify.MailLoginChange,
		To: link.Address, Account: a.ID, Language: a.Language, ExpiresAt: link.ExpiresAt,
		Values: notify.Values{
			"Name": a.DisplayName(), "Link": s.links.WithToken(s.links.LoginConfirm, token),
			"Until": link.ExpiresAt.Format(time.RFC3339),
		},
	})
}

// tellLoginTaken lets the person who has an address know that somebody wanted it, once in a
// pause, whoever asks.
func (s *Service) tellLoginTaken(ctx context.Context, tx Tx, owner Account, now time.Time) error {
	if owner.Status != StatusActive || owner.Kind == KindTechnical {
		return nil
	}
	window := now.Truncate(max(s.policy.MailPause, time.Second)).Unix()
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "login_taken/" + string(owner.ID) + "/" + strconv.FormatInt(window, 10), Template: notify.MailLoginTaken,
		To: owner.Login, Account: owner.ID, Language: owner.Language,
		Values: notify.Values{"Name": owner.DisplayName(), "At": now.Format(time.RFC3339)},
	})
}

// warnOfLoginChange mails the link that cancels a change to the present address.
func (s *Service) warnOfLoginChange(ctx context.Context, tx Tx, a Account, change Link, now time.Time) error {
	token, cancel, err := s.replaceLink(ctx, tx, a.ID, PurposeLoginChangeCancel, a.Login, now, change.ExpiresAt)
	if err != nil {
		return err
	}
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "login_change_cancel/" + cancel.Digest, Template: notify.MailLoginChangeWarning,
		To: a.Login, Account: a.ID, Language: a.Language, ExpiresAt: cancel.ExpiresAt,
		Values: notify.Values{
			"Name": a.DisplayName(), "Link": s.links.WithToken(s.links.LoginCancel, token),
			"Until": cancel.ExpiresAt.Format(time.RFC3339),
		},
	})
}

func (s *Service) tellLoginChangeCancelled(ctx context.Context, tx Tx, a Account, change Link, now time.Time) error {
	return s.tell(ctx, tx, a, notify.MailLoginChangeCancelled, a.Login, change, now)
}

func (s *Service) tellLoginChangeUndone(ctx context.Context, tx Tx, a Account, undo Link, now time.Time) error {
	return s.tell(ctx, tx, a, notify.MailLoginChangeUndone, a.Login, undo, now)
}

func (s *Service) tellLoginChanged(ctx context.Context, tx Tx, a Account, to string, link Link, now time.Time) error {
	return s.tell(ctx, tx, a, notify.MailLoginChanged, to, link, now)
}

// tell mails an address what happened by or to a link. It needs no answer, so it holds
// no link.
func (s *Service) tell(ctx context.Context, tx Tx, a Account, t notify.Template, to string, link Link, now time.Time) error {
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: string(t) + "/" + notify.Digest(a.Salt, link.Digest, to), Template: t,
		To: to, Account: a.ID, Language: a.Language,
		Values: notify.Values{"Name": a.DisplayName(), "At": now.Format(time.RFC3339)},
	})
}
