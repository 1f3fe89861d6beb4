package postgres

import (
	"context"
	"database/sql"
)

// Statements about the index by which fragments of text are found among structures.
const (
	trigramsThere = "SELECT EXISTS (SELECT FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid" +
		" WHERE indrelid = 'habilis_structures'::regclass AND relname = 'habilis_structures_trigrams')"
	trigramsHome = "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm'"

	// In a schema that outlives ours: the extension is there once for a database.
	makeTrigrams = "CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public"
)

// indexTrigrams makes that index if the database has the extension that it needs, or
// lets us have it. Without, a search for a fragment looks at every structure, so that
// nothing here is an error but a context that is dead.
func indexTrigrams(ctx context.Context, db *sql.DB) error {
	var there bool
	if err := db.QueryRowContext(ctx, trigramsThere).Scan(&there); err != nil || there {
		return ctx.Err()
	}
	var home string
	if err := db.QueryRowContext(ctx, trigramsHome).Scan(&home); err != nil {
		_, _ = db.ExecContext(ctx, makeTrigrams) // or somebody else is doing so
		if err := db.QueryRowContext(ctx, trigramsHome).Scan(&home); err != nil {
			return ctx.Err()
		}
	}
	ops := " " + home + ".gin_trgm_ops"
	_, _ = db.ExecContext(ctx, "CREATE INDEX IF NOT EXISTS habilis_structures_trigrams ON habilis_structures USING gin (folded_identifier"+ops+
		", folded_name"+ops+", folded_label"+ops+", folded_postcode"+ops+", folded_town"+ops+")")
	return ctx.Err()
}
