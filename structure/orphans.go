package structure

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
)

// Orphan is an active structure that nobody can manage.
type Orphan struct {
	Structure Structure

	// Principal is the account of its principal manager, which is not active or whose
	// membership is not in force; "" if it has no principal manager at all.
	Principal account.ID
}

// OrphanStructures goes through the active structures without a principal manager whose
// account is active and whose membership is in force, by name and in constant memory, for
// support to appoint one. The sequence ends with the first error: account.ErrActor
// for everybody but support, and the store's. It holds a reading unit of work open as long
// as the loop runs.
func (s *Service) OrphanStructures(ctx context.Context, by account.Actor) iter.Seq2[Orphan, error] {
	now := s.clock()
	return func(yield func(Orphan, error) bool) {
		if by.Kind != notify.ActorSupport {
			yield(Orphan{}, account.ErrActor)
			return
		}
		err := s.store.View(ctx, func(tx Tx) error {
			var batch []Structure
			flush := func() error {
				err := eachOrphan(ctx, tx, batch, now, func(o Orphan) error {
					if !yield(o, nil) {
						return errEnough
					}
					return nil
				})
				batch = batch[:0]
				return err
			}
			err := eachStructure(ctx, tx, Query{Status: StatusActive}, func(st Structure) error {
				if batch = append(batch, st); len(batch) < orphanBatch {
					return nil
				}
				return flush()
			})
			if err != nil {
				return err
			}
			return flush()
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(Orphan{}, err)
		}
	}
}

// orphanBatch is how many structures are compared with their principal managers at a
// time; each has at most one.
const orphanBatch = 500

// eachOrphan finds those of some structures that nobody can manage.
func eachOrphan(ctx context.Context, tx Tx, all []Structure, now time.Time, fn func(Orphan) error) error {
	if len(all) == 0 {
		return nil
	}
	q := MembershipQuery{Statuses: []MembershipStatus{StatusApproved}, Role: RolePrincipalManager, Limit: orphanBatch}
	for _, st := range all {
		q.Structures = append(q.Structures, st.ID)
	}
	found, err := tx.Members(ctx, q)
	if err != nil {
		return err
	}
	principals := map[ID]Member{}
	for _, m := range found {
		principals[m.Membership.Structure] = m
	}
	for _, st := range all {
		p := principals[st.ID]
		if p.manages(now) {
			continue
		}
		if err := fn(Orphan{Structure: st.published(), Principal: p.Account.ID}); err != nil {
			return err
		}
	}
	return nil
}
