package storagetest

import (
	"fmt"
	"slices"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func searchCases() []testCase {
	return []testCase{
		{"Order", searchOrder},
		{"Cursor", searchCursor},
		{"Limit", searchLimit},
		{"Patterns", searchPatterns},
		{"Literal", searchLiteral},
		{"Fields", searchFields},
		{"Fragments", searchFragments},
		{"Conditions", searchConditions},
		{"Skip", searchSkip},
		{"Brief", searchBrief},
	}
}

// named stores structures with these legal names, numbered from 0.
func named(b *bench, names ...string) {
	b.Helper()
	k := structureKind()
	for n, name := range names {
		s := newStructure(n)
		s.LegalName, s.Label = name, ""
		puts(b, k, s)
	}
}

func search(b *bench, q structure.Query) []structure.Structure {
	b.Helper()
	return list(b, func(tx storage.Tx) ([]structure.Structure, error) { return tx.Structures(b.ctx, q) })
}

func legalName(s structure.Structure) string { return s.LegalName }

func inSearchOrder(a, b structure.Structure) int {
	pa, pb := structure.Fold(a.LegalName)+"\x00"+string(a.ID), structure.Fold(b.LegalName)+"\x00"+string(b.ID)
	switch {
	case pa < pb:
		return -1
	case pa > pb:
		return 1
	default:
		return 0
	}
}

func searchOrder(b *bench) {
	named(b, "zèbre", "Éléa", "elea", "ELEA B", "elea-a", "eleab", "Ägypten", "azur", "10", "9", "日本", "Straße", "strasse", "", "_a", "B", "a")
	got := search(b, structure.Query{})
	want := slices.SortedFunc(slices.Values(got), inSearchOrder)
	b.equal("Structures lists by LegalName folded, then ID, byte by byte", keys(got, legalName), keys(want, legalName))
	if len(got) != 17 {
		b.Errorf("the zero Query selects every structure: got %d, want 17", len(got))
	}
	b.equal("structures whose names fold alike are listed by ID",
		keys(search(b, structure.Query{Name: "elea"}), legalName), []string{"Éléa", "elea"})
	b.equal("Structures lists whole structures", search(b, structure.Query{Name: "azur"})[0],
		load(b, structureKind(), newStructure(7)))
}

func searchCursor(b *bench) {
	named(b, "C", "a", "É", "e", "b", "E", "d")
	all := search(b, structure.Query{})
	var paged []structure.Structure
	q := structure.Query{Limit: 2}
	for range 10 {
		page := search(b, q)
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
		last := page[len(page)-1]
		q.AfterName, q.AfterID = structure.Fold(last.LegalName), last.ID
	}
	b.equal("pages that continue after the last position give the whole list, nothing twice", keys(paged, legalName), keys(all, legalName))

	behind := newStructure(50)
	behind.LegalName, behind.Label = "aa", ""
	q = structure.Query{AfterName: "a", AfterID: structureID(1), Limit: 1}
	puts(b, structureKind(), behind)
	b.equal("a structure inserted behind the position is on the next page", keys(search(b, q), legalName), []string{"aa"})
	b.equal("a position need not exist", keys(search(b, structure.Query{AfterName: "cc", AfterID: structureID(77), Limit: 1}), legalName), []string{"d"})
	b.equal("the position is ANDed with the patterns",
		keys(search(b, structure.Query{Name: "e", AfterName: "e", AfterID: structureID(2)}), legalName), []string{"e", "E"})
}

func searchLimit(b *bench) {
	b.update(func(tx storage.Tx) error {
		for n := range 101 {
			if err := tx.PutStructure(b.ctx, newStructure(n)); err != nil {
				return err
			}
		}
		return nil
	})
	for limit, want := range map[int]int{0: 100, -1: 100, 7: 7, 101: 101, 5000: 101} {
		if got := len(search(b, structure.Query{Limit: limit})); got != want {
			b.Errorf("Query.Limit %d of 101 structures: got %d, want %d", limit, got, want)
		}
	}
}

func searchPatterns(b *bench) {
	names := []string{"Mairie de Grenoble", "MAIRIE D'ÉCHIROLLES", "Métropole", "Grenoble Habitat", "École Ampère", "aXbXc", "ab", "abab", "Straße"}
	named(b, names...)
	for _, p := range []structure.Pattern{
		"", "*", "mairie*", "*grenoble*", "*grenoble", "grenoble", "metropole", "m*e", "m*o*e", "mairie de grenoble", "ecole*", "*a*b*c*",
		"ab", "ab*", "*ab", "ab*ab", "a*b", "*b*b*", "strasse", "*ss*", "nothing", "*nothing*", "**", "MAIRIE*", "mairie d'*",
	} {
		q := structure.Query{Name: p}
		var want []string
		for n, name := range names {
			s := newStructure(n)
			s.LegalName, s.Label = name, ""
			if q.Match(s) {
				want = append(want, name)
			}
		}
		got := keys(search(b, q), legalName)
		slices.Sort(got)
		slices.Sort(want)
		b.equal(fmt.Sprintf("pattern %q selects what Query.Match says", p), got, want)
	}
}

func searchLiteral(b *bench) {
	names := []string{"100% Bio", "100 Bio", "100x Bio", "a_b", "axb", `a\b`, `a\%b`, "a[x]b", "a?b", "a'b", `a"b`, "a.b", "a+b", "(a)", "a^b$"}
	named(b, names...)
	for _, name := range names {
		p := structure.NewPattern(name)
		b.equal(fmt.Sprintf("every character but * stands for itself (%q)", p),
			keys(search(b, structure.Query{Name: p}), legalName), []string{name})
	}
	for p, want := range map[structure.Pattern][]string{
		"%": nil, "_": nil, "a%b": nil, "*%*": {"100% Bio", `a\%b`}, "*_*": {"a_b"}, `*\*`: {`a\%b`, `a\b`}, "100%*": {"100% Bio"},
		"a_*": {"a_b"}, `a\*`: {`a\%b`, `a\b`}, "a?b": {"a?b"}, "a.b": {"a.b"}, ".*": nil, "*[x]*": {"a[x]b"},
	} {
		got := keys(search(b, structure.Query{Name: p}), legalName)
		slices.Sort(got)
		slices.Sort(want)
		b.equal(fmt.Sprintf("every character but * stands for itself (%q)", p), got, want)
	}
}

func searchFields(b *bench) {
	k := structureKind()
	for n, s := range []structure.Structure{
		{LegalName: "Alpha", Label: "Bravo", Postcode: "38000", Town: "Saint-Étienne", Identifier: structure.SIRET("111")},
		{LegalName: "Bravo", Label: "Charlie", Postcode: "38100", Town: "Alpha", Identifier: structure.SIRET("222")},
		{LegalName: "Delta", Label: "", Postcode: "alpha", Town: "Grenoble", Identifier: structure.Identifier{Scheme: "RNA", Value: "W38ABC"}},
	} {
		s.ID, s.Type, s.Status = structureID(n), structure.Public, structure.StatusActive
		puts(b, k, s)
	}
	for _, c := range []struct {
		what string
		q    structure.Query
		want []string
	}{
		{"Any meets legal name, town and postcode", structure.Query{Any: "alpha"}, []string{"Alpha", "Bravo", "Delta"}},
		{"Any meets the label", structure.Query{Any: "charlie"}, []string{"Bravo"}},
		{"Any meets the identifier's value, folded", structure.Query{Any: "w38*"}, []string{"Delta"}},
		{"Any meets no scheme", structure.Query{Any: "siret"}, nil},
		{"Name meets legal name and label", structure.Query{Name: "bravo"}, []string{"Alpha", "Bravo"}},
		{"Name meets nothing else", structure.Query{Name: "grenoble"}, nil},
		{"Identifier meets the value", structure.Query{Identifier: "2*"}, []string{"Bravo"}},
		{"Identifier meets nothing else", structure.Query{Identifier: "38*"}, nil},
		{"Postcode", structure.Query{Postcode: "38*"}, []string{"Alpha", "Bravo"}},
		{"Town, folded", structure.Query{Town: "saint-etienne"}, []string{"Alpha"}},
		{"conditions are ANDed", structure.Query{Any: "alpha", Postcode: "38*", Name: "*r*", Town: "alpha"}, []string{"Bravo"}},
		{"conditions that exclude one another", structure.Query{Name: "alpha", Town: "grenoble"}, nil},
	} {
		b.equal("Query: "+c.what, keys(search(b, c.q), legalName), c.want)
	}

	moved := load(b, k, structure.Structure{ID: structureID(2)})
	moved.Town, moved.LegalName = "Évian", "Zoulou"
	b.update(func(tx storage.Tx) error {
		if err := tx.PutStructure(b.ctx, moved); err != nil {
			return err
		}
		got, err := tx.Structures(b.ctx, structure.Query{Town: "evian"})
		b.equal("a search sees the unit's own writes", keys(got, legalName), []string{"Zoulou"})
		return err
	})
	b.equal("a search meets the new text", keys(search(b, structure.Query{Town: "evian"}), legalName), []string{"Zoulou"})
	b.equal("a search meets the old text no more", keys(search(b, structure.Query{Town: "grenoble"}), legalName), []string(nil))
}

// searchFragments asks with fragments short and long, at the seams of what indexes of
// fragments are made of, and compares with Query.Match.
func searchFragments(b *bench) {
	k := structureKind()
	var all []structure.Structure
	for n, name := range []string{
		"Menuiserie Dupont", "MENUISÉRIE d'Art", "menu", "me", "m", "", "Ébénisterie-Menuiserie", "a%b_c", `say "menu"`, `back\slash`, "日本語学校",
		"menuise rie", "enuiseri", "men*is", "-menu-", "😀😁😂🤣", "AND OR NOT", "NEAR(menu)", "ﬁne", "İstanbul",
	} {
		s := newStructure(n)
		s.LegalName, s.Label, s.Town, s.Postcode = name, "", "Lyon", "69001"
		if n%3 == 0 {
			s.LegalName, s.Label = "Atelier", name
		}
		all = append(all, s)
	}
	puts(b, k, all...)
	check := func(q structure.Query) {
		var want []structure.ID
		for _, s := range slices.SortedFunc(slices.Values(all), inSearchOrder) {
			if q.Match(s) {
				want = append(want, s.ID)
			}
		}
		got := keys(search(b, q), func(s structure.Structure) structure.ID { return s.ID })
		b.equal(fmt.Sprintf("a search selects what Query.Match says (%+v)", q), got, want)
	}
	for _, p := range []structure.Pattern{
		"*menuiserie*", "*menu*", "*men*", "*me*", "*m*", "menu*", "men*", "me*", "m*", "*rie", "*ie", "menu", "men", "me",
		"*menu*rie*", "*me*ri*", "m*e", "me*nu*", "*en*ui*se*", "*%b_*", "*b_c", `*"menu"*`, `*"me*`, `*\slash*`, "*日本語*", "*日本*", "*本語学*",
		"*😀😁😂*", "*😁*", "*and or*", "*near(*", "*-menu-*", "*menuise rie*", "*dupont*menu*", "*fine*", "*i̇st*", "*istanbul*", "*atelier*",
		"***menu***", "*'*", "*d'art*", "* *", "*xyz*", "*menuiseriex*",
	} {
		check(structure.Query{Any: p})
		check(structure.Query{Name: p})
		check(structure.Query{Any: "*lyon*", Name: p, Postcode: "*900*"})
	}
	check(structure.Query{Any: "*0001*"})
	check(structure.Query{Identifier: "*00000000000007*", Any: "*menu*"})
	check(structure.Query{Name: "*menu*", Town: "*yon*", Status: structure.StatusActive, IDs: []structure.ID{structureID(0), structureID(2)}})
}

func searchConditions(b *bench) {
	k := structureKind()
	for n := range 6 {
		s := newStructure(n)
		if n%2 == 1 {
			s.Type = structure.Private
		}
		if n > 3 {
			s.Status = structure.StatusInactive
		}
		puts(b, k, s)
	}
	ids := func(ns ...int) []structure.ID {
		out := []structure.ID{}
		for _, n := range ns {
			out = append(out, structureID(n))
		}
		return out
	}
	for what, c := range map[string]struct {
		q    structure.Query
		want []structure.ID
	}{
		"nil IDs select every structure":             {structure.Query{}, ids(0, 1, 2, 3, 4, 5)},
		"IDs that are empty and not nil select none": {structure.Query{IDs: ids()}, ids()},
		"by one ID": {structure.Query{IDs: ids(4)}, ids(4)},
		"by any of several IDs, in the order of the list": {structure.Query{IDs: ids(5, 1, 77, 1)}, ids(1, 5)},
		"by type":   {structure.Query{Type: structure.Private}, ids(1, 3, 5)},
		"by status": {structure.Query{Status: structure.StatusInactive}, ids(4, 5)},
		"conditions are ANDed, with patterns and a position": {structure.Query{
			IDs: ids(1, 2, 3, 5), Type: structure.Private, Status: structure.StatusActive, Name: "*etablissement*",
			AfterName: "etablissement 001", AfterID: structureID(1),
		}, ids(3)},
	} {
		b.equal("Query: "+what, keys(search(b, c.q), func(s structure.Structure) structure.ID { return s.ID }), c.want)
	}
}

func searchSkip(b *bench) {
	named(b, "a", "b", "c", "d", "e", "f")
	for what, c := range map[string]struct {
		q    structure.Query
		want []string
	}{
		"Skip leaves out the first":                   {structure.Query{Skip: 4}, []string{"e", "f"}},
		"Skip comes before Limit":                     {structure.Query{Skip: 1, Limit: 2}, []string{"b", "c"}},
		"Skip beyond the end leaves nothing":          {structure.Query{Skip: 6}, nil},
		"a negative Skip leaves out nothing":          {structure.Query{Skip: -1, Limit: 2}, []string{"a", "b"}},
		"Skip counts what the conditions select":      {structure.Query{IDs: []structure.ID{structureID(0), structureID(3)}, Skip: 1}, []string{"d"}},
		"Skip counts from the position":               {structure.Query{AfterName: "b", AfterID: structureID(1), Skip: 1, Limit: 1}, []string{"d"}},
		"Skip counts what a fragment of a name finds": {structure.Query{Any: "*renobl*", Skip: 4}, []string{"e", "f"}},
	} {
		b.equal("Query."+what, keys(search(b, c.q), legalName), c.want)
	}
}

// searchBrief lists the same rows in the same order.
func searchBrief(b *bench) {
	b.update(func(tx storage.Tx) error {
		for n := range 30 {
			s := newStructure(n)
			s.LegalName = fmt.Sprintf("Élan %04d", (n*7)%30)
			if err := tx.PutStructure(b.ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	for _, q := range []structure.Query{
		{},
		{Limit: 1},
		{Limit: 5000},
		{Any: "*elan 00*", Limit: 7, Skip: 3},
		{Name: "elan*", AfterName: "elan 0011", AfterID: structureID(2000), Limit: 9},
		{IDs: []structure.ID{structureID(3), structureID(29)}},
	} {
		short := q
		short.Brief = true
		b.equal(fmt.Sprintf("Brief keeps identifier, names, type, state, place and date of what the query selects, in its order (%+v)", q),
			briefs(search(b, short)), briefs(search(b, q)))
	}
}
