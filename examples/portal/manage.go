package main

const nominationPath = "/account/nominations/{id}"

// manageRoutes are the pages of those who manage the people of structures.
func (p *portal) manageRoutes() map[string]route {
	return map[string]route{
		"/manage":                           {get: p.dashboard, in: true},
		"/manage/requests":                  {get: p.requests, post: p.decideMany, in: true},
		"/manage/requests/{id}":             {get: p.showRequest, in: true},
		"/manage/requests/{id}/approve":     {get: p.toRequest, post: p.approve, in: true},
		"/manage/requests/{id}/reject":      {get: p.toRequest, post: p.reject, in: true},
		"/manage/subscriptions":             {get: p.showLines, post: p.decideLines, in: true},
		"/manage/subscriptions/{batch}":     {get: p.showBatch, post: p.decideBatch, in: true},
		nominationPath:                      {get: p.showNomination, in: true},
		nominationPath + "/accept":          {get: p.accept, post: p.accept, in: true},
		nominationPath + "/decline":         {get: p.decline, post: p.decline, in: true},
		nominationPath + "/withdraw":        {get: p.takeBack, post: p.takeBack, in: true},
		transferPath:                        {get: p.showTransfer, post: p.transfer, in: true},
		usersPath:                           {get: p.showUsers, post: p.useUsers, in: true},
		"/structures/{id}/access":           {get: p.access, in: true},
		"/structures/{id}/access/{who}":     {get: p.accessWhy, in: true},
		"/structures/{id}/attach":           {get: p.showAttach, post: p.attach, in: true},
		"/structures/{id}/copy":             {get: p.showCopy, post: p.copy, in: true},
		"/structures/{id}/delegation":       {get: p.showDelegation, post: p.delegate, in: true},
		"/structures/{id}/history":          {get: p.history, post: p.historyFile, in: true},
		"/structures/{id}/history/{number}": {get: p.decision, in: true},
		"/structures/{id}/members":          {get: p.showMembers, post: p.toMembers, in: true},
		"/structures/{id}/members/{who}":    {get: p.showMember, post: p.changeMember, in: true},
	}
}
