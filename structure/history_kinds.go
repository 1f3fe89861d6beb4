package structure

import (
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/notify"
)

// DecidedKinds lists what became of requests and rights by a decision: the table of
// processed memberships and subscriptions of the guides, for
// [HistoryQuery.Kinds].
func DecidedKinds() []notify.Kind {
	return []notify.Kind{
		"membership.approved", "membership.disabled", "membership.enabled", "membership.rejected", "membership.removed",
		"membership.services_refused", "membership.services_removed",
		"subscription.approved", "subscription.granted", "subscription.rejected", "subscription.removed",
	}
}

// RequestKinds lists what happens to requests, from asking to the end: the history of a
// person's own requests, for [FeedQuery.Kinds].
func RequestKinds() []notify.Kind {
	return []notify.Kind{
		"membership.approved", "membership.rejected", "membership.reminded", "membership.request_expired", "membership.requested",
		"membership.services_refused", "membership.withdrawn",
		"subscription.approved", "subscription.rejected", "subscription.reminded", "subscription.request_expired",
		"subscription.requested", "subscription.taken", "subscription.withdrawn",
	}
}

// GuideLabel is the action as the table of the guides prints it, in capitals (R-330 to
// R-335), "" where they have no word. The guides call a refused subscription
// "DÉSACTIVÉE"; [Entry.Label] says what it is.
func (e Entry) GuideLabel(lang language.Tag) string {
	switch e.Kind {
	case "membership.approved", "membership.rejected", "membership.removed", "subscription.approved", "subscription.rejected":
		return i18n.Text(lang, "guide_event."+string(e.Kind), nil)
	default:
		return ""
	}
}
