package mfa_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/ceremony"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage/memory"
)

// BenchmarkProveKey measures ProveKey on the memory store, whose own cost is next to
// nothing, and beside it the ceremony alone: what the answer of a key adds to what the
// store takes. The bound is one millisecond.
func BenchmarkProveKey(b *testing.B) {
	w := worldtest.New(b, memory.New())
	julie := w.Join(b, login)
	keyed(b, w, nil)
	key, _ := add(b, w, julie)
	b.Run("Memory", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			handle, options := ask(b, w)
			response := key.get(b, options)
			b.StartTimer()
			if err := w.SignIns.ProveKey(b.Context(), handle, response); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Ceremony", func(b *testing.B) {
		c, err := ceremony.New(ceremony.Party{ID: site.ID, Name: site.Name, Origins: []string{site.Origin}})
		require.NoError(b, err)
		r := ceremony.Registration{User: ceremony.User{Handle: []byte("julie"), Name: "julie", DisplayName: "Julie"}, Challenge: make([]byte, 32)}
		options, err := c.Register(r)
		require.NoError(b, err)
		s := newStick()
		k, err := c.Registered(r, s.create(b, options))
		require.NoError(b, err)
		question := ceremony.Ask{Handle: r.User.Handle, Records: [][]byte{k.Record}, Challenge: r.Challenge}
		options, err = c.Assert(question)
		require.NoError(b, err)
		require.True(b, json.Valid(options))
		response := s.get(b, options)
		for b.Loop() {
			if _, err := c.Asserted(question, response); err != nil {
				b.Fatal(err)
			}
		}
	})
}
