package main

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// change is one thing that somebody is about to do: shown first, then done.
type change struct {
	Path   string // where the form of the preview goes
	Back   string // the page that it began on
	Title  string // heading of the preview
	Submit string // what the button says
	Danger bool   // it takes something away
	Facts  []fact
	Notes  []string  // what follows, beside rights and mails
	Rows   []outcome // what would become of each of several

	bad   typedError              // fields that cannot be read: the rest is tried, and never done
	form  string                  // template of the form to go back to, "" if there is none
	where map[habilis.Code]string // fields that rules of the library are about
	do    func(*habilis.Habilis) error
	seen  func(*change) // completes the preview with what do found
	done  func() error  // says that it was done
}

// fact is one line of what a change is about.
type fact struct{ Name, Text string }

// maxShown is how many people, and how many mails, a preview lists.
const maxShown = 20

// changeData is a change, and what would come of it.
type changeData struct {
	change
	effects
}

// Changeable reports whether there is a form to go back to.
func (d changeData) Changeable() bool { return d.form != "" }

// effects are what would come of a change: whose rights, and which mails.
type effects struct {
	Gained, Lost         []affected
	Mails                []habilis.PlannedMail
	MorePeople, MoreMail int // how many are not listed
}

// effects lists what would come of a plan, as far as anybody reads.
func (c *call) effects(plan habilis.Plan) effects {
	e := effects{Gained: c.affected(plan.Gained), Lost: c.affected(plan.Lost), Mails: plan.Mails}
	for _, list := range []*[]affected{&e.Gained, &e.Lost} {
		if over := len(*list) - maxShown; over > 0 {
			*list, e.MorePeople = (*list)[:maxShown], e.MorePeople+over
		}
	}
	if over := len(e.Mails) - maxShown; over > 0 {
		e.Mails, e.MoreMail = e.Mails[:maxShown], over
	}
	return e
}

// Several reports whether rights in more than one structure change.
func (e effects) Several() bool {
	all := slices.Concat(e.Gained, e.Lost)
	return slices.ContainsFunc(all, func(a affected) bool { return a.Structure != all[0].Structure })
}

// affected is whose rights in a structure change.
type affected struct {
	Name, Structure string
	Groups          []group
}

// change takes a form three times over: to show what it would change, to go back to it,
// and to do it. Without a form, the page is there to be seen at once.
func (c *call) change(v *page, ch change) error {
	step := c.r.PostFormValue("step")
	if step == "change" && ch.form != "" {
		return c.show(ch.form, v)
	}
	var plan habilis.Plan
	var err error
	if step == "confirm" && len(ch.bad) == 0 {
		err = ch.do(c.p.h)
	} else {
		plan, err = c.p.h.Preview(c.ctx(), ch.do)
	}
	err = ch.bad.and(err)
	switch {
	case err != nil && ch.form != "" && c.refused(v, err, ch.where):
		return c.render(statusOfForm(err), ch.form, v)
	case err != nil && ch.form == "":
		return c.back(ch.Back, err)
	case err != nil:
		return err
	case step == "confirm":
		return ch.done()
	}
	if ch.seen != nil {
		ch.seen(&ch)
	}
	v.Title, v.Data = ch.Title, changeData{change: ch, effects: c.effects(plan)}
	return c.show("change", v)
}

// back shows what a rule of the library says on the page that somebody comes from. What
// is nobody's business stays an error.
func (c *call) back(path string, err error) error {
	switch statusOf(err) {
	case http.StatusConflict, http.StatusTooManyRequests, http.StatusUnprocessableEntity:
		c.notice(false, c.p.h.Localize(err, c.tag()))
		return c.redirect(path)
	default:
		return err
	}
}

func (c *call) affected(changes []habilis.Change) []affected {
	var out []affected
	for _, ch := range changes {
		i := len(out) - 1
		if i < 0 || out[i].Name != ch.AccountName || out[i].Structure != ch.StructureName {
			out = append(out, affected{Name: ch.AccountName, Structure: ch.StructureName})
			i++
		}
		out[i].Groups = grouped(out[i].Groups, ch.ServiceName, c.p.spaceLabel(c, ch.Space), ch.Level)
	}
	return out
}

// goodOf counts those that went well.
func goodOf(rows []outcome) int {
	n := 0
	for _, r := range rows {
		if r.Good {
			n++
		}
	}
	return n
}

// renamed gives the fields of an error, and items of them, the names that a form has for
// them.
func renamed(err error, names map[string]string) error {
	var own typedError
	for _, f := range habilis.FieldsOf(err) {
		base, _, _ := strings.Cut(f.Path, "[")
		if name, ok := names[base]; ok {
			f.Path = name
		}
		own = append(own, f)
	}
	if own == nil {
		return err
	}
	return own
}

// titled is a fact of a page.
func (v *page) titled(label, text string) fact {
	if text == "" {
		text = "–"
	}
	return fact{label, text}
}

// identified is how people write an identifier.
func identified(i structure.Identifier) string { return string(i.Scheme) + " " + i.Value }

// hidden reports whether an error says that there is nothing to be seen for this reader.
func hidden(err error) bool {
	return errors.Is(err, structure.ErrNotFound) || errors.Is(err, structure.ErrDenied)
}
