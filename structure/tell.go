package structure

import (
	"context"
	"maps"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
)

// tell mails a person about a structure, where the person reads notices. The names of
// both are filled in; what m says itself stands.
func (s *Service) tell(ctx context.Context, tx Tx, to account.Card, st Structure, m notify.Mail, now time.Time) error {
	m.To, m.Account, m.Language = to.ContactEmail, to.ID, to.Language
	values := notify.Values{"Name": to.DisplayName(), "Structure": st.DisplayName()}
	maps.Copy(values, m.Values)
	m.Values = values
	return s.journal.Enqueue(ctx, tx, now, m)
}

// reachable reports whether an account is told what happens in structures: nobody who left
// and nobody whose address is not proven yet.
func reachable(a account.Card) bool { return a.Status == account.StatusActive }

// living reports whether an account is somebody's, or waits for its activation: it can be
// found, and hold rights for then.
func living(a account.Card) bool {
	return a.Status == account.StatusActive || a.Status == account.StatusPendingActivation
}
