package structure

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/notify"
)

// List is a list that can be exported.
type List string

// Lists.
const (
	ListStructures    List = "structures"    // the result of a search
	ListHistory       List = "history"       // of a structure
	ListMembers       List = "members"       // of a structure
	ListPeople        List = "people"        // the result of a search for whom to attach
	ListRequests      List = "requests"      // to join, that wait for a decision
	ListSubscriptions List = "subscriptions" // of the structures that a manager manages
	ListUsers         List = "users"         // of the structures that a manager manages
)

// ObjectExport is what an export is called in the history.
const ObjectExport = "export"

// ExportState is what the history keeps of an export: which list, and how many
// rows left. What was searched for is not there, it may be a name.
type ExportState struct {
	List List `json:"list"`
	Rows int  `json:"rows"`
}

// word is a column of codes that people read as words. It remembers those that it has
// looked up.
func word[T any](prefix string, value func(T) string) func(CSV, T) string {
	var last language.Tag
	texts := map[string]string{}
	return func(c CSV, row T) string {
		if c.Language != last {
			last = c.Language
			clear(texts)
		}
		code := value(row)
		if _, seen := texts[code]; !seen && code != "" {
			texts[code] = i18n.Text(c.Language, prefix+code, nil)
		}
		return texts[code]
	}
}

// spaceText names a space, nothing for none.
func spaceText(p authz.Policy, c CSV, code authz.Space) string {
	if spec, listed := p.Spec(code); listed {
		return spec.Label(c.Language)
	}
	return string(code)
}

// text is a column of text.
func text[T any](value func(T) string) func(CSV, T) string {
	return func(_ CSV, row T) string { return value(row) }
}

// instant is a column of instants.
func instant[T any](value func(T) time.Time) func(CSV, T) string {
	return func(c CSV, row T) string { return c.instant(value(row)) }
}

// StructureColumns are the columns of an exported search, in order. They remember words
// that they have looked up, so give each [Table] its own.
func StructureColumns() []Column[Structure] {
	return []Column[Structure]{
		{"scheme", word("scheme.", func(st Structure) string { return schemes[st.Identifier.Scheme].code })},
		{"identifier", text(func(st Structure) string { return st.Identifier.Value })},
		{"legal_name", text(func(st Structure) string { return st.LegalName })},
		{"label", text(func(st Structure) string { return st.Label })},
		{"structure_type", word("structure_type.", func(st Structure) string { return string(st.Type) })},
		{"structure_status", word("structure_status.", func(st Structure) string { return string(st.Status) })},
		{"postcode", text(func(st Structure) string { return st.Postcode })},
		{"town", text(func(st Structure) string { return st.Town })},
		{"created_at", func(c CSV, st Structure) string { return c.instant(st.CreatedAt) }},
	}
}

// HistoryColumns are the columns of an exported history, in order; the policy names the
// spaces.
func HistoryColumns(p authz.Policy) []Column[Entry] {
	return []Column[Entry]{
		{"at", func(c CSV, e Entry) string { return c.instant(e.At) }},
		{"applicant", func(_ CSV, e Entry) string { return e.Applicant.DisplayName }},
		{"identifier", func(_ CSV, e Entry) string { return e.Structure.Identifier.Value }},
		{"structure", func(_ CSV, e Entry) string { return e.Structure.Name }},
		{"action", func(c CSV, e Entry) string { return e.Label(c.Language) }},
		{"action_code", func(_ CSV, e Entry) string { return string(e.Kind) }},
		{"actor", func(c CSV, e Entry) string {
			if by := e.Event.Actor; by.Kind == notify.ActorSupport {
				return strings.TrimSpace(i18n.Text(c.Language, "export.support", nil) + " " + by.Reference)
			}
			return e.Actor.DisplayName
		}},
		{"scope", func(c CSV, e Entry) string {
			if e.Whole {
				return scopeText(c, e.Scope)
			}
			return e.Scope
		}},
		{"space", func(c CSV, e Entry) string { return spaceText(p, c, e.Right.Space) }},
		{"level", word("level.", func(e Entry) string { return string(e.Right.Level) })},
	}
}

// ExportSearch writes everything that a search finds as CSV, in the order of
// [Service.SearchAll], and returns how many rows that were. It is streamed
// in constant memory, all of it as it is at one instant. The actor's history keeps that it
// was done, also where it broke off: who, when, which list and how many rows. Rows
// that were written before an error are with the reader.
//
// Errors: those of [Service.Search]; ErrInvalid for the format too; the writer's.
func (s *Service) ExportSearch(ctx context.Context, by account.Actor, in Search, format CSV, w io.Writer) (int, error) {
	const op = "structure.ExportSearch"
	in.After, in.Limit = Cursor{}, 0
	format = format.completed(s.zone)
	if err := check.Struct(op, in, format.fields()...); err != nil {
		return 0, err
	}
	q, err := in.query()
	if err != nil {
		return 0, err
	}
	t := NewTable(w, format, StructureColumns())
	err = s.store.View(ctx, func(tx Tx) error {
		if _, err := account.Acting(ctx, tx, by); err != nil {
			return err
		}
		beside, err := in.beside(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, st := range beside {
			if err := t.Write(st); err != nil {
				return err
			}
		}
		if err := eachBrief(ctx, tx, q, t.Write); err != nil {
			return err
		}
		return t.Close()
	})
	return s.exported(ctx, by, "", ListStructures, t.Rows(), err)
}

// ExportHistory writes what a query finds of the history of a structure as CSV, all pages
// of it, newest first, and returns how many rows that were. It is streamed and recorded as [Service.ExportSearch] is; that it
// was exported is in the history of the structure then.
//
// Errors: those of [Service.History]; ErrInvalid for the format; the writer's.
func (s *Service) ExportHistory(
	ctx context.Context, by account.Actor, id ID, q HistoryQuery, format CSV, w io.Writer,
) (int, error) {
	format = format.completed(s.zone)
	if err := invalid("structure.ExportHistory", format.fields()); err != nil {
		return 0, err
	}
	now := s.clock()
	t := NewTable(w, format, HistoryColumns(s.authz))
	err := s.store.View(ctx, func(tx Tx) error {
		st, err := s.authorise(ctx, tx, by, id, authz.ActionReadHistory, now)
		if err != nil {
			return err
		}
		query := q.events(st.ID)
		query.Limit = batch
		if err := eachEntry(ctx, tx, st, query, t.Write); err != nil {
			return err
		}
		return t.Close()
	})
	return s.exported(ctx, by, id, ListHistory, t.Rows(), err)
}

// eachEntry walks through the history of a structure.
func eachEntry(ctx context.Context, tx Tx, st Structure, q notify.EventQuery, fn func(Entry) error) error {
	units, err := tx.Units(ctx, st.ID)
	if err != nil {
		return err
	}
	for {
		events, err := tx.Events(ctx, q)
		if err != nil {
			return err
		}
		lines, err := entries(ctx, tx, events, st, units)
		if err != nil {
			return err
		}
		for _, e := range lines {
			if err := fn(e); err != nil {
				return err
			}
		}
		if len(events) < q.Limit {
			return nil
		}
		last := events[len(events)-1]
		q.BeforeAt, q.BeforeChain, q.BeforeSequence = last.At, last.Chain, last.Sequence
	}
}

// exported records an export that was done or broke off after some rows, in the history
// of the structure or else of the actor. A reader who hangs up cannot keep it out of the
// history.
func (s *Service) exported(ctx context.Context, by account.Actor, at ID, list List, rows int, failed error) (int, error) {
	if failed != nil && rows == 0 {
		return 0, failed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordingTime)
	defer cancel()
	now := s.clock()
	name, err := s.ids.New(now)
	if err == nil {
		err = s.store.Update(ctx, func(tx Tx) error {
			return s.journal.Record(ctx, tx, notify.Fact{
				At: now, Actor: by, Kind: "export.made", Object: notify.Object{Type: ObjectExport, ID: name},
				Account: by.ID, Structure: at, State: ExportState{List: list, Rows: rows},
			})
		})
	}
	return rows, errors.Join(failed, err)
}

// recordingTime is how long recording an export may take once its reader is gone.
const recordingTime = 10 * time.Second
