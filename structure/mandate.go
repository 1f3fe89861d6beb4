package structure

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
)

// NewMandate is what a manager tells about a billing mandate that was signed.
type NewMandate struct {
	Signatory string               `validate:"required,max=160,line"` // who signed, as people write it
	SignedOn  authz.Date           `validate:"required,day"`          // not after today
	Version   string               `validate:"required,max=64,line"`  // of the text that was signed
	Document  account.AttachmentID `validate:"omitempty,id"`          // the signed paper among the structure's attachments. Defaults to none.
}

// SignMandate records that a billing mandate was signed for a structure, by whoever may
// modify it. The last one counts; the history keeps that there were others. The
// same one again writes nothing.
//
// Errors: ErrInvalid naming every bad field; [ErrNotFound] for whoever is no member;
// [ErrDenied].
func (s *Service) SignMandate(ctx context.Context, by account.Actor, id ID, n NewMandate) (Mandate, error) {
	const op = "structure.SignMandate"
	n.Signatory, n.Version = tidy(n.Signatory), tidy(n.Version)
	wrong := check.Fields(n)
	m := Mandate{Signatory: n.Signatory, Version: n.Version, Document: n.Document, By: by.ID, SignedAt: n.SignedOn.In(s.zone).UTC()}
	st, err := s.modify(ctx, by, id, "structure.mandate_signed", func(tx Tx, st *Structure, now time.Time) error {
		fields := slices.Clone(wrong)
		if !named(fields, "signedOn") && m.SignedAt.After(now) {
			fields = append(fields, fault.Field{Path: "signedOn", Code: "future"})
		}
		if n.Document != "" && !named(fields, "document") {
			there, err := tx.Attachments(ctx, account.AttachmentQuery{
				ID: n.Document, Owner: account.Owner{Structure: st.ID}, Statuses: []account.AttachmentStatus{account.AttachmentStored}, Limit: 1,
			})
			if err != nil {
				return err
			}
			if len(there) == 0 {
				fields = append(fields, fault.Field{Path: "document", Code: "id"})
			}
		}
		if err := invalid(op, fields); err != nil {
			return err
		}
		if last := st.Sheet.Mandate; !m.again(last) {
			st.Sheet.Mandate = m
		}
		return nil
	})
	return st.Sheet.Mandate, err
}

// again reports whether m says what was recorded already, by whomever.
func (m Mandate) again(last Mandate) bool {
	return m.Signatory == last.Signatory && m.Version == last.Version && m.Document == last.Document && m.SignedAt.Equal(last.SignedAt)
}

// Mandate returns the billing mandate that counts for a structure, the zero Mandate if
// none was signed, for whoever may modify it. Errors: [ErrNotFound] for whoever
// is no member; [ErrDenied].
func (s *Service) Mandate(ctx context.Context, by account.Actor, id ID) (Mandate, error) {
	now := s.clock()
	var m Mandate
	err := s.store.View(ctx, func(tx Tx) error {
		st, err := s.authorise(ctx, tx, by, id, authz.ActionModifyStructure, now)
		m = st.Sheet.Mandate
		return err
	})
	if err != nil {
		return Mandate{}, err
	}
	return m, nil
}

// named reports whether a field is among those that are bad.
func named(fields []fault.Field, path string) bool {
	for _, f := range fields {
		if f.Path == path {
			return true
		}
	}
	return false
}
