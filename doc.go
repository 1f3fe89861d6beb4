// Package habilis gives a Go service accounts, organisations and delegated rights:
// people join structures, structures decide who may do what, and every decision can
// say why.
//
// [New] wires the services over a store; the host keeps its own HTTP, sessions and
// pages:
//
//	h, err := habilis.New(memory.New(), &habilis.Options{Mailer: notify.NewInbox()})
//
// Nothing runs in the background until the host calls [Habilis.Run], nothing is
// global, and nothing leaves the process before the unit of work that caused it is
// committed. [Habilis.Preview] shows what operations would do without doing them.
//
// Advice: keep the key ring out of the database; take every actor from
// account.Service.Resume; answer people with [Localize] and programs with [CodeOf].
//
// The services are safe for concurrent use. What this module promises is in
// CHANGELOG.md: before version 1 anything may change, and says so there.
package habilis
