package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// whoever may modify a structure adds, changes and deletes its attachments;
// its members read them, and to anybody else they do not exist.
func TestStructuresHaveAttachments(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id := hospitalOf(t, a)
	v := signedIn(t, a, claire)
	v.shelf = sheetPath(id) + "/attachments"
	v.see(sheetPath(id), v.shelf)
	v.see(v.shelf, "n’a pas de pièce jointe", "Hôpital de Terneuil")
	v.attach("Convention", "convention.pdf", "text/html", pdf(2000))
	require.Equal(t, v.shelf, v.last.Path)
	require.Contains(t, v.last.Body, "Convention")
	require.Equal(t, http.StatusUnprocessableEntity, v.attach("Rien", "x.pdf", "application/pdf", []byte("MZ\x00\x01\x02")).Status)
	v.attach("Annexe", "annexe.pdf", "application/pdf", pdf(3000))
	files := v.files()
	require.Len(t, files, 2)
	require.NotContains(t, v.see(attachmentsPath).Body, "Convention", "not one's own")
	v.see(sheetPath(id), v.shelf+"/"+files[0]+"/content")
	v.see(v.shelf + "/" + files[0])
	require.Equal(t, v.shelf, v.send(v.shelf+"/"+files[0], "designation", "Convention de 2026", "type", "contract").Path)

	reader := signedIn(t, a, "marc.lefevre@terneuil.example")
	reader.shelf = v.shelf
	reader.see(v.shelf, "Convention de 2026", v.shelf+"/"+files[0]+"/content")
	require.NotContains(t, reader.last.Body, v.shelf+"/new")
	require.NotContains(t, reader.last.Body, `value="delete"`)
	form := reader.last
	require.Equal(t, string(pdf(2000)), reader.see(v.shelf+"/"+files[0]+"/content").Body)
	reader.last = form
	require.Equal(t, "application/zip", reader.send(v.shelf+"/several", "step", "zip", "files", files[0]).Header.Get("Content-Type"))
	for _, path := range []string{"/new", "/" + files[0], "/" + files[0] + "/delete"} {
		require.Equal(t, http.StatusForbidden, reader.do(http.MethodGet, v.shelf+path, nil).Status, path)
	}
	reader.see(v.shelf)
	reader.send(v.shelf+"/several", "step", "confirm", "files", files[0])
	require.Equal(t, http.StatusForbidden, reader.last.Status)
	stranger := signedIn(t, a, julie)
	for _, path := range []string{"", "/new", "/" + files[0], "/" + files[0] + "/content"} {
		require.Equal(t, http.StatusNotFound, stranger.do(http.MethodGet, v.shelf+path, nil).Status, path)
	}
	require.Equal(t, http.StatusNotFound, stranger.do(http.MethodGet, attachmentsPath+"/"+files[0]+"/content", nil).Status)

	v.see(v.shelf+"/"+files[0]+"/delete", "Convention de 2026")
	v.send(v.shelf + "/" + files[0] + "/delete")
	require.Contains(t, v.last.Body, "est supprimée")
	v.send(v.shelf+"/several", "step", "delete", "files", files[1])
	require.Contains(t, v.last.Body, "Annexe")
	v.send(v.shelf+"/several", "step", "confirm", "files", files[1])
	require.Equal(t, v.shelf, v.last.Path)
	require.Empty(t, v.files())
}
