package pgtest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/pgtest"
)

func TestSchemasAreApart(t *testing.T) {
	t.Parallel()
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			conn, err := pgx.Connect(t.Context(), pgtest.Schema(t))
			require.NoError(t, err)
			defer func() { _ = conn.Close(t.Context()) }()
			_, err = conn.Exec(t.Context(), "CREATE TABLE same (id int)")
			require.NoError(t, err)
		})
	}
}

func TestDurableFlushes(t *testing.T) {
	t.Parallel()
	if os.Getenv("DATABASE_URL") != "" {
		t.Skip("the PostgreSQL server of DATABASE_URL is not ours")
	}
	for dsn, want := range map[string]string{pgtest.Durable(t): "on", pgtest.Schema(t): "off"} {
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		defer func() { _ = conn.Close(t.Context()) }()
		var fsync, path string
		require.NoError(t, conn.QueryRow(t.Context(), "SHOW fsync").Scan(&fsync))
		require.NoError(t, conn.QueryRow(t.Context(), "SHOW search_path").Scan(&path))
		require.Equal(t, want, fsync)
		require.True(t, strings.HasPrefix(path, "habilis_"))
	}
}
