package structure_test

import (
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
	"github.com/habilis-go/habilis/structure"
)

// keeping is a deployment that keeps files, with a structure, its manager, and a file.
func keeping() (*structure.Service, account.Actor, structure.ID, account.AttachmentID) {
	ctx, inbox := context.Background(), notify.NewInbox()
	h := habilis.Must(habilis.New(memory.New(), &habilis.Options{
		Mailer: inbox, Contents: blob.NewMemory(),
		Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, // quick; a host leaves it out
	}))
	habilis.Must(h.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: "pauline@atelier.example", GivenName: "Pauline", FamilyName: "Dufour", AcceptConditions: true,
	}))
	habilis.Must(h.Drain(ctx))
	boss := account.Person(habilis.Must(h.Accounts.Activate(ctx, inbox.Token("pauline@atelier.example"), "Correct-Horse-7")).ID)
	place := habilis.Must(h.Structures.Create(ctx, boss, structure.Creation{
		Identifier: structure.SIRET("55203253400646"), LegalName: "Atelier Dufour", Type: structure.Private,
	}))
	a := habilis.Must(h.Structures.AddAttachment(ctx, boss, place.ID, account.NewAttachment{
		Designation: "Statuts", Type: "supporting_document", FileName: "statuts.txt",
	}, strings.NewReader("Article 1")))
	return h.Structures, boss, place.ID, a.ID
}

func ExampleService_AddAttachment() {
	s, boss, place, _ := keeping()
	a, err := s.AddAttachment(context.Background(), boss, place, account.NewAttachment{
		Designation: "RIB", Type: "bank_details", FileName: "rib.pdf",
	}, strings.NewReader("%PDF-1.7 ..."))
	fmt.Println(a.DownloadName(), a.Status, err)
	// Output: RIB.pdf stored <nil>
}

func ExampleService_EditAttachment() {
	s, boss, place, id := keeping()
	a, err := s.EditAttachment(context.Background(), boss, place, id, account.AttachmentEdit{Designation: "Statuts signés", Type: "contract"})
	fmt.Println(a.Designation, err)
	// Output: Statuts signés <nil>
}

func ExampleService_Attachments() {
	s, boss, place, _ := keeping()
	for _, a := range habilis.Must(s.Attachments(context.Background(), boss, place, account.AttachmentList{})).Attachments {
		fmt.Println(a.Designation, a.Size)
	}
	// Output: Statuts 9
}

func ExampleService_OpenAttachment() {
	s, boss, place, id := keeping()
	_, content, err := s.OpenAttachment(context.Background(), boss, place, id)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = content.Close() }()
	fmt.Println(string(habilis.Must(io.ReadAll(content))))
	// Output: Article 1
}

func ExampleService_DeleteAttachment() {
	s, boss, place, id := keeping()
	fmt.Println(s.DeleteAttachment(context.Background(), boss, place, id))
	// Output: <nil>
}

func ExampleService_DeleteAttachments() {
	s, boss, place, id := keeping()
	fmt.Println(len(habilis.Must(s.DeleteAttachments(context.Background(), boss, place, []account.AttachmentID{id}))))
	// Output: 1
}

func ExampleService_ZipAttachments() {
	s, boss, place, id := keeping()
	var response bytes.Buffer
	fmt.Println(s.ZipAttachments(context.Background(), boss, place, []account.AttachmentID{id}, &response), response.Len() > 0)
	// Output: <nil> true
}
