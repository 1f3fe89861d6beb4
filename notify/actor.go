package notify

import "github.com/habilis-go/habilis/internal/ids"

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

	// Reference is what the operator calls a support agent. It ends up in the
	// history, so it must be a staff number or the like and never a name.
	Reference string
}
