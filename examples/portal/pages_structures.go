package main

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// structuresData is what was looked for among the structures, and what was found.
type structuresData struct {
	Page     structure.Page[structure.Structure]
	Done     bool
	Detailed bool // criteria of their own were used
	pages    url.Values
}

// Leaf is the address of another page of the same result.
func (d structuresData) Leaf(number int) string {
	q := url.Values{}
	for name, values := range d.pages {
		q[name] = values
	}
	q.Set("page", strconv.Itoa(number))
	return "?" + q.Encode()
}

// criteria are the fields of the search, the single one first.
func criteria() []string {
	return []string{"any", "identifier", "structureName", "postcode", "town", "type"}
}

// sought reads what somebody looks for, and whether there is anything at all.
func sought(q url.Values) (structure.Search, bool, bool) {
	in := structure.Search{
		Any: q.Get("any"), Identifier: q.Get("identifier"), Name: q.Get("structureName"), Postcode: q.Get("postcode"), Town: q.Get("town"),
		Type: structure.Type(q.Get("type")),
	}
	asked := false
	for _, name := range criteria() {
		asked = asked || q.Has(name)
	}
	detailed := in
	detailed.Any = ""
	return in, asked, detailed != structure.Search{}
}

func (p *portal) searching(c *call, q url.Values) *page {
	v := c.view("structures.title").under()
	v.Form.Values = url.Values{}
	for _, name := range criteria() {
		if q.Has(name) {
			v.Form.Values.Set(name, q.Get(name))
		}
	}
	return v
}

// showStructures looks for structures by one field or by several.
func (p *portal) showStructures(c *call) error {
	q := c.r.URL.Query()
	v := p.searching(c, q)
	in, asked, detailed := sought(q)
	d := structuresData{Done: asked, Detailed: detailed, pages: v.Form.Values}
	if !asked {
		v.Data = d
		return c.show("structures", v)
	}
	number, err := strconv.Atoi(q.Get("page"))
	if err != nil {
		number = 1
	}
	d.Page, err = p.h.Structures.SearchPage(c.ctx(), c.actor(), in, structure.PageRequest{Number: max(number, 1)})
	if c.refused(v, renamed(err, map[string]string{"name": "structureName"}), map[habilis.Code]string{"criteria_too_broad": "any"}) {
		d.Done = false
		v.Data = d
		return c.render(http.StatusUnprocessableEntity, "structures", v)
	}
	if err != nil {
		return err
	}
	v.Data = d
	return c.show("structures", v)
}

func (p *portal) toStructures(c *call) error { return c.redirect(structuresPath) }

// structuresCSV hands out all that a search finds. It is recorded, so a button
// does it and no link.
func (p *portal) structuresCSV(c *call) error {
	in, _, _ := sought(c.r.PostForm)
	v := p.searching(c, c.r.PostForm)
	v.Data = structuresData{pages: v.Form.Values}
	if err := c.patient(); err != nil {
		return err
	}
	f := &fileAnswer{c: c, name: v.T("structures.file") + ".csv", media: "text/csv; charset=utf-8"}
	_, err := p.h.Structures.ExportSearch(c.ctx(), c.actor(), in, structure.CSV{BOM: true, Language: c.tag()}, f)
	if !f.began && c.refused(v, renamed(err, map[string]string{"name": "structureName"}), map[habilis.Code]string{"criteria_too_broad": "any"}) {
		return c.render(http.StatusUnprocessableEntity, "structures", v)
	}
	return f.broken(err)
}

// StructureTypes lists the types of a structure, with the choice of none.
func (v *page) StructureTypes(none string) []choice {
	return []choice{{"", none}, {string(structure.Public), v.T("type.public")}, {string(structure.Private), v.T("type.private")}}
}

// StructureStatus is the state of a structure as icon, word and colour.
func (v *page) StructureStatus(s structure.Structure) badge {
	if s.Status == structure.StatusActive {
		return badge{"approved", "yes", v.T("structure.active")}
	}
	return badge{"disabled", "off", v.T("structure.inactive")}
}
