package sqlstore

import (
	"context"
	"strings"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

func membershipTable() table[structure.Membership] {
	return table[structure.Membership]{
		name: "habilis_memberships",
		keys: 1,
		columns: []string{
			"id", "account_id", "structure_id", "status", "role",
			"granted_whole", "granted_services", "asked_whole", "asked_services", "valid_from", "valid_until",
			"comment_text", "comment_salt", "reason_text", "reason_salt",
			"requested_at", "decided_at", "decided_by", "created_at", "version",
		},
		fields: func(m *structure.Membership) []any {
			return []any{
				(*string)(&m.ID), (*string)(&m.Account), (*string)(&m.Structure), (*string)(&m.Status), (*string)(&m.Role),
				&m.Granted.Whole, words(&m.Granted.Services),
				&m.Asked.Whole, words(&m.Asked.Services),
				never(&m.Validity.From), never(&m.Validity.Until),
				&m.Comment.Text, &m.Comment.Salt, &m.Reason.Text, &m.Reason.Salt,
				sorted(&m.RequestedAt), never(&m.DecidedAt), (*string)(&m.DecidedBy), never(&m.CreatedAt), &m.Version,
			}
		},
		derived: []string{"undecided"},
		derive:  func(m *structure.Membership) []any { return []any{!m.Asked.IsZero()} },
	}
}

// Membership implements storage.Tx.
func (tx *Tx) Membership(ctx context.Context, id structure.MembershipID) (structure.Membership, error) {
	t := tx.store.tables.memberships
	return get(ctx, tx, t, t.get, string(id))
}

// Standing implements storage.Tx.
func (tx *Tx) Standing(ctx context.Context, a account.ID, s structure.ID) (structure.Standing, error) {
	t := tx.store.tables
	return get(ctx, tx, t.standings, t.standing, string(a), string(s), string(a), string(s))
}

// standingTable reads three tables as one. What is missing comes as NULL.
func standingTable(t *tables) *table[structure.Standing] {
	return &table[structure.Standing]{fields: func(v *structure.Standing) []any {
		fields := append(t.accounts.fields(&v.Account), t.structures.fields(&v.Structure)...)
		fields = append(fields, t.memberships.fields(&v.Membership)...)
		for i, f := range fields {
			fields[i] = perhaps{f}
		}
		return fields
	}}
}

func standingQuery(t *tables) string {
	var columns []string
	for _, of := range []struct {
		alias   string
		columns []string
	}{{"a", t.accounts.columns}, {"s", t.structures.columns}, {"m", t.memberships.columns}} {
		for _, c := range of.columns {
			columns = append(columns, of.alias+"."+c)
		}
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM (SELECT 1) AS one" +
		" LEFT JOIN habilis_accounts a ON a.id = ? LEFT JOIN habilis_structures s ON s.id = ?" +
		" LEFT JOIN habilis_memberships m ON m.account_id = ? AND m.structure_id = ?"
}

// PutMembership implements storage.Tx.
func (tx *Tx) PutMembership(ctx context.Context, m structure.Membership) error {
	return put(ctx, tx, tx.store.tables.memberships, m)
}

// Memberships implements storage.Tx.
func (tx *Tx) Memberships(ctx context.Context, q structure.MembershipQuery) ([]structure.Membership, error) {
	if q.Structures != nil && len(q.Structures) == 0 {
		return nil, tx.ready(ctx) // any of none
	}
	t := tx.store.tables.memberships
	var w where
	w.equal("account_id", string(q.Account))
	in(&w, "structure_id", q.Structures)
	in(&w, "status", q.Statuses)
	w.equal("role", string(q.Role))
	if q.Role != "" && q.Role != structure.RoleMember {
		w.and("role <> 'member'") // in words of the index of managers, so that it is used
	}
	if q.Undecided {
		w.and("undecided")
	}
	if !q.AfterAt.IsZero() || q.AfterID != "" {
		w.and("(requested_at, id) > (?, ?)", q.AfterAt.UnixMicro(), string(q.AfterID))
	}
	query, args := w.query(tx.store.dialect, t.selectAll, "requested_at, id", q.Capped())
	return list(ctx, tx, t, query, args...)
}
