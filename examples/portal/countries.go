package main

import (
	"fmt"
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/habilis-go/habilis/account"
)

// countries lists every country by its name, in each language of the pages.
func countries() (map[string][]choice, error) {
	out := map[string][]choice{}
	for _, lang := range languages() {
		names := display.Regions(tagOf(lang))
		if names == nil {
			return nil, fmt.Errorf("no names of countries in %s", lang)
		}
		for _, code := range countryCodes() {
			out[lang] = append(out[lang], choice{code.String(), names.Name(code)})
		}
		order := collate.New(tagOf(lang))
		slices.SortFunc(out[lang], func(a, b choice) int { return order.CompareString(a.Text, b.Text) })
	}
	return out, nil
}

// countryCodes lists the countries that an address can be in.
func countryCodes() []language.Region {
	var out []language.Region
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string([]rune{a, b}))
			if err == nil && r.IsCountry() && r.Canonicalize() == r && len(account.PostalAddress{Country: r.String()}.Check()) == 0 {
				out = append(out, r)
			}
		}
	}
	return out
}

// Countries lists them in the language of the page.
func (v *page) Countries() []choice { return v.portal.countries[v.Lang] }

// Country is the name of one, "" for none.
func (v *page) Country(code string) string {
	for _, c := range v.Countries() {
		if c.Value == code {
			return c.Text
		}
	}
	return code
}
