package main

import (
	"io"

	"github.com/habilis-go/habilis/structure"
)

// list hands out a list as CSV, the way people of the page's language read it. That it
// left is recorded, so it takes a form.
func (p *portal) list(c *call, name string, write func(structure.CSV, io.Writer) (int, error)) error {
	if err := c.patient(); err != nil {
		return err
	}
	f := &fileAnswer{c: c, name: name + ".csv", media: "text/csv; charset=utf-8"}
	format := structure.CSV{Language: c.tag(), BOM: true, Zone: p.zone}
	if c.lang == "en" {
		format.Dates = structure.DatesISO
	}
	_, err := write(format, f)
	return f.broken(err)
}
