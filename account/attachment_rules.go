package account

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"

	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
)

// NewAttachment is what somebody tells about a file beside its content.
type NewAttachment struct {
	Designation string // what its owner calls it; mandatory
	Type        string // code of one of the policy's types; mandatory
	FileName    string // as the file was called where it comes from; cleaned, see [CleanFileName]

	// AtMost is the longest that the content can be, in bytes, if that is known, such as
	// the length of the request that carries it. What is longer is refused. Without it
	// an upload under way keeps as much of the quota as the largest file needs. Defaults
	// to 0: not known.
	AtMost int64
}

// AttachmentEdit is what can be changed about an attachment. The content is
// not: delete the attachment and add another.
type AttachmentEdit struct {
	Designation string `validate:"required,line"`
	Type        string `validate:"required"`
}

func (e AttachmentEdit) normalised() AttachmentEdit {
	e.Designation = tidy(e.Designation)
	return e
}

// bad lists every field of e that the policy refuses.
func (p AttachmentPolicy) bad(e AttachmentEdit) []fault.Field {
	fields := check.Fields(e)
	if utf8.RuneCountInString(e.Designation) > p.MaxDesignation {
		fields = append(fields, fault.Field{Path: "designation", Code: "max", Param: strconv.Itoa(p.MaxDesignation)})
	}
	if _, known := p.Type(e.Type); e.Type != "" && !known {
		fields = append(fields, fault.Field{Path: "type", Code: "oneof"})
	}
	return fields
}

// usage is what an owner's attachments take of the quota: those that are there, in
// quarantine, or on their way.
type usage struct {
	files int
	bytes int64
}

func (u usage) plus(a Attachment) usage {
	if a.Type == AttachmentTypePhoto || a.Status == AttachmentRemoved {
		return u
	}
	return usage{u.files + 1, u.bytes + a.Size}
}

// reserve returns how many bytes a new file may have at most, where the owner uses u
// already, or [ErrQuota]. atMost is what the caller knows about it, 0 for nothing.
func (p AttachmentPolicy) reserve(u usage, atMost int64) (int64, error) {
	if u.files >= p.MaxFiles || u.bytes >= p.MaxTotal {
		return 0, ErrQuota
	}
	return min(p.longest(atMost), p.MaxTotal-u.bytes), nil
}

// longest returns how many bytes a file may have, quota aside.
func (p AttachmentPolicy) longest(atMost int64) int64 {
	if atMost > 0 {
		return min(atMost, p.MaxBytes)
	}
	return p.MaxBytes
}

// fits returns [ErrQuota] unless an owner may have u.
func (p AttachmentPolicy) fits(u usage) error {
	if u.files > p.MaxFiles || u.bytes > p.MaxTotal {
		return ErrQuota
	}
	return nil
}

// tooLong is the error about a content above a limit. People read it in Mo.
func tooLong(op string, limit int64) error {
	mega := strconv.FormatFloat(float64(limit)/1e6, 'f', -1, 64)
	return fault.Invalid(op, fault.Field{Path: "content", Code: "file_max", Param: mega})
}

// sniff tells what a content is by its first bytes. What a client says of it does not
// count (FI-10).
func sniff(head []byte) string { return plainType(mimetype.Detect(head)) }

// plainType returns a media type without parameters.
func plainType(m *mimetype.MIME) string {
	name, _, _ := strings.Cut(m.String(), ";")
	return name
}

// extension returns what names of files of a media type end with, ".pdf".
func extension(mediaType string) string {
	if m := mimetype.Lookup(mediaType); m != nil && m.Extension() != "" {
		return m.Extension()
	}
	return ".bin"
}

// DownloadName is what the file is called when it is handed out: the designation with
// the extension of what the content is, whatever the file was called before (FI-04,
// FI-18). It is clean in the sense of [CleanFileName].
func (a Attachment) DownloadName() string {
	return entryName(a.Designation, extension(a.MediaType), nil)
}

// shown is a as its owner gets it: the key of the content stays inside (TI-11).
func (a Attachment) shown() Attachment {
	a.Key = ""
	return a
}

// listed reports whether a is part of its owner's list.
func (a Attachment) listed() bool {
	return a.Type != AttachmentTypePhoto && (a.Status == AttachmentStored || a.Status == AttachmentQuarantined)
}
