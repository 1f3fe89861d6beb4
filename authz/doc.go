// Package authz decides: may this account do that, here, now, and why.
//
// It is pure. A decision is a function of values that the caller gathered; there
// is no context, no I/O, no clock and no state in here, so a policy can be tested
// with a table and a decision of last year can be computed today.
//
// Start with [Decide]: give it the [Facts] about one account in one structure and
// a [Request], and read the [Decision], which lists every condition that was
// looked at. [Statement] turns the same facts into the list of all entitlements.
// Hosts that keep their facts in a storage.Store use structure.Authorizer, which
// loads them and calls this package.
//
// Everything is denied unless each condition holds.
package authz
