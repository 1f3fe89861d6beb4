package account

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/internal/blocklist"
	"github.com/habilis-go/habilis/internal/fault"
)

// QuestionPolicy says whether an account has a secret question, as the guides of
// 2019 had it and those of 2024 do not. An answer is weak: never let it be
// the only factor of anything, and count its failures. Question and answer have 255
// characters at most. It is data; the zero value means that there is no question.
type QuestionPolicy struct {
	Required  bool // question and answer are mandatory at activation and reactivation
	MinAnswer int  // least number of characters of the normalised answer. Defaults to 1.
}

// Question2019 is the rule of 2019: question and answer are mandatory. The guides
// say nothing of their lengths.
func Question2019() QuestionPolicy { return QuestionPolicy{Required: true, MinAnswer: 1} }

// maxQuestion bounds question and answer, in characters.
const maxQuestion = 255

// check returns [ErrBadPolicy] if no answer could be long enough.
func (p QuestionPolicy) check() error {
	if p.MinAnswer < 0 || p.MinAnswer > maxQuestion {
		return ErrBadPolicy.With("the answer to a secret question has 1 to 255 characters")
	}
	return nil
}

// Check returns what is wrong with a question and its answer as fields of an input
// error, at the paths "question" and "answer". It reports every bad field.
func (p QuestionPolicy) Check(question, answer string) []fault.Field {
	if !p.Required && question == "" && answer == "" {
		return nil
	}
	var out []fault.Field
	bad := func(path, code string, limit int) {
		f := fault.Field{Path: path, Code: code}
		if limit > 0 {
			f.Param = strconv.Itoa(limit)
		}
		out = append(out, f)
	}
	for _, field := range []struct{ path, text, normal string }{
		{"question", question, strings.TrimSpace(question)},
		{"answer", answer, NormaliseAnswer(answer)},
	} {
		length := utf8.RuneCountInString(field.normal)
		switch {
		case len(field.text) > maxTypedBytes || utf8.RuneCountInString(norm.NFC.String(field.text)) > maxQuestion:
			bad(field.path, "max", maxQuestion)
		case !utf8.ValidString(field.text) || strings.ContainsFunc(field.text, unicode.IsControl):
			bad(field.path, "line", 0)
		case length == 0:
			bad(field.path, "required", 0)
		case field.path == "answer" && length < p.MinAnswer:
			bad(field.path, "answer_min", p.MinAnswer)
		}
	}
	return out
}

// NormaliseAnswer returns the form in which answers to a secret question are
// compared: no space around, single spaces inside, neither case nor accents.
// A text of more than 4096 bytes stays what it is; nothing accepts it as an answer.
func NormaliseAnswer(answer string) string {
	if len(answer) > maxTypedBytes {
		return answer
	}
	return strings.Join(strings.Fields(blocklist.Fold(answer)), " ")
}

// HashAnswer returns the hash of an answer in its normal form. Errors are those of
// [Hasher.Hash].
func (h *Hasher) HashAnswer(ctx context.Context, answer string) (string, error) {
	return h.Hash(ctx, NormaliseAnswer(answer))
}

// CheckAnswer reports whether an answer is the one that stored was made from, as
// [Hasher.Check] does for passwords.
func (h *Hasher) CheckAnswer(ctx context.Context, answer, stored string) (bool, error) {
	return h.Check(ctx, NormaliseAnswer(answer), stored)
}
