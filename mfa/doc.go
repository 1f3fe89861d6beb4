// Package mfa proves who somebody is. A sign-in is a transaction: [Service.Begin]
// checks address and password and opens it, each factor writes its own proof into
// it ([Service.ProveMailCode]), and only [Service.Finish] reads the proofs and
// yields a session. Choosing a way, or asking for another code, proves nothing.
package mfa
