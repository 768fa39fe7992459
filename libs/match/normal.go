package match

import (
	"slices"
	"strings"
	"unicode"

	"github.com/dealsync/dealsync/libs/words"
)

// Normal brings a value into the form in which it is compared. Its Value is
// blank when there is nothing to compare: a blank value, or one that is no
// e-mail address or no domain.
//
//   - An e-mail address: without space around it, in small letters.
//   - A domain: the host of a web address or the domain itself, without "www.",
//     in small letters. An internationalised one is left as it is written.
//   - A name: without case, accents, punctuation and doubled space, and without
//     the legal form at its end ("Acme GmbH" is "acme"), which is kept apart:
//     names that differ in their forms ("Acme GmbH", "Acme AG") are two companies,
//     while a name without any may be either. Of a name that is nothing but a
//     form, the form is the name.
func Normal(r Rule, value string) Key {
	k := Key{Rule: r}
	switch r {
	case Email:
		k.Value = email(value)
	case Domain:
		k.Value = domain(value)
	case Name:
		k.Value, k.Form = name(value)
	}
	return k
}

func email(value string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	user, host, ok := strings.Cut(value, "@")
	if !ok || user == "" || host == "" || strings.ContainsAny(value, " \t\n,;") || strings.Contains(host, "@") {
		return ""
	}
	return value
}

func domain(value string) string {
	host := strings.ToLower(strings.TrimSpace(value))
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host = rest
	}
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	host = strings.TrimPrefix(strings.TrimSuffix(host, "."), "www.")
	if !strings.Contains(host, ".") || strings.HasPrefix(host, ".") || strings.ContainsAny(host, " \t\n,;") {
		return ""
	}
	return host
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

func name(value string) (base, form string) {
	// Twice, as an accent may sit on a letter that is written out. Dots and
	// apostrophes belong to a word ("S.A.", "O'Neill"); all else parts words.
	folded := strings.NewReplacer(".", "", "'", "", "\u2019", "").Replace(words.Fold(words.Fold(value)))
	all := strings.FieldsFunc(folded, func(r rune) bool { return !isWord(r) })
	end := len(all)
	var forms []string
	for end > 0 {
		f, ok := legalForms[all[end-1]]
		if !ok {
			break
		}
		end--
		if f != "" {
			forms = append(forms, f)
		}
	}
	if end == 0 {
		return strings.Join(all, " "), ""
	}
	slices.Reverse(forms)
	return strings.Join(all[:end], " "), strings.Join(forms, " ")
}

// legalForms are words that name a company's legal form at the end of its name,
// each in the spelling that is compared; "" adds nothing to the others.
var legalForms = map[string]string{
	"gmbh": "gmbh", "mbh": "gmbh", "ggmbh": "ggmbh", "ag": "ag", "kg": "kg", "kgaa": "kgaa", "ohg": "ohg", "gbr": "gbr",
	"ug": "ug", "haftungsbeschraenkt": "", "ev": "ev", "ek": "ek", "eg": "eg", "se": "se",
	"ltd": "ltd", "limited": "ltd", "plc": "plc", "llp": "llp", "inc": "inc", "incorporated": "inc", "llc": "llc",
	"corp": "corp", "corporation": "corp", "co": "co", "company": "co", "pty": "pty",
	"sa": "sa", "sas": "sas", "sarl": "sarl", "srl": "srl", "spa": "spa", "bv": "bv", "nv": "nv",
	"ab": "ab", "as": "as", "asa": "asa", "aps": "aps", "oy": "oy", "oyj": "oyj", "sro": "sro", "doo": "doo", "kft": "kft",
}
