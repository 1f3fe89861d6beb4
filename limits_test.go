package habilis_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// The table of limits in the README names every number of the policies of accounts and of
// structures, and what is fixed, as it is.
func TestTableOfLimits(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	limits(reflect.ValueOf(account.Guide2024()), "", want)
	limits(reflect.ValueOf(structure.Guide2024()), "Structure", want)
	for name, n := range map[string]int{
		"MaxBulk": structure.MaxBulk, "MaxCandidates": structure.MaxCandidates, "MaxReminders": structure.MaxReminders, "MaxTransfers": structure.MaxTransfers,
		"DefaultPageSize": structure.DefaultPageSize, "MaxPageSize": structure.MaxPageSize,
	} {
		want["structure."+name] = grouped(strconv.Itoa(n))
	}
	for name, n := range map[string]int{
		"MaxChosen": account.MaxChosen, "MaxName": account.MaxName, "MaxPhone": account.MaxPhone,
		"MaxPostcode": account.MaxPostcode, "MaxStreet": account.MaxStreet, "MaxTown": account.MaxTown,
	} {
		want["account."+name] = grouped(strconv.Itoa(n))
	}
	text, ok := reflect.TypeFor[account.SupportRequest]().FieldByName("Text")
	require.True(t, ok)
	want["account.SupportRequest.Text"] = grouped(regexp.MustCompile(`max=(\d+)`).FindStringSubmatch(text.Tag.Get("validate"))[1])

	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(readme), "\n## Limits\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	got := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([\\w.]+)` \\| ([^|]+) \\| [^|]+ \\|$").FindAllStringSubmatch(section, -1) {
		require.NotContains(t, got, row[1])
		got[row[1]] = row[2]
	}
	require.Equal(t, want, got)
}

// limits collects the numbers and spans of time of a policy, by the path to them.
func limits(v reflect.Value, path string, into map[string]string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		into[path] = span(time.Duration(v.Int()))
	case v.Type() == reflect.TypeFor[[]time.Duration]():
		var all []string
		for _, d := range v.Seq2() {
			all = append(all, span(time.Duration(d.Int())))
		}
		into[path] = strings.Join(all, ", ")
	case v.CanInt() || v.CanUint() || v.CanFloat():
		into[path] = grouped(fmt.Sprint(v.Interface()))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			limits(v.Field(i), strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), into)
		}
	}
}

// span writes a span of time as the table does.
func span(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := d / unit.length; n > 0 && d%unit.length == 0 {
			return strings.TrimSuffix(fmt.Sprintf("%d %ss", n, unit.name), map[bool]string{true: "s"}[n == 1])
		}
	}
	return d.String()
}

// grouped writes a number with a space every three digits.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return digits
}
