package postgres

import (
	"bytes"
	"encoding/binary"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/habilis-go/habilis/storage/internal/sqlstore"
)

// quickRows are rows of a transaction of the host. What is not easy, pgx reads: how the
// host has values sent is the host's.
type quickRows struct{ pgx.Rows }

// Scan implements sqlstore.Rows.
func (r quickRows) Scan(targets ...any) error {
	easy, err := scan(targets, r.FieldDescriptions(), r.RawValues())
	if err == nil && !easy {
		return r.Rows.Scan(targets...) // all of them once more
	}
	return err
}

// scan reads the few types that our columns have without asking pgx how: rows are wide,
// and finding out for each value is most of the work of reading one. A row that holds
// anything else is not easy.
func scan(targets []any, fields []pgconn.FieldDescription, values [][]byte) (easy bool, err error) {
	if len(fields) != len(targets) || len(values) != len(targets) {
		return false, nil
	}
	for i, target := range targets {
		read, err := quickly(target, &fields[i], values[i])
		if err != nil {
			return true, pgx.ScanArgError{ColumnIndex: i, FieldName: fields[i].Name, Err: err}
		}
		if !read {
			return false, nil
		}
	}
	return true, nil
}

// quickly reads a value, if it is one of those that are easy.
func quickly(target any, field *pgconn.FieldDescription, value []byte) (read bool, err error) {
	switch t := target.(type) {
	case *string:
		if field.DataTypeOID != pgtype.TextOID || value == nil {
			return false, nil
		}
		if *t != string(value) { // often it is what the row before held
			*t = string(value)
		}
	case *bool:
		if field.DataTypeOID != pgtype.BoolOID || field.Format != pgx.BinaryFormatCode || len(value) != 1 {
			return false, nil
		}
		*t = value[0] != 0
	case *int64:
		n, easy := integer(field, value)
		if !easy || value == nil {
			return false, nil
		}
		*t = n
	case *int:
		n, easy := integer(field, value)
		if !easy || value == nil {
			return false, nil
		}
		*t = int(n)
	case *[]byte:
		if field.DataTypeOID != pgtype.ByteaOID || field.Format != pgx.BinaryFormatCode {
			return false, nil
		}
		*t = bytes.Clone(value)
	case sqlstore.InstantField:
		n, easy := integer(field, value)
		if !easy {
			return false, nil
		}
		t.ScanMicros(n, value != nil)
	case sqlstore.TextField:
		if field.DataTypeOID != pgtype.TextOID || value == nil {
			return false, nil
		}
		return true, t.ScanText(value)
	default:
		return false, nil
	}
	return true, nil
}

// integer reads a bigint in the format that pgx asks for; NULL is 0.
func integer(field *pgconn.FieldDescription, value []byte) (n int64, easy bool) {
	switch {
	case field.DataTypeOID != pgtype.Int8OID:
		return 0, false
	case value == nil:
		return 0, true
	case field.Format != pgx.BinaryFormatCode || len(value) != 8:
		return 0, false
	default:
		return int64(binary.BigEndian.Uint64(value)), true
	}
}
