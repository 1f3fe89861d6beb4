package authz

import (
	"maps"
	"slices"

	"golang.org/x/text/language"
)

// Guide2024 is the default policy: the guide of 2024 with the tables of the
// earlier ones where it is silent (requirements 1.21, 1.22). A simple user who may
// write in SpaceOrganisation decides on requests to join (C-06).
func Guide2024() Policy {
	everyone := []Role{RolePrincipalManager, RoleSecondaryManager, RoleMember}
	managers := []Role{RolePrincipalManager, RoleSecondaryManager}
	programs := append(slices.Clone(everyone), RoleTechnical)
	both := func(r ...Role) map[StructureType][]Role { return map[StructureType][]Role{Public: r, Private: r} }
	public := func(r ...Role) map[StructureType][]Role { return map[StructureType][]Role{Public: r} }

	delegable := map[Role]Permission{RolePrincipalManager: Always, RoleSecondaryManager: ByDelegation}
	principal := map[Role]Permission{RolePrincipalManager: Always}
	return Policy{
		WriteImpliesRead: true,
		Spaces: []SpaceSpec{
			{Code: SpaceHome, Labels: labels("Accueil connecté", "Home"), Defaults: both(everyone...), Always: true},
			{Code: SpaceManagerActivities, Labels: labels("Activités du gestionnaire", "Manager’s activities"), Defaults: both(managers...), ByRole: true},
			{Code: SpaceOrganisation, Labels: labels("Organisation", "Organisation"), Defaults: both(RolePrincipalManager)},
			{Code: SpaceInvoicesReceived, Labels: labels("Factures reçues", "Invoices received"), Defaults: public(programs...)},
			{Code: SpaceInvoicesIssued, Labels: labels("Factures émises", "Invoices issued"), Defaults: both(programs...), SelfService: true},
			{Code: SpaceInvoicesToValidate, Labels: labels("Factures à valider", "Invoices to validate")},
			{Code: SpaceWorksInvoices, Labels: labels("Factures de travaux", "Works invoices")},
			{Code: SpaceTicketsIssued, Labels: labels("Sollicitations émises", "Tickets issued"), Defaults: both(everyone...)},
			{Code: SpaceTicketsReceived, Labels: labels("Sollicitations reçues", "Tickets received"), Defaults: public(everyone...)},
			{Code: SpaceMyAccount, Labels: labels("Mon compte", "My account"), Defaults: both(everyone...), Always: true},
		},
		Permissions: map[Action]map[Role]Permission{
			ActionViewStructure:       {RolePrincipalManager: Always, RoleSecondaryManager: Always, RoleMember: Always},
			ActionModifyStructure:     delegable,
			ActionManageSpaces:        delegable,
			ActionCloseStructure:      principal,
			ActionChangeIdentifier:    principal,
			ActionDecideMemberships:   {RolePrincipalManager: Always, RoleSecondaryManager: ByDelegation, RoleMember: ByEntitlement},
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

// Guide2019 is the policy of the generic guide of 2019 and of the older one: five
// spaces by default in every structure, whatever its type (C-05), none open to all,
// and requests to join are decided by the principal manager alone (C-06).
func Guide2019() Policy {
	p := classic()
	p.Permissions[ActionDecideMemberships] = map[Role]Permission{RolePrincipalManager: Always}
	for i := range p.Spaces {
		s := &p.Spaces[i]
		s.Defaults = maps.Clone(s.Defaults)
		if !slices.Equal(s.Defaults[Public], s.Defaults[Private]) {
			s.Defaults = nil
		}
	}
	return p
}

// Guide2017 is the policy of the guide of 2017 for public structures: the nine spaces
// of SPA-T1 there, five in private ones (C-05), none open to all, and requests to join
// are decided by the principal manager or by secondary managers to whom it lends the
// power (C-06).
func Guide2017() Policy { return classic() }

// classic is Guide2024 without what came later: the space that gives powers of a
// manager, and spaces that are open to all.
func classic() Policy {
	p := Guide2024()
	p.Permissions[ActionDecideMemberships] = p.Permissions[ActionManageMembers]
	p.Spaces = slices.DeleteFunc(p.Spaces, func(s SpaceSpec) bool { return s.Code == SpaceOrganisation })
	for i := range p.Spaces {
		p.Spaces[i].SelfService = false
	}
	return p
}

// WithoutSecondaryManagers returns p for a deployment that has none any more: whatever a
// secondary manager may do while the principal lends the power, a simple user may do who
// may write in SpaceOrganisation (C-07).
func (p Policy) WithoutSecondaryManagers() Policy {
	permissions := make(map[Action]map[Role]Permission, len(p.Permissions))
	for action, roles := range p.Permissions {
		roles = maps.Clone(roles)
		if roles[RoleSecondaryManager] == ByDelegation && roles[RoleMember] == Never {
			roles[RoleMember] = ByEntitlement
		}
		permissions[action] = roles
	}
	p.Permissions = permissions
	return p
}

func labels(fr, en string) map[language.Tag]string {
	return map[language.Tag]string{language.French: fr, language.English: en}
}
