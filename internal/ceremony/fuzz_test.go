package ceremony_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/ceremony"
)

// FuzzRegistered: an answer that is refused yields nothing; one that is accepted names a
// key whose record can be read again.
func FuzzRegistered(f *testing.F) {
	c := example(f)
	for _, v := range vectors(f) {
		f.Add(v.created(f))
	}
	first := vectors(f)[0]
	asked := ceremony.Registration{User: anna, Verification: ceremony.VerificationPreferred, Challenge: unhex(f, first.Registration.Challenge)}
	f.Fuzz(func(t *testing.T, response []byte) {
		k, err := c.Registered(asked, response)
		if err != nil {
			require.ErrorIs(t, err, ceremony.ErrRefused)
			require.Empty(t, k)
			return
		}
		require.NotEmpty(t, k.ID)
		require.LessOrEqual(t, len(k.ID), 1023)
		_, err = c.Assert(ceremony.Ask{Handle: anna.Handle, Records: [][]byte{k.Record}, Challenge: challenge})
		require.NoError(t, err)
	})
}

// FuzzAsserted: an answer that is refused yields nothing; none but the key's own proves it.
func FuzzAsserted(f *testing.F) {
	c := example(f)
	for _, v := range vectors(f) {
		f.Add(v.got(f))
	}
	first := vectors(f)[0]
	records := [][]byte{first.record(f)}
	ask := ceremony.Ask{Handle: anna.Handle, Records: records, Verification: ceremony.VerificationPreferred, Challenge: unhex(f, first.Authentication.Challenge)}
	f.Fuzz(func(t *testing.T, response []byte) {
		got, err := c.Asserted(ask, response)
		if err != nil {
			require.ErrorIs(t, err, ceremony.ErrRefused)
			require.Empty(t, got)
		} else {
			require.Equal(t, unhex(t, first.CredentialID), got.ID)
		}
		id, handle, err := ceremony.Answerer(response)
		if err != nil {
			require.ErrorIs(t, err, ceremony.ErrRefused)
			require.Empty(t, id)
			require.Empty(t, handle)
		}
	})
}
