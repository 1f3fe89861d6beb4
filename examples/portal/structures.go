package main

// Addresses of the pages of this file that have parts.
const (
	structuresPath    = "/structures"
	membershipsPath   = "/account/memberships"
	subscriptionsPath = "/account/subscriptions"
	entitlementsPath  = "/account/entitlements"
)

// structureRoutes are the pages around a structure: finding it, its record, its services
// and spaces, and what its principal manager does with the whole of it.
func (p *portal) structureRoutes() map[string]route {
	return map[string]route{
		"/structures":                           {get: p.showStructures, in: true},
		"/structures/csv":                       {get: p.toStructures, post: p.structuresCSV, in: true},
		"/structures/new":                       {get: p.showNewStructure, post: p.newStructure, in: true},
		"/structures/{id}":                      {get: p.showSheet, in: true},
		"/structures/{id}/general":              {get: p.showGeneral, post: p.general, in: true},
		"/structures/{id}/address":              {get: p.showAddress, post: p.address, in: true},
		"/structures/{id}/bank":                 {get: p.showBank, post: p.bank, in: true},
		"/structures/{id}/bank/{bank}/remove":   {get: p.removeBank, post: p.removeBank, in: true},
		"/structures/{id}/mandate":              {get: p.showMandate, post: p.mandate, in: true},
		"/structures/{id}/identifier":           {get: p.showIdentifier, post: p.identifier, in: true},
		"/structures/{id}/deactivate":           {get: p.turnOff, post: p.turnOff, in: true},
		"/structures/{id}/activate":             {get: p.turnOn, post: p.turnOn, in: true},
		"/structures/{id}/services":             {get: p.showServices, in: true},
		"/structures/{id}/services/new":         {get: p.showNewService, post: p.newService, in: true},
		"/structures/{id}/services/{service}":   {get: p.showService, post: p.service, in: true},
		"/structures/{id}/spaces":               {get: p.showSpaces, in: true},
		"/structures/{id}/spaces/{space}/open":  {get: p.openSpace, post: p.openSpace, in: true},
		"/structures/{id}/spaces/{space}/close": {get: p.closeSpace, post: p.closeSpace, in: true},
	}
}

// memberRoutes are the pages of somebody's own memberships, subscriptions and
// entitlements.
func (p *portal) memberRoutes() map[string]route {
	return map[string]route{
		"/account/memberships/several":          {get: p.showAskSeveral, post: p.askSeveral, in: true},
		"/account/memberships/leave":            {get: p.showLeave, post: p.leaveStructures, in: true},
		"/account/memberships/withdraw/{case}":  {get: p.withdraw, post: p.withdraw, in: true},
		"/account/memberships/remind/{case}":    {get: p.remind, post: p.remind, in: true},
		"/account/subscriptions":                {get: p.showSubscriptions, in: true},
		"/account/subscriptions/ask":            {get: p.showAskWhere, in: true},
		"/account/subscriptions/ask/{id}":       {get: p.showAskSpaces, post: p.askSpaces, in: true},
		"/account/subscriptions/remove":         {get: p.toSubscriptions, post: p.removeLines, in: true},
		"/account/subscriptions/remind/{line}":  {get: p.remindLine, post: p.remindLine, in: true},
		"/account/entitlements":                 {get: p.showEntitlements, in: true},
		"/account/entitlements/{id}":            {get: p.showEntitlementForm, post: p.editEntitlements, in: true},
		"/account/entitlements/{id}/remove-all": {get: p.removeEntitlements, post: p.removeEntitlements, in: true},
	}
}
