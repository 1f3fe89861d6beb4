package i18n_test

import (
	"encoding/json"
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/i18n"
)

func messages(t *testing.T, lang string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("messages." + lang + ".json")
	require.NoError(t, err)
	var m map[string]string
	require.NoError(t, json.Unmarshal(raw, &m))
	return m
}

func TestEveryMessageIsThereInBothLanguages(t *testing.T) {
	t.Parallel()
	en, fr := messages(t, "en"), messages(t, "fr")
	for id := range en {
		require.NotEmpty(t, fr[id], "%s has no French text", id)
		require.Equal(t, en[id], i18n.Text(language.English, id, i18n.Data{"Param": "{{.Param}}", "Who": "{{.Who}}", "Reason": "{{.Reason}}", "Reasons": "{{.Reasons}}", "Changes": "{{.Changes}}", "Account": "{{.Account}}", "Count": "{{.Count}}", "Login": "{{.Login}}", "Day": "{{.Day}}"}))
	}
	require.Len(t, fr, len(en), "French has texts that English lacks")
}

func TestLanguageFallsBackToEnglish(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Simple user", i18n.Text(language.German, "role.member", nil))
	require.Equal(t, "Utilisateur simple", i18n.Text(language.CanadianFrench, "role.member", nil))
	require.Equal(t, "no.such.message", i18n.Text(language.French, "no.such.message", nil))
}

func TestHostOverlaysItsOwnWords(t *testing.T) {
	t.Parallel()
	c, err := i18n.Overlay(fstest.MapFS{"messages.en.json": {Data: []byte(`{"role.member": "Colleague"}`)}})
	require.NoError(t, err)
	require.Equal(t, "Colleague", c.Text(language.English, "role.member", nil))
	require.Equal(t, "Principal manager", c.Text(language.English, "role.principal_manager", nil), "what the host does not name stays")
	require.Equal(t, "Simple user", i18n.Text(language.English, "role.member", nil), "the built-in catalogue does not change")
}
