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
	begun, err := c.Register(anna, nil, ceremony.VerificationPreferred, false, unhex(f, first.Registration.Challenge))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, response []byte) {
		k, err := c.Registered(anna, begun.Kept, response)
		if err != nil {
			require.ErrorIs(t, err, ceremony.ErrRefused)
			require.Empty(t, k)
			return
		}
		require.NotEmpty(t, k.ID)
		require.LessOrEqual(t, len(k.ID), 1023)
		_, err = c.Assert(anna.Handle, [][]byte{k.Record}, ceremony.VerificationPreferred, challenge)
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
	begun, err := c.Assert(anna.Handle, records, ceremony.VerificationPreferred, unhex(f, first.Authentication.Challenge))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, response []byte) {
		got, err := c.Asserted(anna.Handle, records, begun.Kept, response)
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
