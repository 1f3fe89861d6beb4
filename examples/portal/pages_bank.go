package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

func (p *portal) showBank(c *call) error {
	v, d, err := p.modifying(c, "bank.title")
	if err != nil {
		return err
	}
	v.Form.called("label", "bankLabel")
	v.Data = d
	return c.show("bank", v)
}

// bank adds a bank account.
func (p *portal) bank(c *call) error {
	v, d, err := p.modifying(c, "bank.title")
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values, v.Data = f, d
	v.Form.called("label", "bankLabel")
	in := structure.NewBankAccount{Label: f.Get("label"), IBAN: f.Get("iban"), BIC: f.Get("bic")}
	var added structure.BankAccount
	ch := change{
		Path: d.Path + "/bank", Back: d.Path, Title: v.T("bank.preview"), Submit: v.T("bank.submit"),
		form: "bank", where: map[habilis.Code]string{"bank_account_limit": ""},
		do: func(h *habilis.Habilis) (err error) {
			added, err = h.Structures.AddBankAccount(c.ctx(), c.actor(), d.Structure.ID, in)
			return err
		},
		done: func() error { return c.done(d.Path, "bank.done") },
	}
	ch.seen = func(ch *change) { ch.Facts = bankFacts(v, added) }
	return c.change(v, ch)
}

// removeBank removes one.
func (p *portal) removeBank(c *call) error {
	v, d, err := p.modifying(c, "bank.title")
	if err != nil {
		return err
	}
	name := c.r.PathValue("bank")
	i := slices.IndexFunc(d.Record.Accounts, func(b structure.BankAccount) bool { return b.ID == name })
	if i < 0 {
		return structure.ErrNotFound
	}
	return c.change(v, change{
		Path: d.Path + "/bank/" + url.PathEscape(name) + "/remove", Back: d.Path, Title: v.T("bank.removepreview"), Submit: v.T("bank.removesubmit"), Danger: true,
		Facts: bankFacts(v, d.Record.Accounts[i]),
		do: func(h *habilis.Habilis) error {
			return h.Structures.RemoveBankAccount(c.ctx(), c.actor(), d.Structure.ID, name)
		},
		done: func() error { return c.done(d.Path, "bank.removed") },
	})
}

func bankFacts(v *page, b structure.BankAccount) []fact {
	return []fact{v.titled(v.T("label.bankLabel"), b.Label), v.titled(v.T("label.iban"), v.IBAN(b.IBAN)), v.titled(v.T("label.bic"), b.BIC)}
}

// IBAN writes one in groups of four, as it is printed.
func (v *page) IBAN(iban string) string {
	var groups []string
	for part := range slices.Chunk([]byte(iban), 4) {
		groups = append(groups, string(part))
	}
	return strings.Join(groups, " ")
}

func (p *portal) showMandate(c *call) error {
	v, d, err := p.modifying(c, "mandate.title")
	if err != nil {
		return err
	}
	if err := p.completeSheet(c, &d); err != nil {
		return err
	}
	m := d.Record.Mandate
	v.Form.Values = url.Values{"signatory": {m.Signatory}, "version": {m.Version}, "document": {string(m.Document)}}
	if !m.IsZero() {
		v.Form.Values.Set("signedOn", typed(authz.DateOf(m.SignedAt.In(p.zone))))
	}
	v.Data = d
	return c.show("mandate", v)
}

// mandate records that a billing mandate was signed.
func (p *portal) mandate(c *call) error {
	v, d, err := p.modifying(c, "mandate.title")
	if err != nil {
		return err
	}
	if err := p.completeSheet(c, &d); err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values, v.Data = f, d
	var bad typedError
	in := structure.NewMandate{Signatory: f.Get("signatory"), SignedOn: typedDate(f, "signedOn", &bad), Version: f.Get("version")}
	document := ""
	for _, a := range d.Files {
		if string(a.ID) == f.Get("document") {
			in.Document, document = a.ID, a.Designation
		}
	}
	return c.change(v, change{
		Path: d.Path + "/mandate", Back: d.Path, Title: v.T("mandate.preview"), Submit: v.T("form.save"), form: "mandate", bad: bad,
		Facts: []fact{
			v.titled(v.T("label.signatory"), strings.TrimSpace(in.Signatory)), v.titled(v.T("label.signedOn"), v.Date(in.SignedOn)),
			v.titled(v.T("label.version"), strings.TrimSpace(in.Version)), v.titled(v.T("label.document"), document),
		},
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.SignMandate(c.ctx(), c.actor(), d.Structure.ID, in)
			return err
		},
		done: func() error { return c.done(d.Path, "change.saved") },
	})
}
