// Package structure knows where: structures, their services, who belongs to them
// and what the managers decide.
//
// Start with [New], then [Service.Create] and [Service.Request]; a manager answers
// with [Service.Approve] or [Service.Reject]. [Authorizer] loads what package
// authz needs and asks it.
//
// The rules are methods of values, [Membership.Ask] and its siblings, that take
// no context and do no I/O; the service methods load, decide, store, record and
// enqueue in one unit of work.
package structure
