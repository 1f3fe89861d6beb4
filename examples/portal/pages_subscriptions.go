package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// subscriptionsData is what somebody holds and waits for in every structure.
type subscriptionsData struct {
	Lines []structure.SubscriptionCase
	Rows  []outcome // what became of each of several
	Any   bool      // there is a line that can be ticked
}

func (p *portal) subscriptions(c *call) (*page, subscriptionsData, error) {
	lines, err := p.h.Structures.MySubscriptions(c.ctx(), c.actor())
	if err != nil {
		return nil, subscriptionsData{}, err
	}
	v := c.view("subscriptions.title").underAccount()
	d := subscriptionsData{Lines: lines}
	for _, l := range lines {
		d.Any = d.Any || l.Subscription.ID != ""
	}
	v.Data = d
	return v, d, nil
}

func (p *portal) showSubscriptions(c *call) error {
	v, d, err := p.subscriptions(c)
	if err != nil {
		return err
	}
	if d.Rows, err = c.kept(); err != nil {
		return err
	}
	v.Data = d
	return c.show("subscriptions", v)
}

func (p *portal) toSubscriptions(c *call) error { return c.redirect(subscriptionsPath) }

// Effect is what a line does now, as icon, word and colour.
func (v *page) Effect(s structure.SubscriptionCase) badge {
	switch s.Effect {
	case structure.EffectHeld:
		return v.Status("approved")
	case structure.EffectPending:
		return v.Status("pending")
	case structure.EffectScheduled:
		return v.Status("scheduled")
	case structure.EffectSuspended:
		return badge{"disabled", "off", v.T("effect.suspended")}
	case structure.EffectEnded:
		return badge{"removed", "off", v.T("status.removed")}
	default:
		return badge{"removed", "off", string(s.Effect)}
	}
}

// RightName is what people call a right, or a space alone where no level is given.
func (v *page) RightName(space authz.Space, level authz.Level) string {
	if spec, known := v.portal.policy.Spec(space); known && level == "" {
		return spec.Label(tagOf(v.Lang))
	}
	return v.portal.h.Structures.ProfileName(space, level, tagOf(v.Lang))
}

// Waiting reports whether a line waits for a decision.
func (d subscriptionsData) Waiting(s structure.SubscriptionCase) bool {
	return s.Subscription.Undecided()
}

// lineName is a line in words.
func (v *page) lineName(s structure.SubscriptionCase) string {
	name := v.RightName(s.Subscription.Space, s.Subscription.Level)
	if s.Unit.ID != "" {
		name += " (" + s.Unit.Code + ")"
	}
	return name + ", " + s.Structure.DisplayName()
}

// removeLines ends the lines that are ticked: what is held is removed, what waits is
// withdrawn, each with a result of its own.
func (p *portal) removeLines(c *call) error {
	v, d, err := p.subscriptions(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	var chosen []structure.SubscriptionCase
	for _, l := range d.Lines {
		if l.Subscription.ID != "" && slices.Contains(f["ticked"], string(l.Subscription.ID)) {
			chosen = append(chosen, l)
		}
	}
	if len(chosen) == 0 && f.Get("step") != "change" {
		v.Form.add("ticked", v.T("subscriptions.notick"))
		return c.render(http.StatusUnprocessableEntity, "subscriptions", v)
	}
	var rows []outcome
	ch := change{
		Path: subscriptionsPath + "/remove", Back: subscriptionsPath, Title: v.T("subscriptions.removepreview", "Count", len(chosen)),
		Submit: v.T("subscriptions.removesubmit"), Danger: true, form: "subscriptions", Notes: []string{v.T("subscriptions.atonce")},
		do: func(h *habilis.Habilis) (err error) {
			rows, err = p.endLines(c, h, v, chosen)
			return err
		},
		done: func() error {
			c.notice(goodOf(rows) == len(rows), v.T("subscriptions.removed", "Count", goodOf(rows), "All", len(rows)))
			if err := c.keep(rows); err != nil {
				return err
			}
			return c.redirect(subscriptionsPath)
		},
	}
	ch.seen = func(ch *change) { ch.Rows = rows }
	return c.change(v, ch)
}

func (p *portal) endLines(c *call, h *habilis.Habilis, v *page, chosen []structure.SubscriptionCase) ([]outcome, error) {
	var ids []structure.SubscriptionID
	for _, l := range chosen {
		if !l.Subscription.Undecided() {
			ids = append(ids, l.Subscription.ID)
		}
	}
	results, err := h.Structures.RemoveSubscriptions(c.ctx(), c.actor(), ids...)
	if err != nil {
		return nil, err
	}
	rows := make([]outcome, 0, len(chosen))
	for _, l := range chosen {
		row, text := outcome{Name: v.lineName(l)}, v.T("subscriptions.gone")
		if l.Subscription.Undecided() {
			_, err = h.Structures.WithdrawSubscription(c.ctx(), c.actor(), l.Subscription.ID)
			text = v.T("subscriptions.withdrawn")
		} else {
			i := slices.IndexFunc(results, func(o structure.SubscriptionOutcome) bool { return o.ID == l.Subscription.ID })
			err = results[i].Err
		}
		if row.Good, row.Text = err == nil, text; err != nil {
			row.Text = p.h.Localize(err, c.tag())
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// remindLine tells those who decide once more that a request for spaces waits.
func (p *portal) remindLine(c *call) error {
	v, d, err := p.subscriptions(c)
	if err != nil {
		return err
	}
	id := structure.SubscriptionID(c.r.PathValue("line"))
	i := slices.IndexFunc(d.Lines, func(l structure.SubscriptionCase) bool { return l.Subscription.ID == id && id != "" })
	if i < 0 {
		return structure.ErrNotFound
	}
	one := d.Lines[i]
	v.Crumbs = append(v.Crumbs, crumb{subscriptionsPath, v.Title})
	return c.change(v, change{
		Path: subscriptionsPath + "/remind/" + url.PathEscape(string(id)), Back: subscriptionsPath,
		Title: v.T("remind.title", "Structure", one.Structure.DisplayName()), Submit: v.T("remind.submit"),
		Facts: []fact{{v.T("subscriptions.right"), v.lineName(one)}, {v.T("col.requested"), v.Day(one.Subscription.RequestedAt)}},
		Notes: []string{v.T("remind.together")},
		do: func(h *habilis.Habilis) error {
			return h.Structures.Remind(c.ctx(), c.actor(), structure.RequestRef{Subscription: id})
		},
		done: func() error { return c.done(subscriptionsPath, "remind.done") },
	})
}

// belonging lists the structures in which the person can ask for spaces.
func (p *portal) joined(c *call) ([]structure.Case, error) {
	mine, err := p.h.Structures.Mine(c.ctx(), c.actor())
	return slices.DeleteFunc(mine, func(m structure.Case) bool { return m.Membership.Status != structure.StatusApproved }), err
}

// showAskWhere asks in which structure, if there is more than one.
func (p *portal) showAskWhere(c *call) error {
	mine, err := p.joined(c)
	switch {
	case err != nil:
		return err
	case len(mine) == 1:
		return c.redirect(subscriptionsPath + "/ask/" + url.PathEscape(string(mine[0].Structure.ID)))
	}
	v := c.view("askspaces.where").underAccount()
	v.Crumbs = append(v.Crumbs, crumb{subscriptionsPath, v.T("subscriptions.title")})
	v.Data = mine
	return c.show("askwhere", v)
}

// askSpacesData is what can be asked for in one structure.
type askSpacesData struct {
	Case   structure.Case
	Spaces []spaceChoice
	Units  []structure.Unit // that the membership covers
}

// spaceChoice is one space with the levels that can be asked for.
type spaceChoice struct {
	Code, Name  string
	Read, Write bool // it has that level
	Free        bool // nobody has to approve it (C-22)
}

func (p *portal) askingSpaces(c *call) (*page, askSpacesData, error) {
	mine, err := p.joined(c)
	if err != nil {
		return nil, askSpacesData{}, err
	}
	i := slices.IndexFunc(mine, func(m structure.Case) bool { return string(m.Structure.ID) == c.r.PathValue("id") })
	if i < 0 {
		return nil, askSpacesData{}, structure.ErrNotFound
	}
	d := askSpacesData{Case: mine[i]}
	record, err := p.h.Structures.Record(c.ctx(), c.actor(), d.Case.Structure.ID)
	if err != nil {
		return nil, d, err
	}
	for _, spec := range p.policy.Spaces {
		if spec.Fixed() || !spec.Fits(d.Case.Structure.Type) || !slices.Contains(record.Spaces, spec.Code) ||
			spec.DefaultFor(d.Case.Structure.Type, d.Case.Membership.Role) {
			continue
		}
		d.Spaces = append(d.Spaces, spaceChoice{string(spec.Code), spec.Label(c.tag()), spec.Has(authz.Read), spec.Has(authz.Write), spec.SelfService})
	}
	for _, u := range d.Case.Units {
		if d.Case.Membership.Granted.Covers(structure.Services(u.ID)) && u.Active {
			d.Units = append(d.Units, u)
		}
	}
	v := c.view("askspaces.title", "Structure", d.Case.Structure.DisplayName()).underAccount()
	v.Crumbs = append(v.Crumbs, crumb{subscriptionsPath, v.T("subscriptions.title")})
	v.Form.called("services", "forServices")
	v.Data = d
	return v, d, nil
}

func (p *portal) showAskSpaces(c *call) error {
	v, _, err := p.askingSpaces(c)
	if err != nil {
		return err
	}
	v.Form.Values = url.Values{"scope": {"whole"}, "from": {typed(authz.DateOf(p.now().In(p.zone)))}}
	return c.show("askspaces", v)
}

// wantedLines reads the ticked rights, once for each service that is ticked.
func wantedLines(f url.Values) []structure.Line {
	services := []structure.ServiceID{""}
	if f.Get("scope") != "whole" {
		services = serviceIDs(f)
	}
	var out []structure.Line
	for _, right := range f["rights"] {
		space, level, _ := strings.Cut(right, ":")
		for _, s := range services {
			out = append(out, structure.Line{Service: s, Space: authz.Space(space), Level: authz.Level(level)})
		}
	}
	return out
}

// askSpaces asks for rights in the spaces of a structure, all or none.
func (p *portal) askSpaces(c *call) error {
	v, d, err := p.askingSpaces(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	var bad typedError
	in := structure.SubscriptionRequest{Structure: d.Case.Structure.ID, Lines: wantedLines(f), From: typedDate(f, "from", &bad), Comment: f.Get("comment")}
	if len(f["rights"]) == 0 {
		bad = append(bad, habilis.FieldError{Path: "rights", Code: "required"})
	}
	if f.Get("scope") != "whole" && len(f["services"]) == 0 {
		bad = append(bad, habilis.FieldError{Path: "services", Code: "required"})
	}
	none := "services" // the field for want of which there is no line
	if len(f["rights"]) == 0 {
		none = "rights"
	}
	names := make([]string, 0, len(in.Lines))
	for _, l := range in.Lines {
		names = append(names, v.lineOf(d.Case.Units, l))
	}
	var lines []structure.Subscription
	ch := change{
		Path: subscriptionsPath + "/ask/" + url.PathEscape(string(d.Case.Structure.ID)), Back: subscriptionsPath,
		Title: v.T("ask.preview"), Submit: v.T("ask.submit"), form: "askspaces", bad: bad,
		where: map[habilis.Code]string{"structure_inactive": "", "membership_disabled": "", "membership_ended": ""},
		do: func(h *habilis.Habilis) (err error) {
			lines, err = h.Structures.RequestSubscriptions(c.ctx(), c.actor(), in)
			if len(in.Lines) == 0 {
				return renamed(err, map[string]string{"lines": none})
			}
			err = c.aboutLines(err, names)
			if e := (*lineError)(nil); len(bad) > 0 && errors.As(err, &e) {
				e.tell(v)
			}
			return err
		},
		done: func() error {
			return c.done(subscriptionsPath, "askspaces.done", "Structure", d.Case.Structure.DisplayName())
		},
	}
	ch.seen = func(ch *change) {
		ch.Facts = []fact{{v.T("col.structure"), d.Case.Structure.DisplayName()}, {v.T("label.from"), v.Date(in.From)}, v.titled(v.T("label.comment"), strings.TrimSpace(in.Comment))}
		for i, l := range lines {
			row := outcome{Name: names[i], Good: true, Text: v.T("askspaces.waits")}
			if !l.Undecided() {
				row.Text = v.T("askspaces.atonce")
			}
			ch.Rows = append(ch.Rows, row)
		}
	}
	return c.refusedLines(v, "askspaces", c.change(v, ch))
}

// lineOf is a right that is asked for, in words.
func (v *page) lineOf(units []structure.Unit, l structure.Line) string {
	name := v.RightName(l.Space, l.Level)
	for _, u := range units {
		if u.ID == l.Service {
			name += " (" + u.Code + ")"
		}
	}
	return name
}

// lineError is what is wrong with single rights, by their names.
type lineError struct {
	err   error
	texts []string
}

func (e *lineError) Error() string { return e.err.Error() }

func (e *lineError) tell(v *page) {
	for _, text := range e.texts {
		v.Form.add("rights", text)
	}
}

// aboutLines puts the names of rights before what the library says of them.
func (c *call) aboutLines(err error, names []string) error {
	out := &lineError{err: err}
	for _, f := range habilis.FieldsOf(err) {
		path, rest, found := strings.Cut(f.Path, "[")
		number, _, _ := strings.Cut(rest, "]")
		i, bad := strconv.Atoi(number)
		if !found || path != "lines" && path != "changes" || bad != nil || i >= len(names) {
			return err
		}
		out.texts = append(out.texts, names[i]+c.p.texts.text(c.lang, "form.colon")+" "+c.p.h.LocalizeField(f, c.tag()))
	}
	if len(out.texts) == 0 {
		return err
	}
	return out
}

// refusedLines shows the form again with what aboutLines found.
func (c *call) refusedLines(v *page, form string, err error) error {
	var e *lineError
	if !errors.As(err, &e) {
		return err
	}
	e.tell(v)
	return c.render(http.StatusUnprocessableEntity, form, v)
}

// rightBox is the box of one right in a grid of spaces and levels.
type rightBox struct {
	Value, Label  string
	Ticked, Waits bool
	Badge         badge
}

// Right describes such a box.
func (v *page) Right(s spaceChoice, level string) rightBox {
	value := s.Code + ":" + level
	b := rightBox{Value: value, Label: v.RightName(authz.Space(s.Code), authz.Level(level)), Ticked: v.Form.Ticked("rights", value)}
	if d, ok := v.Data.(entitlementData); ok && d.Waits(s.Code, level) {
		b.Waits, b.Badge = true, v.Status("pending")
	}
	return b
}
