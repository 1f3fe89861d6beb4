package main

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// every lists the addresses of all pages, those of somebody signed in apart.
func (p *portal) every() (within, open []string) {
	all := map[string]route{}
	for _, routes := range p.allRoutes() {
		maps.Copy(all, routes)
	}
	part := regexp.MustCompile(`\{[a-z]+\}`)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		at := part.ReplaceAllString(strings.TrimSuffix(path, "{$}"), "x")
		switch r := all[path]; {
		case r.get == nil:
		case r.in:
			within = append(within, at)
		default:
			open = append(open, at)
		}
	}
	return within, open
}

// FL-01, WP-07: every page of somebody's own leads strangers and half sign-ins back to the
// sign-in, and no answer of any page may be framed or kept.
func TestEveryPageIsGuarded(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	within, open := a.portal.every()
	require.Greater(t, len(within), 60)
	nobody, half := visit(t, a), visit(t, a)
	half.halfway(pauline, demoPassword)
	for _, path := range within {
		require.Equal(t, "/sign-in", nobody.see(path).Path, path)
		require.Equal(t, "/sign-in/second-step", half.see(path).Path, path)
		require.NotContains(t, half.last.Body, "CCAS", path)
	}
	nobody.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, path := range append(open, within...) {
		h := nobody.do(http.MethodGet, path, nil).Header
		require.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
		require.Equal(t, "no-store", h.Get("Cache-Control"), path)
	}
}

// PE-26: another spelling of an address, or of a method, opens nothing more to a member.
func TestSpellingsDodgeNoGuard(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, request := ccas(t, a)
	v := signedIn(t, a, hubert)
	s := string(id)
	for _, path := range []string{
		"/structures/" + s + "/members", "/structures/" + s + "/history", "/manage/requests/" + string(request), "/manage/transfer?structures=" + s, "/operator/outbox",
	} {
		bare, query, _ := strings.Cut(path, "?")
		tail := ""
		if query != "" {
			tail = "?" + query
		}
		for _, spelling := range []string{
			bare, bare + "/", "/" + bare, strings.ToUpper(bare), strings.ReplaceAll(bare, "/", "//"), "/account/.." + bare, "/account/%2e%2e" + bare,
			"/account/..%2f" + bare[1:], bare + "/.", bare + ";x=1", bare + "%00", bare + "%20", strings.Replace(bare, "s", "%73", 1),
		} {
			got := v.do(http.MethodGet, spelling+tail, nil)
			require.GreaterOrEqual(t, got.Status, http.StatusBadRequest, spelling)
			require.NotContains(t, got.Body, pauline, spelling)
		}
	}
	approve := "/manage/requests/" + string(request) + "/approve"
	v.see("/")
	token := v.token()
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		v.header.Set(name, http.MethodPost)
	}
	for _, path := range []string{approve + "?_method=POST&step=confirm&token=" + token, approve + "?step=confirm&role=member&scope=whole&token=" + token} {
		require.GreaterOrEqual(t, v.do(http.MethodGet, path, nil).Status, http.StatusBadRequest)
		require.GreaterOrEqual(t, v.do(http.MethodPut, path, url.Values{"token": {token}}).Status, http.StatusBadRequest)
	}
	require.Equal(t, http.StatusNotFound, v.do(http.MethodPost, approve, url.Values{"token": {token}, "_method": {"GET"}, "step": {"confirm"}}).Status)
	require.NotEmpty(t, signedIn(t, a, pauline).see("/manage/requests", "BON Julie").Body, "nothing was decided")
}

// WP-11: a cookie that was changed, cut, blown up or doubled is nobody's.
func TestChangedCookiesAreNobodys(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := signedIn(t, a, julie)
	good := v.cookie().Value
	other := visit(t, a)
	other.see("/sign-in")
	for _, value := range []string{
		good[1:], good[:len(good)-1], strings.ToLower(good) + "x", good + good, strings.Repeat("A", len(good)), "", other.cookie().Value,
		strings.Repeat("x", 20_000),
	} {
		w := visit(t, a)
		w.header.Set("Cookie", "habilis="+value)
		w.client.Jar = nil
		got := w.do(http.MethodGet, "/account", nil)
		require.NotContains(t, got.Body, "/sign-out", value)
		require.False(t, got.Status == http.StatusOK && got.Path == "/account", value)
	}
	w := visit(t, a)
	w.client.Jar = nil
	w.header.Set("Cookie", "habilis=x; habilis="+good)
	require.NotContains(t, w.do(http.MethodGet, "/account", nil).Body, "/sign-out", "the first of two counts")
	require.Equal(t, "/account", v.see("/account").Path, "the session itself is untouched")
}
