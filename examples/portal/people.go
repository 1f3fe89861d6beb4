package main

// peopleRoutes are the pages about one's photo and one's data, and the erasure of
// somebody's.
func (p *portal) peopleRoutes() map[string]route {
	return map[string]route{
		photoPath:              {get: p.showPhoto, post: p.photo, in: true, stream: true},
		photoPath + "/content": {get: p.photoContent, in: true},
		photoPath + "/remove":  {post: p.removePhoto, in: true},
		dataPath:               {get: p.showData, post: p.data, in: true},
		erasurePath:            {get: p.showErasure, post: p.erasure, in: true},
	}
}
