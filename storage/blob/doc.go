// Package blob keeps the content of attachments: bytes under a key, written once,
// read as a stream.
//
// Choose by where the host can keep large things:
//
//   - Blobs of storage/sqlite and storage/postgres keep contents in the database
//     that the host has anyway: one backup holds rows and contents of one moment.
//     Good for attachments of some megabytes; each is split into parts, so that
//     neither writing nor reading one holds up others.
//   - storage/blob/bucket keeps them in a folder or an object store (S3, Google
//     Cloud Storage, Azure) through gocloud.dev. Good when there are many gigabytes.
//   - [NewMemory] keeps them in the process, for tests and examples.
//   - storage/blob/sealed encrypts what it passes on to any of these.
//
// A host that writes its own [Store] runs blobtest.Run against it.
//
// # What a host must know
//
// Contents are no part of a unit of work. Whoever keeps a row about a content
// writes the content first and the row after it, and removes them in the reverse
// order, so that every row has its content. What a crash leaves between the two is
// an orphan, a content without a row; [Store.Keys] finds those. It takes the
// contents that are older than any upload lasts, so that one whose row is about to
// be written is not mistaken for an orphan.
//
// A Put that was interrupted by a crash leaves what nobody can read, but what takes
// room. Call [Sweeper.Sweep] from time to time for a database. A bucket needs a
// lifecycle rule that ends incomplete multipart uploads, and a folder needs old
// temporary files removed.
//
// If contents are in a bucket, back it up after the database: contents without a
// row do no harm, rows without a content do. Let no lifecycle rule expire contents.
// The room of contents that were deleted is free again for others inside a SQLite
// file; the file gets smaller by VACUUM only.
package blob
