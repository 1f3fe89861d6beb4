package civil_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/civil"
)

// a day begins at its first instant wherever people live: where the clocks
// skip midnight, where it comes twice, and where they change at another hour.
func TestDaysBeginAtTheirFirstInstant(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"UTC", "Europe/Paris", "Indian/Reunion", "America/Martinique", "America/Miquelon", "Pacific/Noumea", "Atlantic/Azores",
		"America/Nuuk", "America/Scoresbysund", "Asia/Beirut", "Asia/Amman", "Africa/Cairo", "America/Havana", "America/Santiago",
		"America/Sao_Paulo", "America/Asuncion", "Australia/Lord_Howe", "Asia/Kathmandu",
	} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		last := civil.Midnight(2011, time.December, 31, zone)
		for d := range 20 * 366 {
			day := time.Date(2012, time.January, 1+d, 0, 0, 0, 0, time.UTC)
			first := civil.Midnight(2012, time.January, 1+d, zone)
			require.Equal(t, day.Format(time.DateOnly), first.Format(time.DateOnly), name)
			require.Equal(t, day.AddDate(0, 0, -1).Format(time.DateOnly), first.Add(-time.Microsecond).Format(time.DateOnly), name)
			require.InDelta(t, 24, first.Sub(last).Hours(), 1, "%s %s", name, day)
			for at := last; at.Before(first); at = at.Add(30 * time.Minute) {
				if at.Format(time.DateOnly) == day.Format(time.DateOnly) {
					t.Fatalf("%s: %s began before %s", name, day.Format(time.DateOnly), first)
				}
			}
			last = first
		}
	}
}

func TestDayThatWasSkipped(t *testing.T) {
	t.Parallel()
	apia, err := time.LoadLocation("Pacific/Apia")
	require.NoError(t, err)
	the31st := civil.Midnight(2011, time.December, 31, apia)
	require.Equal(t, "2011-12-31T00:00:00+14:00", the31st.Format(time.RFC3339))
	require.True(t, civil.Midnight(2011, time.December, 30, apia).Equal(the31st))
	require.Equal(t, "2011-12-29T00:00:00-10:00", civil.Midnight(2011, time.December, 29, apia).Format(time.RFC3339))
}
