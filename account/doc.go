// Package account knows who: identity, credentials and the life cycle of an
// account, from registration over activation to closing.
//
// Start with [New] and then [Service.Register] and [Service.Activate]; signing in
// is package mfa's, since it takes a second factor. Every operation takes its
// [Actor] explicitly; a host makes one from a session with [Service.Resume].
//
// Answers to anonymous callers never tell whether an address has an account.
package account
