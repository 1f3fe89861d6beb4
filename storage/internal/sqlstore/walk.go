package sqlstore

import (
	"context"
	"strings"

	"github.com/habilis-go/habilis/structure"
)

var _ structure.Walker = (*Tx)(nil)

// WalkStructures implements structure.Walker.
func (tx *Tx) WalkStructures(ctx context.Context, q structure.Query, fn func(structure.Structure) error) error {
	if q.IDs != nil && len(q.IDs) == 0 {
		return tx.ready(ctx) // any of none
	}
	q.AfterName, q.AfterID = "", ""
	w, err := tx.narrowed(ctx, q, false)
	if err != nil {
		return err
	}
	w.structures(tx.store.dialect, q)
	return walk(ctx, tx, briefStructure, w.every(tx.store.dialect, briefStructures, "folded_name, id"), w.args, fn)
}

// briefMembers reads what a walk through members is about. The memberships come from a
// selection of their own, so that its conditions need not say whose columns they mean.
const briefMembers = "SELECT m.id, m.account_id, m.structure_id, m.status, m.role, m.granted_whole, m.granted_services," +
	" m.valid_from, m.valid_until, m.requested_at, m.decided_at," +
	" a.id, a.kind, a.status, a.login, a.contact_email, a.given_name, a.family_name," +
	" a.created_at, a.activated_at, a.reactivated_at, a.last_sign_in_at, a.undeliverable_since" +
	" FROM (%) AS m JOIN habilis_accounts AS a ON a.id = m.account_id"

func briefMember(v *structure.Member) []any {
	m, a := &v.Membership, &v.Account
	return []any{
		(*string)(&m.ID), (*string)(&m.Account), (*string)(&m.Structure), (*string)(&m.Status), (*string)(&m.Role),
		&m.Granted.Whole, words(&m.Granted.Services),
		never(&m.Validity.From), never(&m.Validity.Until), sorted(&m.RequestedAt), never(&m.DecidedAt),
		(*string)(&a.ID), (*string)(&a.Kind), (*string)(&a.Status), &a.Login, &a.ContactEmail, &a.GivenName, &a.FamilyName,
		never(&a.CreatedAt), never(&a.ActivatedAt), never(&a.ReactivatedAt), never(&a.LastSignInAt), never(&a.UndeliverableSince),
	}
}

// WalkMembers implements structure.Walker.
func (tx *Tx) WalkMembers(ctx context.Context, q structure.MembershipQuery, fn func(structure.Member) error) error {
	if q.Structures != nil && len(q.Structures) == 0 {
		return tx.ready(ctx) // any of none
	}
	q.AfterAt, q.AfterID, q.Once = structure.MembershipQuery{}.AfterAt, "", false
	inner := membershipsWhere(tx.store.dialect, q)
	from := strings.Replace(briefMembers, "%", inner.selection("SELECT * FROM habilis_memberships"), 1)
	order := "m.requested_at, m.id"
	if q.ByName {
		order = "a.folded_family, a.folded_given, a.id, m.id"
	}
	var w where
	return walk(ctx, tx, briefMember, w.every(tx.store.dialect, from, order), inner.args, fn)
}

// every is query without a limit.
func (w *where) every(d *Dialect, selectAll, order string) string {
	return d.rebind(w.selection(selectAll) + " ORDER BY " + order)
}

// walk calls fn with every row that a statement selects. What fn returns is no failure of
// the statement.
func walk[T any](ctx context.Context, tx *Tx, fields func(*T) []any, query string, args []any, fn func(T) error) error {
	var ended error
	err := tx.ask(ctx, ctx, Read{Query: query, Args: args, Take: func(rows Rows) error {
		var v T
		row := fields(&v)
		for rows.Next() {
			if err := rows.Scan(row...); err != nil {
				return err
			}
			if ended = fn(v); ended != nil {
				return nil //nolint:nilerr // it comes back below
			}
		}
		return rows.Err()
	}})
	if ended != nil {
		return ended
	}
	return err
}
