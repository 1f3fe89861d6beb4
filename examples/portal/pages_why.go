package main

import (
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// whyData is a question about one's own rights, and its answer.
type whyData struct {
	Mine     []structure.Case
	Of       *structure.Structure // nil: none was chosen yet
	Services []structure.Unit
	Spaces   []choice
	Asked    bool
	Decision authz.Decision
}

// choice is one option of a list.
type choice struct{ Value, Text string }

// why asks whether somebody may do something, and shows the chain of conditions.
func (p *portal) why(c *call) error {
	mine, err := p.h.Structures.Mine(c.ctx(), c.actor())
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	d := whyData{Mine: mine}
	v := c.view("why.title").under()
	v.Form.Values = q
	for _, spec := range p.policy.Spaces {
		d.Spaces = append(d.Spaces, choice{string(spec.Code), spec.Label(c.tag())})
	}
	if id := structure.ID(q.Get("structure")); id != "" {
		st, err := p.h.Structures.Structure(c.ctx(), c.actor(), id)
		if err != nil {
			return err
		}
		d.Of = &st
		if d.Services, err = p.h.Structures.Services(c.ctx(), c.actor(), id); err != nil {
			return err
		}
		if d.Asked = q.Has("space"); d.Asked {
			if d.Decision, err = p.h.Authz.Check(c.ctx(), authz.Request{
				Account: c.me.ID, Structure: st.ID, Service: structure.ServiceID(q.Get("service")),
				Space: authz.Space(q.Get("space")), Level: authz.Level(q.Get("level")),
			}); err != nil {
				return err
			}
		}
	}
	v.Data = d
	return c.show("why", v)
}

// Reason is a step of a decision in words.
func (v *page) Reason(s authz.Step) string { return s.Reason.Text(tagOf(v.Lang)) }

// Remedy is what would help, in words.
func (v *page) Remedy(r authz.Remedy) string { return r.Text(tagOf(v.Lang)) }
