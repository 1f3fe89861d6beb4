package notify

import (
	"slices"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
)

// NoticePolicy holds what a deployment decides about news of structures. It is data, read
// only once it is handed over.
type NoticePolicy struct {
	// Categories are the applications whose news there are, in the order in which people
	// see them.
	Categories []CategorySpec

	// OneSwitch says that there is nothing to choose but the master switch, which stands
	// for every category. Defaults to false.
	OneSwitch bool

	// WeeklyWithDaily says that whoever has one of the digests has both, as in 2019
	// . Defaults to false: they are independent.
	WeeklyWithDaily bool

	// AtOnce says that people may ask for a mail for each notice. Defaults to false.
	AtOnce bool

	// SendAt is how long after midnight in the deployment's zone the digest of the day
	// before is made, from 0 to 12 hours, on the clock on the wall. What a transaction of
	// the host that lasted over midnight published must be there by then.
	SendAt time.Duration

	// Kept is how long notices are kept, at least MinKept. No digest or list is older.
	Kept time.Duration
}

// CategorySpec describes a category.
type CategorySpec struct {
	Code   Category
	Labels map[language.Tag]string // what people read
	Kinds  []KindSpec              // what happens in it; notices of other kinds are refused

	// KeptByPrincipal says that a principal manager cannot switch the category off in the
	// structures that it manages (C-28). Defaults to false.
	KeptByPrincipal bool
}

// KindSpec describes a kind of notices.
type KindSpec struct {
	Code   NoticeKind
	Labels map[language.Tag]string // in the plural, "Invoices rejected"
}

// Limits of a policy.
const (
	MinKept       = 29 * 24 * time.Hour      // more than the longest window of a digest, the wait for it and the time to send it
	MaxKept       = 3 * 366 * 24 * time.Hour // nobody needs old news
	MaxSendAt     = 12 * time.Hour
	MaxCategories = 50 // of a policy, and kinds of a category
)

// The categories of the guide.
const (
	CategoryCertificates Category = "certificates" // certificats de cessibilité
	CategoryCommitments  Category = "commitments"  // engagements
	CategoryInvoicing    Category = "invoicing"    // facturation
)

// NoticesGuide2024 is the default policy: certificates of transferability, commitments
// and invoicing, each chosen by itself, digests at 6 in the morning, a mail at once for
// whoever asks for it, and notices kept for 92 days.
func NoticesGuide2024() NoticePolicy {
	return NoticePolicy{
		Categories: []CategorySpec{
			{Code: CategoryCertificates, Labels: labelled("Certificats de cessibilité", "Certificates of transferability"), Kinds: []KindSpec{
				{"certificate.issued", labelled("Certificats délivrés", "Certificates issued")},
				{"certificate.changed", labelled("Certificats modifiés", "Certificates changed")},
			}},
			{Code: CategoryCommitments, Labels: labelled("Engagements", "Commitments"), Kinds: []KindSpec{
				{"commitment.published", labelled("Engagements publiés", "Commitments published")},
				{"commitment.changed", labelled("Engagements modifiés", "Commitments changed")},
			}},
			{Code: CategoryInvoicing, Labels: labelled("Facturation", "Invoicing"), Kinds: []KindSpec{
				{"invoice.received", labelled("Factures reçues", "Invoices received")},
				{"invoice.progressed", labelled("Factures dont le traitement a avancé", "Invoices whose processing went on")},
				{"invoice.rejected", labelled("Factures rejetées, à acquitter sur le portail", "Invoices rejected, to be acknowledged on the portal")},
				{"invoice.paid", labelled("Factures mises en paiement", "Invoices put into payment")},
			}},
		},
		AtOnce: true,
		SendAt: 6 * time.Hour,
		Kept:   92 * 24 * time.Hour,
	}
}

// NoticesGuide2019 is the policy of the guide of 2019: one switch, and the weekly recap
// among what comes with the daily news.
func NoticesGuide2019() NoticePolicy {
	p := NoticesGuide2024()
	p.OneSwitch, p.WeeklyWithDaily, p.AtOnce = true, true, false
	return p
}

// NoticesGuide2017 is the policy of the older guide: one switch, and the daily news and
// the weekly recap each for itself.
func NoticesGuide2017() NoticePolicy {
	p := NoticesGuide2019()
	p.WeeklyWithDaily = false
	return p
}

// Notices2022 is NoticesGuide2024 as the public portal ran it in 2022: a principal
// manager cannot switch off the news of invoicing (C-28).
func Notices2022() NoticePolicy {
	p := NoticesGuide2024()
	for i := range p.Categories {
		p.Categories[i].KeptByPrincipal = p.Categories[i].Code == CategoryInvoicing
	}
	return p
}

// ErrBadNotices reports a policy of notices that contradicts itself.
var ErrBadNotices = fault.New("bad_notices", "the policy of notices is not acceptable")

// Check says what is wrong with p: [ErrBadNotices], or nil. The zero NoticePolicy is
// acceptable: there is no news.
func (p NoticePolicy) Check() error {
	if len(p.Categories) == 0 {
		return nil
	}
	codes := make([]string, 0, len(p.Categories))
	for _, c := range p.Categories {
		codes = append(codes, string(c.Code))
		var kinds []string
		for _, k := range c.Kinds {
			kinds = append(kinds, string(k.Code))
		}
		if unfit(kinds) {
			return ErrBadNotices.With("a category has up to 50 different kinds, each with a code of at most 64 characters")
		}
	}
	switch {
	case unfit(codes):
		return ErrBadNotices.With("there are up to 50 different categories, each with a code of at most 64 characters")
	case p.Kept < MinKept || p.Kept > MaxKept:
		return ErrBadNotices.With("notices are kept for 29 days at least and three years at most")
	case p.SendAt < 0 || p.SendAt > MaxSendAt:
		return ErrBadNotices.With("digests are made between midnight and noon")
	default:
		return nil
	}
}

// unfit reports whether codes are too many, not codes, or not all different.
func unfit(codes []string) bool {
	slices.Sort(codes)
	return len(codes) > MaxCategories || len(slices.Compact(slices.Clone(codes))) != len(codes) ||
		slices.ContainsFunc(codes, func(c string) bool { return len(check.Value("", c, "required,max=64,line")) > 0 })
}

// Category returns the description of a category, and whether there is one.
func (p NoticePolicy) Category(code Category) (CategorySpec, bool) {
	i := slices.IndexFunc(p.Categories, func(c CategorySpec) bool { return c.Code == code })
	if i < 0 {
		return CategorySpec{}, false
	}
	return p.Categories[i], true
}

// Codes lists the codes of the categories.
func (p NoticePolicy) Codes() []Category {
	codes := make([]Category, 0, len(p.Categories))
	for _, c := range p.Categories {
		codes = append(codes, c.Code)
	}
	return codes
}

// Wants reports whether somebody with these preferences has news of a category in a
// rhythm. principal says whether it is about a structure that the person manages as
// principal manager: what cannot be switched off there comes daily to whoever chose no
// rhythm for it.
func (p NoticePolicy) Wants(r Preferences, c Category, principal bool, in Rhythm) bool {
	spec, known := p.Category(c)
	if !known {
		return false
	}
	if !p.AtOnce {
		r.AtOnce = false
	}
	if p.WeeklyWithDaily {
		r.Daily = r.Daily || r.Weekly
		r.Weekly = r.Daily
	}
	if r.On && (p.OneSwitch || slices.Contains(r.Categories, c)) && (r.AtOnce || r.Daily || r.Weekly) {
		return r.in(in)
	}
	return spec.KeptByPrincipal && principal && in == Daily
}

// Interested reports whether somebody with these preferences may have news in a rhythm
// at all.
func (p NoticePolicy) Interested(r Preferences, in Rhythm) bool {
	return slices.ContainsFunc(p.Categories, func(c CategorySpec) bool { return p.Wants(r, c.Code, true, in) })
}

// rhythms lists the rhythms of which a reader who has news in one asks for any, in
// preferences that are on; nil if there are readers who do not have to.
func (p NoticePolicy) rhythms(in Rhythm) []Rhythm {
	switch {
	case in == Daily && slices.ContainsFunc(p.Categories, func(c CategorySpec) bool { return c.KeptByPrincipal }):
		return nil
	case p.WeeklyWithDaily && in != AtOnce:
		return []Rhythm{Daily, Weekly}
	default:
		return []Rhythm{in}
	}
}

// Label returns what people of the given language read, else the English label, else the
// code.
func (c CategorySpec) Label(lang language.Tag) string { return label(c.Labels, lang, string(c.Code)) }

// Label returns what people of the given language read, else the English label, else the
// code.
func (k KindSpec) Label(lang language.Tag) string { return label(k.Labels, lang, string(k.Code)) }

// Kind returns the description of a kind, and whether there is one.
func (c CategorySpec) Kind(code NoticeKind) (KindSpec, bool) {
	i := slices.IndexFunc(c.Kinds, func(k KindSpec) bool { return k.Code == code })
	if i < 0 {
		return KindSpec{}, false
	}
	return c.Kinds[i], true
}

func label(labels map[language.Tag]string, lang language.Tag, otherwise string) string {
	base, _ := lang.Base()
	for _, tag := range []language.Tag{lang, language.Make(base.String()), language.English} {
		if l, ok := labels[tag]; ok {
			return l
		}
	}
	return otherwise
}

func labelled(fr, en string) map[language.Tag]string {
	return map[language.Tag]string{language.French: fr, language.English: en}
}
