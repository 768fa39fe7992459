package suggest

import "github.com/dealsync/dealsync/libs/deal"

// Field is a field of a side.
type Field struct {
	Item
	Type     deal.Type
	ReadOnly bool
}

// fieldWords are what fields of deals, contacts and companies are called.
var fieldWords = newVocabulary(map[string]string{
	"name":         "name, title, titel, bezeichnung, dealname*, dealtitel*, deal name, deal title, company name, firmenname, unternehmensname",
	"first name":   "first name, firstname, given name, vorname*",
	"last name":    "last name, lastname, surname, family name, nachname*, familienname*",
	"amount":       "amount, value, betrag*, wert, deal value, dealwert, auftragswert, summe, volumen",
	"currency":     "currency, waehrung*, deal currency code, currency code",
	"close date":   "close date, closedate, closing date, expected close date, abschlussdatum*, abschlusstermin*, voraussichtliches abschlussdatum, erwartetes abschlussdatum, erwarteter abschluss",
	"owner":        "owner, besitzer*, zustaendig*, verantwortlich*, assigned to, inhaber*, salesperson",
	"email":        "email, e mail, mail, email address, emailadresse, mailadresse",
	"phone":        "phone, phone number, telephone, telefon*, rufnummer, tel",
	"mobile":       "mobile, mobile phone, mobile phone number, cell, handy*, mobil*, mobiltelefon*",
	"job title":    "job title, jobtitle, position, berufsbezeichnung*, funktion, role",
	"website":      "website, website url, url, homepage, webseite*, webadresse*, internetseite",
	"domain":       "domain, company domain name, domainname*, domain name",
	"industry":     "industry, branche*, sector, sektor",
	"employees":    "number of employees, employees, employee count, mitarbeiter*, mitarbeiterzahl, anzahl mitarbeiter, numberofemployees",
	"revenue":      "annual revenue, revenue, annualrevenue, umsatz*, jahresumsatz",
	"street":       "street, street address, address, strasse*, adresse*, anschrift*",
	"city":         "city, town, stadt*, wohnort",
	"postal code":  "zip, zip code, postal code, postcode, plz, postleitzahl",
	"country":      "country, country region, land",
	"state":        "state, state region, region, bundesland*",
	"description":  "description, deal description, notes, beschreibung*, notiz*, bemerkung*, anmerkung*",
	"probability":  "probability, deal probability, wahrscheinlichkeit*, abschlusswahrscheinlichkeit",
	"source":       "source, lead source, original source, quelle*, herkunft*, channel, kanal",
	"lost reason":  "lost reason, closed lost reason, loss reason, verlustgrund*, grund fuer verlust, ablehnungsgrund",
	"won reason":   "won reason, closed won reason, gewinngrund*",
	"priority":     "priority, prioritaet*, dringlichkeit",
	"type":         "type, deal type, dealtype*, art, typ",
	"birthday":     "birthday, date of birth, geburtstag*, geburtsdatum*",
	"next step":    "next step, naechster schritt",
	"contract end": "contract end, contract end date, vertragsende*",
	"score":        "score, hubspot score, punktzahl*, bewertung*",
}, "deal hubspot company contact person organization organisation unternehmen firma kontakt the of a der die das field feld custom hs associated primary")

// Fields proposes which fields belong together. Fields whose types allow no way
// at all (R12) are never proposed; ways are what the types and read-only fields
// leave.
func Fields(hubspot, app []Field, ways func(h, a *Field) deal.Ways) Result {
	h, a := labels(hubspot), labels(app)
	return choose(len(hubspot), len(app), func(i, j int) (float64, string, bool) {
		if ways(&hubspot[i], &app[j]) == deal.NoWay {
			return 0, "", false
		}
		// Equal types before those that merely allow it.
		bonus := 0.0
		if hubspot[i].Type != app[j].Type {
			bonus = -0.05
		}
		if same(hubspot[i].name(), app[j].name()) {
			return 1 + bonus, "the names are the same", true
		}
		score, common := similarity(h[i], a[j])
		return score + bonus, reason(common), true
	})
}

func labels(fields []Field) (all []terms) {
	for i := range fields {
		all = append(all, fieldWords.read(fields[i].name()))
	}
	return all
}

// optionWords are what options are often called: what fields and stages know
// nothing of.
var optionWords = newVocabulary(map[string]string{
	"yes": "yes, ja, true, wahr", "no": "no, nein, false, falsch",
	"high": "high, hoch, hot, heiss", "medium": "medium, mittel, normal, warm", "low": "low, niedrig, gering, cold, kalt",
	"new business": "new business, newbusiness, neugeschaeft*, neukunde*, new customer", "existing business": "existing business, existingbusiness, bestandsgeschaeft*, bestandskunde*, existing customer",
	"partner": "partner*", "customer": "customer*, kunde*", "vendor": "vendor*, supplier*, lieferant*, anbieter*", "prospect": "prospect*, interessent*",
	"other": "other, others, sonstige*, andere*, misc*", "unknown": "unknown, unbekannt*", "website": "website*, webseite*, web, online", "referral": "referral*, empfehlung*",
	"event": "event*, trade show, messe*, veranstaltung*", "advertising": "advert*, werbung*, ads, anzeige*", "price": "price*, preis*, too expensive, zu teuer", "competition": "compet*, wettbewerb*, konkurrenz*",
	"open": "open, offen*", "won": "won, gewonn*", "lost": "lost, verlor*", "red": "red, rot", "green": "green, gruen", "blue": "blue, blau", "yellow": "yellow, gelb",
}, "the of a der die das und and")

// Options proposes which options of two picklists belong together.
func Options(hubspot, app []Item) Result {
	read := func(items []Item) (all []terms) {
		for _, i := range items {
			all = append(all, optionWords.read(i.name()))
		}
		return all
	}
	h, a := read(hubspot), read(app)
	return choose(len(hubspot), len(app), func(i, j int) (float64, string, bool) {
		switch {
		case same(hubspot[i].name(), app[j].name()):
			return 1, "the names are the same", true
		case hubspot[i].ID == app[j].ID:
			return 0.95, "the ids are the same", true
		}
		score, common := similarity(h[i], a[j])
		return score, reason(common), true
	})
}
