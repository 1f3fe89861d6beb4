package account

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/check"
)

// Profile is what the owner of an account tells beyond the name. Everything in it is
// optional and stays editable.
type Profile struct {
	Phone         string        `json:"phone,omitempty"` // E.164, "+33149961012"
	Address       PostalAddress `json:"address,omitzero"`
	Biography     string        `json:"biography,omitempty"`     // plain text
	Photo         AttachmentID  `json:"photo,omitempty"`         // "" for none
	Accessibility bool          `json:"accessibility,omitempty"` // larger type, no motion. Defaults to false.
	Survey        Consent       `json:"survey,omitzero"`         // to satisfaction surveys
}

// Consent is a yes that was given once and can be taken back as easily. The
// zero value is no.
type Consent struct {
	Conditions string    `json:"conditions,omitempty"` // version of the text that was agreed to
	At         time.Time `json:"at,omitzero"`          // when
}

// Limits of what people tell about themselves, in characters.
const (
	MaxName     = 80  // of a given or family name
	MaxStreet   = 120 // of a street, and of its complement
	MaxPostcode = 16
	MaxTown     = 80
)

// maxBiography bounds what a policy may allow for a biography, in characters.
const maxBiography = 100_000

// ProfilePolicy holds what a deployment decides about profiles. It is data.
type ProfilePolicy struct {
	// Country is where people work who do not say it: the default country of an
	// address, and the one whose national telephone numbers are understood.
	// ISO 3166-1 alpha-2.
	Country string

	// Languages is the closed list that people choose from: base languages of BCP 47
	// . Mails exist in French and English; for another one the host brings them.
	Languages []string

	// MaxBiography is how long a biography may be, in characters; 0 for none at all.
	MaxBiography int

	// SurveyConditions is the version of the conditions under which surveys are sent.
	// A consent holds for the version that it was given to; under a new one everybody
	// is asked again.
	SurveyConditions string

	// TellContact tells the old and the new contact address by mail when it changes
	//
	TellContact bool
}

// ProfileGuide2024 is the default policy of profiles: France, French and English,
// biographies of 1000 characters, mails on a new contact address, and "1" for the version of the survey conditions.
func ProfileGuide2024() ProfilePolicy {
	return ProfilePolicy{
		Country:          "FR",
		Languages:        []string{"fr", "en"},
		MaxBiography:     1000,
		SurveyConditions: "1",
		TellContact:      true,
	}
}

func (p ProfilePolicy) check() error {
	switch {
	case len(check.Value("", p.Country, "country")) > 0:
		return ErrBadPolicy.With("the default country is not one")
	case len(p.Languages) == 0 || slices.ContainsFunc(p.Languages, notBase):
		return ErrBadPolicy.With("languages are a list of base languages such as fr")
	case p.MaxBiography < 0 || p.MaxBiography > maxBiography:
		return ErrBadPolicy.With("a biography has 0 to 100000 characters")
	case len(check.Value("", p.SurveyConditions, "required,max=64,line")) > 0:
		return ErrBadPolicy.With("the conditions of surveys need a version")
	default:
		return nil
	}
}

func notBase(s string) bool {
	base, err := language.ParseBase(s)
	return err != nil || base.String() != s
}

// MayBeSurveyed reports whether the person may be asked to take part in satisfaction
// surveys: the account is a person's and active, and its owner agreed to the very
// conditions that are in force. Filter every survey with it.
func (p ProfilePolicy) MayBeSurveyed(a Account) bool {
	return a.Kind == KindPerson && a.Status == StatusActive && p.agreed(a.Profile.Survey)
}

func (p ProfilePolicy) agreed(c Consent) bool {
	return !c.At.IsZero() && c.Conditions == p.SurveyConditions
}

// MayBeSurveyed is [ProfilePolicy.MayBeSurveyed] under the service's policy.
func (s *Service) MayBeSurveyed(a Account) bool { return s.policy.Profile.MayBeSurveyed(a) }

// language brings what was chosen into the form of the closed list, or returns "".
func (p ProfilePolicy) language(typed string) string {
	const longest = 35 // more than any tag that is in use
	if len(typed) > longest {
		return ""
	}
	tag, err := language.Parse(strings.TrimSpace(typed))
	if err != nil || !slices.Contains(p.Languages, tag.String()) {
		return ""
	}
	return tag.String()
}
