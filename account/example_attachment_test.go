package account_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/memory"
)

// keeper is a deployment that keeps files, with one active account.
func keeper() (*habilis.Habilis, account.Actor) {
	ctx, inbox := context.Background(), notify.NewInbox()
	h := habilis.Must(habilis.New(memory.New(), &habilis.Options{
		Mailer: inbox, Contents: blob.NewMemory(),
		Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, // quick; a host leaves it out
	}))
	habilis.Must(h.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: "julie@atelier.example", GivenName: "Julie", FamilyName: "Bon", AcceptConditions: true,
	}))
	habilis.Must(h.Drain(ctx))
	return h, account.Person(habilis.Must(h.Accounts.Activate(ctx, inbox.Token("julie@atelier.example"), "Correct-Horse-7")).ID)
}

// note adds a small file.
func note(h *habilis.Habilis, by account.Actor, designation string) account.Attachment {
	return habilis.Must(h.Accounts.AddAttachment(context.Background(), by, account.NewAttachment{
		Designation: designation, Type: "other", FileName: "note.txt",
	}, strings.NewReader("Bonjour")))
}

func ExampleService_AddAttachment() {
	h, julie := keeper()
	upload := strings.NewReader("%PDF-1.7 ...") // usually the body of a request, as it comes
	a, err := h.Accounts.AddAttachment(context.Background(), julie, account.NewAttachment{
		Designation: "Devis signé", Type: "supporting_document", FileName: `C:\scans\devis.html`,
	}, upload)
	fmt.Println(a.Status, a.MediaType, a.FileName, a.DownloadName(), err)
	_, err = h.Accounts.AddAttachment(context.Background(), julie, account.NewAttachment{Designation: "Page"}, strings.NewReader("<html>"))
	for _, f := range habilis.FieldsOf(err) {
		fmt.Println(f.Path, f.Code)
	}
	// Output:
	// stored application/pdf devis.html Devis signé.pdf <nil>
	// type required
	// content media_type
}

func ExampleService_EditAttachment() {
	h, julie := keeper()
	a := note(h, julie, "Note")
	a, err := h.Accounts.EditAttachment(context.Background(), julie, a.ID, account.AttachmentEdit{Designation: "Note de service", Type: "mandate"})
	fmt.Println(a.Designation, a.Type, err)
	// Output: Note de service mandate <nil>
}

func ExampleService_Attachments() {
	h, julie := keeper()
	note(h, julie, "Première")
	note(h, julie, "Deuxième")
	page := habilis.Must(h.Accounts.Attachments(context.Background(), julie, account.AttachmentList{Limit: 1}))
	fmt.Println(len(page.Attachments), page.Next != nil)
	page = habilis.Must(h.Accounts.Attachments(context.Background(), julie, account.AttachmentList{Limit: 1, After: *page.Next}))
	fmt.Println(len(page.Attachments), page.Next != nil)
	// Output:
	// 1 true
	// 1 false
}

func ExampleService_OpenAttachment() {
	h, julie := keeper()
	a, content, err := h.Accounts.OpenAttachment(context.Background(), julie, note(h, julie, "Note").ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = content.Close() }()
	fmt.Println(a.DownloadName(), a.MediaType, string(habilis.Must(io.ReadAll(content))))
	// Output: Note.txt text/plain Bonjour
}

func ExampleService_DeleteAttachment() {
	h, julie := keeper()
	a := note(h, julie, "Note")
	fmt.Println(h.Accounts.DeleteAttachment(context.Background(), julie, a.ID))
	_, _, err := h.Accounts.OpenAttachment(context.Background(), julie, a.ID)
	fmt.Println(habilis.CodeOf(err))
	// Output:
	// <nil>
	// not_found
}

func ExampleService_DeleteAttachments() {
	h, julie := keeper()
	ticked := []account.AttachmentID{note(h, julie, "Note").ID, "no such thing"}
	for _, o := range habilis.Must(h.Accounts.DeleteAttachments(context.Background(), julie, ticked)) {
		fmt.Println(o.Err == nil)
	}
	// Output:
	// true
	// false
}

func ExampleService_ZipAttachments() {
	h, julie := keeper()
	ticked := []account.AttachmentID{note(h, julie, "Note").ID, note(h, julie, "NOTE").ID}
	var response bytes.Buffer // usually that of a request
	if err := h.Accounts.ZipAttachments(context.Background(), julie, ticked, &response); err != nil {
		fmt.Println(err)
	}
	for _, f := range habilis.Must(zip.NewReader(bytes.NewReader(response.Bytes()), int64(response.Len()))).File {
		fmt.Println(f.Name)
	}
	// Output:
	// Note.txt
	// NOTE (2).txt
}

func ExampleService_SetPhoto() {
	h, julie := keeper()
	a, err := h.Accounts.SetPhoto(context.Background(), julie, strings.NewReader("\x89PNG\r\n\x1a\n ..."))
	fmt.Println(a.MediaType, err)
	// Output: image/png <nil>
}

func ExampleService_RemovePhoto() {
	h, julie := keeper()
	habilis.Must(h.Accounts.SetPhoto(context.Background(), julie, strings.NewReader("\x89PNG\r\n\x1a\n ...")))
	fmt.Println(h.Accounts.RemovePhoto(context.Background(), julie))
	// Output: <nil>
}

func ExampleService_SweepAttachments() {
	h, _ := keeper()
	fmt.Println(h.Accounts.SweepAttachments(context.Background())) // Habilis.Run does it every minute
	// Output: 0 <nil>
}

func ExampleService_AttachmentEngine() {
	h, _ := keeper()
	fmt.Println(h.Accounts.AttachmentEngine() != nil) // goes into structure.Options, as habilis.New does it
	// Output: true
}

func ExampleCleanFileName() {
	fmt.Println(account.CleanFileName("../../etc/passwd"))
	fmt.Println(account.CleanFileName("export Atelier\r\nDufour / 2026.csv"))
	// Output:
	// passwd
	// 2026.csv
}
