package mfa_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// victim is how an account is protected, and in what state it is when somebody tries to
// get into it.
type victim struct {
	application, codes bool
	alone              bool // the policy refuses the mailbox to whoever has an application
	left               bool // the account is deactivated
	outgrown           bool // a new password is due at the next sign-in
}

// thief tries to get into the account of julie with some of what she knows and holds:
// "password", "mailbox", "application" and "codes".
type thief struct {
	*worldtest.World
	t        *testing.T
	holds    []string
	password string // that the account was given by the thief, "" for none
	seed     mfa.Enrolment
	codes    []string
	id       account.ID
	handle   string
	session  account.Session
}

func newThief(t *testing.T, v victim, holds []string) *thief {
	t.Helper()
	f := &thief{World: world(t), t: t, holds: holds}
	p := mfa.Guide2024()
	p.Factors.MailOnlyAlone = v.alone
	f.Policy(t, p)
	julie := f.Join(t, login)
	f.id = julie.ID
	by := actor(t, f.World)
	if v.codes {
		var err error
		f.codes, err = f.SignIns.NewRecoveryCodes(t.Context(), by)
		require.NoError(t, err)
	}
	if v.application {
		f.seed = enrol(t, f.World, by)
	}
	if v.outgrown {
		require.NoError(t, f.Accounts.RequirePasswordChange(t.Context(), account.Support("S-1"), julie.ID, account.ReasonPolicy))
	}
	if v.left {
		f.Leave(t, julie)
	}
	return f
}

func (f *thief) knows(what string) bool { return slices.Contains(f.holds, what) }

// mailed returns the secret link of the newest mail of a kind, if the thief reads the
// mailbox and there is one.
func (f *thief) mailed(kind notify.Template) string {
	if !f.knows("mailbox") || f.Count(f.t, login, kind) == 0 {
		return "nothing"
	}
	return f.TokenIn(f.t, login, kind)
}

// moves are all doors that the library has for whoever holds no session. What they answer
// does not matter: what counts is whether one of them opens.
func (f *thief) moves() map[string]func() {
	ctx := f.t.Context()
	own := account.NewPassword{Password: "Another-Horse-8-Battery", Confirmation: "Another-Horse-8-Battery"}
	set := func(_ account.Account, err error) {
		if err == nil {
			f.password = own.Password
		}
	}
	opened := func(c mfa.Challenge, err error) {
		if err == nil {
			f.handle = c.Handle
		}
	}
	got := func(s account.Session, err error) {
		if err == nil {
			f.session = s
		}
	}
	nobody := account.Person(f.id) // what a host must never vouch for
	return map[string]func(){
		"begin": func() {
			password := f.password
			if password == "" && f.knows("password") {
				password = worldtest.Password
			}
			f.Clock.Move(time.Minute)
			opened(f.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: password, Device: "x"}))
		},
		"step up": func() {
			opened(f.SignIns.StepUp(ctx, account.Session{Account: f.id}, worldtest.Password))
		},
		"mailbox":     func() { opened(f.SignIns.Switch(ctx, f.handle, account.FactorMailCode)) },
		"application": func() { opened(f.SignIns.Switch(ctx, f.handle, account.FactorAuthenticator)) },
		"codes":       func() { opened(f.SignIns.Switch(ctx, f.handle, account.FactorRecoveryCode)) },
		"key":         func() { opened(f.SignIns.Switch(ctx, f.handle, account.FactorSecurityKey)) },
		"device":      func() { opened(f.SignIns.Switch(ctx, f.handle, account.FactorTrustedDevice)) },
		"resend":      func() { opened(f.SignIns.Resend(ctx, f.handle)) },
		"prove mailbox": func() {
			code := "000000"
			if f.knows("mailbox") && f.Count(f.t, login, notify.MailSignInCode) > 0 {
				code = f.Last(f.t, login, notify.MailSignInCode).Values["Code"]
			}
			_ = f.SignIns.ProveMailCode(ctx, f.handle, code)
		},
		"prove application": func() {
			code := "000000"
			if f.knows("application") && f.seed.Secret != "" {
				code = shows(f.t, f.seed, f.Clock.Now())
			}
			_ = f.SignIns.ProveAuthenticator(ctx, f.handle, code)
		},
		"prove codes": func() {
			code := "AAAA AAAA AAAA AAAA"
			if f.knows("codes") && len(f.codes) > 0 {
				code = f.codes[0]
			}
			_ = f.SignIns.ProveRecoveryCode(ctx, f.handle, code)
		},
		"finish": func() { got(f.SignIns.Finish(ctx, f.handle)) },
		"renew": func() {
			if r, err := f.SignIns.Renew(ctx, f.handle); err == nil {
				set(f.Accounts.ReplaceExpired(ctx, r.Token, own))
			}
		},
		"forget":         func() { _, _ = f.Accounts.ForgotPassword(ctx, account.Anonymous(), login) },
		"reset":          func() { set(f.Accounts.ResetPassword(ctx, f.mailed(notify.MailPasswordReset), own)) },
		"activate again": func() { set(f.Accounts.Activate(ctx, f.mailed(notify.MailActivation), own.Password)) },
		"come back":      func() { _, _ = f.Accounts.RequestReactivation(ctx, account.Anonymous(), login) },
		"reactivate": func() {
			set(f.Accounts.CompleteReactivation(ctx, f.mailed(notify.MailReactivation), own))
		},
		"add an application": func() {
			if e, err := f.SignIns.ReplaceAuthenticator(ctx, nobody); err == nil {
				f.seed, f.holds = e, append(f.holds, "application")
			}
		},
		"make codes": func() {
			if codes, err := f.SignIns.NewRecoveryCodes(ctx, nobody); err == nil {
				f.codes, f.holds = codes, append(f.holds, "codes")
			}
		},
		"change the address": func() { _, _ = f.Accounts.RequestLoginChange(ctx, nobody, "thief@terneuil.example") },
	}
}

// where tells the places that the thief may have reached apart.
func (f *thief) where() string {
	var b strings.Builder
	ctx := f.t.Context()
	require.NoError(f.t, f.Store.View(ctx, func(tx storage.Tx) error {
		a, err := tx.Account(ctx, f.id)
		if err != nil {
			return err
		}
		fmt.Fprint(&b, a.Status, a.Login, a.Credentials.Expired, a.ResetByMail(), f.password != "", len(f.holds))
		ins, err := tx.ExpiredSignIns(ctx, f.Clock.Now().AddDate(1, 0, 0), 100)
		for _, in := range ins {
			if in.Alive(a, mfa.Guide2024(), f.Clock.Now()) == nil {
				fmt.Fprint(&b, "|", in.Asked, in.Purpose, in.CodeMAC != "")
				for _, p := range in.Proofs {
					fmt.Fprint(&b, p.Factor)
				}
			}
		}
		fs, err2 := tx.Factors(ctx, f.id)
		fmt.Fprint(&b, "|", len(fs), err2)
		return err
	}))
	for _, kind := range []notify.Template{notify.MailPasswordReset, notify.MailReactivation} {
		fmt.Fprint(&b, f.Count(f.t, login, kind) > 0)
	}
	return b.String()
}

// explore walks every order of moves, as far as they lead to places not seen before, and
// returns the first that yields a session, and how many places there are.
func explore(t *testing.T, v victim, holds []string, deep int) (way []string, places int) {
	t.Helper()
	names := make([]string, 0, 32)
	for name := range newThief(t, v, holds).moves() {
		names = append(names, name)
	}
	slices.Sort(names)
	seen, ways := map[string]bool{}, [][]string{nil}
	for range deep {
		var next [][]string
		for _, done := range ways {
			for _, name := range names {
				f := newThief(t, v, holds)
				path := append(slices.Clone(done), name)
				for _, step := range path {
					f.moves()[step]()
				}
				if f.session.Account != "" {
					return path, len(seen)
				}
				if at := f.where(); !seen[at] {
					seen[at] = true
					next = append(next, path)
				}
			}
		}
		if ways = next; len(ways) == 0 {
			break
		}
	}
	return nil, len(seen)
}

// FL-01, FL-02, FL-03, FL-08, FL-10, FL-11, FL-14, FL-22: whoever lacks one of the factors that an
// account is protected by gets no session, in whatever order sign-in, another way, reset,
// reactivation, activation, renewal and enrolment are tried. That the walk finds the way in
// for whoever lacks none shows that it would find a hole.
func TestNoPathSkipsTheGate(t *testing.T) {
	t.Parallel()
	deep := 3
	if longtest.Wanted() {
		deep = 9
	}
	plain, app, alone := victim{}, victim{application: true, codes: true}, victim{application: true, alone: true}
	for name, c := range map[string]struct {
		victim victim
		holds  []string
		enters bool
	}{
		"plain: everything but the mailbox":        {plain, []string{"password", "application", "codes"}, false},
		"plain: password and mailbox":              {plain, []string{"password", "mailbox"}, true},
		"application: the password":                {app, []string{"password"}, false},
		"application: the mailbox":                 {app, []string{"mailbox"}, false},
		"application: no password, no mailbox":     {app, []string{"application", "codes"}, false},
		"application: password and application":    {app, []string{"password", "application"}, true},
		"application: password and codes":          {app, []string{"password", "codes"}, true},
		"application: password and mailbox":        {app, []string{"password", "mailbox"}, true},
		"no way back: password and mailbox":        {alone, []string{"password", "mailbox"}, false},
		"no way back: password and application":    {alone, []string{"password", "application"}, true},
		"deactivated: the mailbox":                 {victim{application: true, left: true}, []string{"mailbox"}, false},
		"deactivated: the password and all codes":  {victim{application: true, codes: true, left: true}, []string{"password", "application", "codes"}, false},
		"a new password is due: the password":      {victim{application: true, outgrown: true}, []string{"password"}, false},
		"a new password is due: mailbox":           {victim{application: true, outgrown: true}, []string{"mailbox"}, false},
		"a new password is due: both, no way back": {victim{application: true, alone: true, outgrown: true}, []string{"password", "mailbox"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bound := deep
			switch {
			case c.enters:
				bound = 4
			case slices.Equal(c.holds, []string{"password"}):
				bound = min(deep, 6) // thousands of places; three steps more take minutes
			}
			way, places := explore(t, c.victim, c.holds, bound)
			t.Logf("%d places, %v", places, way)
			if c.enters {
				require.NotEmpty(t, way, "whoever holds everything gets in")
			} else {
				require.Empty(t, way, "somebody got in")
			}
		})
	}
	t.Run("the longest ways in", func(t *testing.T) {
		t.Parallel()
		longtest.Skip(t)
		for _, v := range []victim{{application: true, left: true}, {application: true}, {application: true, outgrown: true}} {
			way, _ := explore(t, v, []string{"mailbox", "application"}, 9)
			require.NotEmpty(t, way, "mailbox and application are enough after a reset or a reactivation")
		}
	})
}
