package account

import (
	"archive/zip"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"strings"
)

// Zip is [Service.ZipAttachments] for any owner.
func (e *AttachmentEngine) Zip(ctx context.Context, h Holder, ids []AttachmentID, w io.Writer) error {
	ids, err := e.several("account.ZipAttachments", ids)
	if err != nil {
		return err
	}
	var chosen []Attachment
	err = h.View(ctx, func(tx Tx, o Owner) error {
		chosen = make([]Attachment, 0, len(ids))
		for _, id := range ids {
			a, err := ownListed(ctx, tx, o, id)
			if err != nil {
				return err
			}
			if a.Status == AttachmentQuarantined {
				return ErrNotScanned
			}
			chosen = append(chosen, a)
		}
		return nil
	})
	if err != nil {
		return err
	}
	z, taken := newZipper(w), map[string]bool{}
	for _, a := range chosen {
		if err := e.pack(ctx, z, a, taken); err != nil {
			return err
		}
	}
	return z.zip.Close()
}

// pack copies one content into the archive.
func (e *AttachmentEngine) pack(ctx context.Context, z *zipper, a Attachment, taken map[string]bool) error {
	content, err := e.contents.Open(ctx, a.Key)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // it was only read
	entry, err := z.entry(entryName(a.Designation, extension(a.MediaType), taken), a)
	if err != nil {
		return err
	}
	n, err := io.Copy(entry, within{ctx, content})
	if err == nil && n != a.Size {
		err = fmt.Errorf("the content of attachment %s has %d bytes instead of %d", a.ID, n, a.Size)
	}
	return err
}

// zipper writes archives whose entries are all in the method that every program reads
// from a stream. What is compressed already is wrapped as it is.
type zipper struct {
	zip    *zip.Writer
	level  int
	spared map[int]*flate.Writer // by level; used again, since each is large
}

func newZipper(w io.Writer) *zipper {
	z := &zipper{zip: zip.NewWriter(w), spared: map[int]*flate.Writer{}}
	z.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		if f := z.spared[z.level]; f != nil {
			f.Reset(w)
			return f, nil
		}
		f, err := flate.NewWriter(w, z.level)
		z.spared[z.level] = f
		return f, err
	})
	return z
}

func (z *zipper) entry(name string, a Attachment) (io.Writer, error) {
	z.level = flate.NoCompression
	if strings.HasPrefix(a.MediaType, "text/") {
		z.level = flate.DefaultCompression
	}
	return z.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.CreatedAt})
}
