package account

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxFileName is how long a name may be in bytes; most file systems take no more.
const maxFileName = 255

// maxExtension is how long the end of a name may be to survive a cut, dot included.
const maxExtension = 16

// CleanFileName makes a name that is safe to show, to offer for a download and to use
// in any file system out of one that came from outside, or out of other text (FI-01,
// EX-16). Folders in front are dropped; separators, control characters and invisible
// ones are gone; a name that a system reserves gets an underscore in front. The result
// has 1 to 255 bytes. Cleaning twice changes nothing. Letters and emoji stay.
func CleanFileName(name string) string {
	name = strings.ToValidUTF8(name, "_")
	name = strings.TrimRight(name, `/\`)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = norm.NFC.String(strings.Map(inFileName, name))
	name = trimmed(strings.Join(strings.Fields(name), " "))
	switch {
	case name == "":
		return "file"
	case reserved(name):
		name = "_" + name
	}
	return shortened(name)
}

// inFileName says what becomes of a character: itself, '_', ' ', or nothing (-1).
func inFileName(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case r == '\u200c' || r == '\u200d': // joiners hold emoji and some scripts together
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co):
		return -1
	case strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	case strings.ContainsRune(slashes, r):
		return '_'
	default:
		return r
	}
}

// slashes are characters that look like a separator; some systems turn them into one.
const slashes = "/\\\u2044\u2215\u2216\u29f5\u29f8\u29f9\ufe68\uff0f\uff3c"

func trimmed(name string) string { return strings.Trim(name, " .") }

// reserved reports whether Windows takes the name for a device, with any extension.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, isCOM := strings.CutPrefix(stem, "COM")
	if !isCOM {
		var isLPT bool
		if port, isLPT = strings.CutPrefix(stem, "LPT"); !isLPT {
			return false
		}
	}
	return utf8.RuneCountInString(port) == 1 && strings.Contains("0123456789¹²³", port)
}

// shortened cuts a clean name to the limit, before its extension.
func shortened(name string) string {
	if len(name) <= maxFileName {
		return name
	}
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= maxExtension {
		ext = name[i:]
	}
	return cut(strings.TrimSuffix(name, ext), maxFileName-len(ext)) + ext
}

// cut returns the beginning of a name, at most n bytes, that ends with a whole
// character and neither with a space nor with a dot.
func cut(name string, n int) string {
	if len(name) > n {
		for n > 0 && !utf8.RuneStart(name[n]) {
			n--
		}
		name = name[:n]
	}
	return strings.TrimRight(name, " .")
}

// entryName is a clean name for a file of this designation with this extension. It
// differs from what is in taken, also where case does not count, and is put there.
func entryName(designation, ext string, taken map[string]bool) string {
	stem := CleanFileName(designation)
	if len(stem) > len(ext) && strings.EqualFold(stem[len(stem)-len(ext):], ext) {
		stem = stem[:len(stem)-len(ext)]
	}
	for n := 1; ; n++ {
		end := ext
		if n > 1 {
			end = " (" + strconv.Itoa(n) + ")" + ext
		}
		name := CleanFileName(cut(stem, maxFileName-1-len(end)) + end)
		key := norm.NFC.String(cases.Fold().String(name))
		if !taken[key] {
			if taken != nil {
				taken[key] = true
			}
			return name
		}
	}
}
