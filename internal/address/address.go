// Package address brings e-mail addresses into the one form in which they are
// stored, compared and used for the envelope.
package address

import (
	"errors"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Limits of RFC 5321 section 4.5.3.1, in bytes.
const (
	maxAddress = 254
	maxLocal   = 64
	maxDomain  = 253
)

var errForm = errors.New("not an acceptable e-mail address")

// Parse returns the canonical form of an address: the local part an RFC 5322
// dot-atom in lower case, the domain in lower-case ASCII (IDNA 2008). Two addresses
// name one mailbox for us exactly if their canonical forms are equal: case does not
// matter, dots and plus signs do (ML-20).
//
// It refuses what has fooled others: quoted local parts, comments, lists, address
// literals, anything before or after, and characters that only look like "@" or
// turn into others when normalised (ML-02, ML-03). Length is checked first (DS-03).
func Parse(s string) (string, error) {
	s = strings.Trim(s, " ")
	if len(s) > maxAddress || strings.Count(s, "@") != 1 {
		return "", errForm
	}
	local, domain, _ := strings.Cut(s, "@")
	if !dotAtom(local) {
		return "", errForm
	}
	host, err := canonicalDomain(domain)
	if err != nil {
		return "", errForm
	}
	canonical := strings.ToLower(local) + "@" + host
	if len(canonical) > maxAddress {
		return "", errForm
	}
	return canonical, nil
}

func dotAtom(s string) bool {
	if s == "" || len(s) > maxLocal {
		return false
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.Trim(atom, atext) != "" {
			return false
		}
	}
	return true
}

// atext of RFC 5322 section 3.2.3.
const atext = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~"

func canonicalDomain(s string) (string, error) {
	lower := strings.ToLower(s)
	if norm.NFKC.String(lower) != lower {
		return "", errForm // would change its meaning when normalised
	}
	host, err := idna.Lookup.ToASCII(lower)
	if shown, failed := idna.Lookup.ToUnicode(host); failed != nil || shown != lower && host != lower {
		return "", errForm // something in it would vanish or change
	}
	if err != nil || len(host) > maxDomain || !strings.Contains(host, ".") {
		return "", errForm
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-") ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return "", errForm
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "", errForm // an IP address is not a domain
	}
	return host, nil
}
