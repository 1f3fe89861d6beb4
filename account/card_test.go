package account_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
)

// A card holds what the account says, in each of its fields, and nothing secret of it
// reaches a log.
func TestCards(t *testing.T) {
	t.Parallel()
	var a account.Account
	whole, card := reflect.ValueOf(&a).Elem(), reflect.TypeFor[account.Card]()
	for i := range card.NumField() {
		f := whole.FieldByName(card.Field(i).Name)
		switch {
		case f.Type() == reflect.TypeFor[time.Time]():
			f.Set(reflect.ValueOf(time.Unix(int64(i+1), 0)))
		default:
			f.SetString(card.Field(i).Name)
		}
	}
	got := reflect.ValueOf(a.Card())
	for i := range card.NumField() {
		require.Equal(t, whole.FieldByName(card.Field(i).Name).Interface(), got.Field(i).Interface(), card.Field(i).Name)
	}
	require.Equal(t, fmt.Sprint(a), fmt.Sprint(a.Card()), "CR-17: a card in a log tells nothing about its owner")
	require.Equal(t, fmt.Sprint(a), fmt.Sprintf("%#v", a.Card()))
	require.Equal(t, a.DisplayName(), a.Card().DisplayName(), "R-002")
	require.Equal(t, a.SortName(), a.Card().SortName(), "R-002")
}
