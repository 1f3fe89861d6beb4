package storagetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// TestSamplesSetEveryField makes sure that a field which an object gains is in the
// sample that the general cases store, so that an adapter that forgets it fails.
func TestSamplesSetEveryField(t *testing.T) {
	t.Parallel()
	exempt := map[string]bool{
		".Version": true, ".Granted.Whole": true, ".Asked.Whole": true, // set by the store; excluded by services
		".Actor.ProvenAt": true, // not recorded
	}
	for name, sample := range map[string]any{
		"Account": newAccount(1), "Link": newLink(1), "Throttle": newThrottle(1), "Attachment": newAttachment(1), "SignIn": newSignIn(1), "Factor": newFactor(1),
		"Structure": newStructure(1), "Unit": newUnit(1), "Membership": newMembership(1), "Subscription": newSubscription(1),
		"Event": newEvent(1, 1, 1), "Message": newMessage(1),
		"Notice": newNotice(1), "Run": newRun(1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unset(reflect.ValueOf(sample), "", func(path string) {
				if !exempt[path] {
					t.Errorf("the sample leaves %s%s at its zero value", name, path)
				}
			})
		})
	}
}

func unset(v reflect.Value, path string, report func(string)) {
	if v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]() {
		for i := range v.NumField() {
			unset(v.Field(i), path+"."+v.Type().Field(i).Name, report)
		}
		return
	}
	if v.IsZero() {
		report(path)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	local := time.FixedZone("UTC+1", 60*60)
	for name, c := range map[string]struct {
		got, want any
		alike     bool
	}{
		"equal":             {newMembership(1), newMembership(1), true},
		"nil and empty":     {[]authz.Space(nil), []authz.Space{}, true},
		"another string":    {newAccount(1), newAccount(2), false},
		"a shorter slice":   {[]string{"a"}, []string{"a", "b"}, false},
		"another element":   {[]string{"a", "c"}, []string{"a", "b"}, false},
		"another zone":      {base().In(local), base(), false},
		"want in any zone":  {base(), base().In(local), true},
		"another instant":   {minute(1), minute(2), false},
		"zero and epoch":    {time.Unix(0, 0).UTC(), time.Time{}, false},
		"another type":      {"a", 1, false},
		"nothing and one":   {nil, 1, false},
		"nothing":           {nil, nil, true},
		"inside interfaces": {answer{base().In(local), ""}, answer{base(), ""}, false},
		"nested slices":     {structure.Scope{}, structure.Scope{Services: []structure.ServiceID{"x"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d := diff(c.got, c.want); (d == "") != c.alike {
				t.Errorf("diff says %q", d)
			}
		})
	}
}
