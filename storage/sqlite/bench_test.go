package sqlite_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/storage/internal/sqlstore/sqltest"
	"github.com/habilis-go/habilis/storage/sqlite"
)

func BenchmarkPairs(b *testing.B) {
	for name, opts := range map[string]*sqlite.Options{"Durable": nil, "Relaxed": {Relaxed: true}} {
		b.Run(name, func(b *testing.B) {
			s, err := sqlite.Open(b.Context(), b.TempDir()+"/bench.db", opts)
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			sqltest.BenchmarkPairs(b, s)
		})
	}
}
