package structure

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
)

// due returns when the clock next has something to do about a membership, zero for never.
func (p Policy) due(m Membership) time.Time {
	next, watch := p.Memberships.due(m), p.Principals.due(m)
	if next.IsZero() || !watch.IsZero() && watch.Before(next) {
		return watch
	}
	return next
}

// lastSeen is when the holder of a membership was last there.
func lastSeen(a account.Card, m Membership) time.Time {
	return latest(a.LastSignInAt, a.ActivatedAt, a.ReactivatedAt, m.DecidedAt)
}

// watch tells a principal manager who stays away, and support, once in each period; of
// one whose account is not active, support alone. It returns from when the next period
// counts. The key makes sure that each is told once.
func (s *Service) watch(ctx context.Context, tx Tx, at Standing, m Membership, now time.Time) (time.Time, error) {
	due := s.policy.Principals.due(m)
	if due.IsZero() || now.Before(due) || at.Structure.Status != StatusActive {
		return now, nil
	}
	seen := lastSeen(at.Account, m)
	here := at.Account.Status == account.StatusActive
	if here && now.Before(seen.Add(s.policy.Principals.InactiveAfter)) {
		return seen, nil
	}
	key := fmt.Sprintf("principal_inactive/%s/%s", m.ID, stamp(due))
	if here {
		if err := s.tell(ctx, tx, at.Account, at.Structure, notify.Mail{
			Key: key, Template: notify.MailPrincipalInactive,
			Values: notify.Values{"At": seen.Format(time.RFC3339), "Link": s.links.To(s.links.Memberships, "")},
		}, now); err != nil {
			return now, err
		}
	}
	if s.supportDesk == "" {
		return now, nil
	}
	return now, s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: key + "/support", Template: notify.MailSupportPrincipalAbsent, To: s.supportDesk, Language: "fr",
		Values: notify.Values{
			"Name": "", "Structure": at.Structure.DisplayName() + " (" + at.Structure.Identifier.Value + ")", "At": seen.Format(time.RFC3339),
		},
	})
}
