package main

// keyResent holds what became of each activation mail that was sent again, as JSON.
const keyResent = "resent"

// peopleRoutes are the pages about the people of a structure, one's photo and one's
// data, and the erasure of somebody's.
func (p *portal) peopleRoutes() map[string]route {
	return map[string]route{
		photoPath:                  {get: p.showPhoto, post: p.photo, in: true, stream: true},
		photoPath + "/content":     {get: p.photoContent, in: true},
		photoPath + "/remove":      {post: p.removePhoto, in: true},
		dataPath:                   {get: p.showData, post: p.data, in: true},
		erasurePath:                {get: p.showErasure, post: p.erasure, in: true},
		"/structures/{id}/members": {get: p.showMembers, post: p.resendActivations, in: true},
	}
}
