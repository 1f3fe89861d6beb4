package main

// What the session of a browser holds for the pages of this file.
const (
	keyReactivation = "reactivation" // secret of the reactivation link that was opened
	keyClosedUntil  = "closed-until" // until when an account that was closed here can come back
	keyOutcome      = "outcome"      // what became of each of several attachments, as JSON
	keyTechnical    = "technical"    // a form that waits for a fresh proof
)

// lifeRoutes are the pages about the end and return of an account, and accounts
// for others and for programs.
func (p *portal) lifeRoutes() map[string]route {
	return map[string]route{
		"/account/deactivate":                    {get: p.showDeactivate, post: p.deactivate, in: true},
		"/account/deactivated":                   {get: p.deactivated},
		"/activate/resend":                       {get: p.showResendActivation, post: p.resendActivation, open: true},
		"/reactivate":                            {get: p.showReactivate, post: p.reactivate, open: true},
		"/reactivate/sent":                       {get: p.reactivateSent},
		"/reactivate/password":                   {get: p.showComeBack, post: p.comeBack},
		"/support":                               {get: p.showSupport, post: p.askSupport, open: true},
		"/structures/{id}/people/new":            {get: p.showNewPerson, post: p.newPerson, in: true},
		"/structures/{id}/technical":             {get: p.technicals, in: true},
		"/structures/{id}/technical/new":         {get: p.showNewTechnical, post: p.newTechnical, in: true},
		"/structures/{id}/technical/{who}/reset": {get: p.showResetTechnical, post: p.resetTechnical, in: true},
		"/structures/{id}/technical/{who}/close": {get: p.showCloseTechnical, post: p.closeTechnical, in: true},
	}
}
