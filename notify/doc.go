// Package notify tells: it keeps the history of what happened and delivers the
// mails that follow from it.
//
// A domain service writes both through a [Journal], inside the unit of work that
// changes the data: [Journal.Record] appends an [Event] to the hash chain of its
// structure or account, [Journal.Enqueue] puts a [Message] into the outbox. What
// is committed is owed; what is rolled back never was. A [Dispatcher] later
// claims messages, renders and sends them through the host's [Mailer], and marks
// them, so that no transaction is open during SMTP and no mail is lost.
//
// Events never hold names, addresses or free text; they refer to the rows that do
// by identifier and by digest. Messages keep what they say sealed until they are
// sent and forget it then.
package notify
