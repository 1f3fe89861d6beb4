package mfa

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
)

// FL-04, FL-05, FL-11, FL-14: what can be chosen follows from the
// account, its factors and the policy; the first of the order is asked for.
func TestWays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	of := func(kind account.Factor) Factor { return Factor{Kind: kind, ConfirmedAt: now} }
	app, key, codes := of(account.FactorAuthenticator), of(account.FactorSecurityKey), of(account.FactorRecoveryCode)
	half, past, spent := app, app, codes
	codes.Data, spent.Data = []byte(`["one that is left"]`), []byte(`[]`)
	half.ConfirmedAt, past.ExpiresAt = time.Time{}, now
	reset := account.Account{Login: "j@x.example", Credentials: account.Credentials{ChangedAt: now, ResetAt: now}}
	chosen := account.Account{Login: "j@x.example", Credentials: account.Credentials{ChangedAt: now, ResetAt: now.Add(-1)}}
	const none = Refusal("")
	for name, c := range map[string]struct {
		account                 account.Account
		factors                 []Factor
		alone                   bool
		strict                  bool
		locked                  account.Factor
		asked                   account.Factor
		key, app, mail, recover Refusal
	}{
		"nothing added": {chosen, nil, false, false, "", account.FactorMailCode, RefusedNotEnrolled, RefusedNotEnrolled, none, RefusedNotEnrolled},
		"an application": {
			chosen, []Factor{app}, false, false, "", account.FactorAuthenticator, RefusedNotEnrolled, none, none, RefusedNotEnrolled,
		},
		"application and key":         {chosen, []Factor{app, key, codes}, false, false, "", account.FactorSecurityKey, none, none, none, none},
		"application and spent codes": {chosen, []Factor{app, spent}, false, false, "", account.FactorAuthenticator, RefusedNotEnrolled, none, none, RefusedNotEnrolled},
		"an enrolment that is pending": {
			chosen, []Factor{half}, false, false, "", account.FactorMailCode, RefusedNotEnrolled, RefusedNotEnrolled, none, RefusedNotEnrolled,
		},
		"one that is over": {
			chosen, []Factor{past}, false, false, "", account.FactorMailCode, RefusedNotEnrolled, RefusedNotEnrolled, none, RefusedNotEnrolled,
		},
		"no fallback": {
			chosen, []Factor{app}, true, false, "", account.FactorAuthenticator, RefusedNotEnrolled, none, RefusedByPolicy, RefusedNotEnrolled,
		},
		"something stronger is required": {
			chosen, []Factor{app}, false, true, "", account.FactorAuthenticator, RefusedNotEnrolled, none, RefusedByPolicy, RefusedNotEnrolled,
		},
		"something stronger is required, and nothing is there": {
			chosen, nil, false, true, "", account.FactorMailCode, RefusedNotEnrolled, RefusedNotEnrolled, none, RefusedNotEnrolled,
		},
		"no fallback, and nothing else": {
			chosen, []Factor{half}, true, false, "", account.FactorMailCode, RefusedNotEnrolled, RefusedNotEnrolled, none, RefusedNotEnrolled,
		},
		"the mailbox set the password": {
			reset, []Factor{app, codes}, false, false, "", account.FactorAuthenticator, RefusedNotEnrolled, none, RefusedMailbox, none,
		},
		"the mailbox set the password, and is all there is": {
			reset, []Factor{codes}, false, false, "", account.FactorMailCode, RefusedNotEnrolled, RefusedNotEnrolled, none, none,
		},
		"the application is locked": {
			chosen, []Factor{app}, false, false, account.FactorAuthenticator, account.FactorMailCode, RefusedNotEnrolled, RefusedLocked, none, RefusedNotEnrolled,
		},
		"locked, and nothing else is left": {
			reset, []Factor{app}, false, false, account.FactorAuthenticator, account.FactorAuthenticator, RefusedNotEnrolled, RefusedLocked, RefusedMailbox, RefusedNotEnrolled,
		},
	} {
		p := Guide2024()
		p.Factors.MailOnlyAlone, p.Keys.Domain = c.alone, "x.example"
		ways := p.ways(c.account, c.factors, c.strict, func(f account.Factor) bool { return f == c.locked }, now)
		require.Equal(t, []Way{
			{Factor: account.FactorSecurityKey, Refused: c.key},
			{Factor: account.FactorAuthenticator, Refused: c.app},
			{Factor: account.FactorMailCode, Refused: c.mail, Hint: "j•••@x.example"},
			{Factor: account.FactorRecoveryCode, Refused: c.recover},
		}, ways, name)
		require.Equal(t, c.asked, first(ways), name)
		require.Len(t, Challenge{Factor: c.asked, Ways: ways}.Alternatives(), 3, name)
	}
}

func TestAFactorOutsideTheOrderIsNoWay(t *testing.T) {
	t.Parallel()
	p := Guide2024()
	p.Factors.Order = []account.Factor{account.FactorMailCode}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ways := p.ways(account.Account{Login: "j@x.example"}, []Factor{{Kind: account.FactorAuthenticator, ConfirmedAt: now}}, false,
		func(account.Factor) bool { return false }, now)
	require.Len(t, ways, 1)
	require.Equal(t, account.FactorMailCode, first(ways))
	require.ErrorIs(t, open(ways, account.FactorAuthenticator), ErrWayRefused)
}

// CR-08, FL-07, FL-16: a proof that is moved to another sign-in, account, purpose, factor
// or instant proves nothing.
func TestProofsAreSealed(t *testing.T) {
	t.Parallel()
	key := make([]byte, account.KeySize)
	for i := range key {
		key[i] = byte(i)
	}
	keys, err := account.NewKeys(key)
	require.NoError(t, err)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	in := SignIn{ID: "1", Account: "2", Purpose: PurposeSignIn}.
		Proven(keys, account.FactorPassword, "", now).Proven(keys, account.FactorAuthenticator, "3", now)
	require.True(t, sufficient(in.Purpose, in.Holding(keys)))
	for name, change := range map[string]func(*SignIn){
		"sign-in":  func(s *SignIn) { s.ID = "9" },
		"account":  func(s *SignIn) { s.Account = "9" },
		"purpose":  func(s *SignIn) { s.Purpose = PurposeStepUp },
		"factor":   func(s *SignIn) { s.Proofs[1].Factor = account.FactorSecurityKey },
		"instance": func(s *SignIn) { s.Proofs[1].Instance = "9" },
		"instant":  func(s *SignIn) { s.Proofs[1].At = now.Add(time.Microsecond) },
		"seal":     func(s *SignIn) { s.Proofs[1].Seal = s.Proofs[0].Seal },
		"no seal":  func(s *SignIn) { s.Proofs[1].Seal = "" },
	} {
		moved := in
		moved.Proofs = append([]Proof(nil), in.Proofs...)
		change(&moved)
		require.False(t, sufficient(moved.Purpose, moved.Holding(keys)), name)
	}
	require.False(t, sufficient(PurposeSignIn, in.Holding(keys)[1:]), "a second factor alone")
	require.False(t, sufficient(PurposeSignIn, in.Holding(keys)[:1]), "the password alone")
}

func TestFactorPolicies(t *testing.T) {
	t.Parallel()
	require.NoError(t, Guide2024().check())
	for name, change := range map[string]func(*FactorPolicy){
		"nothing":                  func(p *FactorPolicy) { *p = FactorPolicy{} },
		"no mailbox":               func(p *FactorPolicy) { p.Order = p.Order[:2] },
		"a factor twice":           func(p *FactorPolicy) { p.Order = append(p.Order, account.FactorMailCode) },
		"no second factor":         func(p *FactorPolicy) { p.Order = append(p.Order, account.FactorPassword) },
		"no wrong code":            func(p *FactorPolicy) { p.WrongCodes = 0 },
		"no issuer":                func(p *FactorPolicy) { p.Application.Issuer = "" },
		"a long issuer":            func(p *FactorPolicy) { p.Application.Issuer = string(make([]byte, maxIssuer+1)) },
		"a negative skew":          func(p *FactorPolicy) { p.Application.Skew = -1 },
		"a wide skew":              func(p *FactorPolicy) { p.Application.Skew = 3 },
		"no time":                  func(p *FactorPolicy) { p.Application.Enrolment = 0 },
		"more than an hour":        func(p *FactorPolicy) { p.Application.Enrolment = time.Hour + 1 },
		"no tries":                 func(p *FactorPolicy) { p.Application.Tries = 0 },
		"eleven tries":             func(p *FactorPolicy) { p.Application.Tries = 11 },
		"21 recovery codes":        func(p *FactorPolicy) { p.Recovery.Codes = 21 },
		"fewer than none":          func(p *FactorPolicy) { p.Recovery.Codes = -1 },
		"a negative time":          func(p *FactorPolicy) { p.TrustedDevice = -1 },
		"no throttle":              func(p *FactorPolicy) { p.Application.Failures = account.ThrottlePolicy{} },
		"no throttle for recovery": func(p *FactorPolicy) { p.Recovery.Failures = account.ThrottlePolicy{} },
	} {
		p := Guide2024()
		change(&p.Factors)
		require.Error(t, p.check(), name)
	}
}
