package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// picture is a PNG, filled up to a length if it is shorter.
func picture(n int, c color.RGBA) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 120, 90))
	for y := range 90 {
		for x := range 120 {
			shade := c
			shade.G = uint8(2 * y)
			img.SetRGBA(x, y, shade)
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img)
	return append(b.Bytes(), make([]byte, max(n-b.Len(), 0))...)
}

// pose uploads a photo with a token.
func (v *visitor) pose(token string, content []byte) answer {
	v.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	require.NoError(v.t, form.WriteField("token", token))
	if content != nil {
		w, err := form.CreateFormFile("content", "me.png")
		require.NoError(v.t, err)
		_, err = w.Write(content)
		require.NoError(v.t, err)
	}
	require.NoError(v.t, form.Close())
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+photoPath, &body)
	require.NoError(v.t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	res, err := v.client.Do(r)
	require.NoError(v.t, err)
	defer func() { require.NoError(v.t, res.Body.Close()) }()
	page, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	v.last = answer{Status: res.StatusCode, Header: res.Header, Body: string(page), Path: strings.TrimPrefix(res.Request.URL.String(), v.base)}
	return v.last
}

// R-026, FI-05: a photo is uploaded, shown to its owner only, replaced and removed; it
// leaves as a file that nothing runs in.
func TestPhoto(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v, other := signedIn(t, a, julie), signedIn(t, a, hubert)
	const shown = photoPath + "/content"
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, shown, nil).Status)
	v.see(photoPath, "pas encore de photo", "JPEG, PNG ou WebP")
	first := picture(0, color.RGBA{R: 200, A: 255})
	require.Equal(t, photoPath, v.pose(v.token(), first).Path, v.last.Body)
	require.Contains(t, v.last.Body, "Votre photo est enregistrée")
	address := v.find(`<img class="photo" src="([^"]+)"`)
	v.see("/account", `src="`+address+`"`, "Photo de Julie BON")
	file := v.see(address)
	require.Equal(t, string(first), file.Body)
	require.Equal(t, "image/png", file.Header.Get("Content-Type"))
	require.Equal(t, "attachment; filename=photo.png", file.Header.Get("Content-Disposition"))
	require.Equal(t, "nosniff", file.Header.Get("X-Content-Type-Options"))
	require.Equal(t, "no-store", file.Header.Get("Cache-Control"))
	require.Equal(t, filePolicy, file.Header.Get("Content-Security-Policy"))
	require.Equal(t, http.StatusNotFound, other.do(http.MethodGet, address, nil).Status, "it shows one's own and nobody else's")
	require.Equal(t, "/sign-in", visit(t, a).see(address).Path)
	require.NotContains(t, v.see(attachmentsPath).Body, "photo.png", "it is no attachment of the list")

	v.see(photoPath)
	v.pose(v.token(), picture(0, color.RGBA{B: 200, A: 255}))
	require.NotEqual(t, address, v.find(`<img class="photo" src="([^"]+)"`), "browsers show the new one")
	v.send(photoPath + "/remove")
	require.Equal(t, photoPath, v.last.Path)
	require.Contains(t, v.last.Body, "Votre photo est supprimée")
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, shown, nil).Status)
	v.see(photoPath)
	require.Equal(t, photoPath, v.send(photoPath+"/remove").Path, "removing nothing does nothing")
}

// R-026, FI-02: a photo of exactly the limit is taken, one byte more is not, nor what is
// no picture or empty; and no body is read without end or without our token.
func TestPhotoLimits(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := signedIn(t, a, julie)
	v.see(photoPath)
	token, most := v.token(), int(a.portal.attachments.Photo.MaxBytes)
	red := color.RGBA{R: 200, A: 255}
	for name, content := range map[string][]byte{
		"too long": picture(most+1, red), "no picture": pdf(100), "script": []byte("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
		"empty": {}, "none": nil,
	} {
		require.Equal(t, http.StatusUnprocessableEntity, v.pose(token, content).Status, name)
		require.Contains(t, v.last.Body, `href="#content"`, name)
		require.Equal(t, name == "empty", strings.Contains(v.last.Body, "Ce fichier est vide."), name)
	}
	require.Equal(t, http.StatusOK, v.pose(token, picture(most, red)).Status, v.last.Body)
	require.Equal(t, http.StatusForbidden, v.pose("x", picture(0, red)).Status)
	require.Equal(t, http.StatusRequestEntityTooLarge, v.pose(token, picture(5*most, red)).Status)
	require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, photoPath+"/remove", url.Values{}).Status)
	v.see(photoPath, `class="photo"`)
}

// everything kept about a person leaves as a file for programs or as a
// page to read, to that person only, and the history tells of it.
func TestOwnDataLeaves(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	v := signedIn(t, a, hubert)
	v.see("/account", dataPath)
	v.see(dataPath, "jamais par leur nom")
	file := v.send(dataPath, "format", "json")
	require.Equal(t, http.StatusOK, file.Status, file.Body)
	require.Equal(t, "application/json", file.Header.Get("Content-Type"))
	require.Equal(t, "attachment; filename=mes-donnees.json", file.Header.Get("Content-Disposition"))
	require.Equal(t, "no-store", file.Header.Get("Cache-Control"))
	require.Equal(t, filePolicy, file.Header.Get("Content-Security-Policy"))
	var data structure.PersonalData
	require.NoError(t, json.Unmarshal([]byte(file.Body), &data))
	require.Equal(t, hubert, data.Account.Login)
	require.NotEmpty(t, data.Summary)
	require.Len(t, data.Memberships, 1)
	require.NotContains(t, file.Body, pauline, "others are not in it")

	v.see(dataPath)
	read := v.send(dataPath, "format", "page")
	require.Equal(t, http.StatusOK, read.Status)
	for _, text := range append(data.Summary[:1:1], hubert, "CCAS Terneuil", "Je suis les marchés de voirie.", "Données personnelles exportées") {
		require.Contains(t, read.Body, text)
	}
	require.NotContains(t, read.Body, "Pauline")
	require.Equal(t, http.StatusUnprocessableEntity, v.send(dataPath, "format", "xml").Status)

	// A session that somebody left open gives it to nobody.
	clock.pass(account.Guide2024().FreshProof)
	v.see(dataPath)
	require.Equal(t, "/prove?"+url.Values{"return": {dataPath}}.Encode(), v.send(dataPath, "format", "json").Path)
	require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, dataPath, url.Values{"format": {"json"}}).Status)
	require.Equal(t, "/sign-in", visit(t, a).see(dataPath).Path)
}

// R-430, LG-11: the officer reads what erasing somebody would do, and only the last
// button, with the box ticked, does it.
func TestErasureIsPlannedAndConfirmed(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	target := idOf(t, a, hubert)
	gone := signedIn(t, a, hubert)
	v := signedIn(t, a, fictionalOfficer)
	v.see("/", erasurePath)
	v.see(erasurePath)
	for _, login := range []string{"", "x", "nobody@terneuil.example"} {
		require.Equal(t, http.StatusUnprocessableEntity, v.send(erasurePath, "login", login, "step", "plan").Status)
		require.Contains(t, v.last.Body, `href="#login"`)
	}
	v.send(erasurePath, "login", pauline, "step", "plan")
	require.Contains(t, v.last.Body, "CCAS Terneuil")
	require.NotContains(t, v.last.Body, `name="seen"`, "a principal manager is not erased")
	v.see(erasurePath)
	plan := v.send(erasurePath, "login", hubert, "step", "plan")
	require.Equal(t, http.StatusOK, plan.Status)
	for _, text := range []string{"Hubert DUFOUR", hubert, "Actif", "prennent fin", "définitif"} {
		require.Contains(t, plan.Body, text)
	}
	seen := v.find(seenField.String())
	require.Equal(t, http.StatusUnprocessableEntity, v.send(erasurePath, "login", hubert, "seen", seen, "step", "confirm").Status)
	require.Contains(t, v.last.Body, `href="#confirmed"`)
	v.send(erasurePath, "login", hubert, "seen", "x", "confirmed", "yes", "step", "confirm")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, "La situation a changé")
	gone.see("/account", hubert)

	v.send(erasurePath, "login", hubert, "seen", seen, "confirmed", "yes", "step", "confirm")
	require.Equal(t, erasurePath, v.last.Path, v.last.Body)
	require.Contains(t, v.last.Body, "est effacé")
	require.Equal(t, "/sign-in", gone.see("/account").Path)
	require.NoError(t, a.store.View(t.Context(), func(tx storage.Tx) error {
		left, err := tx.Account(t.Context(), target)
		require.Equal(t, account.StatusAnonymized, left.Status)
		return err
	}))
	require.NotContains(t, v.send(erasurePath, "login", hubert, "step", "plan").Body, "Hubert DUFOUR")
}

// To everybody but the officer there is no such page, and to the officer only with a
// fresh proof and from our own pages.
func TestErasureIsTheOfficers(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	require.Equal(t, "/sign-in", visit(t, a).see(erasurePath).Path)
	for _, who := range []string{pauline, hubert, julie} {
		v := signedIn(t, a, who)
		require.NotContains(t, v.see("/").Body, erasurePath)
		require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, erasurePath, nil).Status)
		v.see("/")
		require.Equal(t, http.StatusNotFound, v.send(erasurePath, "login", hubert, "step", "plan").Status)
	}
	officer := signedIn(t, a, fictionalOfficer)
	officer.see(erasurePath)
	token := officer.token()
	require.Equal(t, http.StatusForbidden, officer.do(http.MethodPost, erasurePath, url.Values{"login": {hubert}}).Status)
	officer.header.Set("Origin", "https://evil.example")
	require.Equal(t, http.StatusForbidden, officer.do(http.MethodPost, erasurePath, url.Values{"token": {token}, "login": {hubert}}).Status)
	officer.header.Del("Origin")
	clock.pass(a.portal.freshProof)
	require.Contains(t, officer.see(erasurePath).Path, "/prove?")
	officer.see("/")
	require.Contains(t, officer.send(erasurePath, "login", hubert, "step", "plan").Path, "/prove?")

	none := start(t, func(c *config) { c.Officer = "Somebody@Else.example" })
	require.Equal(t, "somebody@else.example", none.portal.officer)
	require.Equal(t, http.StatusNotFound, signedIn(t, none, fictionalOfficer).do(http.MethodGet, erasurePath, nil).Status)
	require.Empty(t, start(t, func(c *config) { c.Demo = false }).portal.officer)
}
