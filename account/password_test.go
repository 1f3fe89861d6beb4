package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/i18n"
)

func lengthOnly(least, most int) account.PasswordPolicy {
	return account.PasswordPolicy{MinLength: least, MaxLength: most}
}

// lengths count code points after NFC; each limit at n and beside it.
func TestPasswordLengths(t *testing.T) {
	t.Parallel()
	p := lengthOnly(12, 256)
	for password, want := range map[string]string{
		strings.Repeat("xq", 5) + "z":            "password_min",
		strings.Repeat("xq", 6):                  "",
		strings.Repeat("e\u0301x", 6):            "",
		strings.Repeat("e\u0301x", 5) + "y":      "password_min",
		strings.Repeat("éx", 128):                "",
		strings.Repeat("e\u0301x", 128):          "", // in NFC it fits
		strings.Repeat("éx", 128) + "y":          "password_max",
		strings.Repeat("🔑", 256):                 "", // 1024 bytes
		strings.Repeat("🔑", 257):                 "password_max",
		strings.Repeat("\u1100\u1161\u11a8", 11): "password_min", // 99 bytes, eleven syllables
		strings.Repeat("\u1100\u1161\u11a8", 12): "",
	} {
		require.Equal(t, want, unmet(p, password, account.Account{}), "%.20q", password)
	}
}

// DS-02: what is too long is refused without being looked at, however long it is.
func TestEndlessPasswordsAreRefusedBeforeWork(t *testing.T) {
	t.Parallel()
	endless := strings.Repeat("Aa1-", 64<<20) // 256 MiB
	julie := account.Account{Login: "julie.bon@terneuil.example", GivenName: "Julie"}
	for _, p := range []account.PasswordPolicy{account.PasswordClassic(), account.PasswordNIST(), account.PasswordPassphrase()} {
		start := time.Now()
		require.Equal(t, "password_max", unmet(p, endless, julie))
		require.Less(t, time.Since(start), time.Second)
	}
	require.Equal(t, "password_max", unmet(lengthOnly(1, 256), strings.Repeat("e\u0301\u0323", 1000), julie))
}

// classes are Unicode's.
func TestClassesOfCharacters(t *testing.T) {
	t.Parallel()
	p := account.PasswordPolicy{MinLength: 1, MaxLength: 256, Digit: true, Lower: true, Upper: true, Special: true}
	for password, want := range map[string]string{
		"ß":          "password_digit password_upper password_special",
		"ẞ":          "password_digit password_lower password_special",
		"İ":          "password_digit password_lower password_special",
		"ı":          "password_digit password_upper password_special",
		"٣":          "password_lower password_upper password_special",
		"ǅ":          "password_digit password_lower password_upper password_special", // a title-case letter is neither
		"中":          "password_digit password_lower password_upper password_special", // a letter without cases
		"🔑":          "password_digit password_lower password_upper",
		" ":          "password_digit password_lower password_upper",
		"€":          "password_digit password_lower password_upper",
		"\u0301":     "password_digit password_lower password_upper password_special", // a mark is no character of its own
		"\u00a0":     "password_digit password_lower password_upper",
		"aZ٣🔑":       "",
		"éÀ7’":       "",
		"aZ7-\x00":   "password_characters",
		"aZ7-\x7f":   "password_characters",
		"aZ7-\u0085": "password_characters",
	} {
		require.Equal(t, want, unmet(p, password, account.Account{}), "%q", password)
	}
}

// The waiver of classes: off unless asked for, and from its length on.
func TestLongPasswordsWaiveClasses(t *testing.T) {
	t.Parallel()
	p := account.PasswordClassic()
	require.Equal(t, "password_digit password_upper", unmet(p, "vélo bleu sous la pluie", account.Account{}))
	p.WaiveAt = 20
	require.Empty(t, unmet(p, "vélo bleu sous pluie", account.Account{}))
	require.Equal(t, "password_digit password_upper", unmet(p, "vélo bleu sous plui", account.Account{}))
}

// CNIL 2022-100, third example: seven different words and 20 characters.
func TestPassphrases(t *testing.T) {
	t.Parallel()
	p := account.PasswordPassphrase()
	for password, want := range map[string]string{
		"vélo bleu sous la pluie de mai":          "",
		"vélo-bleu-sous-la-pluie-de-mai":          "",
		"un tiens vaut mieux que deux tu l’auras": "",
		"vélo bleu sous la pluie mai":             "password_words",
		"vélo vélo VÉLO Velo vélo vélo vélo":      "password_words",
		"a b c d e f g":                           "password_min",
		"a b c d e f ghijklmn":                    "", // 20 characters
		"a b c d e f ghijklm":                     "password_min",
		"":                                        "password_min password_words",
	} {
		require.Equal(t, want, unmet(p, password, account.Account{}), password)
	}
}

// what whoever knows the person would try first.
func TestPasswordsAboutTheirOwner(t *testing.T) {
	t.Parallel()
	julie := account.Account{Login: "julie.delaroche@terneuil.example", GivenName: "Élodie-Julie", FamilyName: "De La Roche"}
	part, whole := lengthOnly(1, 256), lengthOnly(1, 256)
	part.Context, part.Words = account.ContextPart, []string{"Habilis", "Préfecture"}
	whole.Context, whole.Words = account.ContextWhole, part.Words
	for password, want := range map[string][2]string{
		"xq-julie-zr":                      {"password_personal", ""},
		"xq-JULIE-zr":                      {"password_personal", ""},
		"xq-jul1e-zr":                      {"password_personal", ""}, // leet
		"xqélodiezr":                       {"password_personal", ""},
		"xqELODIEzr":                       {"password_personal", ""},
		"xqe\u0301lodiezr":                 {"password_personal", ""},
		"xqrochezr":                        {"password_personal", ""},
		"de la roche":                      {"password_personal", "password_personal"},
		"Julie":                            {"password_personal", "password_personal"},
		"Jul1e-2026!":                      {"password_personal", "password_personal"},
		"julie.delaroche":                  {"password_personal", "password_personal"},
		"julie.delaroche@terneuil.example": {"password_personal", "password_personal"},
		"xq-habilis-zr":                    {"password_context", ""},
		"prefecture2026":                   {"password_context", "password_context"},
		"xq-la-zr":                         {"", ""}, // two letters are too few to forbid
		"xq-terneuil-zr":                   {"", ""}, // the domain belongs to many
	} {
		require.Equal(t, want[0], unmet(part, password, julie), password)
		require.Equal(t, want[1], unmet(whole, password, julie), password)
	}
	require.Empty(t, unmet(part, "xq-julie-zr", account.Account{}), "nothing is known of nobody")
}

// CR-13, R-052: the answer does not depend on the form that a keyboard sends, and
// names every rule each time.
func TestChecklistIsStableUnderNormalisation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { stable(t, rapid.String().Draw(t, "password")) })
}

type fatal interface{ Fatalf(string, ...any) }

func stable(t fatal, password string) {
	julie := account.Account{Login: "julie.bon@terneuil.example", GivenName: "Élodie", FamilyName: "Bon"}
	for _, p := range []account.PasswordPolicy{account.PasswordClassic(), account.PasswordNIST(), account.PasswordPassphrase()} {
		asTyped := p.Checklist(password, julie)
		for _, form := range []norm.Form{norm.NFC, norm.NFD} {
			other := p.Checklist(form.String(password), julie)
			if len(other) != len(asTyped) {
				t.Fatalf("%q: %v and %v", password, asTyped, other)
			}
			for i := range other {
				if other[i] != asTyped[i] {
					t.Fatalf("%q: %v and %v", password, asTyped[i], other[i])
				}
			}
		}
	}
}

func FuzzChecklistIsStable(f *testing.F) {
	for _, seed := range []string{"", "Élodie-2026!", "e\u0301\u0323", "\u1100\u1161\u11a8", "İß٣🔑\x00", "\u0344\u0344", "a\xff\u0301"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, password string) {
		if len(password) > 1000 {
			return // one form of a longer one may be beyond what is looked at
		}
		stable(t, password)
	})
}

// every rule has its sentence in both languages.
func TestRulesHaveWords(t *testing.T) {
	t.Parallel()
	p := account.PasswordClassic()
	p.MinWords, p.Words = 2, []string{"habilis"}
	codes := []string{"password_current", "password_history", "password_breached", "password_confirmation", "answer_min"}
	for _, r := range p.Checklist("", account.Account{}) {
		codes = append(codes, r.Code)
	}
	require.Len(t, codes, 5+12)
	c, err := i18n.Builtin()
	require.NoError(t, err)
	for _, code := range codes {
		require.True(t, c.Has("field."+code), code)
	}
}

// history of n; the current password never comes back.
func TestFormerPasswordsDoNotComeBack(t *testing.T) {
	t.Parallel()
	h := cheap(t)
	hash := func(password string) string {
		stored, err := h.Hash(t.Context(), password)
		require.NoError(t, err)
		return stored
	}
	current, former := hash("now"), []string{hash("one"), hash("two"), hash("three")}
	p := account.PasswordClassic()
	for history, want := range map[int]map[string]string{
		0: {"now": "password_current", "one": "", "new": ""},
		2: {"now": "password_current", "one": "password_history2", "two": "password_history2", "three": "", "new": ""},
		9: {"now": "password_current", "three": "password_history9", "new": ""},
	} {
		p.History = history
		for password, code := range want {
			fields, err := p.Reused(t.Context(), h, password, current, former)
			require.NoError(t, err)
			got := ""
			for _, f := range fields {
				got += f.Code + f.Param
			}
			require.Equal(t, code, got, "%s with a history of %d", password, history)
		}
	}
	fields, err := p.Reused(t.Context(), h, "now", "", nil)
	require.NoError(t, err)
	require.Empty(t, fields, "before activation there is no current password")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	p.History = 9
	_, err = p.Reused(ended, h, "now", current, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = p.Reused(ended, h, "now", "", former)
	require.ErrorIs(t, err, context.Canceled)

	p.History = 0
	require.Empty(t, p.Remember(former, "x"))
	p.History = 3
	require.Equal(t, []string{"x", former[0], former[1]}, p.Remember(former, "x"))
	require.Equal(t, []string{"x"}, p.Remember(nil, "x"))
	require.Equal(t, former, p.Remember(former, ""))
}

// Rotation is off unless asked for.
func TestPasswordsComeOfAge(t *testing.T) {
	t.Parallel()
	set := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := account.PasswordClassic()
	require.False(t, p.Due(set, set.AddDate(100, 0, 0)))
	p.MaxAge = 365 * 24 * time.Hour
	require.False(t, p.Due(set, set.Add(p.MaxAge-1)))
	require.True(t, p.Due(set, set.Add(p.MaxAge)))
}

type breaches func(context.Context, string) (bool, error)

func (b breaches) Breached(ctx context.Context, password string) (bool, error) {
	return b(ctx, password)
}

// The check at a service outside fails open, and never takes long.
func TestBreachCheck(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	checker := breaches(func(_ context.Context, password string) (bool, error) {
		return password == "caf\u00e9" || password == "down", map[string]error{"down": errors.New("boom")}[password]
	})
	require.Equal(t, []fault.Field{{Path: "password", Code: "password_breached"}}, account.CheckBreached(ctx, checker, "cafe\u0301"))
	require.Empty(t, account.CheckBreached(ctx, checker, "thé"))
	require.Empty(t, account.CheckBreached(ctx, checker, "down"), "a failure refuses nothing")
	require.Empty(t, account.CheckBreached(ctx, nil, "caf\u00e9"))
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		require.Empty(t, account.CheckBreached(t.Context(), breaches(func(ctx context.Context, _ string) (bool, error) {
			<-ctx.Done()
			return true, ctx.Err()
		}), "x"))
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

// the secret question of 2019.
func TestSecretQuestions(t *testing.T) {
	t.Parallel()
	p := account.QuestionPolicy{Required: true, MinAnswer: 3}
	long := strings.Repeat("é", 255)
	for _, c := range []struct{ question, answer, want string }{
		{"Votre rue ?", "Rue des Écoles", ""},
		{"", "", "question required, answer required"},
		{" ", "\u00a0", "question required, answer required"},
		{"Q", " É  a ", ""},
		{"Q", " éa ", "answer answer_min3"},
		{long, long, ""},
		{long + "x", long + "x", "question max255, answer max255"},
		{strings.Repeat("x", 1<<20), strings.Repeat("x", 1<<20), "question max255, answer max255"},
		{"a\nb", "abc\x00", "question line, answer line"},
		{"a\xff", "abc\xff", "question line, answer line"},
	} {
		var got []string
		for _, f := range p.Check(c.question, c.answer) {
			got = append(got, f.Path+" "+f.Code+f.Param)
		}
		require.Equal(t, c.want, strings.Join(got, ", "), "%.20q %.20q", c.question, c.answer)
	}
	require.Empty(t, account.QuestionPolicy{}.Check("", ""), "off by default")
	require.NotEmpty(t, account.QuestionPolicy{}.Check("Q", ""))
	require.True(t, account.Question2019().Required)

	h := cheap(t)
	stored, err := h.HashAnswer(t.Context(), "  Rue  des\tÉcoles ")
	require.NoError(t, err)
	for answer, want := range map[string]bool{
		"rue des ecoles": true, "RUE DES E\u0301COLES": true, "rue des écoles": true, "ruedesecoles": false, "": false, strings.Repeat("x", 1<<20): false,
	} {
		ok, err := h.CheckAnswer(t.Context(), answer, stored)
		require.NoError(t, err)
		require.Equal(t, want, ok, "%.20q", answer)
	}
	_, err = h.HashAnswer(t.Context(), strings.Repeat("x", 1<<20))
	require.ErrorIs(t, err, fault.ErrInvalid)
	require.Equal(t, "coeur de boeuf", account.NormaliseAnswer("Cœur de BŒUF"))
}

func BenchmarkChecklist(b *testing.B) {
	julie := account.Account{Login: "julie.bon@terneuil.example", GivenName: "Julie", FamilyName: "Bonnard"}
	p := account.PasswordClassic()
	p.Words = []string{"habilis", "terneuil"}
	for name, password := range map[string]string{"usual": "Correct-Horse-7-Battery", "longest": strings.Repeat("É1-🔑", 64)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Checklist(password, julie)
			}
		})
	}
}
