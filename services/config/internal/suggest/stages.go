package suggest

import (
	"fmt"
	"strings"

	"github.com/dealsync/dealsync/libs/words"
)

// stageWords are the steps of selling in both languages.
var stageWords = newVocabulary(map[string]string{
	"won":         "won, win, gewonn*, closed won, deal won, erfolgreich abgeschlossen, abgeschlossen erfolgreich, successful, erfolgreich, success, zuschlag*, auftrag erhalten",
	"lost":        "lost, verlor*, closed lost, loss, unsuccessful, erfolglos*, nicht erfolgreich, abgelehnt, absage, rejected, declined",
	"lead":        "lead, leads, lead in, leadeingang, new lead, neuer lead, lead eingegangen, incoming, inbound, eingang*, anfrage*, inquiry, enquiry, request, interessent*, neu, new, new deal, neuer deal",
	"prospecting": "prospect*, akquis*, outreach, ansprache*, neukundengewinnung, suche*",
	"contact":     "contact*, kontakt*, reached out, first call, erstgespraech*, erstkontakt*, angesprochen, connected, call, anruf*, telefonat*",
	"qualified":   "qualif*, vorqualif*",
	"need":        "need*, bedarf*, requirement*, anforderung*",
	"discovery":   "discover*, entdeck*, exploration, sondierung*",
	"appointment": "appointment*, termin*, meeting*, besprechung*, treffen, visit, besuch*",
	"demo":        "demo*, presentation*, praesentation*, vorfuehrung*, showcase",
	"value":       "value, nutzen*, wert, value proposition, wertversprechen*, nutzenversprechen*, nutzenargument*, mehrwert*",
	"decider":     "decision maker*, decision makers, decision maker, entscheid*, decision, decisionmaker*, stakeholder*, buyer*",
	"perception":  "perception*, wahrnehmung*",
	"proposal":    "proposal*, propose, proposed, propos*, quot*, offer*, angebot*, offert*, preisangebot*, price quote, kostenvoranschlag*, estimate*, vorschlag*",
	"negotiation": "negot*, verhandl*, bargaining",
	"review":      "review*, pruefung*, ueberpruefung*, evaluat*, bewertung*, evaluier*",
	"contract":    "contract*, vertrag*, vertraeg*, agreement*, vereinbarungsdokument",
	"verbal":      "verbal*, commit*, muendlich*, zusage*, commitment*",
	"trial":       "trial*, test*, pilot*, probe*, poc, proof of concept",
	"hold":        "on hold, hold, pausiert*, pause*, zurueckgestellt*, wartend, waiting, stalled, parked, geparkt, ruhend",
	"followup":    "follow up, followup*, nachfass*, nachverfolg*, wiedervorlage*",
	"order":       "order*, auftrag*, bestell*, purchase order",
	"invoice":     "invoice*, rechnung*, billing",
	"payment":     "payment*, zahlung*, bezahl*, paid",
	"legal":       "legal*, rechtlich*, compliance, rechtspruefung*",
	"procurement": "procurement*, einkauf*, beschaffung*",
	"delivery":    "deliver*, liefer*, implement*, umsetzung*, onboarding*, einfuehrung*, rollout",
	"nurture":     "nurtur*, pflege*, aufbau*",
	"development": "develop*, entwick*",
	"signature":   "signature*, signed, unterschrift*, unterschrieb*, unterzeichn*",
	"technical":   "technical*, technisch*",
	"budget":      "budget*, finanzierung*, financ*",
	"closing":     "close, closing, abschluss*, schliess*",
}, "stage phase deal deals the to a an of in for and und zu zum zur der die das im mit by is ist id "+
	"made sent scheduled started set up done gemacht erstellt gesendet verschickt versendet abgegeben unterbreitet geplant vereinbart angesetzt begonnen gestartet "+
	"hergestellt aufgenommen erfolgt laufend running progress bought buy kauf kaufen ueberzeugt identified identifizieren identifiziert identify "+
	"analysis analyse ermittlung ermitteln defined definiert geklaert price preis closed abgeschlossen geschlossen completed received erhalten placed erteilt confirmed bestaetigt awaiting ausstehend pending site vor ort on held durchgefuehrt open offen 1 2 3 4 5 6 7 8 9 10")

// Stages proposes which stages belong together. A stage that closes a deal never
// goes with one that does not, and won never with lost.
func Stages(hubspot, app []Item) Result {
	read := func(items []Item) (outcomes []Outcome, all []terms) {
		for _, i := range items {
			t := stageWords.read(i.name())
			outcomes, all = append(outcomes, outcomeOf(i, t)), append(all, t)
		}
		return outcomes, all
	}
	hOut, hTerms := read(hubspot)
	aOut, aTerms := read(app)
	return choose(len(hubspot), len(app), func(h, a int) (float64, string, bool) {
		if hOut[h] != aOut[a] {
			return 0, "", false
		}
		if same(hubspot[h].name(), app[a].name()) {
			return 1, "the names are the same", true
		}
		score, common := similarity(hTerms[h], aTerms[a])
		if outcome := map[Outcome]string{Won: "won", Lost: "lost"}[hOut[h]]; outcome != "" {
			if score < threshold && alone(hOut, hOut[h]) && alone(aOut, aOut[a]) {
				return 0.8, fmt.Sprintf("each is the only stage for deals that are %s", outcome), true
			}
			// Of several such stages the plain one comes before "lost to competition".
			return 0.9 + score/10, "both mean " + outcome, score >= threshold
		}
		return score, reason(common), true
	})
}

// outcomeOf is the stage's outcome, by its name where the app does not say it.
func outcomeOf(i Item, t terms) Outcome {
	if i.Outcome != Open {
		return i.Outcome
	}
	switch won, lost := t[concept+"won"] > 0, t[concept+"lost"] > 0; {
	case won && !lost:
		return Won
	case lost && !won:
		return Lost
	}
	return Open
}

func alone(all []Outcome, o Outcome) bool {
	n := 0
	for _, other := range all {
		if other == o {
			n++
		}
	}
	return n == 1
}

func same(a, b string) bool {
	return strings.Join(words.Split(a), " ") == strings.Join(words.Split(b), " ") && a != ""
}

func reason(common []string) string {
	if len(common) == 0 {
		return "the names are alike"
	}
	return "both mean " + strings.Join(common, ", ")
}
