package authz

import (
	"slices"

	"golang.org/x/text/language"
)

// Permission says under what condition a role may do an action.
type Permission string

// Permissions.
const (
	Never        Permission = ""              // refused
	Always       Permission = "always"        // granted by the role
	ByDelegation Permission = "by_delegation" // granted while the principal lends the power over structures or users that the action needs
	OwnOnly      Permission = "own_only"      // granted on the actor's own record
	ByTransfer   Permission = "by_transfer"   // the principal must first name a successor
)

// Policy holds the tables of a deployment: which spaces exist, which are opened
// by default and for whom, and who may do what. It is data: a host copies a
// preset, changes it, and validates it with structure.New. A Policy is read only
// once handed over, and safe to share.
type Policy struct {
	// Spaces is the catalogue, in the order in which people see it. Defaults to
	// the nine spaces of SPA-T1.
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
	Defaults map[StructureType][]Role // roles that hold it, to read and to write, from the day they join
	Always   bool                     // belongs to every active account, no membership needed
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

// Guide2024 is the default policy: the guide of 2024 with the tables of the
// earlier ones where it is silent (requirements 1.21, 1.22).
func Guide2024() Policy {
	everyone := []Role{RolePrincipalManager, RoleSecondaryManager, RoleMember}
	managers := []Role{RolePrincipalManager, RoleSecondaryManager}
	programs := append(slices.Clone(everyone), RoleTechnical)
	both := func(r []Role) map[StructureType][]Role { return map[StructureType][]Role{Public: r, Private: r} }
	public := func(r []Role) map[StructureType][]Role { return map[StructureType][]Role{Public: r} }

	delegable := map[Role]Permission{RolePrincipalManager: Always, RoleSecondaryManager: ByDelegation}
	principal := map[Role]Permission{RolePrincipalManager: Always}
	return Policy{
		WriteImpliesRead: true,
		Spaces: []SpaceSpec{
			{Code: SpaceHome, Labels: labels("Accueil connecté", "Home"), Defaults: both(everyone), Always: true},
			{Code: SpaceManagerActivities, Labels: labels("Activités du gestionnaire", "Manager's activities"), Defaults: both(managers)},
			{Code: SpaceInvoicesReceived, Labels: labels("Factures reçues", "Invoices received"), Defaults: public(programs)},
			{Code: SpaceInvoicesIssued, Labels: labels("Factures émises", "Invoices issued"), Defaults: both(programs)},
			{Code: SpaceInvoicesToValidate, Labels: labels("Factures à valider", "Invoices to validate")},
			{Code: SpaceWorksInvoices, Labels: labels("Factures de travaux", "Works invoices")},
			{Code: SpaceTicketsIssued, Labels: labels("Sollicitations émises", "Tickets issued"), Defaults: both(everyone)},
			{Code: SpaceTicketsReceived, Labels: labels("Sollicitations reçues", "Tickets received"), Defaults: public(everyone)},
			{Code: SpaceMyAccount, Labels: labels("Mon compte", "My account"), Defaults: both(everyone), Always: true},
		},
		Permissions: map[Action]map[Role]Permission{
			ActionViewStructure:       {RolePrincipalManager: Always, RoleSecondaryManager: Always, RoleMember: Always},
			ActionModifyStructure:     delegable,
			ActionManageSpaces:        delegable,
			ActionCloseStructure:      principal,
			ActionChangeIdentifier:    principal,
			ActionDecideMemberships:   delegable,
			ActionManageMembers:       delegable,
			ActionLeave:               {RolePrincipalManager: ByTransfer, RoleSecondaryManager: OwnOnly, RoleMember: OwnOnly},
			ActionDecideSubscriptions: delegable,
			ActionGrantSubscriptions:  delegable,
			ActionSearchUsers:         delegable,
			ActionReadHistory:         {RolePrincipalManager: Always, RoleSecondaryManager: Always},
			ActionManageTechnical:     principal,
			ActionTransferPrincipal:   principal,
			ActionDelegate:            principal,
		},
	}
}

func labels(fr, en string) map[language.Tag]string {
	return map[language.Tag]string{language.French: fr, language.English: en}
}
