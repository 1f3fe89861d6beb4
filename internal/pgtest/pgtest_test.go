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

func TestLentSchemasComeBackEmpty(t *testing.T) { //nolint:tparallel // its rounds come one after the other
	t.Parallel()
	if os.Getenv("DATABASE_URL") != "" {
		t.Skip("the PostgreSQL server of DATABASE_URL is not ours, so nothing is handed on")
	}
	seen := map[string]int{}
	for range 3 {
		t.Run("", func(t *testing.T) {
			l, beside := pgtest.Lend(t), pgtest.Lend(t)
			require.NotEqual(t, l.DSN, beside.DSN, "never to two at a time")
			seen[l.DSN]++
			for _, statement := range []string{
				"CREATE TABLE IF NOT EXISTS habilis_migrations (id int)",
				"CREATE TABLE IF NOT EXISTS habilis_others (id int)",
			} {
				_, err := l.Pool.Exec(t.Context(), statement)
				require.NoError(t, err)
			}
			var migrations, others int
			require.NoError(t, l.Pool.QueryRow(t.Context(),
				"SELECT (SELECT count(*) FROM habilis_migrations), (SELECT count(*) FROM habilis_others)").Scan(&migrations, &others))
			require.Equal(t, seen[l.DSN]-1, migrations, "what was migrated stays so")
			require.Zero(t, others)
			for _, table := range []string{"habilis_migrations", "habilis_others"} {
				_, err := l.Pool.Exec(t.Context(), "INSERT INTO "+table+" VALUES (1)")
				require.NoError(t, err)
			}
		})
	}
	require.Less(t, len(seen), 3, "at least one came back")
}
