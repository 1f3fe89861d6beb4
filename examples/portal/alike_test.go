package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
)

// stripped is an answer without what is different every time.
func stripped(a answer, login string) (int, string, http.Header, string) {
	h := a.Header.Clone()
	for _, name := range []string{"X-Request-Id", "Date"} {
		h.Del(name)
	}
	if cookie := h.Get("Set-Cookie"); cookie != "" {
		h.Set("Set-Cookie", regexp.MustCompile(`habilis=[^;]+`).ReplaceAllString(cookie, "habilis=x"))
	}
	body := tokenField.ReplaceAllString(a.Body, "")
	for _, around := range []string{`"`, " "} { // not where the demonstration names its accounts
		body = strings.ReplaceAll(body, around+login, around+"LOGIN")
	}
	body = regexp.MustCompile(`\d\d:\d\d`).ReplaceAllString(body, "")
	return a.Status, body, h, a.Path
}

func requireSame(t *testing.T, first, second answer, one, other string) {
	t.Helper()
	s1, b1, h1, p1 := stripped(first, one)
	s2, b2, h2, p2 := stripped(second, other)
	require.Equal(t, s1, s2)
	require.Equal(t, b1, b2)
	require.Equal(t, h1, h2)
	require.Equal(t, p1, p2)
}

// EN-01, EN-17: whoever gives a wrong password does not learn whether there is an
// account: status, bytes, headers and cookies are the same.
func TestSignInAnswersAlikeForAllAddresses(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	var answers []answer
	logins := []string{julie, "x" + julie[1:], "n" + julie[1:]} // all as long
	pending := visit(t, a)
	pending.see("/register")
	pending.send("/register", "login", logins[2], "givenName", "Nora", "familyName", "New", "acceptConditions", "yes", "language", "fr")
	for _, login := range logins {
		v := visit(t, a)
		v.see("/sign-in")
		answers = append(answers, v.send("/sign-in", "login", login, "password", "Wrong-Password-2026"))
		require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	}
	for i := range answers[1:] {
		requireSame(t, answers[0], answers[i+1], logins[0], logins[i+1])
	}
}

// EN-04, EN-17: asking for a new password answers alike for an active account, one that
// waits for its activation, and none; a mail goes only where one is due.
func TestForgottenPasswordAnswersAlikeForAllAddresses(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	logins := []string{julie, "x" + julie[1:], "n" + julie[1:]} // all as long
	pending := visit(t, a)
	pending.see("/register")
	pending.send("/register", "login", logins[2], "givenName", "Nora", "familyName", "New", "acceptConditions", "yes", "language", "fr")
	pending.mail(logins[2])
	var posted, shown []answer
	for _, login := range logins {
		v := visit(t, a)
		v.see("/password/forgotten")
		v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		posted = append(posted, v.send("/password/forgotten", "login", login))
		require.Equal(t, http.StatusSeeOther, v.last.Status)
		require.Equal(t, "/password/forgotten/sent", v.last.Header.Get("Location"))
		shown = append(shown, v.see("/password/forgotten/sent", login))
	}
	for i := range logins[1:] {
		requireSame(t, posted[0], posted[i+1], logins[0], logins[i+1])
		requireSame(t, shown[0], shown[i+1], logins[0], logins[i+1])
	}
	v := visit(t, a)
	v.link(julie, "/password/new", 0)
	for _, m := range a.portal.mailbox.All() {
		require.NotEqual(t, logins[1], m.To)
	}
}

// FL-23: two addresses, a list of them, or a name that some programs read as a list, get
// no mail to anybody.
func TestForgottenPasswordTakesOneAddress(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	const mine = "eve@elsewhere.example"
	for _, form := range []url.Values{
		{"login": {julie, mine}},
		{"login[]": {julie, mine}},
		{"login[0]": {julie}, "login": {mine}},
		{"login": {mine}, "login[]": {julie}},
	} {
		v.see("/password/forgotten")
		form.Set("token", v.token())
		for _, path := range []string{"/password/forgotten", "/sign-in"} {
			require.Equal(t, http.StatusBadRequest, v.do(http.MethodPost, path, form).Status, "%v", form)
		}
	}
	for _, list := range []string{julie + "," + mine, julie + " " + mine, julie + ";" + mine, julie + "\n" + mine, julie + "\x00", `["` + julie + `"]`} {
		v.see("/password/forgotten")
		v.send("/password/forgotten", "login", list)
		require.Equal(t, http.StatusUnprocessableEntity, v.last.Status, list)
	}
	v.see("/password/forgotten")
	token := v.token()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.base+"/password/forgotten?token="+token, strings.NewReader(`{"token":"`+token+`","login":["`+julie+`"]}`))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	res, err := v.client.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	_, err = a.h.Drain(t.Context())
	require.NoError(t, err)
	require.Empty(t, a.portal.mailbox.All())
}

// BF-05: the budget of a source is that of the connection, whatever headers say.
func TestForgedSourcesShareOneBudget(t *testing.T) {
	t.Parallel()
	sources, err := mfa.NewMemorySources(mfa.SourcePolicy{Failures: 3})
	require.NoError(t, err)
	a := start(t, func(c *config) { c.Sources = sources })
	v := visit(t, a)
	for i, from := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "True-Client-Ip"} {
			v.header.Set(name, from)
		}
		v.see("/sign-in")
		v.send("/sign-in", "login", string(rune('a'+i))+"@terneuil.example", "password", "Wrong-Password-2026")
	}
	v.header.Set("X-Forwarded-For", "192.0.2.9")
	v.see("/sign-in")
	v.send("/sign-in", "login", julie, "password", demoPassword)
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status, "the right password is refused, too")
}

// BF-14: whoever guesses links of mails from one connection is soon told of every link that
// it is over, the right one among them, and of each in the same words.
func TestGuessedLinksShareOneBudget(t *testing.T) {
	t.Parallel()
	sources, err := mfa.NewMemorySources(mfa.SourcePolicy{Failures: 4})
	require.NoError(t, err)
	clock := &ahead{}
	a := start(t, func(c *config) {
		clock.config(c)
		c.Sources = sources
	})
	v := visit(t, a)
	link := v.reset(julie)
	guess := "?token=" + strings.Repeat("A", 43)
	over := v.do(http.MethodGet, "/password/new"+guess, nil)
	for _, path := range []string{"/activate", "/login-address/confirm", "/login-address/undo"} {
		require.Contains(t, v.do(http.MethodGet, path+guess, nil).Body, "n’est plus valable", path)
	}
	require.Equal(t, http.StatusGone, over.Status)
	requireSame(t, over, v.do(http.MethodGet, link, nil), "nobody", "nobody")
	clock.pass(time.Minute)
	require.Equal(t, http.StatusOK, v.do(http.MethodGet, link, nil).Status)
}

// EN-06: asking for an address tells nothing about whether somebody else has it, at the
// preview, at the confirmation, or on the page that waits.
func TestTakenLoginAddressIsNotTold(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	ask := func(address string) (out []answer) {
		t.Helper()
		v.see("/account/login-address")
		out = append(out, v.send("/account/login-address", "address", address, "step", "preview"))
		require.Equal(t, http.StatusOK, v.last.Status)
		out = append(out, v.send("/account/login-address", "address", address, "step", "confirm"))
		require.Equal(t, "/account/login-address", v.last.Path)
		out = append(out, v.see("/account/login-address", address))
		v.send("/account/login-address/cancel")
		require.Contains(t, v.last.Body, "est annulé")
		clock.pass(2 * time.Minute)
		for i := range out {
			out[i].Body = strings.ReplaceAll(out[i].Body, address, "ADDRESS")
		}
		return out
	}
	taken, free := ask(pauline), ask("x"+pauline[1:])
	for i := range taken {
		requireSame(t, taken[i], free[i], "", "")
	}
}

// BF-17: wrong passwords are delayed wherever one is asked for, and the form says so.
func TestWrongPasswordsAreDelayedInTheAccount(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	v.see("/account/password")
	for range account.PasswordThrottle().Free {
		v.send("/account/password", "current", "Wrong-Password-2026", "password", otherPassword, "confirmation", otherPassword)
		require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	}
	v.send("/account/password", "current", demoPassword, "password", otherPassword, "confirmation", otherPassword)
	require.Equal(t, http.StatusTooManyRequests, v.last.Status)
	require.Contains(t, v.last.Body, "Trop de tentatives")
	clock.pass(account.Guide2024().FreshProof)
	for range account.PasswordThrottle().Free {
		v.see("/prove")
		v.send("/prove", "password", "Wrong-Password-2026")
	}
	v.send("/prove", "password", demoPassword)
	require.Equal(t, http.StatusTooManyRequests, v.last.Status)
	require.Contains(t, v.last.Body, "Trop de tentatives")
}

// A flood of sign-ins is told to come back later, and what was typed stays.
func TestBusyPortalSaysSo(t *testing.T) {
	t.Parallel()
	require.Equal(t, http.StatusServiceUnavailable, statusOf(account.ErrBusy))
	require.Equal(t, http.StatusServiceUnavailable, statusOfForm(account.ErrBusy))
	require.Equal(t, http.StatusTooManyRequests, statusOfForm(account.ErrThrottled))
	require.Equal(t, http.StatusUnprocessableEntity, statusOfForm(account.ErrInvalidCredentials))
}
