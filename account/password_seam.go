package account

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/internal/fault"
)

// Remember returns the hashes of former passwords to keep when the current one is
// replaced, the youngest first, and no more than the policy asks for.
func (p PasswordPolicy) Remember(former []string, replaced string) []string {
	if p.History < 1 {
		return nil
	}
	var out []string
	if replaced != "" {
		out = append(out, replaced)
	}
	out = append(out, former...)
	return out[:min(len(out), p.History)]
}

// Reused returns a field of an input error if a new password is the current one, or
// one of the former ones that may not come back; current and former are
// hashes, the youngest former one first. Each takes a hash's time.
func (p PasswordPolicy) Reused(ctx context.Context, h *Hasher, password, current string, former []string) ([]fault.Field, error) {
	field := fault.Field{Path: "password", Code: "password_current"}
	for _, stored := range slices.Concat([]string{current}, former[:min(len(former), p.History)]) {
		if stored != "" {
			same, err := h.Check(ctx, password, stored)
			if err != nil {
				return nil, err
			}
			if same {
				return []fault.Field{field}, nil
			}
		}
		field = fault.Field{Path: "password", Code: "password_history", Param: strconv.Itoa(p.History)}
	}
	return nil, nil
}

// Outdated reports whether a hash has another cost than new hashes get. After a
// sign-in with such a hash its password should be hashed again.
func (h *Hasher) Outdated(stored string) bool {
	cost, _, _, ok := parse(stored)
	return !ok || cost.MemoryKiB != h.cost.MemoryKiB || cost.Passes != h.cost.Passes || cost.Lanes != h.cost.Lanes
}

// QuestionPolicy says whether an account has a secret question, as the guides of
// 2019 had it and those of 2024 do not. It is data; the zero value means
// that there is no question.
type QuestionPolicy struct {
	Required  bool // question and answer are mandatory at activation and reactivation
	MinAnswer int  // least number of characters of the normalised answer. Defaults to 1.
}

// Question2019 is the rule of 2019: question and answer are mandatory.
func Question2019() QuestionPolicy { return QuestionPolicy{Required: true, MinAnswer: 1} }

const maxQuestion = 255

func (p QuestionPolicy) check() error {
	if p.MinAnswer < 0 || p.MinAnswer > maxQuestion {
		return ErrBadPolicy.With("the answer to a secret question has 1 to 255 characters")
	}
	return nil
}

// Check returns what is wrong with a question and its answer as fields of an input
// error, at the paths "question" and "answer".
func (p QuestionPolicy) Check(question, answer string) []fault.Field {
	if !p.Required && question == "" && answer == "" {
		return nil
	}
	var out []fault.Field
	for _, field := range []struct{ path, text string }{{"question", strings.TrimSpace(question)}, {"answer", NormaliseAnswer(answer)}} {
		length := utf8.RuneCountInString(field.text)
		switch {
		case length > maxQuestion:
			out = append(out, fault.Field{Path: field.path, Code: "max", Param: strconv.Itoa(maxQuestion)})
		case !utf8.ValidString(field.text) || strings.ContainsFunc(field.text, unicode.IsControl):
			out = append(out, fault.Field{Path: field.path, Code: "line"})
		case length == 0:
			out = append(out, fault.Field{Path: field.path, Code: "required"})
		case field.path == "answer" && length < p.MinAnswer:
			out = append(out, fault.Field{Path: field.path, Code: "answer_min", Param: strconv.Itoa(p.MinAnswer)})
		}
	}
	return out
}

// NormaliseAnswer returns the form in which answers to a secret question are
// compared: no space around, single spaces inside, neither case nor accents.
func NormaliseAnswer(answer string) string {
	if len(answer) > 4*maxPasswordBytes {
		return answer
	}
	plain, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), cases.Fold(), norm.NFC), answer)
	if err != nil {
		return answer
	}
	return strings.Join(strings.Fields(plain), " ")
}

// HashAnswer returns the hash of an answer in its normal form.
func (h *Hasher) HashAnswer(ctx context.Context, answer string) (string, error) {
	return h.Hash(ctx, NormaliseAnswer(answer))
}

// CheckAnswer reports whether an answer is the one that stored was made from.
func (h *Hasher) CheckAnswer(ctx context.Context, answer, stored string) (bool, error) {
	return h.Check(ctx, NormaliseAnswer(answer), stored)
}
