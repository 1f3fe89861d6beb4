package habilis

import (
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/i18n"
)

// Code is the stable name of an error, "already_decided". Codes are only ever added.
type Code = fault.Code

// Codes that belong to no single package.
const (
	CodeInvalid  = fault.CodeInvalid
	CodeNotFound = fault.CodeNotFound
	CodeExists   = fault.CodeExists
	CodeConflict = fault.CodeConflict
	CodeDenied   = fault.CodeDenied
	CodeCanceled = fault.CodeCanceled
	CodeTimeout  = fault.CodeTimeout
	CodeInternal = fault.CodeInternal
)

// FieldError names one bad input field: its path in lower camel case, what is wrong
// as a stable code, and the limit that was broken.
type FieldError = fault.Field

// CodeOf classifies any error: "" for nil, [CodeInternal] for one that habilis does
// not know.
func CodeOf(err error) Code { return fault.CodeOf(err) }

// FieldsOf returns every bad field that err names, nil if it names none.
func FieldsOf(err error) []FieldError { return fault.FieldsOf(err) }

// Localize renders err for a person, in French or English, by its code: a sentence
// that is safe to show to anybody. nil gives "".
func Localize(err error, lang language.Tag) string { return localize(i18n.Text, err, lang) }

// LocalizeField renders one bad field for a person, to be shown beside it.
func LocalizeField(f FieldError, lang language.Tag) string { return localizeField(i18n.Text, f, lang) }

// Localize is the function of the same name with the host's own texts.
func (h *Habilis) Localize(err error, lang language.Tag) string {
	return localize(h.messages.Text, err, lang)
}

// LocalizeField is the function of the same name with the host's own texts.
func (h *Habilis) LocalizeField(f FieldError, lang language.Tag) string {
	return localizeField(h.messages.Text, f, lang)
}

type texter func(lang language.Tag, id string, data i18n.Data) string

func localize(text texter, err error, lang language.Tag) string {
	if err == nil {
		return ""
	}
	return text(lang, "error."+string(CodeOf(err)), nil)
}

func localizeField(text texter, f FieldError, lang language.Tag) string {
	return text(lang, "field."+f.Code, i18n.Data{"Param": f.Param})
}
