package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
)

// pdf is the beginning of a document, filled up to a length.
func pdf(n int) []byte {
	content := bytes.Repeat([]byte{' '}, n)
	copy(content, "%PDF-1.7\n")
	return content
}

// part is one field of a form with files.
type part struct {
	name, file, media string
	content           []byte
}

// upload posts a form with files, in the order given.
func (v *visitor) upload(parts ...part) answer {
	v.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		disposition := fmt.Sprintf(`form-data; name=%q`, p.name)
		if p.file != "" {
			disposition += `; filename="` + p.file + `"`
			h.Set("Content-Type", p.media)
		}
		h.Set("Content-Disposition", disposition)
		w, err := form.CreatePart(h)
		require.NoError(v.t, err)
		_, err = w.Write(p.content)
		require.NoError(v.t, err)
	}
	require.NoError(v.t, form.Close())
	return v.raw(form.FormDataContentType(), &body)
}

func (v *visitor) raw(contentType string, body io.Reader) answer {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+v.drop(), body)
	require.NoError(v.t, err)
	for name, values := range v.header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", contentType)
	res, err := v.client.Do(r)
	require.NoError(v.t, err)
	defer func() { require.NoError(v.t, res.Body.Close()) }()
	page, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	require.NotRegexp(v.t, missingText, string(page))
	path, _ := strings.CutPrefix(res.Request.URL.String(), v.base)
	v.last = answer{Status: res.StatusCode, Header: res.Header, Body: string(page), Path: path}
	return v.last
}

// drop is where files are sent to: the person's own, or those of the shelf.
func (v *visitor) drop() string { return cmp.Or(v.shelf, attachmentsPath) + "/new" }

// attach uploads a file the way the page does.
func (v *visitor) attach(designation, file, media string, content []byte) answer {
	v.t.Helper()
	v.see(v.drop())
	return v.upload(
		part{name: "token", content: []byte(v.find(`name="token" value="([^"]+)"`))},
		part{name: "designation", content: []byte(designation)},
		part{name: "type", content: []byte("contract")},
		part{name: "content", file: file, media: media, content: content},
	)
}

var fileID = regexp.MustCompile(`name="files" value="([0-9a-f-]{36})"`)

// files lists the ids on the page of attachments.
func (v *visitor) files() []string {
	v.t.Helper()
	v.see(cmp.Or(v.shelf, attachmentsPath))
	var out []string
	for _, found := range fileID.FindAllStringSubmatch(v.last.Body, -1) {
		out = append(out, found[1])
	}
	return out
}

// signedIn is a visitor who is.
func signedIn(t *testing.T, a *app, login string) *visitor {
	t.Helper()
	v := visit(t, a)
	v.enter(login, demoPassword)
	return v
}

// FI-01, FI-04, FI-05, FI-10: a name is cleaned, what the browser says of a content
// counts for nothing, and whatever is kept leaves as a file that no browser runs.
func TestAttachmentsLeaveAsFiles(t *testing.T) {
	t.Parallel()
	v := signedIn(t, start(t, nil), julie)
	for i, name := range []string{"../../x.pdf", `..\\..\\x.pdf`, `C:\\x.pdf`, "/etc/x.pdf", "NUL.pdf", "CON", strings.Repeat("é", 300), "a\u202efdp.exe"} {
		a := v.attach(fmt.Sprintf("Contrat %d", i), name, "text/html", pdf(100))
		require.Equal(t, attachmentsPath, a.Path, a.Body)
		ids := v.files()
		v.see(attachmentsPath + "/" + ids[len(ids)-1])
		shown := v.find(`<dt>Fichier</dt><dd>([^<]+)</dd>`)
		require.NotRegexp(t, `[/\\:]|\.\.|\x{202e}|(?i)^(nul|con)\b`, shown)
		require.LessOrEqual(t, len(shown), 255)

		got := v.see(attachmentsPath + "/" + ids[len(ids)-1] + "/content")
		require.Equal(t, "application/pdf", got.Header.Get("Content-Type"), "FI-10")
		kind, params, err := mime.ParseMediaType(got.Header.Get("Content-Disposition"))
		require.NoError(t, err)
		require.Equal(t, "attachment", kind)
		require.Equal(t, fmt.Sprintf("Contrat %d.pdf", i), params["filename"])
		require.Equal(t, "nosniff", got.Header.Get("X-Content-Type-Options"))
		require.Contains(t, got.Header.Get("Content-Security-Policy"), "sandbox")
		require.Equal(t, "no-store", got.Header.Get("Cache-Control"))
		require.Equal(t, "same-origin", got.Header.Get("Cross-Origin-Resource-Policy"))
		require.Equal(t, string(pdf(100)), got.Body)
	}

	before := v.files()
	const live = `<!doctype html><script>alert(1)</script>`
	for name, content := range map[string]string{"x.png": live, "y.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "z.pdf": "#!/bin/sh\necho"} {
		a := v.attach("Image", name, "image/png", []byte(content))
		require.Equal(t, http.StatusUnprocessableEntity, a.Status, name)
		require.Contains(t, a.Body, "Ce type de fichier")
		require.Contains(t, a.Body, `value="Image"`, "what was typed is kept")
		require.Contains(t, a.Body, `value="contract" selected`)
	}
	require.Equal(t, before, v.files())

	// A document that is an archive and a page, too: it stays the document.
	v.attach("Double", "p.html", "text/html", append(pdf(50), live+"PK\x05\x06"...))
	ids := v.files()
	require.Equal(t, "application/pdf", v.see(attachmentsPath+"/"+ids[len(ids)-1]+"/content").Header.Get("Content-Type"))
}

// FI-02: the names in an archive are unique and stay in their folder.
func TestArchiveHasSafeNames(t *testing.T) {
	t.Parallel()
	v := signedIn(t, start(t, nil), julie)
	for _, name := range []string{"../../x", `..\..\x`, "C:/x", "/etc/x", "NUL", "été 🎉"} {
		require.Equal(t, attachmentsPath, v.attach(name, "x.pdf", "application/pdf", pdf(20)).Path)
	}
	ids := v.files()
	form := url.Values{"token": {v.find(`name="token" value="([^"]+)"`)}, "files": ids, "step": {"zip"}}
	got := v.do(http.MethodPost, attachmentsPath+"/several", form)
	require.Equal(t, http.StatusOK, got.Status)
	require.Equal(t, "application/zip", got.Header.Get("Content-Type"))
	require.Equal(t, "attachment; filename=pieces-jointes.zip", got.Header.Get("Content-Disposition"))
	z, err := zip.NewReader(strings.NewReader(got.Body), int64(len(got.Body)))
	require.NoError(t, err)
	require.Len(t, z.File, len(ids))
	seen := map[string]bool{}
	for _, f := range z.File {
		require.NotRegexp(t, `[/\\:]|\.\.`, f.Name)
		require.NotRegexp(t, `(?i)^nul(\.|$)`, f.Name)
		require.False(t, seen[strings.ToLower(f.Name)], f.Name)
		seen[strings.ToLower(f.Name)] = true
	}
	require.True(t, seen["été 🎉.pdf"])
}

// FI-20 and R-408 over HTTP: the largest file is taken, one byte more is refused with
// what was typed kept, an empty one as well, and a body beyond reason is not read.
func TestUploadLimits(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := signedIn(t, a, julie)
	limit := int(a.portal.attachments.MaxBytes)
	require.Equal(t, attachmentsPath, v.attach("Plein", "x.pdf", "application/pdf", pdf(limit)).Path)
	v.see(attachmentsPath, "PDF, 10\u00a0Mo", "10\u00a0Mo sur 500\u00a0Mo")

	for name, content := range map[string][]byte{"10 Mo au maximum": pdf(limit + 1), "Ce fichier est vide.": {}} {
		got := v.attach("Trop", "x.pdf", "application/pdf", content)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status)
		require.Contains(t, strings.ReplaceAll(got.Body, "\u00a0", " "), name)
		require.Contains(t, got.Body, `value="Trop"`)
		require.Contains(t, got.Body, `href="#content"`)
	}
	v.see(v.drop())
	token := []byte(v.find(`name="token" value="([^"]+)"`))
	got := v.upload(part{name: "token", content: token}, part{name: "designation", content: []byte("Sans")}, part{name: "type", content: []byte("nothing")})
	require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	require.Contains(t, got.Body, `href="#type"`)
	require.Contains(t, got.Body, `href="#content"`)
	require.Contains(t, got.Body, "Ce champ est obligatoire", "R-418: none at all")

	v.see(v.drop())
	long := strings.Repeat("x", 5<<10)
	v.upload(part{name: "token", content: token}, part{name: "designation", content: []byte(long)}, part{name: "type", content: []byte("other")},
		part{name: "content", file: "x.pdf", media: "application/pdf", content: pdf(64)})
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#designation"`)
	require.Contains(t, v.last.Body, long)
	v.upload(part{name: "token", content: token}, part{name: "designation", content: bytes.Repeat([]byte{'x'}, maxField+1)})
	require.Equal(t, http.StatusBadRequest, v.last.Status)
	v.upload(part{name: "token", content: token}, part{name: "type", content: []byte("other")}, part{name: "type", content: []byte("contract")})
	require.Equal(t, http.StatusBadRequest, v.last.Status, "FL-23: a field comes once")
	v.raw("multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n"+string(token)+"\r\n--x\r\nContent-"))
	require.Equal(t, http.StatusBadRequest, v.last.Status)
	v.upload(part{name: "token", content: token}, part{name: "designation", content: []byte("x")}, part{name: "type", content: []byte("other")},
		part{name: "content", file: "x.pdf", media: "application/pdf", content: pdf(5*limit + 1)})
	require.Equal(t, http.StatusRequestEntityTooLarge, v.last.Status)
	require.Len(t, v.files(), 1)
}

// WP-01 for uploads: a file is not even looked at before the token of the form.
func TestForgedUploadsAreRefused(t *testing.T) {
	t.Parallel()
	v := signedIn(t, start(t, nil), julie)
	v.see(v.drop())
	token := part{name: "token", content: []byte(v.find(`name="token" value="([^"]+)"`))}
	file := part{name: "content", file: "x.pdf", media: "application/pdf", content: pdf(10)}
	named := []part{{name: "designation", content: []byte("x")}, {name: "type", content: []byte("other")}}
	for _, form := range [][]part{
		{}, named, append(named, file), {file, token}, append(named, token, file), append([]part{{name: "token", content: []byte("x")}}, append(named, file)...),
	} {
		require.Equal(t, http.StatusForbidden, v.upload(form...).Status)
	}
	good := append([]part{token}, append(named, file)...)
	for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		v.header.Set(header, value)
		require.Equal(t, http.StatusForbidden, v.upload(good...).Status, header)
		v.header.Del(header)
	}
	require.Empty(t, v.files())
	v.client.CheckRedirect = nil
	require.Equal(t, attachmentsPath, v.upload(good...).Path)
}

// RP-22, TI-11, RP-20, FI-11: the address of a file is nothing without the session of
// its owner, and nothing either once the owner has left.
func TestFilesBelongToTheirOwnersSession(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	owner, other, nobody := signedIn(t, a, hubert), signedIn(t, a, pauline), visit(t, a)
	owner.attach("Secret", "x.pdf", "application/pdf", pdf(64))
	id := owner.files()[0]
	for _, path := range []string{"", "/content", "/delete"} {
		require.Equal(t, "/sign-in", nobody.see(attachmentsPath+"/"+id+path).Path)
		require.Equal(t, http.StatusNotFound, other.do(http.MethodGet, attachmentsPath+"/"+id+path, nil).Status)
		require.NotContains(t, nobody.last.Body+other.last.Body, "Secret")
		require.Equal(t, http.StatusNotFound, owner.do(http.MethodGet, attachmentsPath+"/x"+path, nil).Status)
	}
	other.see(attachmentsPath)
	for _, step := range []string{"zip", "delete", "confirm"} {
		other.send(attachmentsPath+"/several", "files", id, "step", step)
		require.NotContains(t, other.last.Body, "Secret")
		require.NotContains(t, other.last.Body, "%PDF")
		other.see(attachmentsPath)
	}
	for _, path := range []string{"", "/delete"} {
		other.send(attachmentsPath+"/"+id+path, "designation", "Mine", "type", "other")
		require.Equal(t, http.StatusNotFound, other.last.Status)
		other.see(attachmentsPath)
	}
	require.Contains(t, owner.see(attachmentsPath+"/"+id+"/content").Body, "%PDF")

	base, err := url.Parse(a.portal.base.String())
	require.NoError(t, err)
	cookies := owner.client.Jar.Cookies(base) // as a thief kept them
	owner.close()
	for _, path := range []string{attachmentsPath, attachmentsPath + "/" + id, attachmentsPath + "/" + id + "/content", "/"} {
		thief := visit(t, a)
		thief.client.Jar.SetCookies(base, cookies)
		thief.see(path)
		require.Equal(t, "/sign-in", thief.last.Path)
		require.NotContains(t, thief.last.Body, "%PDF")
	}
}

// Editing, deleting one, and deleting several with a result for each.
func TestAttachmentsAreKeptInOrder(t *testing.T) {
	t.Parallel()
	v := signedIn(t, start(t, nil), julie)
	for _, name := range []string{"Un", "Deux", "Trois"} {
		v.attach(name, "x.pdf", "application/pdf", pdf(30))
	}
	ids := v.files()
	path := attachmentsPath + "/" + ids[0]
	v.see(path, `value="Un"`, "30\u00a0octets")
	v.send(path, "designation", strings.Repeat("x", 101), "type", "contract")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, strings.Repeat("x", 101))
	v.send(path, "designation", strings.Repeat("x", 100), "type", "mandate")
	require.Equal(t, attachmentsPath, v.last.Path)
	v.see(attachmentsPath, "Mandat ou délégation", strings.Repeat("x", 100))

	v.send(attachmentsPath+"/several", "step", "zip")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status, "nothing ticked")
	require.Contains(t, v.last.Body, `href="#files"`)
	v.send(attachmentsPath+"/several", "step", "delete", "files", ids[1], "files", ids[2])
	require.Equal(t, http.StatusOK, v.last.Status)
	require.Contains(t, v.last.Body, "Supprimer 2 pièces jointes")
	require.Contains(t, v.last.Body, "Deux")
	preview := v.last
	require.Len(t, v.files(), 3, "nothing is deleted before it is confirmed")

	v.see(path + "/delete")
	require.Len(t, v.files(), 3)
	v.see(attachmentsPath + "/" + ids[1] + "/delete")
	v.send(attachmentsPath + "/" + ids[1] + "/delete")
	require.Contains(t, v.last.Body, "est supprimée")
	v.last = preview
	v.send(attachmentsPath+"/several", "step", "confirm", "files", ids[1], "files", ids[2])
	require.Contains(t, v.last.Body, "1 pièce jointe supprimée sur 2")
	require.Contains(t, v.last.Body, "Pièce jointe déjà absente")
	require.Contains(t, v.last.Body, "Trois")
	require.Equal(t, ids[:1], v.files())
}

// What is on its way is held neither in memory nor in the log.
func TestUploadsLeaveNoTraceInTheLog(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	a := start(t, func(c *config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	v := signedIn(t, a, julie)
	v.attach("Papier secret", "nom-secret.pdf", "application/pdf", pdf(20))
	id := v.files()[0]
	v.see(attachmentsPath + "/" + id + "/content")
	require.NotContains(t, log.String(), "secret")
	require.Contains(t, log.String(), "/content")
	_, content, err := a.h.Accounts.OpenAttachment(context.Background(), account.Person(idOf(t, a, julie)), account.AttachmentID(id))
	require.NoError(t, err)
	require.NoError(t, content.Close())
}
