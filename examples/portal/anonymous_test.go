package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/stretchr/testify/require"
)

// EN-14: no page that is open to everybody tells how many accounts there are, or that one
// was added: body and headers stay the same.
func TestOpenPagesTellNoTotals(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	_, open := a.portal.every()
	look := func() (out []answer) {
		for _, path := range open {
			if strings.HasPrefix(path, "/dev/") {
				continue // shows mails, on this machine alone
			}
			if got := visit(t, a).do(http.MethodGet, path, nil); got.Status == http.StatusOK { // else it has a number of its own
				out = append(out, got)
			}
		}
		return out
	}
	before := look()
	require.Greater(t, len(before), 10)
	for _, login := range []string{"one@elsewhere.example", "two@elsewhere.example", "three@elsewhere.example"} {
		visit(t, a).join(login, "Nora", "New", "fr")
	}
	for i, now := range look() {
		requireSame(t, before[i], now, "nobody", "nobody")
	}
}

// CR-04: what the store of the sessions keeps is no cookie.
func TestStoredSessionsAreNoCookies(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := signedIn(t, a, julie)
	store, ok := a.portal.sessions.Store.(*memstore.MemStore)
	require.True(t, ok)
	all, err := store.All()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for kept := range all {
		require.NotContains(t, kept, v.cookie().Value)
		w := visit(t, a)
		w.client.Jar = nil
		w.header.Set("Cookie", "habilis="+kept)
		got := w.do(http.MethodGet, "/account", nil)
		require.NotContains(t, got.Body, "/sign-out")
		require.NotContains(t, got.Body, "BON")
	}
	v.see("/account", "BON")
}
