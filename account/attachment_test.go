package account_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

const julieBon = "julie.bon@terneuil.example"

// pdf returns a content of n bytes that is a PDF.
func pdf(n int) []byte {
	return append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte{'x'}, max(0, n-9))...)[:n]
}

func png() []byte { return append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), make([]byte, 64)...) }

func file(designation string) account.NewAttachment {
	return account.NewAttachment{Designation: designation, Type: "supporting_document", FileName: designation + ".pdf"}
}

// files returns the account service of a world with another policy or other options.
func files(t *testing.T, w *worldtest.World, change func(*account.Options, *account.AttachmentPolicy)) *account.Service {
	t.Helper()
	p := account.Guide2024()
	o := account.Options{Now: w.Clock.Now, Contents: w.Contents, Policy: &p}
	if change != nil {
		change(&o, &p.Attachments)
	}
	s, err := account.New(storage.Accounts(w.Store), w.Keys, &o)
	require.NoError(t, err)
	return s
}

func add(t *testing.T, s *account.Service, by account.Actor, designation string, content []byte) account.Attachment {
	t.Helper()
	a, err := s.AddAttachment(t.Context(), by, file(designation), bytes.NewReader(content))
	require.NoError(t, err)
	return a
}

// rows returns every row of the table, keys included.
func rows(t *testing.T, w *worldtest.World) (out []account.Attachment) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) (err error) {
		out, err = tx.Attachments(ctx, account.AttachmentQuery{Limit: 1000})
		return err
	}))
	return out
}

// nothingLeft checks that a refused upload left neither a row nor a content.
func nothingLeft(t *testing.T, w *worldtest.World) {
	t.Helper()
	require.Empty(t, rows(t, w))
	require.Empty(t, w.Contents.Keys())
}

// FI-17: a file is added, found, changed,
// read and deleted, and then nothing of it is left but its history.
func TestAttachmentFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, by, content := t.Context(), w.Join(t, julieBon), pdf(5000)
		a, err := w.Accounts.AddAttachment(ctx, by, account.NewAttachment{
			Designation: "  Arrêté de nomination ", Type: "mandate", FileName: `C:\scans\..\arrêté.pdf`,
		}, bytes.NewReader(content))
		require.NoError(t, err)
		sum := sha256.Sum256(content)
		require.Equal(t, account.Attachment{
			ID: a.ID, Owner: account.Owner{Account: by.ID}, Status: account.AttachmentStored, Type: "mandate",
			Designation: "Arrêté de nomination", FileName: "arrêté.pdf", MediaType: "application/pdf", Size: 5000,
			SHA256: hex.EncodeToString(sum[:]), CreatedAt: worldtest.Start, CreatedBy: by.ID, StatusSince: worldtest.Start, Version: 2,
		}, a)
		require.NotContains(t, w.Contents.Keys()[0], "arr", "FI-01: the name plays no part in the key")

		page, err := w.Accounts.Attachments(ctx, by, account.AttachmentList{})
		require.NoError(t, err)
		require.Equal(t, account.AttachmentPage{Attachments: []account.Attachment{a}}, page)

		a, err = w.Accounts.EditAttachment(ctx, by, a.ID, account.AttachmentEdit{Designation: "Arrêté", Type: "other"})
		require.NoError(t, err)
		found, r, err := w.Accounts.OpenAttachment(ctx, by, a.ID)
		require.NoError(t, err)
		require.Equal(t, a, found)
		require.Equal(t, "Arrêté.pdf", found.DownloadName())
		read, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, content, read)
		w.Proven(t)

		require.NoError(t, w.Accounts.DeleteAttachment(ctx, by, a.ID))
		nothingLeft(t, w)
		_, _, err = w.Accounts.OpenAttachment(ctx, by, a.ID)
		require.ErrorIs(t, err, fault.ErrNotFound)
		require.ErrorIs(t, w.Accounts.DeleteAttachment(ctx, by, a.ID), fault.ErrNotFound)
		kinds := w.Kinds(t)
		require.Equal(t, []notify.Kind{"attachment.added", "attachment.changed", "attachment.removed"}, kinds[len(kinds)-3:])
		w.Proven(t)
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			events, err := tx.Events(ctx, notify.EventQuery{Limit: 1000})
			for _, e := range events {
				require.NotContains(t, string(e.State), "rrêté", "no name stands in the history")
				require.NotContains(t, string(e.State), hex.EncodeToString(sum[:]))
			}
			return err
		}))
	})
}

// C-01, R-419, FI-08: what is exactly at a limit is accepted, one more is
// not, and nothing of it stays.
func TestAttachmentLimits(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, 10_000_000, account.AttachmentsGuide2024().MaxBytes)
	require.EqualValues(t, 4_000_000, account.AttachmentsGuide2019().MaxBytes)
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	small := files(t, w, func(_ *account.Options, p *account.AttachmentPolicy) {
		p.MaxBytes, p.MaxTotal, p.MaxFiles = 4_000_000, 8_000_000, 3
	})
	try := func(a account.NewAttachment, content []byte) error {
		a2, err := small.AddAttachment(t.Context(), by, a, bytes.NewReader(content))
		if err == nil {
			require.NoError(t, small.DeleteAttachment(t.Context(), by, a2.ID))
		}
		nothingLeft(t, w)
		return err
	}
	require.NoError(t, try(file("a"), pdf(4_000_000)))
	require.Equal(t, map[string]string{"content": "file_max4 "}, codes(try(file("a"), pdf(4_000_001))))
	known := file("a")
	known.AtMost = 5000
	require.NoError(t, try(known, pdf(5000)))
	require.Equal(t, map[string]string{"content": "file_max0.005 "}, codes(try(known, pdf(5001))))
	require.NoError(t, try(file(strings.Repeat("é", 100)), pdf(10)))
	require.Equal(t, map[string]string{"designation": "max100 "}, codes(try(file(strings.Repeat("é", 101)), pdf(10))))

	add(t, small, by, "a", pdf(4_000_000))
	b := add(t, small, by, "b", pdf(3_999_900))
	c := add(t, small, by, "c", pdf(100))
	require.NoError(t, small.DeleteAttachment(t.Context(), by, c.ID))
	_, err := small.AddAttachment(t.Context(), by, file("c"), bytes.NewReader(pdf(101)))
	require.ErrorIs(t, err, account.ErrQuota, "one byte beyond all that an owner may have")
	add(t, small, by, "c", pdf(10))
	_, err = small.AddAttachment(t.Context(), by, file("d"), bytes.NewReader(pdf(10)))
	require.ErrorIs(t, err, account.ErrQuota, "one file too many")
	require.NoError(t, small.DeleteAttachment(t.Context(), by, b.ID))
	add(t, small, by, "b", pdf(4_000_000-10))
	require.Len(t, w.Contents.Keys(), 3, "FI-17: deleting gives room back")
	w.Proven(t)
}

// FI-20: every bad field is listed, content included, and
// nothing is written.
func TestAddAttachmentListsEveryBadField(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	try := func(a account.NewAttachment, content io.Reader) (m map[string]string) {
		w.Unchanged(t, func() {
			_, err := w.Accounts.AddAttachment(t.Context(), by, a, content)
			require.ErrorIs(t, err, fault.ErrInvalid)
			m = codes(err)
		})
		nothingLeft(t, w)
		return m
	}
	require.Equal(t, map[string]string{"designation": "required ", "type": "required ", "content": "required "}, try(account.NewAttachment{Designation: " "}, nil))
	require.Equal(t, map[string]string{"designation": "line ", "type": "oneof ", "content": "required "},
		try(account.NewAttachment{Designation: "a\nb", Type: account.AttachmentTypePhoto}, strings.NewReader("")))
	require.Equal(t, map[string]string{"content": "media_type "}, try(file("a"), strings.NewReader("<html><script>alert(1)</script></html>")))
	a, err := w.Accounts.AddAttachment(t.Context(), by, account.NewAttachment{Designation: "🧾", Type: "other", FileName: " .. "}, bytes.NewReader(pdf(20)))
	require.NoError(t, err)
	require.Equal(t, "🧾", a.Designation)
	require.Equal(t, "file", a.FileName)
	w.Unchanged(t, func() {
		_, err := w.Accounts.EditAttachment(t.Context(), by, a.ID, account.AttachmentEdit{Designation: strings.Repeat("a", 101), Type: "no such"})
		require.Equal(t, map[string]string{"designation": "max100 ", "type": "oneof "}, codes(err))
	})
}

// FI-04, FI-05, FI-10: what a content is follows from its bytes alone, and so does the
// name that it is handed out under; what could run in a browser is refused.
func TestMediaTypeIsFoundInTheContent(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	for name, c := range map[string]struct{ content, media, download string }{
		"PDF":                        {string(pdf(100)), "application/pdf", "Pièce.pdf"},
		"PNG called HTML":            {string(png()), "image/png", "Pièce.png"},
		"JPEG with an archive in it": {"\xff\xd8\xff\xe0\x00\x10JFIF\x00PK\x03\x04<script>alert(1)</script>", "image/jpeg", "Pièce.jpg"},
		"archive that is never read": {"PK\x03\x04 no archive at all", "application/zip", "Pièce.zip"},
		"text":                       {"Bonjour à tous", "text/plain", "Pièce.txt"},
		"HTML":                       {"<!DOCTYPE html><title>x</title>", "", ""},
		"HTML after spaces":          {"  \n\t<HTML><body onload=alert(1)>", "", ""},
		"SVG":                        {`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "", ""},
		"XML":                        {`<?xml version="1.0"?><x/>`, "", ""},
		"script":                     {"#!/bin/sh\nrm -rf /", "", ""},
		"JavaScript":                 {"#!/usr/bin/env node\nrequire('fs')", "", ""},
		"program":                    {"MZ\x90\x00\x03\x00\x00\x00", "", ""},
		"anything":                   {"\x00\x01\x02\x03", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := w.Accounts.AddAttachment(t.Context(), by, account.NewAttachment{
				Designation: "Pièce", Type: "other", FileName: "facture.html",
			}, strings.NewReader(c.content))
			if c.media == "" {
				require.Equal(t, map[string]string{"content": "media_type "}, codes(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.media, a.MediaType)
			require.Equal(t, c.download, a.DownloadName())
		})
	}
}

// the types are a list that the policy holds, with words for people.
func TestAttachmentTypesHaveLabels(t *testing.T) {
	t.Parallel()
	p := account.AttachmentsGuide2024()
	for _, k := range p.Types {
		require.NotEqual(t, k.Code, k.Label(language.French))
		require.NotEqual(t, k.Code, k.Label(language.English))
	}
	k, ok := p.Type("purchase_order")
	require.True(t, ok)
	require.Equal(t, "Bon de commande", k.Label(language.CanadianFrench))
	require.Equal(t, "Purchase order", k.Label(language.German))
	require.Equal(t, "x", account.AttachmentType{Code: "x"}.Label(language.French))
	for name, bad := range map[string]func(*account.AttachmentPolicy){
		"no size":               func(p *account.AttachmentPolicy) { p.MaxBytes = 0 },
		"no files":              func(p *account.AttachmentPolicy) { p.MaxFiles = 0 },
		"quota below one file":  func(p *account.AttachmentPolicy) { p.MaxTotal = p.MaxBytes - 1 },
		"no types":              func(p *account.AttachmentPolicy) { p.Types = nil },
		"type twice":            func(p *account.AttachmentPolicy) { p.Types = append(slices.Clone(p.Types), p.Types[0]) },
		"type of the photo":     func(p *account.AttachmentPolicy) { p.Types = []account.AttachmentType{{Code: "photo"}} },
		"unknown media type":    func(p *account.AttachmentPolicy) { p.MediaTypes = []string{"application/x-none"} },
		"alias of a media type": func(p *account.AttachmentPolicy) { p.MediaTypes = []string{"application/x-pdf"} },
		"no verdict":            func(p *account.AttachmentPolicy) { p.ScanFailure = "" },
		"no time":               func(p *account.AttachmentPolicy) { p.UploadWindow = 0 },
		"no photo":              func(p *account.AttachmentPolicy) { p.Photo.MediaTypes = nil },
	} {
		policy := account.Guide2024()
		bad(&policy.Attachments)
		w := memoryWorld(t)
		_, err := account.New(storage.Accounts(w.Store), w.Keys, &account.Options{Policy: &policy})
		require.ErrorIs(t, err, account.ErrBadPolicy, name)
	}
}

// R-422, TI-11: an attachment is its owner's alone; whoever knows its identifier or the
// key of its content learns nothing, and changes nothing.
func TestAttachmentsOfOthersDoNotExist(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, owner := t.Context(), w.Join(t, julieBon)
		stranger := w.Join(t, "stranger@terneuil.example")
		a := add(t, w.Accounts, owner, "RIB", pdf(100))
		photo, err := w.Accounts.SetPhoto(ctx, owner, bytes.NewReader(png()))
		require.NoError(t, err)
		key := account.AttachmentID(rows(t, w)[0].Key)
		w.Unchanged(t, func() {
			for _, id := range []account.AttachmentID{a.ID, photo.ID, key, "", "x", "../x"} {
				_, _, err := w.Accounts.OpenAttachment(ctx, stranger, id)
				require.ErrorIs(t, err, fault.ErrNotFound)
				_, err = w.Accounts.EditAttachment(ctx, stranger, id, account.AttachmentEdit{Designation: "a", Type: "other"})
				require.ErrorIs(t, err, fault.ErrNotFound)
				require.ErrorIs(t, w.Accounts.DeleteAttachment(ctx, stranger, id), fault.ErrNotFound)
				var out bytes.Buffer
				require.ErrorIs(t, w.Accounts.ZipAttachments(ctx, stranger, []account.AttachmentID{id}, &out), fault.ErrNotFound)
				require.Zero(t, out.Len())
			}
			page, err := w.Accounts.Attachments(ctx, stranger, account.AttachmentList{})
			require.NoError(t, err)
			require.Empty(t, page.Attachments)
		})
		require.ErrorIs(t, w.Accounts.DeleteAttachment(ctx, owner, photo.ID), fault.ErrNotFound, "the photo goes by RemovePhoto")
	})
}

// FI-11, RP-22: whoever is not active, or has not signed in, gets nothing.
func TestAttachmentsNeedAnActivePerson(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx, by := t.Context(), w.Join(t, julieBon)
	a := add(t, w.Accounts, by, "RIB", pdf(100))
	require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
		row, err := tx.Account(ctx, by.ID)
		row.Status = account.StatusDeactivated
		return errors.Join(err, tx.PutAccount(ctx, row))
	}))
	for actor, want := range map[account.Actor]error{by: account.ErrNotActive, account.Anonymous(): account.ErrActor, account.Support("s1"): account.ErrActor} {
		_, err := w.Accounts.AddAttachment(ctx, actor, file("a"), bytes.NewReader(pdf(10)))
		require.ErrorIs(t, err, want)
		_, err = w.Accounts.EditAttachment(ctx, actor, a.ID, account.AttachmentEdit{Designation: "a", Type: "other"})
		require.ErrorIs(t, err, want)
		_, err = w.Accounts.Attachments(ctx, actor, account.AttachmentList{})
		require.ErrorIs(t, err, want)
		_, _, err = w.Accounts.OpenAttachment(ctx, actor, a.ID)
		require.ErrorIs(t, err, want)
		require.ErrorIs(t, w.Accounts.DeleteAttachment(ctx, actor, a.ID), want)
		_, err = w.Accounts.DeleteAttachments(ctx, actor, []account.AttachmentID{a.ID})
		require.ErrorIs(t, err, want)
		var out bytes.Buffer
		require.ErrorIs(t, w.Accounts.ZipAttachments(ctx, actor, []account.AttachmentID{a.ID}, &out), want)
		require.Zero(t, out.Len())
		_, err = w.Accounts.SetPhoto(ctx, actor, bytes.NewReader(png()))
		require.ErrorIs(t, err, want)
		require.ErrorIs(t, w.Accounts.RemovePhoto(ctx, actor), want)
	}
	require.Len(t, w.Contents.Keys(), 1)
}

// Without a place for contents everything about attachments says so.
func TestAttachmentsNeedContents(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx, by := t.Context(), w.Join(t, julieBon)
	s := files(t, w, func(o *account.Options, _ *account.AttachmentPolicy) { o.Contents = nil })
	_, err := s.AddAttachment(ctx, by, file("a"), bytes.NewReader(pdf(10)))
	require.ErrorIs(t, err, account.ErrNoContents)
	_, err = s.EditAttachment(ctx, by, "x", account.AttachmentEdit{})
	require.ErrorIs(t, err, account.ErrNoContents)
	_, err = s.Attachments(ctx, by, account.AttachmentList{})
	require.ErrorIs(t, err, account.ErrNoContents)
	_, _, err = s.OpenAttachment(ctx, by, "x")
	require.ErrorIs(t, err, account.ErrNoContents)
	require.ErrorIs(t, s.DeleteAttachment(ctx, by, "x"), account.ErrNoContents)
	_, err = s.DeleteAttachments(ctx, by, nil)
	require.ErrorIs(t, err, account.ErrNoContents)
	require.ErrorIs(t, s.ZipAttachments(ctx, by, nil, io.Discard), account.ErrNoContents)
	_, err = s.SetPhoto(ctx, by, nil)
	require.ErrorIs(t, err, account.ErrNoContents)
	require.ErrorIs(t, s.RemovePhoto(ctx, by), account.ErrNoContents)
	_, err = s.SweepAttachments(ctx)
	require.ErrorIs(t, err, account.ErrNoContents)
}

// A list comes in pages, oldest first, without the photo.
func TestAttachmentsComeInPages(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, by := t.Context(), w.Join(t, julieBon)
		var want, got []account.AttachmentID
		for i := range 5 {
			if i == 2 {
				_, err := w.Accounts.SetPhoto(ctx, by, bytes.NewReader(png()))
				require.NoError(t, err)
			}
			w.Clock.Move(time.Second)
			want = append(want, add(t, w.Accounts, by, "a", pdf(20)).ID)
		}
		for _, limit := range []int{1, 2, 4, 5, 6} {
			got = nil
			l := account.AttachmentList{Limit: limit}
			for pages := 1; ; pages++ {
				p, err := w.Accounts.Attachments(ctx, by, l)
				require.NoError(t, err)
				require.LessOrEqual(t, len(p.Attachments), limit)
				for _, a := range p.Attachments {
					got = append(got, a.ID)
				}
				if p.Next == nil {
					require.Equal(t, (5+limit-1)/limit, pages)
					break
				}
				l.After = *p.Next
			}
			require.Equal(t, want, got)
		}
	})
}

// the host keeps what it needs; deleting several says of each what became
// of it.
func TestDeleteAttachments(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx, by := t.Context(), w.Join(t, julieBon)
	other := add(t, w.Accounts, w.Join(t, "x@terneuil.example"), "a", pdf(10))
	a, b, c := add(t, w.Accounts, by, "a", pdf(10)), add(t, w.Accounts, by, "b", pdf(10)), add(t, w.Accounts, by, "c", pdf(10))
	broken := errors.New("the host cannot tell")
	s := files(t, w, func(o *account.Options, _ *account.AttachmentPolicy) {
		o.InUse = func(_ context.Context, f account.Attachment) (bool, error) {
			require.Empty(t, f.Key)
			if f.ID == c.ID {
				return false, broken
			}
			return f.ID == b.ID, nil
		}
	})
	out, err := s.DeleteAttachments(ctx, by, []account.AttachmentID{a.ID, b.ID, a.ID, other.ID, c.ID})
	require.NoError(t, err)
	require.Equal(t, []account.AttachmentOutcome{
		{ID: a.ID},
		{ID: b.ID, Err: account.ErrAttachmentInUse},
		{ID: other.ID, Err: fault.ErrNotFound},
		{ID: c.ID, Err: broken},
	}, out)
	require.Len(t, rows(t, w), 3)
	require.Len(t, w.Contents.Keys(), 3)
	for _, n := range []int{0, account.MaxChosen + 1} {
		_, err := s.DeleteAttachments(ctx, by, make([]account.AttachmentID, n))
		require.Contains(t, codes(err), "ids")
	}
	out, err = s.DeleteAttachments(ctx, by, make([]account.AttachmentID, account.MaxChosen))
	require.NoError(t, err)
	require.Equal(t, []account.AttachmentOutcome{{Err: fault.ErrNotFound}}, out)
	w.Proven(t)
}

// the photo has limits of its own, replaces the former one, takes no room, and
// the profile refers to it.
func TestPhoto(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, by := t.Context(), w.Join(t, julieBon)
		s := files(t, w, func(_ *account.Options, p *account.AttachmentPolicy) {
			p.MaxFiles, p.MaxBytes, p.MaxTotal, p.Photo.MaxBytes = 1, 100, 100, int64(len(png()))
		})
		first, err := s.SetPhoto(ctx, by, bytes.NewReader(png()))
		require.NoError(t, err)
		a, err := byLogin(t, w, julieBon)
		require.NoError(t, err)
		require.Equal(t, first.ID, a.Profile.Photo)
		second, err := s.SetPhoto(ctx, by, bytes.NewReader(png()))
		require.NoError(t, err)
		require.Len(t, w.Contents.Keys(), 1, "the former photo is gone")
		require.Len(t, rows(t, w), 1)
		add(t, s, by, "a", pdf(100))
		_, r, err := s.OpenAttachment(ctx, by, second.ID)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, errors.Join(err, r.Close()))
		require.Equal(t, png(), got)

		for want, content := range map[string][]byte{"media_type ": pdf(50), "required ": nil, "file_max0.00008 ": append(png(), 0)} {
			_, err = s.SetPhoto(ctx, by, bytes.NewReader(content))
			require.Equal(t, map[string]string{"content": want}, codes(err))
		}
		a, err = byLogin(t, w, julieBon)
		require.NoError(t, err)
		require.Equal(t, second.ID, a.Profile.Photo, "a photo that is refused changes nothing")
		require.Len(t, rows(t, w), 2)
		w.Proven(t)

		require.NoError(t, s.RemovePhoto(ctx, by))
		w.Unchanged(t, func() { require.NoError(t, s.RemovePhoto(ctx, by)) })
		require.Len(t, w.Contents.Keys(), 1)
		a, err = byLogin(t, w, julieBon)
		require.NoError(t, err)
		require.Empty(t, a.Profile.Photo)
		w.Proven(t)
	})
}
