package notify

import (
	"time"

	"github.com/habilis-go/habilis/internal/ids"
)

// ActorKind tells what acts.
type ActorKind string

// Actor kinds.
const (
	ActorPerson    ActorKind = "person"
	ActorTechnical ActorKind = "technical"
	ActorSupport   ActorKind = "support"
	ActorSystem    ActorKind = "system"
	ActorAnonymous ActorKind = "anonymous"
)

// Actor is who does something: always an explicit argument, never hidden in a
// context. Package account makes actors; the history records them.
type Actor struct {
	Kind ActorKind

	// ID is the account that acts, "" for anybody but a person or a technical
	// account.
	ID ids.AccountID

	// ProvenAt is when the person last proved a factor; zero if that is not known. What
	// needs a fresh proof asks for it. It is not recorded.
	ProvenAt time.Time

	// Reference is what the operator calls a support agent. It ends up in the
	// history, so it must be a staff number or the like and never a name.
	Reference string
}

// recorded returns what the history keeps of a.
func (a Actor) recorded() Actor { return Actor{Kind: a.Kind, ID: a.ID, Reference: a.Reference} }
