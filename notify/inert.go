package notify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits in characters. Names are capped far above what the forms accept, so that
// a row that came another way cannot swell a mail.
const (
	maxText    = 200
	maxReason  = 1000
	maxSubject = 150
)

// inert makes text from people harmless to show in a mail: it is one line, it has
// no invisible character, and nothing in it looks like an address that a mail
// reader would turn into a link (ML-01, ML-04).
//
// Mail readers make links of what has the form of a host, of an e-mail address, or
// of a path on a server, escaped or not. Such text stays readable and gets spaces
// where it would be joined: "http://evil.example" becomes "http:/ /evil. example"
// and "a@b.example" becomes "a @ b. example". Dots of abbreviations and initials
// ("S.A.R.L.", "J.-P.") stay as they are.
func inert(s string, limit int) string {
	return clip(spaceOut(oneLine(s)), limit)
}

// oneLine folds white space and drops what cannot be seen: control characters,
// directions, joiners, soft hyphens, variation selectors, private characters. An
// ordinary no-break space stays.
func oneLine(s string) string {
	if plain(s) {
		return s // as most text is
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u00a0' || r == '\u202f':
			return '\u00a0'
		case unicode.IsSpace(r) || unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp):
			return ' '
		case r == utf8.RuneError || unicode.IsGraphic(r) && !unicode.Is(unicode.Variation_Selector, r):
			return r
		default:
			return -1
		}
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
}

// plain reports whether s is words of visible ASCII, Latin letters and no-break spaces, with
// one space between each two.
func plain(s string) bool {
	before := ' '
	for _, r := range s {
		if r == ' ' && before == ' ' || r < ' ' || r > '~' && (r < 'À' || r > 'ɏ') && r != '’' && r != '\u00a0' {
			return false
		}
		before = r
	}
	return before != ' ' || s == ""
}

// spaceOut puts spaces where text would be read as an address. Full-width and other
// forms of a sign count as the sign, since readers that normalise see it.
func spaceOut(s string) string {
	if !strings.ContainsAny(s, dots+ats+slashes) {
		return s
	}
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		b.WriteRune(r)
		if i+1 == len(runes) {
			break
		}
		next := runes[i+1]
		switch {
		case breaks(r) || breaks(next):
			// It is apart already.
		case isAny(r, dots) && (run(runes[i+1:], unicode.IsLetter) >= 2 || inQuad(runes, i)),
			isAny(r, ats), isAny(next, ats),
			isAny(r, slashes) && isAny(next, slashes):
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// The forms of a sign.
const (
	dots    = ".\u2024\u3002\ufe52\uff0e\uff61"
	ats     = "@\ufe6b\uff20"
	slashes = "/\\\u2044\u2215\uff0f\uff3c"
)

func isAny(r rune, set string) bool { return strings.ContainsRune(set, r) }

func breaks(r rune) bool { return r == ' ' || r == '\u00a0' }

// run counts the characters of a label at the start of s. One that holds a letter
// may be a domain; "2.1" is none.
func run(s []rune, kind func(rune) bool) int {
	n, found := 0, false
	if len(s) > 0 && s[0] == '-' {
		return 0 // no label begins so, but "J.-P." goes on so
	}
	for n < len(s) && (unicode.IsLetter(s[n]) || unicode.IsDigit(s[n]) || unicode.IsMark(s[n]) || s[n] == '-') {
		found = found || kind(s[n])
		n++
	}
	if !found {
		return 0
	}
	return n
}

// inQuad reports whether the dot at i belongs to something like 192.0.2.1.
func inQuad(s []rune, i int) bool {
	from, to := i, i+1
	member := func(r rune) bool { return unicode.IsDigit(r) || isAny(r, dots) }
	for from > 0 && member(s[from-1]) {
		from--
	}
	for to < len(s) && member(s[to]) {
		to++
	}
	count := 0
	for _, r := range s[from:to] {
		if isAny(r, dots) {
			count++
		}
	}
	return count >= 3
}

// clip shortens s to limit characters, the last of which says that it did.
func clip(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:limit-1]), " \u00a0") + "…"
}
