package authz

import (
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/i18n"
)

// Permission says under what condition a role may do an action.
type Permission string

// Permissions.
const (
	Never         Permission = ""               // refused
	Always        Permission = "always"         // granted by the role
	ByDelegation  Permission = "by_delegation"  // granted while the principal lends the power over structures or users that the action needs
	OwnOnly       Permission = "own_only"       // granted on the actor's own record
	ByEntitlement Permission = "by_entitlement" // granted while the right to write in SpaceOrganisation holds over the whole structure (C-06)
	ByTransfer    Permission = "by_transfer"    // the principal must first name a successor
)

// Policy holds the tables of a deployment: which spaces exist, which are opened
// by default and for whom, and who may do what. It is data: a host copies a
// preset, changes it, and validates it with structure.New. A Policy is read only
// once handed over, and safe to share.
type Policy struct {
	// Spaces is the catalogue, in the order in which people see it. Defaults to
	// the nine spaces of SPA-T1 and the one that gives powers of a manager.
	Spaces []SpaceSpec

	// Permissions is table MEM-T1: for each action, the roles that may do it. An
	// action or a role that is absent is refused. Defaults to MEM-T1.
	Permissions map[Action]map[Role]Permission

	// WriteImpliesRead lets a right to write count as a right to read.
	// Defaults to true in the presets.
	WriteImpliesRead bool
}

// SpaceSpec describes one space of the catalogue.
type SpaceSpec struct {
	Code     Space                    // stable key
	Labels   map[language.Tag]string  // what people read, by base language
	Defaults map[StructureType][]Role // roles that hold it, at each of its levels, from the day they join
	Always   bool                     // belongs to every active account, no membership needed. Defaults to false.

	// ByRole says that the roles of Defaults hold it and nobody else can: it is neither
	// asked for nor granted. Defaults to false.
	ByRole bool

	// SelfService says that a member of a structure where it is open takes it without
	// anybody's approval (C-22). Defaults to false.
	SelfService bool

	Types  []StructureType // types of structure on which it can be open. Defaults to none: every type.
	Levels []Level         // levels that it has. Defaults to none: to read and to write.
}

// Fixed reports whether s comes with the account or with the role, so that nobody
// subscribes to it.
func (s SpaceSpec) Fixed() bool { return s.Always || s.ByRole }

// Fits reports whether s can be open on structures of the given type.
func (s SpaceSpec) Fits(t StructureType) bool {
	return len(s.Types) == 0 || slices.Contains(s.Types, t)
}

// Has reports whether s has the given level.
func (s SpaceSpec) Has(l Level) bool { return slices.Contains(s.levels(), l) }

// offers reports whether a right at some level of s can satisfy a request for l.
func (s SpaceSpec) offers(l Level, writeImpliesRead bool) bool {
	return slices.ContainsFunc(s.levels(), func(has Level) bool { return has.gives(l, writeImpliesRead) })
}

func (s SpaceSpec) levels() []Level {
	if len(s.Levels) == 0 {
		return []Level{Read, Write}
	}
	return s.Levels
}

// Lowest is the level of s that gives least.
func (s SpaceSpec) Lowest() Level {
	if s.Has(Read) {
		return Read
	}
	return Write
}

// Label returns what people of the given language read, else the English label,
// else the code.
func (s SpaceSpec) Label(lang language.Tag) string {
	base, _ := lang.Base()
	for _, tag := range []language.Tag{lang, language.Make(base.String()), language.English} {
		if label, ok := s.Labels[tag]; ok {
			return label
		}
	}
	return string(s.Code)
}

// DefaultFor reports whether members of the given role hold s by default in
// structures of the given type.
func (s SpaceSpec) DefaultFor(t StructureType, r Role) bool { return slices.Contains(s.Defaults[t], r) }

// Spec returns the catalogue entry of a space.
func (p Policy) Spec(code Space) (SpaceSpec, bool) {
	i := slices.IndexFunc(p.Spaces, func(s SpaceSpec) bool { return s.Code == code })
	if i < 0 {
		return SpaceSpec{}, false
	}
	return p.Spaces[i], true
}

// OpenByDefault lists the spaces that a new structure of the given type starts
// with: those that some role holds by default.
func (p Policy) OpenByDefault(t StructureType) []Space {
	var out []Space
	for _, s := range p.Spaces {
		if len(s.Defaults[t]) > 0 {
			out = append(out, s.Code)
		}
	}
	return out
}

// Profile names a right for people, "Factures émises modification": the label of the
// space and the level.
func (p Policy) Profile(code Space, l Level, lang language.Tag) string {
	spec, listed := p.Spec(code)
	if !listed {
		spec.Code = code
	}
	return spec.Label(lang) + " " + strings.ToLower(i18n.Text(lang, "level."+string(l), nil))
}
