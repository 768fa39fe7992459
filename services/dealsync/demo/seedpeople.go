package demo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// Companies that do not exist. The first are in both accounts, the rest in one.
var (
	inBoth    = []string{"Bluewater Bakery", "Copperfield Cycles", "Dandelion Dental", "Elmstreet Energy", "Foxglove Foods", "Gullwing Garages", "Harbourlight Hotels", "Inkwell Insurance", "Juniper Joinery", "Kingfisher Kitchens"}
	inOneOnly = [2][]string{
		{"Larkspur Logistics", "Millstone Media", "Nightjar Networks", "Orchard Optics"},
		{"Pinewood Press", "Quayside Quilts", "Riverbend Robotics", "Saltmarsh Seeds"},
	}
)

// companiesOf are an account's companies that contacts and deals belong to.
func companiesOf(s deal.Side) []string { return slices.Concat(inBoth, inOneOnly[index(s)]) }

// How the companies in both accounts differ.
const (
	otherName    = "Copperfield Cycles"  // Pipedrive calls it otherwise: paired by domain, HubSpot's name stands
	noWebsite    = "Elmstreet Energy"    // Pipedrive has no website: paired by name, and gets one
	noDomain     = "Gullwing Garages"    // HubSpot has no domain: paired by name, and gets one
	oldPipedrive = "Copperfield Bicycle" // its name there
)

// One company in HubSpot could be either of two in Pipedrive: nobody can tell,
// so none of the three is paired or made on the other side (R15).
var (
	undecided     = [2][]string{{"Marlowe Motors"}, {"Marlowe Motors GmbH", "Marlowe Motors AG"}}
	ambiguous     = slices.Concat(undecided[0], undecided[1])
	ambiguousSaid = fmt.Sprintf("HubSpot's %q could be either of Pipedrive's %q and %q", undecided[0][0], undecided[1][0], undecided[1][1])
)

func domainName(company string) string {
	return strings.ReplaceAll(strings.ToLower(company), " ", "") + ".example"
}

func companySeeds(s deal.Side) seeds {
	f := columns{}
	names := slices.Concat(companiesOf(s), undecided[index(s)])
	for _, name := range names {
		site := domainName(name)
		switch {
		case slices.Contains(ambiguous, name), s == deal.App && name == noWebsite, s == deal.HubSpot && name == noDomain:
			site = ""
		case s == deal.App && name == otherName:
			name = oldPipedrive
		}
		f.put("name", name)
		switch {
		case s == deal.HubSpot:
			f.put("domain", site)
		case site == "":
			f.put("website", nil)
		default:
			f.put("website", "https://www."+site)
		}
	}
	return seeds{count: len(names), fields: f}
}

// People that do not exist. Their numbers have no factor in common, so that the
// names go on for long before one comes again.
var (
	firstNames = []string{"Anton", "Berit", "Caspar", "Dunja", "Edda", "Fabio", "Gesine", "Henrik", "Ines", "Jannis", "Karla", "Levin", "Maja", "Niklas", "Orla", "Piet", "Rosa"}
	lastNames  = []string{"Achterberg", "Brandt", "Cordes", "Dahlmann", "Ehlers", "Fassbinder", "Grothe", "Hollis", "Iversen", "Jansen", "Kettler", "Lindqvist", "Marsh", "Nyberg", "Ostendorf", "Pfeiffer", "Quist", "Reuter", "Sommer"}
)

// Every company has some contacts; of a company in both accounts, the first ones
// are in both as well.
const (
	contactsEach = 4
	sharedEach   = 2
)

func contactCount(s deal.Side) int { return contactsEach * len(companiesOf(s)) }

// person is a side's k-th contact.
func person(s deal.Side, k int) (first, last, email string, shared bool) {
	list := companiesOf(s)
	company := k % len(list)
	shared = company < len(inBoth) && k/len(list) < sharedEach
	n := k
	if s == deal.App && !shared {
		n += 100 // somebody else
	}
	first, last = firstNames[n%len(firstNames)], lastNames[n%len(lastNames)]
	email = strings.ToLower(first+"."+last) + "@" + domainName(list[company])
	return first, last, email, shared
}

// phone is the number of the k-th contact: one that was set aside for fiction.
// Of those in both accounts, some have theirs in one only, and a few have an old
// one in Pipedrive.
func phone(s deal.Side, k int, shared bool) string {
	number := fmt.Sprintf("+44 20 7946 0%03d", k)
	switch {
	case !shared:
		return number
	case s == deal.HubSpot && k%4 == 1, s == deal.App && k%4 == 3:
		return ""
	case s == deal.App && k%8 == 2:
		return fmt.Sprintf("+44 161 496 0%03d", k)
	}
	return number
}

func contactSeeds(s deal.Side, firstCompany int64) seeds {
	f := columns{}
	for k := range contactCount(s) {
		first, last, email, shared := person(s, k)
		number := phone(s, k, shared)
		if s == deal.HubSpot {
			f.put("email", email)
			f.put("firstname", first)
			f.put("lastname", last)
			f.put("phone", number)
			continue
		}
		f.put("name", first+" "+last)
		f.put("emails", []address{{email, true}})
		phones := []address{}
		if number != "" {
			phones = append(phones, address{number, true})
		}
		f.put("phones", phones)
	}
	return seeds{count: contactCount(s), fields: f, to: map[tieTo]int64{{&ties[0], len(companiesOf(s))}: firstCompany}}
}
