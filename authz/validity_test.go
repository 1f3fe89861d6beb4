package authz_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/authz"
)

func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	return zone
}

// the last day is included, in the zone in which it was typed, on the
// days when the clocks change, too.
func TestCivilDatesBecomeInstants(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name        string
		first, last authz.Date
		length      time.Duration
	}{
		{"an ordinary day", authz.Date{Year: 2026, Month: 11, Day: 22}, authz.Date{Year: 2026, Month: 11, Day: 22}, 24 * time.Hour},
		{"clocks go forward", authz.Date{Year: 2026, Month: 3, Day: 29}, authz.Date{Year: 2026, Month: 3, Day: 29}, 23 * time.Hour},
		{"clocks go back", authz.Date{Year: 2026, Month: 10, Day: 25}, authz.Date{Year: 2026, Month: 10, Day: 25}, 25 * time.Hour},
		{"end of a leap February", authz.Date{Year: 2028, Month: 2, Day: 29}, authz.Date{Year: 2028, Month: 2, Day: 29}, 24 * time.Hour},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			v := authz.Between(row.first, row.last, paris(t))
			require.Equal(t, row.length, v.Until.Sub(v.From))
			require.Equal(t, row.first, v.FirstDay(paris(t)))
			require.Equal(t, row.last, v.LastDay(paris(t)))
			require.True(t, v.Contains(v.From))
			require.True(t, v.Contains(v.Until.Add(-time.Microsecond)))
			require.False(t, v.Contains(v.Until), "the end is not included")
			require.False(t, v.Contains(v.From.Add(-time.Microsecond)))
		})
	}
	open := authz.Between(authz.Date{}, authz.Date{}, paris(t))
	require.Zero(t, open)
	require.True(t, open.Contains(time.Now()))
	require.True(t, open.LastDay(paris(t)).IsZero())
	require.True(t, open.FirstDay(paris(t)).IsZero())
}

// where the clocks skip midnight or pass it twice, no right begins on the day
// before, and none ends before its last day does.
func TestCivilDatesWhereClocksChangeAtMidnight(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		zone   string
		day    authz.Date
		length time.Duration
	}{
		{"Atlantic/Azores", authz.Date{Year: 2026, Month: 3, Day: 29}, 23 * time.Hour},
		{"Atlantic/Azores", authz.Date{Year: 2026, Month: 10, Day: 25}, 25 * time.Hour},
		{"America/Santiago", authz.Date{Year: 2026, Month: 9, Day: 6}, 23 * time.Hour},
		{"Asia/Beirut", authz.Date{Year: 2026, Month: 3, Day: 29}, 23 * time.Hour},
		{"Asia/Amman", authz.Date{Year: 2021, Month: 10, Day: 29}, 25 * time.Hour},
	} {
		zone, err := time.LoadLocation(row.zone)
		require.NoError(t, err)
		v := authz.Between(row.day, row.day, zone)
		require.Equal(t, row.day, v.FirstDay(zone), row.zone)
		require.Equal(t, row.day, v.LastDay(zone), row.zone)
		require.Equal(t, row.length, v.Until.Sub(v.From), row.zone)
		require.Equal(t, v.From, authz.Between(authz.Date{}, row.day.AddDays(-1), zone).Until, "%s: one day ends as the next begins", row.zone)
	}
}

// the last day that there is, which people write for "without end", is a day
// like any other, and its span can be recorded.
func TestTheLastDayThereIs(t *testing.T) {
	t.Parallel()
	day := authz.Date{Year: 9999, Month: time.December, Day: 31}
	require.True(t, day.Valid())
	for _, name := range []string{"UTC", "Europe/Paris", "America/Martinique", "Indian/Reunion", "Pacific/Tahiti"} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		v := authz.Between(day, day, zone)
		require.Equal(t, day, v.FirstDay(zone), name)
		require.Equal(t, day, v.LastDay(zone), name)
		recorded, err := json.Marshal(v)
		require.NoError(t, err, name)
		var read authz.Validity
		require.NoError(t, json.Unmarshal(recorded, &read))
		require.Equal(t, v, read)
	}
}

// dates are read strictly.
func TestParseDate(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"2026-03-31": "2026-03-31", "31/03/2026": "2026-03-31", "": ""} {
		d, err := authz.ParseDate(typed)
		require.NoError(t, err)
		require.Equal(t, want, d.String())
		require.True(t, d.Valid())
	}
	for _, typed := range []string{"31/02/2026", "2026-02-29", "1/3/2026", "03/31/2026", "tomorrow", "2026-03-31T00:00:00Z", "\x00"} {
		_, err := authz.ParseDate(typed)
		require.Error(t, err, typed)
	}
	require.False(t, authz.Date{Year: 2026, Month: 2, Day: 29}.Valid())
	require.False(t, authz.Date{Year: 0, Month: 1, Day: 1}.Valid())
}

func TestIntersectHoldsWhereBothDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anySpan(t), anySpan(t)
		at := noon.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "at")))
		require.Equal(t, a.Contains(at) && b.Contains(at), a.Intersect(b).Contains(at))
	})
}

func TestLabels(t *testing.T) {
	t.Parallel()
	spec, ok := authz.Guide2024().Spec(authz.SpaceInvoicesIssued)
	require.True(t, ok)
	require.Equal(t, "Factures émises", spec.Label(language.CanadianFrench))
	require.Equal(t, "Invoices issued", spec.Label(language.German), "English where there is no label")
	require.Equal(t, "x", authz.SpaceSpec{Code: "x"}.Label(language.French), "the code where there is none at all")
}

// SPA-T1, row by row.
func TestDefaultSpaces(t *testing.T) {
	t.Parallel()
	p := authz.Guide2024()
	require.ElementsMatch(t, []authz.Space{
		"home", "manager.activities", "organisation", "invoices.received", "invoices.issued", "tickets.issued", "tickets.received", "my_account",
	}, p.OpenByDefault(authz.Public), "R-181, R-182")
	require.ElementsMatch(t, []authz.Space{
		"home", "manager.activities", "organisation", "invoices.issued", "tickets.issued", "my_account",
	}, p.OpenByDefault(authz.Private), "R-183")
	managers, _ := p.Spec(authz.SpaceManagerActivities)
	require.True(t, managers.DefaultFor(authz.Public, authz.RoleSecondaryManager))
	require.False(t, managers.DefaultFor(authz.Public, authz.RoleMember), "R-184")
}
