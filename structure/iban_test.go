package structure_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/structure"
)

var ibans = []string{
	"FR7630006000011234567890189", "FR1420041010050500013M02606", "FR7630001007941234567890185", "MC5811222000010123456789030",
	"DE89370400440532013000", "BE68539007547034", "GB82WEST12345698765432", "NO9386011117947", "MT84MALT011000012345MTLCAST001S",
}

// account numbers of the length and with the check digits of their country.
func TestIBAN(t *testing.T) {
	t.Parallel()
	for _, iban := range ibans {
		got, ok := structure.IBAN(" " + strings.ToLower(iban[:4]) + " " + iban[4:])
		require.True(t, ok, iban)
		require.Equal(t, iban, got)
	}
	for _, bad := range []string{
		"", "FR76", "FR7630006000011234567890188", "FR763000600001123456789018", "FR76300060000112345678901890", "ZZ7630006000011234567890189",
		"DE8937040044053201300０", "DE89370400440532013000\x00", strings.Repeat("F", 5000),
		"FR2630006000011234567890190", // the check digits fit, the French key does not
		"BE00539007547034",
	} {
		_, ok := structure.IBAN(bad)
		require.False(t, ok, "%.40q", bad)
	}
}

// Changing one character of an account number, or swapping two neighbours, is noticed.
func TestIBANCatchesSlips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		iban := []byte(rapid.SampledFrom(ibans).Draw(r, "iban"))
		i := rapid.IntRange(4, len(iban)-2).Draw(r, "position")
		if rapid.Bool().Draw(r, "swap") {
			iban[i], iban[i+1] = iban[i+1], iban[i]
		} else if iban[i] >= '0' && iban[i] <= '9' {
			iban[i] = '0' + (iban[i]-'0'+byte(rapid.IntRange(1, 9).Draw(r, "by")))%10
		}
		for _, known := range ibans {
			if string(iban) == known {
				return // the two were alike
			}
		}
		_, ok := structure.IBAN(string(iban))
		require.False(r, ok, string(iban))
	})
}

// codes of banks by form and country.
func TestBIC(t *testing.T) {
	t.Parallel()
	for typed, ok := range map[string]bool{
		"AGRIFRPP": true, "agri frpp 882": true, "NLPRXKPR": true, "AGRIFRPP88": false, "AGRIZZPP": false, "": false, "AGRIFRP": false,
	} {
		got, fits := structure.BIC(typed)
		require.Equal(t, ok, fits, typed)
		require.NotContains(t, got, " ")
	}
}

// What is an account number is one in any spelling, and has the remainder of ISO 13616.
func FuzzIBAN(f *testing.F) {
	for _, iban := range ibans {
		f.Add(iban)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		iban, ok := structure.IBAN(typed)
		if !ok {
			return
		}
		again, ok := structure.IBAN(strings.ToLower(iban[:7]) + " " + iban[7:])
		require.True(t, ok)
		require.Equal(t, iban, again)
		rest := 0
		for _, c := range iban[4:] + iban[:4] {
			value := strings.IndexRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", c)
			require.GreaterOrEqual(t, value, 0)
			if value >= 10 {
				rest = rest * 10 % 97
			}
			rest = (rest*10 + value) % 97
		}
		require.Equal(t, 1, rest)
	})
}
