package main

import (
	"crypto/tls"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/smtptest"
	"github.com/habilis-go/habilis/notify/smtp"
	"github.com/habilis-go/habilis/structure"
)

// post reads what a real mail server received.
type post struct {
	t      *testing.T
	server *smtptest.Server
}

// next waits for a mail to an address that the pattern fits, after the first few,
// and returns what the pattern's group matched.
func (p post) next(to string, pattern *regexp.Regexp, skip int) string {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		for _, m := range p.server.Await(skip + 1)[skip:] {
			require.NoError(p.t, m.Err)
			require.True(p.t, m.TLS)
			if found := pattern.FindStringSubmatch(m.Text); found != nil && m.To[0] == to {
				return found[1]
			}
		}
	}
	p.t.Fatalf("no such mail to %s", to)
	return ""
}

// the manager reads the comment, opens the request and approves it.
//
// TestJourneyInABrowser drives the pages the way a person does, with mails through
// a real mail server and everything in a file.
func TestJourneyInABrowser(t *testing.T) {
	t.Parallel()
	browser := everyday(t)
	mails := post{t, smtptest.Start(t)}
	mailer, err := smtp.New(mails.server.Addr, "no-reply@portal.example", &smtp.Options{
		FromName: "habilis", TLSConfig: &tls.Config{RootCAs: mails.server.Roots(), MinVersion: tls.VersionTLS12},
	})
	require.NoError(t, err)
	db := filepath.Join(t.TempDir(), "portal.db")
	a := start(t, func(c *config) { c.DB, c.Mailer = db, mailer })
	link, code := regexp.MustCompile(`(http://\S+/activate\?token=\S+)`), codeInMail

	// Somebody opens an account and follows the link of the mail.
	const login = "camille@terneuil.example"
	p := newTab(browser, t, "http://"+a.addr, "fr")
	p.open("/sign-in", "Se connecter")
	p.both("01-sign-in", "fr", "en")
	p.press(`a[href="/register"]`, "Créer un compte")
	p.both("02-register", "fr", "en")
	p.press(`main button.main`, "points à corriger")
	p.shoot("03-register-problems-fr")
	p.fill("givenName", "Camille")
	p.fill("familyName", "Roux")
	p.fill("login", login)
	p.tick("#acceptConditions")
	p.press(`main button.main`, "Consultez votre messagerie", login)
	p.both("04-registered", "fr", "en")
	p.open(mails.next(login, link, 0), "Activer votre compte")
	require.Equal(t, "/activate", p.path())
	p.both("05-activate", "fr", "en")
	p.fill("password", "abc")
	p.fill("confirmation", "abc")
	p.press(`main button.main`, "points à corriger")
	p.shoot("06-activate-problems-fr")
	p.fill("password", goodPassword)
	p.fill("confirmation", goodPassword)
	p.press(`main button.main`, "Votre compte est actif")

	// Signing in takes the password and the code that comes by mail.
	before := len(mails.server.Mails())
	p.fill("login", login)
	p.fill("password", goodPassword)
	p.press(`main button.main`, "Saisir le code", "c•••@terneuil.example")
	p.both("07-second-step", "fr", "en")
	p.fill("code", "no")
	p.press(`main button.main`, "point à corriger")
	p.shoot("08-second-step-problem-fr")
	p.fill("code", mails.next(login, code, before))
	p.press(`main button.main`, "Bonjour Camille ROUX")
	p.shoot("09-home-empty-fr")

	// Asking to join a service.
	p.open("/account/memberships", "Vous n’êtes rattaché à aucune structure")
	p.press(`main a.button`, "Structure recherchée")
	p.fill("any", "*terneuil*")
	p.press(`main button.main`, "CCAS Terneuil")
	p.both("10-search", "fr", "en")
	p.press(`main table a`, "Urbanisme")
	ask := p.path()
	p.both("11-ask", "fr", "en")
	urba := serviceOn(t, p.html(), "URBA")
	voie := serviceOn(t, p.html(), "VOIE")
	p.press(`main button.main`, "2 points à corriger")
	p.shoot("12-ask-problems-fr")
	p.tick(`[id="service-` + urba + `"]`)
	p.fill("comment", "Je rejoins l’équipe de l’urbanisme.")
	p.fill("until", "31/03/2099")
	p.press(`main button.main`, "Vérifiez votre demande", "URBA Urbanisme")
	p.shoot("13-ask-preview-fr")
	before = len(mails.server.Mails())
	p.press(`main button.main`, "est envoyée", "En cours de validation", "31/03/2099 inclus")
	p.both("14-memberships-pending", "fr", "en")

	// The manager is told, signs in elsewhere, previews and approves.
	request := mails.next(pauline, regexp.MustCompile(`(http://\S+/manage/requests/\S+)`), before)
	boss := newTab(browser, t, p.base, "en")
	before = len(mails.server.Mails())
	boss.open("/sign-in", "Sign in")
	boss.fill("login", pauline)
	boss.fill("password", demoPassword)
	boss.press(`main button.main`, "Type the code")
	boss.fill("code", mails.next(pauline, code, before))
	boss.press(`main button.main`, "Pauline DUFOUR")
	boss.press(`button[name=lang][value=en]`, "One request to decide")
	boss.both("15-home-manager", "en", "fr")
	boss.open("/manage/requests", "ROUX Camille", "Je rejoins l’équipe")
	boss.both("16-requests", "en", "fr")
	boss.open(request, "Structure", "camille@terneuil.example")
	boss.both("17-request", "en", "fr")
	require.Regexp(t, urba+`" checked`, boss.html())
	require.NotRegexp(t, voie+`" checked`, boss.html())
	boss.press(`main button.main`, "Rights gained", "Invoices issued", "Request approved → "+login)
	boss.shoot("18-request-preview-en")
	boss.special("18-request-preview")
	before = len(mails.server.Mails())
	boss.press(`main button.main`, "is approved")
	boss.shoot("19-request-approved-en")
	boss.open(request, "Decided on")
	boss.shoot("20-request-decided-en")
	boss.press(`main .card a[href$="/history"]`, "Approved", "Requested", "Camille ROUX")
	boss.both("21-history", "en", "fr")

	// The person sees what came of it.
	mails.next(login, regexp.MustCompile(`(URBA)`), before)
	p.open("/account/memberships", "Validé", "URBA Urbanisme")
	p.both("22-memberships-approved", "fr", "en")
	p.special("22-memberships-approved")
	p.open("/", "Factures émises")
	p.both("23-home", "fr", "en")
	p.special("23-home")
	of := ask[len("/account/memberships/ask/"):]
	p.open("/why?structure="+of+"&service="+urba+"&space=invoices.issued&level=write", "Oui, vous le pouvez")
	p.both("24-why-yes", "fr", "en")
	p.open("/why?structure="+of+"&service="+voie+"&space=invoices.issued&level=write", "Non, pas pour le moment")
	p.both("25-why-no", "fr", "en")
	p.open("/dev/mailbox", "Messagerie de développement")
	p.shoot("26-mailbox-fr")
	p.open("/nowhere", "Page introuvable")
	p.shoot("27-not-found-fr")
	p.press(`nav.wide a[href="/sign-out/everywhere"]`, "Se déconnecter partout")
	p.shoot("28-sign-out-everywhere-fr")
	p.press(`main button.main`, "Toutes vos sessions sont terminées")
	require.Equal(t, "/sign-in", p.path())

	decided(t, a, login, structure.ID(of), urba, voie)
}

func serviceOn(t *testing.T, html, code string) string {
	t.Helper()
	found := regexp.MustCompile(`value="([0-9a-f-]{36})"[^>]*><label [^>]*><strong>` + code).FindStringSubmatch(html)
	require.NotNil(t, found, html)
	return found[1]
}
