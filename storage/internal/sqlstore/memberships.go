package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func membershipTable() table[structure.Membership] {
	return table[structure.Membership]{
		name: "habilis_memberships",
		keys: 1,
		columns: []string{
			"id", "account_id", "structure_id", "status", "role",
			"granted_whole", "granted_services", "asked_whole", "asked_services", "valid_from", "valid_until",
			"comment_text", "comment_salt", "reason_text", "reason_salt", "via", "reminded_at", "due_at",
			"requested_at", "decided_at", "decided_by", "created_at", "version",
		},
		fields: func(m *structure.Membership) []any {
			return []any{
				(*string)(&m.ID), (*string)(&m.Account), (*string)(&m.Structure), (*string)(&m.Status), (*string)(&m.Role),
				&m.Granted.Whole, words(&m.Granted.Services),
				&m.Asked.Whole, words(&m.Asked.Services),
				never(&m.Validity.From), never(&m.Validity.Until),
				&m.Comment.Text, &m.Comment.Salt, &m.Reason.Text, &m.Reason.Salt,
				(*string)(&m.Via), never(&m.RemindedAt), never(&m.DueAt),
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

// Standing implements storage.Tx. The end of the chain is read first, so that it is
// not newer than the rest.
func (tx *Tx) Standing(ctx context.Context, a account.ID, s structure.ID) (structure.Standing, error) {
	t := tx.store.tables
	var at structure.Standing
	err := tx.ask(ctx, tx.statementContext(ctx), append(tx.standing(&at, a, s), one(&at.Account, t.cards.fields, t.cards.get, string(a)))...)
	if err != nil {
		return structure.Standing{}, err
	}
	return at, nil
}

// standing reads the parts of a standing but the account.
func (tx *Tx) standing(at *structure.Standing, a account.ID, s structure.ID) []Read {
	t := tx.store.tables
	return []Read{
		one(&at.Head, headFields, t.head, string(notify.StructureChain(s))),
		one(&at.Structure, t.structures.fields, t.structures.get, string(s)),
		one(&at.Membership, t.memberships.fields, t.membershipOf, string(a), string(s)),
	}
}

var _ structure.Hearer = (*Tx)(nil)

// Hearing implements structure.Hearer.
func (tx *Tx) Hearing(ctx context.Context, a account.ID, s structure.ID) (structure.Hearing, error) {
	t := tx.store.tables
	var h structure.Hearing
	accounts := make([]account.Card, 0, 2)
	err := tx.ask(ctx, tx.statementContext(ctx), append(tx.standing(&h.Standing, a, s),
		one(&h.Principal.Membership, t.memberships.fields, t.principal, string(s)),
		all(&accounts, t.cards.fields, t.accountsHearing, string(a), string(s)),
		all(&h.Organisers, t.subscriptions.fields, t.organisers, string(s)))...)
	if err != nil {
		return structure.Hearing{}, err
	}
	slices.SortFunc(h.Organisers, func(a, b structure.Subscription) int {
		return cmp.Or(a.RequestedAt.Compare(b.RequestedAt), cmp.Compare(a.ID, b.ID))
	})
	h.Account, h.Principal.Account = among(accounts, a), among(accounts, h.Principal.Membership.Account)
	return h, nil
}

// Deciding implements storage.Tx. It reads in the order of Standing. The account and
// the structure of a membership never change, so each statement looks them up.
func (tx *Tx) Deciding(ctx context.Context, a account.ID, id structure.MembershipID) (structure.Deciding, error) {
	t := tx.store.tables
	var d structure.Deciding
	memberships, accounts := make([]structure.Membership, 0, 2), make([]account.Card, 0, 2)
	err := tx.ask(ctx, tx.statementContext(ctx),
		one(&d.Head, headFields, t.headAround, string(notify.StructureChain("")), string(id)),
		all(&memberships, t.memberships.fields, t.membershipsAround, string(id), string(a), string(id)),
		all(&accounts, t.cards.fields, t.accountsAround, string(a), string(id)),
		one(&d.Structure, t.structures.fields, t.structureAround, string(id)))
	if err != nil {
		return structure.Deciding{}, err
	}
	for _, m := range memberships { // a decider's own membership comes twice
		if m.ID == id {
			d.Subject = m
		}
		if m.Account == a {
			d.Membership = m
		}
	}
	if d.Subject.ID == "" {
		return structure.Deciding{}, storage.ErrNotFound
	}
	d.Account, d.Applicant = among(accounts, a), among(accounts, d.Subject.Account)
	return d, nil
}

// among returns the account with an id, or a zero one if it is not there.
func among(accounts []account.Card, id account.ID) account.Card {
	for i := range accounts {
		if accounts[i].ID == id {
			return accounts[i]
		}
	}
	return account.Card{}
}

var _ structure.Keeper = (*Tx)(nil)

// KeepActive implements structure.Keeper.
func (tx *Tx) KeepActive(ctx context.Context, id account.ID) error {
	t := tx.store.tables
	if _, able := tx.conn.(Deferrer); able {
		return touch(ctx, tx, t.keepActive, t.keepActiveStrict, []any{string(id)})
	}
	kept := false
	err := tx.ask(ctx, tx.statementContext(ctx), Read{Query: t.keepActive, Args: []any{string(id)}, Take: func(rows Rows) error {
		kept = rows.Next()
		return rows.Err()
	}})
	if err == nil && !kept {
		tx.lost = storage.ErrConflict
		err = tx.lost
	}
	return err
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
	query, args := tx.selection(t.selectAll, q)
	return list(ctx, tx, t, query, args...)
}

// selection writes what q selects from the memberships.
func (tx *Tx) selection(from string, q structure.MembershipQuery) (string, []any) {
	w := membershipsWhere(tx.store.dialect, q)
	order := "requested_at, id"
	if q.ByName {
		order = "(SELECT folded_family FROM habilis_accounts WHERE habilis_accounts.id = account_id) NULLS FIRST," +
			" (SELECT folded_given FROM habilis_accounts WHERE habilis_accounts.id = account_id) NULLS FIRST, account_id, id"
	}
	return w.page(tx.store.dialect, from, order, q.Skip, q.Capped())
}

func membershipsWhere(d *Dialect, q structure.MembershipQuery) where {
	var w where
	w.equal("account_id", string(q.Account))
	in(&w, "structure_id", q.Structures)
	anyWord(&w, "status", q.Statuses)
	word(&w, "role", q.Role)
	if q.Role != "" && q.Role != structure.RoleMember {
		w.and("role <> 'member'") // in words of the index of managers, so that it is used
	}
	if q.Undecided {
		w.and("undecided")
	}
	if q.Service != "" {
		id := words(&[]structure.ServiceID{q.Service}).argument().(string)
		w.and("(granted_whole OR replace(granted_services, ?, '') <> granted_services)", id[1:len(id)-1]) // without the brackets
	}
	if !q.DueAt.IsZero() {
		w.and("due_at <= ?", q.DueAt.UnixMicro())
	}
	if !q.Person.IsZero() {
		p := personWhere(d, q.Person)
		if len(q.Structures) > 0 { // their members are fewer than all who have such a name
			p.and("habilis_accounts.id = account_id")
			w.and("EXISTS ("+p.selection("SELECT 1 FROM habilis_accounts")+")", p.args...)
		} else {
			w.and("account_id IN ("+p.selection("SELECT id FROM habilis_accounts")+")", p.args...)
		}
	}
	if q.Except != "" {
		w.and("account_id <> ?", string(q.Except))
	}
	if q.Beside != "" {
		w.and("account_id IN (SELECT account_id FROM habilis_memberships WHERE structure_id = ?)", string(q.Beside))
	}
	if q.Once {
		w = w.firsts("habilis_memberships", "account_id")
	}
	if !q.AfterAt.IsZero() || q.AfterID != "" {
		w.and("(requested_at, id) > (?, ?)", q.AfterAt.UnixMicro(), string(q.AfterID))
	}
	return w
}

// Members implements storage.Tx. Two reads are cheaper than a join of whole rows. An
// account that came into the list between them is read once more.
func (tx *Tx) Members(ctx context.Context, q structure.MembershipQuery) ([]structure.Member, error) {
	if q.Structures != nil && len(q.Structures) == 0 {
		return nil, tx.ready(ctx) // any of none
	}
	t := tx.store.tables
	query, args := tx.selection(t.memberships.selectAll, q)
	within, _ := tx.selection("SELECT account_id FROM "+t.memberships.name, q)
	var memberships []structure.Membership
	var accounts []account.Card
	err := tx.ask(ctx, ctx,
		all(&memberships, t.memberships.fields, query, args...),
		all(&accounts, t.cards.fields, t.cards.selectAll+" WHERE id IN ("+within+")", args...))
	if err != nil {
		return nil, err
	}
	known := make(map[account.ID]account.Card, len(accounts))
	for _, a := range accounts {
		known[a.ID] = a
	}
	members := make([]structure.Member, len(memberships))
	for i, m := range memberships {
		a, ok := known[m.Account]
		if !ok {
			if a, err = get(ctx, tx, t.cards, t.cards.get, string(m.Account)); err != nil && !errors.Is(err, storage.ErrNotFound) {
				return nil, err
			}
		}
		members[i] = structure.Member{Membership: m, Account: a}
	}
	return members, nil
}
