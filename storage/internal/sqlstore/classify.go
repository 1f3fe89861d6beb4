package sqlstore

import "errors"

// ClassifyPostgres reads the SQLSTATE of any driver whose errors have a method
// SQLState, pgx and lib/pq among them.
func ClassifyPostgres(err error) Class {
	var coded interface{ SQLState() string }
	if !errors.As(err, &coded) {
		return ClassOther
	}
	switch coded.SQLState() {
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return ClassConflict
	case "23505": // unique_violation
		return ClassExists
	case "42P07", "42710": // duplicate_table (indexes included), duplicate_object
		return ClassDuplicate
	default:
		return ClassOther
	}
}

// Result codes of SQLite.
const (
	sqliteError           = 1
	sqliteBusy            = 5
	sqliteLocked          = 6
	sqlitePrimaryKey      = 1555 // SQLITE_CONSTRAINT_PRIMARYKEY
	sqliteUnique          = 2067 // SQLITE_CONSTRAINT_UNIQUE
	sqliteRowID           = 2579 // SQLITE_CONSTRAINT_ROWID
	sqlitePrimaryCodeMask = 0xff
)

// ClassifySQLite reads the extended result code of any driver whose errors have a
// method Code. A table that is there already has no code of its own, so every
// plain SQLITE_ERROR counts as [ClassDuplicate]; only migrations ask for it.
func ClassifySQLite(err error) Class {
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return ClassOther
	}
	switch code := coded.Code(); {
	case code == sqlitePrimaryKey, code == sqliteUnique, code == sqliteRowID:
		return ClassExists
	case code&sqlitePrimaryCodeMask == sqliteBusy, code&sqlitePrimaryCodeMask == sqliteLocked:
		return ClassConflict
	case code == sqliteError:
		return ClassDuplicate
	default:
		return ClassOther
	}
}
