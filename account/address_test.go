package account_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
)

func wrong(fields []fault.Field) map[string]string { return codes(fault.Invalid("", fields...)) }

// the shape of a postcode is that of its country, and is written as there.
func TestPostcodesHaveTheShapeOfTheirCountry(t *testing.T) {
	t.Parallel()
	for country, forms := range map[string]map[string]string{
		"FR": {"75001": "75001", "97500": "97500", "20000": "20000", "7500": "", "750011": "", "7500A": "", "75 001": "", "７５００１": ""},
		"PM": {"97500": "97500", "97400": ""},
		"RE": {"97400": "97400", "97100": ""},
		"GP": {"97110": "97110", "97500": ""},
		"BL": {"97133": "97133", "97700": "97700"},
		"NC": {"98800": "98800", "98700": ""},
		"BE": {"1000": "1000", "10000": ""},
		"CH": {"1201": "1201", "120": ""},
		"LU": {"1111": "1111", "L-1111": "1111", "l1111": "1111", "11111": ""},
		"DE": {"10115": "10115", "1011": ""},
		"IT": {"00184": "00184"},
		"ES": {"28013": "28013"},
		"PT": {"1000-205": "1000-205", "1000205": "1000-205", "1000": ""},
		"NL": {"1012 jb": "1012 JB", "1012JB": "1012 JB", "0012 JB": ""},
		"GB": {"sw1a 1aa": "SW1A 1AA", "SW1A1AA": "SW1A 1AA", "M11AE": "M1 1AE", "12345": ""},
		"IE": {"D02X285": "D02 X285"},
		"PL": {"00950": "00-950"},
		"SE": {"11120": "111 20"},
		"MC": {"98000": "98000", "97000": ""},
		"AD": {"500": "AD500", "AD500": "AD500", "AD900": ""},
		"US": {"20500": "20500", "205000003": "20500-0003", "2050": ""},
		"CA": {"k1a0b1": "K1A 0B1"},
		"JP": {"100-0001": "100-0001", "anything": "ANYTHING"},
	} {
		for typed, written := range forms {
			a := account.PostalAddress{Postcode: typed, Country: country}.Tidied("FR")
			if written == "" {
				require.Equal(t, map[string]string{"address.postcode": "postcode" + country + " "}, wrong(a.Check()), "%s in %s", typed, country)
				continue
			}
			require.Empty(t, a.Check(), "%s in %s", typed, country)
			require.Equal(t, written, a.Postcode)
		}
	}
	require.Empty(t, account.PostalAddress{Postcode: "97500", Town: "Terneuil sur Seine", Country: "FR"}.Check(), "R-045: they need not match")
}

// France unless somebody says otherwise; nothing at all is an address too.
func TestAddressesDefaultToTheCountryOfTheDeployment(t *testing.T) {
	t.Parallel()
	require.Equal(t, account.PostalAddress{Street: "1 rue É", Country: "FR"}, account.PostalAddress{Street: " 1 rue E\u0301 "}.Tidied("FR"))
	require.Equal(t, account.PostalAddress{Town: "Namur", Country: "BE"}, account.PostalAddress{Town: "Namur", Country: " be "}.Tidied("FR"))
	require.Zero(t, account.PostalAddress{Street: "  "}.Tidied("FR"))
	require.Empty(t, account.PostalAddress{}.Check())
	for _, none := range []string{"ZZ", "F", "fr", "FRA", "EU", "D1"} {
		require.Equal(t, map[string]string{"address.country": "country "}, wrong(account.PostalAddress{Country: none}.Check()), none)
	}
}

func TestEveryPartOfAnAddressIsBounded(t *testing.T) {
	t.Parallel()
	full := account.PostalAddress{
		Street: strings.Repeat("é", account.MaxStreet), Complement: strings.Repeat("é", account.MaxStreet),
		Postcode: strings.Repeat("9", account.MaxPostcode), Town: strings.Repeat("é", account.MaxTown), Country: "JP",
	}
	require.Empty(t, full.Tidied("FR").Check())
	more := account.PostalAddress{Street: full.Street + "x", Complement: full.Complement + "x", Postcode: full.Postcode + "x", Town: full.Town + "x"}
	more.Country = "JP"
	require.Equal(t, map[string]string{
		"address.street": "max120 ", "address.complement": "max120 ", "address.postcode": "max16 ", "address.town": "max80 ",
	}, wrong(more.Tidied("FR").Check()))
}

// Tidying is idempotent, and what Check passes is text on one line.
func FuzzPostcode(f *testing.F) {
	for _, s := range []string{"75001", "L-1111", "sw1a 1aa", "1000205", "ŉ", "ß\u0301", " 1\u00a0", "\xff", "12345-"} {
		for _, c := range []string{"FR", "LU", "GB", "PT", "JP", "", "US", "fr", "ﬀ"} {
			f.Add(s, c)
		}
	}
	f.Fuzz(func(t *testing.T, postcode, country string) {
		a := account.PostalAddress{Postcode: postcode, Country: country}.Tidied("FR")
		if len(a.Check()) > 0 {
			return
		}
		require.Equal(t, a, a.Tidied("FR"))
		require.LessOrEqual(t, utf8.RuneCountInString(a.Postcode), account.MaxPostcode)
		require.NotContains(t, a.Postcode, "\n")
		require.True(t, utf8.ValidString(a.Postcode))
	})
}
