package habilis_test

import (
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

var update = flag.Bool("update", false, "rewrite generated documentation")

// notPersonal are the stored fields that say nothing about a person, with the reason.
var notPersonal = map[string]string{
	"account.iD": "identifier", "account.kind": "kind", "account.status": "state", "account.external": "state",
	"account.dueAt": "when the clock looks again", "account.version": "version",
	"link.purpose": "kind", "link.version": "version", "throttle.factor": "kind", "throttle.version": "version",
	"attachment.iD": "identifier", "attachment.owner.structure": "a structure's", "attachment.status": "state", "attachment.type": "kind",
	"attachment.statusSince": "state", "attachment.version": "version",
	"signIn.iD": "identifier", "signIn.purpose": "kind", "signIn.version": "version", "factor.iD": "identifier", "factor.version": "version",
	"membership.iD": "identifier", "membership.structure": "a structure's", "membership.status": "state", "membership.role": "state",
	"membership.granted.whole": "a right", "membership.granted.services": "a right", "membership.asked.whole": "a right",
	"membership.asked.services": "a right", "membership.validity.from": "a right", "membership.validity.until": "a right",
	"membership.via": "a structure's", "membership.remindedAt": "state", "membership.dueAt": "when the clock looks again",
	"membership.version": "version",
	"subscription.iD":    "identifier", "subscription.structure": "a structure's", "subscription.service": "a right", "subscription.space": "a right",
	"subscription.level": "a right", "subscription.status": "state", "subscription.origin": "kind", "subscription.batch": "identifier",
	"subscription.validity.from": "a right", "subscription.validity.until": "a right",
	"subscription.remindedAt": "state", "subscription.dueAt": "when the clock looks again", "subscription.version": "version",
	"structure.iD": "identifier", "structure.identifier.scheme": "a structure's", "structure.identifier.value": "a structure's",
	"structure.legalName": "a structure's", "structure.label": "a structure's", "structure.type": "kind", "structure.status": "state",
	"structure.postcode": "a structure's", "structure.town": "a structure's", "structure.spaces": "a right",
	"structure.delegated.structure": "a right", "structure.delegated.users": "a right", "structure.directory": "kind",
	"structure.sheet.accounts.iD": "identifier", "structure.sheet.mandate.version": "a structure's",
	"structure.salt": "a structure's", "structure.createdAt": "instant", "structure.version": "version",
	"event.iD": "identifier", "event.chain": "identifier", "event.sequence": "order", "event.at": "instant",
	"event.actor.kind": "kind", "event.actor.provenAt": "not stored", "event.kind": "kind", "event.object.type": "kind", "event.object.iD": "identifier",
	"event.structure": "a structure's", "event.previous": "hash", "event.hash": "hash",
	"message.iD": "identifier", "message.key": "made of identifiers and digests", "message.template": "kind", "message.language": "state", "message.urgent": "kind",
	"message.status": "state", "message.attempts": "state", "message.notBefore": "state", "message.expiresAt": "state",
	"message.leasedUntil": "state", "message.lastError": "free of addresses", "message.createdAt": "instant", "message.sentAt": "instant",
	"message.version": "version",
	"notice.iD":       "identifier", "notice.key": "the host's", "notice.category": "kind", "notice.kind": "kind", "notice.structure": "a structure's",
	"notice.service": "a structure's", "notice.space": "kind", "notice.subject": "the host's", "notice.path": "the host's", "notice.at": "instant",
	"notice.version": "version", "notice.spreading": "state", "notice.spreadTo": "how far a job has come", "run.rhythm": "kind", "run.from": "instant", "run.until": "instant",
	"run.after": "how far a job has come", "run.told": "count", "run.finishedAt": "instant", "run.version": "version",
}

// Every stored field of every type that may be about people is in the registry or known to be none.
func TestPersonalFieldsAreComplete(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, f := range habilis.PersonalFields() {
		require.False(t, listed[f.Name], "%s is listed twice", f.Name)
		listed[f.Name] = true
		for _, lang := range []language.Tag{language.French, language.English} {
			require.NotContains(t, habilis.DescribePersonalData(lang), "personal_", "every use and retention is in words")
		}
	}
	stored := map[string]bool{}
	for name, v := range map[string]any{
		"account": account.Account{}, "link": account.Link{}, "throttle": account.Throttle{}, "attachment": account.Attachment{},
		"signIn": mfa.SignIn{}, "factor": mfa.Factor{}, "membership": structure.Membership{}, "subscription": structure.Subscription{},
		"structure": structure.Structure{}, "event": notify.Event{}, "message": notify.Message{},
		"notice": notify.Notice{}, "run": notify.Run{},
	} {
		leaves(reflect.TypeOf(v), name, stored)
	}
	for name := range stored {
		require.NotEqual(t, listed[name], notPersonal[name] != "", "%s is either personal data or known not to be", name)
	}
	for name := range listed {
		require.True(t, stored[name], "%s is not stored", name)
	}
	for name := range notPersonal {
		require.True(t, stored[name], "%s is not stored", name)
	}
}

func leaves(t reflect.Type, path string, into map[string]bool) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		into[path] = true
		return
	}
	for i := range t.NumField() {
		r, n := utf8.DecodeRuneInString(t.Field(i).Name)
		leaves(t.Field(i).Type, path+"."+string(unicode.ToLower(r))+t.Field(i).Name[n:], into)
	}
}

// The page about personal data in SECURITY.md is generated; run the test with -update.
func TestPersonalDataIsDocumented(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- personal data: generated -->\n\n", "\n<!-- end -->"
	page, err := os.ReadFile("SECURITY.md")
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(page), begin)
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	want := before + begin + habilis.DescribePersonalData(language.English) + end + after
	if *update {
		require.NoError(t, os.WriteFile("SECURITY.md", []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(page))
}

// people take away their choices, what they call their factors and where links were
// mailed to, and no secret of these.
func TestExportHoldsChoicesLinksAndFactors(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, store storage.Store) {
		ctx, s := t.Context(), setup(t, store)
		_, _, err := s.h.Accounts.UpdateNotices(ctx, s.clerk, notify.Preferences{On: true, Weekly: true, Categories: []notify.Category{notify.CategoryInvoicing}})
		require.NoError(t, err)
		at := time.Now().UTC().Truncate(time.Microsecond)
		require.NoError(t, store.Update(ctx, func(tx storage.Tx) error {
			if err := tx.PutLink(ctx, account.Link{
				Account: s.clerk.ID, Purpose: account.PurposeLoginChange, Digest: "secret-digest", Address: "julie@new.example", CreatedAt: at, ExpiresAt: at.Add(time.Hour),
			}); err != nil {
				return err
			}
			return tx.PutFactor(ctx, mfa.Factor{
				ID: "01900000-0000-7000-8000-00000000000f", Account: s.clerk.ID, Kind: account.FactorAuthenticator, Label: "Julie's telephone",
				CreatedAt: at, ConfirmedAt: at, LastUsedAt: at.Add(time.Minute), Credential: "secret-credential", Data: []byte("secret-data"),
			})
		}))
		kept, err := s.h.Structures.ExportPersonalData(ctx, s.clerk, s.clerk.ID)
		require.NoError(t, err)
		require.True(t, kept.Account.Notices.Weekly)
		require.Equal(t, []structure.PersonalFactor{
			{Kind: account.FactorAuthenticator, Label: "Julie's telephone", CreatedAt: at, ConfirmedAt: at, LastUsedAt: at.Add(time.Minute)},
		}, kept.Factors)
		addresses := map[account.Purpose]string{}
		for _, l := range kept.Links {
			addresses[l.Purpose] = l.Address
		}
		require.Equal(t, "julie@new.example", addresses[account.PurposeLoginChange])
		file, err := json.Marshal(kept)
		require.NoError(t, err)
		require.Contains(t, string(file), "invoicing")
		require.NotContains(t, string(file), "secret-")
	})
}
