package account_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
)

// the national form is taken as people write it, kept in E.164, and shown in
// the national grouping.
func TestPhonesAreKeptInE164AndShownAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, country, kept, shown string }{
		{"01 49 96 10 12", "FR", "+33149961012", "01 49 96 10 12"},
		{"01.49.96.10.12", "FR", "+33149961012", "01 49 96 10 12"},
		{"01-49-96-10-12", "FR", "+33149961012", "01 49 96 10 12"},
		{"01/49/96/10/12", "FR", "+33149961012", "01 49 96 10 12"},
		{"0149961012", "FR", "+33149961012", "01 49 96 10 12"},
		{" 01\u00a049\u202f96\u201110\u201312 ", "FR", "+33149961012", "01 49 96 10 12"},
		{"+33 (0)1 49 96 10 12", "FR", "+33149961012", "01 49 96 10 12"},
		{"0033 1 49 96 10 12", "FR", "+33149961012", "01 49 96 10 12"},
		{"+33149961012", "BE", "+33149961012", "+33 1 49 96 10 12"},
		{"0262 20 12 34", "FR", "+262262201234", "0262 20 12 34"},
		{"0692 12 34 56", "RE", "+262692123456", "0692 12 34 56"},
		{"41 12 34", "PM", "+508411234", "041 12 34"},
		{"02 512 34 56", "BE", "+3225123456", "02 512 34 56"},
		{"030 123456", "DE", "+4930123456", "030 123456"},
		{"06 698 12345", "IT", "+390669812345", "06 6981 2345"},
		{"+32 2 512 34 56", "FR", "+3225123456", "+32 2 512 34 56"},
		{"020 7946 0958", "GB", "+442079460958", "020 7946 0958"},
	} {
		got, err := account.ParsePhone(c.typed, c.country)
		require.NoError(t, err, c.typed)
		require.Equal(t, c.kept, got, c.typed)
		require.Equal(t, c.shown, account.FormatPhone(got, c.country), c.typed)
	}
}

func TestWhatIsNoPhoneIsRefused(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]string{
		"nothing": "", "blanks": "  ", "a word": "none", "too short": "01 49", "too long": "01 49 96 10 12 13",
		"another plan": "02 512 34 56", "letters": "0800 CALL ME", "an extension": "01 49 96 10 12 ext. 5",
		"an extension after #": "01 49 96 10 12#5", "two numbers": "01 49 96 10 12, 01 49 96 10 13", "NUL": "01 49 96 10 12\x00",
		"a line break": "01 49 96 10 12\r\nBcc: x@y.example", "bidi": "\u202e01 49 96 10 12", "full-width digits": "０１49961012",
		"a link": "tel:+33149961012;phone-context=evil.example", "invalid UTF-8": "01 49 96 10 12\xff", "an emergency number": "112",
		"no plan": "+999 1234567",
	} {
		_, err := account.ParsePhone(typed, "FR")
		require.ErrorIs(t, err, fault.ErrInvalid, name)
		require.Equal(t, map[string]string{"phone": "phone "}, codes(err), name)
	}
	_, err := account.ParsePhone("01 49 96 10 12", "nowhere")
	require.ErrorIs(t, err, fault.ErrInvalid)
	long := "01 49 96 10 12" + strings.Repeat(" ", account.MaxPhone)
	_, err = account.ParsePhone(long[:account.MaxPhone], "FR")
	require.NoError(t, err, "just as long as can be")
	_, err = account.ParsePhone(long[:account.MaxPhone+1], "FR")
	require.ErrorIs(t, err, fault.ErrInvalid, "DS-03: one more is not even read")
	for _, odd := range []string{"", "x", "+", "+999", "0149961012", strings.Repeat("+", 41)} {
		require.Equal(t, odd, account.FormatPhone(odd, "FR"), "what is no number stays as it is")
	}
}

// Normalising never panics, and normalising again changes nothing.
func FuzzPhone(f *testing.F) {
	for _, s := range []string{"01 49 96 10 12", "+33 (0)1 49 96 10 12", "+39 06 698 12345", "+52 1 55 1234 5678", "+54 9 11 2345-6789", "(((", "+1 (212) 555-0100", "tel:+1"} {
		for _, country := range []string{"FR", "RE", "BE", "IT", "", "ZZ"} {
			f.Add(s, country)
		}
	}
	f.Fuzz(func(t *testing.T, typed, country string) {
		number, err := account.ParsePhone(typed, country)
		shown := account.FormatPhone(typed, country)
		if err != nil {
			require.Empty(t, number)
			return
		}
		require.Regexp(t, `^\+[1-9][0-9]{1,14}$`, number)
		again, err := account.ParsePhone(number, country)
		require.NoError(t, err)
		require.Equal(t, number, again)
		require.NotEmpty(t, shown)
		require.LessOrEqual(t, len(account.FormatPhone(number, country)), 2*account.MaxPhone)
	})
}
