package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	typing "github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/longtest"
)

// The browsers that the tests know, by the names of their programs. The shell is the same
// browser without a window and what is in it beside the page: a journey takes it less than
// half of the processor time.
const browserShell = "chromium-headless-shell"

func wholeBrowsers() []string { return []string{"chromium", "chromium-browser", "google-chrome"} }

// chromium starts a browser, the quickest that is here, or skips the test where there
// is none.
func chromium(t *testing.T) context.Context {
	t.Helper()
	return startBrowser(t, append([]string{browserShell}, wholeBrowsers()...))
}

// everyday starts the browser that people have where the tests may take long, and
// the quickest otherwise.
func everyday(t *testing.T) context.Context {
	t.Helper()
	if longtest.Wanted() {
		return startBrowser(t, wholeBrowsers())
	}
	return chromium(t)
}

// startBrowser starts the first of the programs that is installed.
func startBrowser(t *testing.T, programs []string) context.Context {
	t.Helper()
	var path string
	for _, name := range programs {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no browser: CI must have chromium")
		}
		t.Skip("no browser: install chromium to run the journey in a real one")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true))
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), opts...)
	t.Cleanup(stop)
	ctx, closed := chromedp.NewContext(ctx)
	t.Cleanup(closed)
	require.NoError(t, chromedp.Do(ctx), "starting %s", path)
	return ctx
}

// patience is how long one step in a browser may take on a machine that is busy with
// other tests.
const patience = time.Minute

// tab is a page of a real browser, with cookies of its own and JavaScript off.
type tab struct {
	t     *testing.T
	ctx   context.Context
	base  string
	shots string
}

func newTab(browser context.Context, t *testing.T, base, lang string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, base: base, shots: os.Getenv("PORTAL_SHOTS")}
	if b.shots != "" {
		require.NoError(t, os.MkdirAll(b.shots, 0o755))
	}
	require.NoError(t, chromedp.Do(ctx)) // opens the tab, which lives as long as the context of this call
	b.do(
		chromedp.EmulateViewport(1280, 900),
		scripts(false),
		func(ctx context.Context, target *chromedp.Target) (v chromedp.Void, err error) {
			_, err = cdp.Call(ctx, target, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
				Headers: network.Headers{"Accept-Language": lang},
			})
			return v, err
		},
	)
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx, steps...))
}

// open goes to a page and expects texts on it.
func (b *tab) open(address string, texts ...string) {
	b.t.Helper()
	if !strings.HasPrefix(address, "http") {
		address = b.base + address
	}
	b.do(chromedp.Navigate(address))
	b.shows(texts...)
}

// press clicks something that leads to another page, and expects texts there.
func (b *tab) press(selector string, texts ...string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector)))
	require.NoError(b.t, err, selector)
	b.shows(texts...)
}

// field finds a field by its id, which may hold a dot.
func field(id string) chromedp.CSS { return chromedp.CSS(`[id="` + id + `"]`) }

// fill puts text into an empty field, all at once as a paste does: key by key takes as
// long as loading a page. A field that was found on the page before is looked for again.
func (b *tab) fill(id, value string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Focus(field(id)))
	for ctx.Err() == nil && err != nil && strings.Contains(err.Error(), "Could not find node") {
		err = chromedp.Do(ctx, chromedp.Focus(field(id)))
	}
	require.NoError(b.t, err)
	b.do(func(ctx context.Context, target *chromedp.Target) (v chromedp.Void, err error) {
		_, err = cdp.Call(ctx, target, typing.InsertText, typing.InsertTextParams{Text: value})
		return v, err
	})
}

func (b *tab) tick(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// html is the page as the browser has it. No page may need a script.
func (b *tab) html() string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	html, err := chromedp.Run(ctx, chromedp.OuterHTML(chromedp.CSS("html")))
	require.NoError(b.t, err)
	require.NotContains(b.t, strings.ToLower(html), "<script")
	require.NotRegexp(b.t, missingText, html)
	return html
}

func (b *tab) shows(texts ...string) {
	b.t.Helper()
	html := b.html()
	for _, text := range texts {
		require.True(b.t, strings.Contains(html, text), "%q is not on %s", text, b.path())
	}
}

func (b *tab) path() string {
	b.t.Helper()
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	require.NoError(b.t, err)
	return strings.TrimPrefix(at, b.base)
}

// shoot keeps a picture of the whole page in the folder PORTAL_SHOTS. Without a folder
// nobody would see it, and taking it is most of the work of a page.
func (b *tab) shoot(name string) {
	b.t.Helper()
	b.picture(name)
	if file := os.Getenv("PORTAL_AXE"); file != "" {
		b.accessible(name, file)
	}
}

// picture is shoot without asking axe-core, which cannot run on a page that allows no
// script at all.
func (b *tab) picture(name string) {
	b.t.Helper()
	if b.shots != "" {
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		require.NoError(b.t, err)
		require.NoError(b.t, os.WriteFile(filepath.Join(b.shots, name+".png"), png, 0o600))
	}
}

// accessible asks axe-core, whose axe.min.js is at the path, what it objects to.
func (b *tab) accessible(name, file string) {
	b.t.Helper()
	axe, err := os.ReadFile(file)
	require.NoError(b.t, err)
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	const ask = `;axe.run().then(r => r.violations.map(v => v.id + ": " + v.help + " " + v.nodes.map(n => n.target + " " + n.failureSummary).join("; ")))`
	require.NoError(b.t, chromedp.Do(ctx, scripts(true)))
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](string(axe)+ask, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err)
	require.NoError(b.t, chromedp.Do(ctx, scripts(false)))
	assert.Empty(b.t, found, "axe on %s", name)
}

// both keeps a picture in each language, and leaves the page in the first.
func (b *tab) both(name, first, second string) {
	b.t.Helper()
	b.shoot(name + "-" + first)
	b.press(`button[name=lang][value=`+second+`]`, `<html lang="`+second+`">`)
	b.shoot(name + "-" + second)
	b.press(`button[name=lang][value=`+first+`]`, `<html lang="`+first+`">`)
}

// special keeps a picture as people with a narrow or a dark screen see the page.
func (b *tab) special(name string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(400, 800))
	b.shoot(name + "-narrow")
	for _, width := range []int64{360, 800, 1000} {
		b.do(chromedp.EmulateViewport(width, 800))
		require.LessOrEqual(b.t, b.wide(), width, "%s scrolls sideways", name)
	}
	b.do(chromedp.EmulateViewport(1280, 900), media("dark"))
	b.shoot(name + "-dark")
	b.do(media("light"))
}

// wide is how wide the page is, be it wider than the window.
func (b *tab) wide() int64 {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	width, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) (int64, error) {
		m, err := cdp.Call(ctx, target, browserpage.GetLayoutMetrics, cdp.Empty{})
		return int64(m.CSSContentSize.Width), err
	})
	require.NoError(b.t, err)
	return width
}

// scripts says whether pages may run any.
func scripts(run bool) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (v chromedp.Void, err error) {
		_, err = cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
		return v, err
	}
}

func media(scheme string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (v chromedp.Void, err error) {
		_, err = cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return v, err
	}
}
