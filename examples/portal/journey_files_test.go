package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/notify"
)

// downloads tells the browser where to put files of this tab, and returns that folder.
func (b *tab) downloads() string {
	b.t.Helper()
	dir := b.t.TempDir()
	b.do(func(ctx context.Context, target *chromedp.Target) (v chromedp.Void, err error) {
		_, err = cdp.Call(ctx, target, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir,
			BrowserContextID: chromedp.FromContext(ctx).BrowserContextID,
		})
		return v, err
	})
	return dir
}

// fetch clicks something that leads to a file, waits for it, and expects the page to
// stay where it is.
func (b *tab) fetch(selector, dir, name string) string {
	b.t.Helper()
	at := b.path()
	b.do(chromedp.Click(chromedp.CSS(selector)))
	content := ""
	require.Eventually(b.t, func() bool {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		content = string(raw)
		return err == nil && content != ""
	}, 20*time.Second, 50*time.Millisecond, "no file %s", name)
	require.Equal(b.t, at, b.path())
	return content
}

// pick chooses a file for a field of a form.
func (b *tab) pick(id, name string, content []byte) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), name)
	require.NoError(b.t, os.WriteFile(file, content, 0o600))
	b.do(chromedp.SetUploadFiles(chromedp.ID(id), []string{file}))
}

// choose picks an option of a list the way the keyboard does.
func (b *tab) choose(id, value string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.ID(id), value))
}

// enter signs somebody in with the pages of the first language of the tab.
func (b *tab) enter(a *app, login, password string) {
	b.t.Helper()
	v := visit(b.t, a)
	before := len(a.portal.mailbox.All())
	b.open("/sign-in")
	b.fill("login", login)
	b.fill("password", password)
	b.press(`main button.main`)
	b.fill("code", v.code(login, before))
	b.press(`main button.main`)
}

// TestFilesInABrowser keeps, changes, takes away and deletes files, by mouse and by
// keyboard, without a script.
func TestFilesInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	chrome := chromium(t)
	a := start(t, nil)
	p := newTab(chrome, t, "http://"+a.addr, "fr")
	p.enter(a, julie, demoPassword)
	dir := p.downloads()
	p.press(`nav.wide a[href="/account/attachments"]`, "aucune pièce jointe")
	p.both("30-attachments-empty", "fr", "en")
	p.press(`main a.button`, "Un fichier vide est refusé")
	p.both("31-upload", "fr", "en")
	p.fill("designation", "Marché de voirie")
	p.pick("content", "page.html", []byte("<!doctype html><script>alert(1)</script>"))
	p.press(`main button.main`, "2 points à corriger", "Ce type de fichier", `value="Marché de voirie"`)
	p.shoot("32-upload-problems-fr")
	p.choose("type", "contract")
	p.pick("content", "marche.pdf", pdf(1_234_567))
	p.press(`main button.main`, "est ajoutée", "1,2", "Contrat ou marché")

	// The next one by keyboard alone.
	p.open("/account/attachments/new")
	p.do(chromedp.Focus(chromedp.ID("designation")), chromedp.KeyEvent("Notes de réunion"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("Autre"))
	p.pick("content", "notes.txt", []byte("Bonjour.\n"))
	p.do(chromedp.Focus(chromedp.ID("content")), chromedp.KeyEvent(kb.Tab))
	p.key(kb.Enter, "est ajoutée", "Notes de réunion", "Autre document")
	p.both("33-attachments", "fr", "en")
	p.special("33-attachments")

	require.Equal(t, "Bonjour.\n", p.fetch(`a[aria-label="Télécharger Notes de réunion"]`, dir, "Notes de réunion.txt"))
	p.press(`a[aria-label="Modifier Notes de réunion"]`, "Le contenu ne se modifie pas")
	p.both("34-attachment", "fr", "en")
	p.do(chromedp.SetValue(chromedp.ID("designation"), "Compte rendu"))
	p.press(`main button.main`, "Compte rendu", "est enregistrée")

	p.press(`button[value=zip]`, "point à corriger")
	p.shoot("35-nothing-ticked-fr")
	p.tick(`tbody tr:nth-child(1) input[name=files]`)
	p.tick(`tbody tr:nth-child(2) input[name=files]`)
	require.Contains(t, p.fetch(`button[value=zip]`, dir, "pieces-jointes.zip"), "Compte rendu.txt")
	p.press(`button[value=delete]`, "Supprimer 2 pièces jointes", "définitive")
	p.shoot("36-delete-preview-fr")
	p.press(`button[value=confirm]`, "2 pièces jointes supprimées sur 2", "Résultat pour chaque")
	p.shoot("37-deleted-fr")
	p.open("/account/attachments", "aucune pièce jointe")
	require.NotContains(t, p.html(), "Résultat pour chaque", "told once")
}

// key presses a key that leads to another page, and expects texts there.
func (b *tab) key(key string, texts ...string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(key))
	require.NoError(b.t, err)
	b.shows(texts...)
}

// TestFarewellInABrowser closes an account with a successor, comes back, and asks for
// help, in both languages.
func TestFarewellInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	chrome := chromium(t)
	a := start(t, nil)
	found(t, a, "21750001600019", "Mairie de Terneuil", pauline)
	p := newTab(chrome, t, "http://"+a.addr, "fr")
	p.enter(a, pauline, demoPassword)
	p.press(`nav.wide a[href="/account/deactivate"]`, "Désactiver mes accès", "Mairie de Terneuil", "Vous êtes gestionnaire principal de 2 structures")
	p.both("40-deactivate", "fr", "en")
	p.special("40-deactivate")
	p.fill("successorForAll", "nobody@terneuil.example")
	p.tick("#confirmed")
	p.press(`main button.main`, "point à corriger", "nobody@terneuil.example")
	p.shoot("41-deactivate-problems-fr")
	p.do(chromedp.SetValue(chromedp.ID("successorForAll"), hubert))
	p.press(`main button.main`, "Voulez-vous vraiment", hubert, "Mairie de Terneuil")
	p.shoot("42-deactivate-preview-fr")
	p.press(`button[value=change]`, `value="`+hubert+`"`)
	p.press(`main button.main`, "Voulez-vous vraiment")
	p.press(`button[value=confirm]`, "Votre compte est désactivé", "réactiver jusqu’au")
	p.both("43-deactivated", "fr", "en")
	p.open("/account/memberships", "Se connecter")

	p.open("/reactivate", "adresse de connexion")
	p.both("44-reactivate", "fr", "en")
	p.fill("login", pauline)
	p.press(`main button.main`, "Consultez votre messagerie")
	p.both("45-reactivate-sent", "fr", "en")
	link := visit(t, a).arrived(0, func(m notify.Email) string {
		if m.To != pauline || m.Template != notify.MailReactivation {
			return ""
		}
		return linkInMail.FindString(m.Text)
	})
	p.open(link, "Choisissez un nouveau mot de passe")
	require.Equal(t, "/reactivate/password", p.path())
	p.both("46-come-back", "fr", "en")
	p.fill("password", goodPassword)
	p.fill("confirmation", goodPassword)
	p.press(`main button.main`, "Votre compte est réactivé")
	p.shoot("47-sign-in-again-fr")
	p.press(`main a[href="/support"]`, "assistance")
	p.both("48-support", "fr", "en")
	p.press(`main button.main`, "2 points à corriger")
	p.shoot("48-support-problems-fr")
	p.fill("login", "lost@terneuil.example")
	p.fill("text", "Je ne reçois plus le code.")
	p.press(`main button.main`, "transmise")
	p.open("/activate/resend", "activation")
	p.both("49-resend", "fr", "en")
	p.enter(a, pauline, goodPassword)
	p.open("/account/memberships", "CCAS Terneuil", "Utilisateur simple")
}

// TestPeopleAndProgramsInABrowser opens an account for somebody, who accepts the
// conditions, and one for a program, whose credentials leave in one file.
func TestPeopleAndProgramsInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	chrome := chromium(t)
	a := start(t, nil)
	p := newTab(chrome, t, "http://"+a.addr, "fr")
	p.enter(a, pauline, demoPassword)
	p.shoot("50-home-fr")
	p.press(`main a[href$="/people/new"]`, "Ouvrez un compte pour quelqu’un")
	p.both("51-new-person", "fr", "en")
	p.fill("login", "nora@terneuil.example")
	p.press(`main button.main`, "2 points à corriger", `value="nora@terneuil.example"`)
	p.fill("givenName", "Nora")
	p.fill("familyName", "Neuf")
	p.press(`main button.main`, "Un courriel part vers nora@terneuil.example")
	p.shoot("52-person-told-fr")
	n := newTab(chrome, t, p.base, "en")
	n.open(linkInMail.FindString(visit(t, a).mail("nora@terneuil.example")), "Somebody opened this account for you")
	n.both("53-activate-consent", "en", "fr")
	n.fill("password", goodPassword)
	n.fill("confirmation", goodPassword)
	n.press(`main button.main`, "There is a problem")
	n.shoot("54-activate-consent-problem-en")
	n.fill("password", goodPassword)
	n.fill("confirmation", goodPassword)
	n.tick("#acceptConditions")
	n.press(`main button.main`, "Your account is active")

	dir := p.downloads()
	p.open("/")
	p.press(`main a[href$="/technical"]`, "pas d’utilisateur technique")
	p.both("55-technical-empty", "fr", "en")
	p.press(`main a.button`, "TECH_1_")
	p.both("56-new-technical", "fr", "en")
	p.press(`main button.main`, "2 points à corriger")
	p.shoot("57-new-technical-problems-fr")
	p.fill("login", program)
	p.fill("name", "Logiciel de comptabilité")
	p.press(`main button.main`, "une seule fois", "secret-tech_1_26570134200148.csv")
	p.shoot("58-technical-preview-fr")
	secret := p.fetch(`button[value=confirm]`, dir, "secret-tech_1_26570134200148.csv")
	require.Regexp(t, secretLine, secret)
	p.press(`main a[href$="/technical"]`, "ont été exportées", "Logiciel de comptabilité", "Actif")
	p.shoot("59-technical-created-fr")
	p.both("60-technical", "fr", "en")
	p.special("60-technical")
	p.press(`main td a[href$="/reset"]`, "cesse de fonctionner")
	p.both("61-technical-reset", "fr", "en")
	p.tick("#confirmed")
	p.tick("#format-json")
	require.Contains(t, p.fetch(`main button.danger`, dir, "secret-tech_1_26570134200148.json"), `"password"`)
	p.press(`main p a.button.second`, "est remplacé")
	p.press(`main td a[href$="/close"]`, "définitivement")
	p.both("62-technical-close", "fr", "en")
	p.press(`main button.danger`, "est fermé", "Fermé")
	p.shoot("63-technical-closed-fr")
}
