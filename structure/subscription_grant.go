package structure

import (
	"context"
	"errors"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// SubscriptionGrant is what a manager gives to a member.
type SubscriptionGrant struct {
	Structure ID         `validate:"required,id"`
	Account   account.ID `validate:"required,id"`
	Lines     []Line     `validate:"min=1,max=100,dive"`
	From      authz.Date `validate:"day"`          // first day. Defaults to today, or the first day of a membership that begins later.
	Comment   string     `validate:"max=255,text"` // Defaults to none.
}

// GrantSubscriptions gives rights in the spaces of a structure to a member, all lines or
// none, without a request. A line that waits for a decision is answered by that.
// The member is told by mail; managers may give to themselves, the space that
// gives powers of a manager excepted unless they hold it.
//
// Errors: ErrInvalid naming every bad field; [ErrNotFound]; [ErrDenied];
// [ErrStructureInactive]; [ErrMembershipDisabled]; [ErrMembershipEnded];
// [ErrApplicantGone]; and, naming the lines, [ErrSpaceNotOpen], [ErrSpaceFixed],
// [ErrServiceNotHeld], [ErrAlreadySubscribed].
func (s *Service) GrantSubscriptions(ctx context.Context, by account.Actor, g SubscriptionGrant) ([]Subscription, error) {
	const op = "structure.GrantSubscriptions"
	now := s.clock()
	g.Comment = multiline(g.Comment)
	more := repeats("lines", g.Lines)
	if !g.From.IsZero() {
		more = append(more, s.firstDay(g.From, now)...)
	}
	if err := check.Struct(op, g, more...); err != nil {
		return nil, err
	}
	var out []Subscription
	err := s.store.Update(ctx, func(tx Tx) error {
		d, err := s.desk(ctx, tx, by, g.Account, g.Structure, now)
		if err != nil {
			return err
		}
		if err := s.may(d, authz.ActionGrantSubscriptions, ""); err != nil {
			return err
		}
		if d.subject.Account.Status == account.StatusDeactivated || d.subject.Account.Status == account.StatusAnonymized {
			return ErrApplicantGone
		}
		out, err = s.begin(ctx, tx, by, d, asking{op: op, lines: g.Lines, from: s.startDay(g.From, d), comment: g.Comment, grant: true})
		return err
	})
	if errors.Is(err, fault.ErrExists) {
		err = ErrAlreadySubscribed.In(op) // another manager gave the same at the same moment
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// startDay is the day that was typed, else the first on which a line can hold.
func (s *Service) startDay(from authz.Date, d desk) authz.Date {
	if !from.IsZero() {
		return from
	}
	first := d.at
	if begins := d.subject.Membership.Validity.From; begins.After(first) {
		first = begins
	}
	return authz.DateOf(first.In(s.zone))
}

func (s *Service) tellGranted(ctx context.Context, tx Tx, d desk, lines []Subscription) error {
	to := d.subject.Account
	return s.tellSubscriber(ctx, tx, to, d.Structure, lines[0], notify.MailSubscriptionGranted, notify.Values{
		"Spaces": s.describeLines(to.Language, d.units, lines),
	}, d.at)
}
