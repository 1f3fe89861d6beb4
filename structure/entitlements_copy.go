package structure

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/notify"
)

// EntitlementCopy names two members of a structure: whose subscriptions are copied, and
// who gets them.
type EntitlementCopy struct {
	Structure ID         `validate:"required,id"`
	From      account.ID `validate:"required,id"`
	To        account.ID `validate:"required,id,nefield=From"`
}

// CopyPlan is what a copy would do, for the manager to read before confirming.
type CopyPlan struct {
	Granted []Line         // what the second person would get
	Skipped map[Line]error // what is not copied, and why

	// Token stands for all of the above; [Service.CopyEntitlements] needs it.
	Token string
}

// PlanCopy tells what copying the subscriptions of one member to another would do, and
// changes nothing. Only what the first holds by subscription is copied; the role stays
// what it is. Errors: ErrInvalid; [ErrNotFound]; [ErrDenied]; [ErrStructureInactive];
// [ErrApplicantGone]; [ErrMembershipDisabled]; [ErrMembershipEnded].
func (s *Service) PlanCopy(ctx context.Context, by account.Actor, c EntitlementCopy) (CopyPlan, error) {
	if err := check.Struct("structure.PlanCopy", c); err != nil {
		return CopyPlan{}, err
	}
	now := s.clock()
	var plan CopyPlan
	err := s.store.View(ctx, func(tx Tx) error {
		d, err := s.desk(ctx, tx, by, c.To, c.Structure, now)
		if err != nil {
			return err
		}
		plan, err = s.planCopy(ctx, tx, d, c)
		return err
	})
	return plan, err
}

// CopyEntitlements gives the subscriptions of one member to another, as
// [Service.PlanCopy] told, from today and in one unit. The second person is told by mail.
// Errors, the last with the plan as it is now: those of PlanCopy;
// [ErrConsequencesChanged].
func (s *Service) CopyEntitlements(ctx context.Context, by account.Actor, c EntitlementCopy, token string) (CopyPlan, error) {
	const op = "structure.CopyEntitlements"
	if err := check.Struct(op, c); err != nil {
		return CopyPlan{}, err
	}
	now := s.clock()
	var plan CopyPlan
	err := s.update(ctx, func(tx Tx) error {
		d, err := s.desk(ctx, tx, by, c.To, c.Structure, now)
		if err != nil {
			return err
		}
		if plan, err = s.planCopy(ctx, tx, d, c); err != nil {
			return err
		}
		if plan.Token != token {
			return ErrConsequencesChanged.In(op)
		}
		if len(plan.Granted) == 0 {
			return nil
		}
		_, err = s.begin(ctx, tx, by, d, asking{op: op, lines: plan.Granted, from: s.startDay(authz.Date{}, d), grant: true})
		return err
	})
	return plan, err
}

// planCopy decides what a copy does.
func (s *Service) planCopy(ctx context.Context, tx Tx, d desk, c EntitlementCopy) (CopyPlan, error) {
	var plan CopyPlan
	if err := s.may(d, authz.ActionGrantSubscriptions, ""); err != nil {
		return plan, err
	}
	if err := d.member(); err != nil {
		return plan, err
	}
	switch {
	case d.Structure.Status != StatusActive:
		return plan, ErrStructureInactive
	case !living(d.subject.Account):
		return plan, ErrApplicantGone
	}
	model, err := tx.Standing(ctx, c.From, c.Structure)
	if err != nil {
		return plan, err
	}
	if model.Membership.Status != StatusApproved {
		return plan, ErrNotFound
	}
	lines, err := linesOf(ctx, tx, SubscriptionQuery{
		Account: c.From, Structures: []ID{c.Structure}, Statuses: []SubscriptionStatus{SubscriptionApproved},
	})
	if err != nil {
		return plan, err
	}
	plan.Skipped = map[Line]error{}
	parts := []string{"copy", string(c.From), string(c.To)}
	for _, line := range lines {
		l := line.Line()
		err := complain("", "line", []objection{d.object(s.authz, l)})
		switch {
		case err == nil && d.find(l).Status == SubscriptionApproved:
			err = ErrAlreadySubscribed
		case err == nil:
			err = s.may(d, authz.ActionGrantSubscriptions, l.Space)
		}
		if err != nil {
			plan.Skipped[l] = err
			continue
		}
		plan.Granted = append(plan.Granted, l)
		parts = append(parts, string(l.Service), string(l.Space), string(l.Level))
	}
	plan.Token = notify.Digest(d.Structure.Salt, parts...)
	return plan, nil
}
