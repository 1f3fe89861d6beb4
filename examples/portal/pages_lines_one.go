package main

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// batchData is what one person asks of the spaces of one structure, as lines to tick.
type batchData struct {
	structure.PendingLines
	Path string
	Rows []spaceRow
}

// spaceRow is a space for one service, or for all that the membership covers.
type spaceRow struct {
	Service structure.ServiceID
	Space   authz.Space
	Levels  []levelCell
}

// levelCell is one level of it.
type levelCell struct {
	Value string // name of the line in the form; "" if the space does not have the level
	Level authz.Level
	Asked bool
	Held  bool
}

// batch loads what waits of one request for spaces. The error is ErrNotFound for whoever
// may not decide it, and once nothing of it waits.
func (p *portal) batch(c *call) (*page, batchData, error) {
	id := c.r.PathValue("batch")
	groups, err := p.h.Structures.PendingSubscriptions(c.ctx(), c.actor())
	if err != nil {
		return nil, batchData{}, err
	}
	i := slices.IndexFunc(groups, func(g structure.PendingLines) bool {
		return slices.ContainsFunc(g.Lines, func(l structure.Subscription) bool { return l.Batch == id })
	})
	if i < 0 {
		return nil, batchData{}, errNoPage
	}
	d := batchData{PendingLines: groups[i], Path: linesPath + "/" + url.PathEscape(id)}
	rights, err := p.h.Authz.Statement(c.ctx(), d.Applicant.ID, d.Structure.ID, time.Time{})
	if err != nil {
		return nil, batchData{}, err
	}
	st, err := p.h.Structures.Structure(c.ctx(), c.actor(), d.Structure.ID)
	if err != nil {
		return nil, batchData{}, err
	}
	d.Rows = p.spaceRows(d.Lines, st.Spaces, rights)
	v := c.view("lines.of", "Name", d.Applicant.DisplayName).under(
		"/manage", p.texts.text(c.lang, "manage.title"), linesPath, p.texts.text(c.lang, "lines.title"),
	)
	v.Data = d
	return v, d, nil
}

// spaceRows lists what can be ticked: every open space that is not fixed by role, for
// each service that was asked for.
func (p *portal) spaceRows(asked []structure.Subscription, open []authz.Space, rights []authz.Entitlement) []spaceRow {
	var services []structure.ServiceID
	for _, l := range asked {
		if !slices.Contains(services, l.Service) {
			services = append(services, l.Service)
		}
	}
	var out []spaceRow
	for _, spec := range p.policy.Spaces {
		if spec.Always || spec.ByRole || !slices.Contains(open, spec.Code) {
			continue
		}
		for _, service := range services {
			row := spaceRow{Service: service, Space: spec.Code}
			for _, level := range []authz.Level{authz.Read, authz.Write} {
				line := structure.Line{Service: service, Space: spec.Code, Level: level}
				cell := levelCell{Level: level, Held: heldBy(rights, line)}
				if len(spec.Levels) == 0 || slices.Contains(spec.Levels, level) {
					cell.Value = lineValue(line)
				}
				cell.Asked = slices.ContainsFunc(asked, func(s structure.Subscription) bool { return s.Line() == line })
				row.Levels = append(row.Levels, cell)
			}
			out = append(out, row)
		}
	}
	weigh := func(r spaceRow) int {
		if slices.ContainsFunc(r.Levels, func(l levelCell) bool { return l.Asked }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b spaceRow) int { return cmp.Compare(weigh(a), weigh(b)) })
	return out
}

// heldBy reports whether rights hold a line already.
func heldBy(rights []authz.Entitlement, l structure.Line) bool {
	return slices.ContainsFunc(rights, func(e authz.Entitlement) bool {
		return e.Space == l.Space && e.Level == l.Level && (e.Service == "" || l.Service == "" || e.Service == l.Service)
	})
}

// lineValue names a line in a form.
func lineValue(l structure.Line) string {
	return strings.Join([]string{string(l.Service), string(l.Space), string(l.Level)}, "|")
}

// linesOf reads lines of a form. What no page of ours sends is left to the library to
// refuse.
func linesOf(values []string) []structure.Line {
	var out []structure.Line
	for _, v := range values {
		service, rest, _ := strings.Cut(v, "|")
		space, level, _ := strings.Cut(rest, "|")
		out = append(out, structure.Line{Service: structure.ServiceID(service), Space: authz.Space(space), Level: authz.Level(level)})
	}
	return out
}

func (p *portal) showBatch(c *call) error {
	v, d, err := p.batch(c)
	if err != nil {
		return err
	}
	v.Form.Values = url.Values{}
	for _, l := range d.Lines {
		v.Form.Values.Add("lines", lineValue(l.Line()))
	}
	return c.show("batch", v)
}

// decideBatch approves what is ticked and refuses the rest, or refuses all of it, once
// what would come of it was shown.
func (p *portal) decideBatch(c *call) error {
	f := c.r.PostForm
	v, d, err := p.batch(c)
	if errors.Is(err, errNoPage) && f.Get("step") == "confirm" {
		return p.decidedBatch(c, lineIDs(f["items"]))
	}
	if err != nil {
		return err
	}
	v.Form.Values = f
	ids, refuse := lineIDs(f["items"]), f.Get("act") == "reject"
	switch {
	case f.Get("step") == "change":
		return c.show("batch", v)
	case !refuse && len(f["lines"]) == 0:
		v.Form.add("lines", v.T("lines.nothing"))
		return c.render(http.StatusUnprocessableEntity, "batch", v)
	}
	var out []structure.Subscription
	plan, done, err := p.rehearse(c, func(s *structure.Service) (err error) {
		if refuse {
			out, err = s.RejectSubscriptions(c.ctx(), c.actor(), ids, structure.Refusal{Reason: f.Get("reason")})
		} else {
			out, err = s.ApproveSubscriptions(c.ctx(), c.actor(), structure.Verdict{Requested: ids, Comment: f.Get("comment"), Ticked: linesOf(f["lines"])})
		}
		return err
	})
	switch {
	case c.refused(v, renamed(err, map[string]string{"ticked": "lines"}), map[habilis.Code]string{
		"space_not_open": "lines", "space_fixed": "lines", "service_not_held": "lines", "already_subscribed": "lines", "membership_disabled": "",
	}):
		return c.render(http.StatusUnprocessableEntity, "batch", v)
	case errors.Is(err, structure.ErrAlreadyDecided):
		return p.decidedBatch(c, ids)
	case err != nil:
		return err
	}
	if done {
		return c.done(linesPath, "lines.decided", "Name", d.Applicant.DisplayName)
	}
	rows := make([]outcome, 0, len(out))
	for _, s := range out {
		rows = append(rows, outcome{
			Name: strings.TrimSuffix(v.Profile(s)+", "+v.UnitNamed(d.Units, s.Service), ", "), Good: s.Status == structure.SubscriptionApproved,
			Text: v.Span(s.Validity),
		})
	}
	return p.preview(c, v.deciding(refuse, d.Path, len(ids)), plan, v.verdict(refuse, d.Path, rows))
}

// verdict describes what a decision on one request gives and what it refuses.
func (v *page) verdict(refuse bool, path string, rows []outcome) planned {
	d := planned{Path: path, Back: path, Confirm: v.T("bulk.toapprove")}
	name, text := "comment", v.Form.Value("comment")
	if refuse {
		d.Confirm, d.Danger, name, text = v.T("bulk.toreject"), true, "reason", v.Form.Value("reason")
	}
	if text != "" {
		d.Facts = append(d.Facts, fact{v.T("label." + name), text})
	}
	for _, r := range rows {
		word := v.T("lines.granted")
		if !r.Good {
			word, r.Text = v.T("lines.refused"), ""
		}
		d.Facts = append(d.Facts, fact{word, strings.TrimSuffix(r.Name+". "+r.Text, ". ")})
	}
	return d
}

// decidedBatch says that somebody else decided meanwhile, and what: a rehearsal of one
// more decision tells. Lines that the person may not decide about stay unknown.
func (p *portal) decidedBatch(c *call, ids []structure.SubscriptionID) error {
	var out []structure.SubscriptionOutcome
	_, err := p.h.Preview(c.ctx(), func(dry *habilis.Habilis) (err error) {
		out, err = dry.Structures.ApproveManySubscriptions(c.ctx(), c.actor(), ids...)
		return err
	})
	if err != nil {
		return err
	}
	v := c.view("lines.title")
	rows := make([]outcome, 0, len(out))
	for _, o := range out {
		if o.Err == nil || errors.Is(o.Err, structure.ErrAlreadyDecided) {
			rows = append(rows, p.lineBecame(c, v, nil, o))
		}
	}
	if len(rows) == 0 {
		return errNoPage
	}
	for i := range rows {
		rows[i].Good = false // nothing of it was done here
	}
	if err := c.keep(rows); err != nil {
		return err
	}
	c.notice(false, p.h.Localize(structure.ErrAlreadyDecided, c.tag()))
	return c.redirect(linesPath)
}
