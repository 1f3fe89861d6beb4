package account_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/cases"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
)

// chosen adds one file for each designation.
func chosen(t *testing.T, s *account.Service, by account.Actor, designations ...string) []account.AttachmentID {
	t.Helper()
	out := make([]account.AttachmentID, 0, len(designations))
	for i, d := range designations {
		out = append(out, add(t, s, by, d, []byte(fmt.Sprintf("%%PDF-1.7\ncontent %d", i))).ID)
	}
	return out
}

// R-415, FI-02: the archive holds each file once, under a name that says what it is and
// that no program unpacks to anywhere else or over another file.
func TestZipHasSafeUniqueNames(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	ids := chosen(t, w.Accounts, by,
		"Devis", "devis", "DEVIS.PDF", "Devis (2)", "../../etc/passwd", `..\..\boot.ini`, "/absolu", `C:\x`, "CON", "...", "évènement",
		"e\u0301vènement", "straße", "STRASSE", "a\u2044b", strings.Repeat("é", 100), strings.Repeat("👍", 100), "-rf", "file",
	)
	txt, err := w.Accounts.AddAttachment(t.Context(), by, account.NewAttachment{Designation: "Notes", Type: "other"}, strings.NewReader(strings.Repeat("lorem ipsum ", 1000)))
	require.NoError(t, err)
	ids = append(ids, txt.ID, ids[0])
	var out bytes.Buffer
	require.NoError(t, w.Accounts.ZipAttachments(t.Context(), by, ids, &out))
	require.Zero(t, w.Contents.Opened())

	r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	require.Len(t, r.File, 20, "one that is named twice is there once")
	names, folded := []string{}, map[string]bool{}
	for i, f := range r.File {
		names = append(names, f.Name)
		cleanName(t, f.Name)
		require.False(t, folded[cases.Fold().String(f.Name)], "%q is there already", f.Name)
		folded[cases.Fold().String(f.Name)] = true
		require.WithinDuration(t, w.Clock.Now(), f.Modified, time.Second)
		require.True(t, f.Mode().IsRegular())
		rc, err := f.Open()
		require.NoError(t, err)
		got, err := io.ReadAll(rc)
		require.NoError(t, err)
		if i < 19 {
			require.Equal(t, fmt.Sprintf("%%PDF-1.7\ncontent %d", i), string(got))
		}
	}
	require.Equal(t, []string{
		"Devis.pdf", "devis (2).pdf", "DEVIS (3).pdf", "Devis (2) (2).pdf", "passwd.pdf", "boot.ini.pdf", "absolu.pdf", "x.pdf", "_CON.pdf", "file.pdf",
	}, names[:10])
	require.Equal(t, "Notes.txt", names[19])
	require.NotZero(t, r.File[10].Flags&0x800, "names beyond ASCII are marked as UTF-8")
	require.Less(t, r.File[19].CompressedSize64, uint64(1000), "text is compressed")
	readElsewhere(t, out.Bytes(), names)
}

// readElsewhere lets independent programs read the archive.
func readElsewhere(t *testing.T, archive []byte, names []string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.zip")
	require.NoError(t, os.WriteFile(path, archive, 0o600))
	if _, err := exec.LookPath("unzip"); err == nil {
		into := filepath.Join(dir, "unzipped")
		unzip := exec.CommandContext(t.Context(), "unzip", "-q", path, "-d", into)
		unzip.Env = append(os.Environ(), "LC_ALL=C.UTF-8") // elsewhere it spells letters out, until names are too long
		said, err := unzip.CombinedOutput()
		require.NoError(t, err, "%s", said)
		found, err := os.ReadDir(into)
		require.NoError(t, err)
		require.Len(t, found, len(names))
		up, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, up, 2, "nothing was unpacked outside")
	}
	if _, err := exec.LookPath("python3"); err == nil {
		const program = `import sys,zipfile
z=zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
sys.stdout.buffer.write("\n".join(z.namelist()).encode())`
		said, err := exec.CommandContext(t.Context(), "python3", "-c", program, path).CombinedOutput()
		require.NoError(t, err, "%s", said)
		require.Equal(t, names, strings.Split(string(said), "\n"))
	}
}

// an archive is asked for as a whole: one file of somebody else, or none
// at all, and not a byte is written.
func TestZipIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	mine := chosen(t, w.Accounts, by, "a", "b")
	other := chosen(t, w.Accounts, w.Join(t, "x@terneuil.example"), "c")
	photo, err := w.Accounts.SetPhoto(t.Context(), by, bytes.NewReader(png()))
	require.NoError(t, err)
	var out bytes.Buffer
	for _, id := range []account.AttachmentID{other[0], photo.ID, "x"} {
		require.ErrorIs(t, w.Accounts.ZipAttachments(t.Context(), by, append(mine[:2:2], id), &out), fault.ErrNotFound)
	}
	for n, want := range map[int]string{0: "required ", account.MaxChosen + 1: "too_many1000 "} {
		require.Equal(t, map[string]string{"ids": want}, codes(w.Accounts.ZipAttachments(t.Context(), by, make([]account.AttachmentID, n), &out)))
	}
	require.ErrorIs(t, w.Accounts.ZipAttachments(t.Context(), by, make([]account.AttachmentID, account.MaxChosen), &out), fault.ErrNotFound)
	require.Zero(t, out.Len())

	require.NoError(t, w.Accounts.DeleteAttachment(t.Context(), by, mine[1]))
	require.ErrorIs(t, w.Accounts.ZipAttachments(t.Context(), by, mine, &out), fault.ErrNotFound, "FI-17: what was deleted is not in a later archive")
	require.NoError(t, w.Accounts.ZipAttachments(t.Context(), by, mine[:1], &out))
}

// dropping is a client that goes away after so many bytes.
type dropping struct{ left int }

var errDropped = errors.New("broken pipe")

func (d *dropping) Write(p []byte) (int, error) {
	if d.left -= len(p); d.left < 0 {
		return 0, errDropped
	}
	return len(p), nil
}

// FI-16: a client that goes away half-way, or whose request is cancelled, frees every
// reader, and no goroutine stays.
func TestZipFreesEverythingWhenTheClientGoes(t *testing.T) {
	w := memoryWorld(t) // not parallel: it counts goroutines
	by := w.Join(t, julieBon)
	var ids []account.AttachmentID
	for range 4 {
		ids = append(ids, add(t, w.Accounts, by, "a", pdf(200_000)).ID)
	}
	before := runtime.NumGoroutine()
	for _, after := range []int{0, 10, 100_000, 400_000, 799_000} {
		require.ErrorIs(t, w.Accounts.ZipAttachments(t.Context(), by, ids, &dropping{after}), errDropped)
		require.Zero(t, w.Contents.Opened())
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := w.Accounts.ZipAttachments(ctx, by, ids, writer(func(p []byte) (int, error) { cancel(); return len(p), nil }))
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, w.Contents.Opened())
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// An archive whose contents fail is never taken for complete.
func TestZipThatFailsHasNoEnd(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	ids := chosen(t, w.Accounts, by, "a", "b")
	for _, a := range rows(t, w) {
		if a.ID == ids[1] {
			require.NoError(t, w.Contents.Delete(t.Context(), a.Key))
			require.NoError(t, w.Contents.Put(t.Context(), a.Key, strings.NewReader("short")))
		}
	}
	var out bytes.Buffer
	require.ErrorContains(t, w.Accounts.ZipAttachments(t.Context(), by, ids, &out), "5 bytes instead of 18")
	_, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.ErrorIs(t, err, zip.ErrFormat)
}
