package account_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
)

// TEC, R-367: what a policy of technical accounts may say.
func TestTechnicalPolicies(t *testing.T) {
	t.Parallel()
	require.NoError(t, account.TechnicalGuide2024().Check())
	for name, spoil := range map[string]func(*account.TechnicalPolicy){
		"no expression":                 func(p *account.TechnicalPolicy) { p.Login = "(" },
		"no lifetime":                   func(p *account.TechnicalPolicy) { p.Lifetime = 0 },
		"negative overlap":              func(p *account.TechnicalPolicy) { p.Overlap = -1 },
		"overlap as long as the secret": func(p *account.TechnicalPolicy) { p.Overlap = p.Lifetime },
		"reminder at the end":           func(p *account.TechnicalPolicy) { p.Reminders = []time.Duration{0} },
		"reminder before the beginning": func(p *account.TechnicalPolicy) { p.Reminders = []time.Duration{p.Lifetime} },
		"none at all":                   func(p *account.TechnicalPolicy) { p.PerStructure = 0 },
	} {
		p := account.TechnicalGuide2024()
		spoil(&p)
		require.ErrorIs(t, p.Check(), account.ErrBadPolicy, name)
	}
	p := account.TechnicalGuide2024()
	for login, fits := range map[string]bool{
		"tech_1_21750001600019@cpro.example": true, "tech_12_a@x.fr": true, "tech_1_@cpro.example": false,
		"xtech_1_a@cpro.example": false, "tech_a_a@cpro.example": false, "": false,
	} {
		require.Equal(t, fits, p.Fits(login), login)
	}
}

// reminders come 60, 30, 15, 7 and 1 days before the end of the 424 days, each
// at its own instant, and the last one is the last.
func TestTechnicalReminders(t *testing.T) {
	t.Parallel()
	p := account.TechnicalGuide2024()
	made := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	a := account.Account{}.WithSecret("digest", "stamp", p, made)
	require.Equal(t, made.Add(424*day), a.SecretExpiresAt(p))
	require.Equal(t, made.Add(364*day), a.DueAt)

	p.Overlap = day
	next := a.WithSecret("another", "stamp", p, made.Add(day))
	require.Equal(t, "digest", next.Credentials.Overlap)
	require.Equal(t, made.Add(2*day), next.Credentials.OverlapUntil)
}
