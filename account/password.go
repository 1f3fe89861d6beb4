package account

import (
	"context"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/habilis-go/habilis/internal/blocklist"
	"github.com/habilis-go/habilis/internal/fault"
)

// PasswordPolicy says which passwords are acceptable, on every way by which one is
// set. It is data; start from a preset. Not to be switched off are: the NFC form,
// no cutting and no trimming, the blocklist of leaked passwords, and that a new
// password differs from the current one.
type PasswordPolicy struct {
	// Standard is what the policy promises to conform to; a policy that contradicts
	// it is refused. Defaults to none.
	Standard Standard

	MinLength int // least number of characters (code points after NFC), 1 to MaxLength
	MaxLength int // most characters, 256 at most; longer passwords are refused, never cut

	// MinWords is the least number of different words. Defaults to 0, no such rule.
	MinWords int

	Digit   bool // at least one digit
	Lower   bool // at least one lower-case letter, accented ones included
	Upper   bool // at least one upper-case letter
	Special bool // at least one character that is neither letter nor digit

	// WaiveAt is the number of characters from which on the four rules above are
	// waived. Defaults to 0, never.
	WaiveAt int

	// BaseWord refuses a common password or word with digits and signs around it, or
	// with signs in place of letters. Defaults to false.
	BaseWord bool

	// Context says how a password may not hold what whoever knows the person would
	// try first: the login address and the names, and Words. Defaults to
	// ContextOff.
	Context Context

	// Words are further words for Context, such as the name of the service; each has
	// four characters or more. Defaults to none.
	Words []string

	// History is how many former passwords may not come back, 24 at most. The current
	// one never may. Defaults to 0.
	History int

	// MaxAge is how long a password lives until a new one is asked for, a day at
	// least. Defaults to 0, for as long as its owner likes.
	MaxAge time.Duration
}

// Context is how a password may not hold a word about its owner.
type Context string

// Ways to compare with words about the owner. Case, accents and leet do not count,
// nor do words of less than four characters.
const (
	ContextOff   Context = ""      // no comparison
	ContextWhole Context = "whole" // the password is such a word, or one with digits and signs around it
	ContextPart  Context = "part"  // the password holds such a word anywhere
)

// Standard is a published rule that a policy can promise to conform to.
type Standard string

// Standards. Both are NIST SP 800-63B-4 section 3.1.1.2: no rules on the classes of
// characters, no periodic change, comparison of the whole password.
const (
	StandardNone Standard = ""
	StandardNIST Standard = "nist_sp_800_63b_4" // at least 15 characters

	// StandardNISTWithSecondFactor allows 8 characters. It is for deployments where
	// no password ever opens an account without a second factor.
	StandardNISTWithSecondFactor Standard = "nist_sp_800_63b_4_mfa"
)

const (
	// maxPasswordLength bounds the characters of a password whatever the policy says;
	// that many take no more than maxPasswordBytes.
	maxPasswordLength = 256
	maxPasswordBytes  = utf8.UTFMax * maxPasswordLength // of the NFC form

	// maxTypedBytes bounds what is looked at at all. No text of maxPasswordBytes in
	// NFC takes more in any other form.
	maxTypedBytes = 4 * maxPasswordBytes

	minContextLength = 4
	maxHistory       = 24
)

// check returns [ErrBadPolicy] if the policy contradicts itself or its standard.
func (p PasswordPolicy) check() error {
	tooShort := func(word string) bool { return utf8.RuneCountInString(blocklist.Fold(word)) < minContextLength }
	switch {
	case p.MinLength < 1 || p.MaxLength < p.MinLength || p.MaxLength > maxPasswordLength:
		return ErrBadPolicy.With("the lengths of a password contradict one another")
	case p.MinWords < 0 || p.MinWords > (p.MaxLength+1)/2:
		return ErrBadPolicy.With("the words of a password do not fit its length")
	case p.WaiveAt != 0 && (p.WaiveAt <= p.MinLength || p.WaiveAt > p.MaxLength):
		return ErrBadPolicy.With("the classes of a password are waived at a length that does not occur")
	case p.Context != ContextOff && p.Context != ContextWhole && p.Context != ContextPart:
		return ErrBadPolicy.With("the password is compared with its context in an unknown way")
	case slices.ContainsFunc(p.Words, tooShort):
		return ErrBadPolicy.With("a context word of a password needs at least 4 characters")
	case len(p.Words) > 0 && p.Context == ContextOff:
		return ErrBadPolicy.With("context words are named, but not compared with")
	case p.History < 0 || p.History > maxHistory:
		return ErrBadPolicy.With("between 0 and 24 former passwords can be kept")
	case p.MaxAge != 0 && p.MaxAge < 24*time.Hour:
		return ErrBadPolicy.With("a password must live for at least a day")
	default:
		return p.conforms()
	}
}

// conforms returns [ErrBadPolicy] if the policy contradicts its standard.
func (p PasswordPolicy) conforms() error {
	least := 15
	switch p.Standard {
	case StandardNone:
		return nil
	case StandardNIST:
	case StandardNISTWithSecondFactor:
		least = 8
	default:
		return ErrBadPolicy.With("the standard of the password policy is unknown")
	}
	switch {
	case p.MinLength < least || p.MaxLength < 64:
		return ErrBadPolicy.With("SP 800-63B-4 asks for longer passwords")
	case p.Digit || p.Lower || p.Upper || p.Special || p.MinWords > 0:
		return ErrBadPolicy.With("SP 800-63B-4 forbids rules on the composition of passwords")
	case p.MaxAge != 0:
		return ErrBadPolicy.With("SP 800-63B-4 forbids periodic changes of passwords")
	case p.BaseWord || p.Context != ContextWhole:
		return ErrBadPolicy.With("SP 800-63B-4 compares whole passwords, with context words too")
	default:
		return nil
	}
}

// Due reports whether a password set at the given instant has to be changed now.
func (p PasswordPolicy) Due(set, now time.Time) bool {
	return p.MaxAge > 0 && !now.Before(set.Add(p.MaxAge))
}

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
// hashes, the youngest former one first. Each takes a hash's time, so call it
// outside any unit of work and only with a password that passes [PasswordPolicy.Check].
func (p PasswordPolicy) Reused(ctx context.Context, h *Hasher, password, current string, former []string) ([]fault.Field, error) {
	if current != "" {
		same, err := h.Check(ctx, password, current)
		if err != nil {
			return nil, err
		}
		if same {
			return []fault.Field{{Path: "password", Code: "password_current"}}, nil
		}
	}
	for _, stored := range former[:min(len(former), p.History)] {
		same, err := h.Check(ctx, password, stored)
		if err != nil {
			return nil, err
		}
		if same {
			return []fault.Field{{Path: "password", Code: "password_history", Param: strconv.Itoa(p.History)}}, nil
		}
	}
	return nil, nil
}
