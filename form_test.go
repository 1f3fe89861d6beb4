package habilis_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// the mandatory fields, and what each takes, come from the rules that refuse.
func TestFormSpec(t *testing.T) {
	t.Parallel()
	required := func(specs []habilis.FieldSpec) (out []string) {
		for _, s := range specs {
			if s.Required {
				out = append(out, s.Path)
			}
		}
		return out
	}
	creation := habilis.FormSpec[structure.Creation]()
	require.Equal(t, []string{"identifier", "legalName", "type"}, required(creation))
	require.Contains(t, creation, habilis.FieldSpec{Path: "legalName", Required: true, MaxLength: 255, OneLine: true})
	require.Contains(t, creation, habilis.FieldSpec{Path: "type", Required: true, Options: []string{"public", "private"}})
	require.Contains(t, habilis.FormSpec[structure.ServiceSpec](), habilis.FieldSpec{Path: "from", Day: true})
	require.Equal(t, []string{"structure"}, required(habilis.FormSpec[structure.Request]()), "the policy decides about the comment")
	require.Equal(t, []string{"reason"}, required(habilis.FormSpec[structure.Refusal]()), "R-226")
	require.Equal(t, []string{"iban"}, required(habilis.FormSpec[structure.NewBankAccount]()))
	require.NotEmpty(t, required(habilis.FormSpec[account.Registration]()))
}
