package suggest

import (
	"maps"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/words"
)

// terms is what a label says: its words, or the concept that a word stands for
// in either language, each with its weight.
type terms map[string]float64

// concept marks a term as one: concepts are the same or they are not, however
// alike their names are.
const concept = "="

// Weights. A word that says what kind of step it is ("sent", "geplant") tells
// little of which step it is.
const (
	heavy = 1.0
	light = 0.25
)

// vocabulary knows which words mean the same. A phrase of several words is
// joined by blanks; a word that ends with "*" stands for all words that have it
// anywhere, as German joins words: "angebot*" is in "preisangebot".
type vocabulary struct {
	phrases map[string]string // words of a phrase -> concept
	stems   []stem            // longest first
	light   map[string]bool   // words without much meaning
}

type stem struct{ text, concept string }

// newVocabulary reads concept -> "word, other word, a phrase, stem*".
func newVocabulary(concepts map[string]string, lightWords string) *vocabulary {
	v := &vocabulary{phrases: map[string]string{}, light: map[string]bool{}}
	for name, list := range concepts {
		for term := range strings.SplitSeq(list, ",") {
			term = strings.TrimSpace(term)
			if t, ok := strings.CutSuffix(term, "*"); ok {
				v.stems = append(v.stems, stem{words.Fold(t), concept + name})
			} else {
				v.phrases[strings.Join(words.Split(term), " ")] = concept + name
			}
		}
	}
	slices.SortFunc(v.stems, func(a, b stem) int {
		if d := len(b.text) - len(a.text); d != 0 {
			return d
		}
		return strings.Compare(a.text, b.text)
	})
	for _, w := range strings.Fields(lightWords) {
		v.light[words.Fold(w)] = true
	}
	return v
}

// longestPhrase is how many words a phrase of a vocabulary has at most.
const longestPhrase = 4

// read takes a label apart: the longest known phrase first, then stems, then
// words as they are.
func (v *vocabulary) read(label string) terms {
	split, t := words.Split(label), terms{}
	for i := 0; i < len(split); {
		n := min(longestPhrase, len(split)-i)
		for ; n > 0; n-- {
			if known, ok := v.phrases[strings.Join(split[i:i+n], " ")]; ok {
				v.add(t, known)
				break
			}
		}
		if n == 0 {
			v.add(t, v.stemmed(split[i]))
			n = 1
		}
		i += n
	}
	return t
}

func (v *vocabulary) add(t terms, term string) {
	if term == "" {
		return
	}
	t[term] = heavy
	if v.light[term] {
		t[term] = light
	}
}

func (v *vocabulary) stemmed(word string) string {
	for _, s := range v.stems {
		if strings.Contains(word, s.text) {
			return s.concept
		}
	}
	return word
}

// similarity is how much two labels have in common, 0 to 1, and what it is. A
// word that is spelt nearly the same counts by how near it is.
func similarity(a, b terms) (score float64, common []string) {
	var total, shared float64
	for _, t := range []terms{a, b} {
		for _, w := range t {
			total += w
		}
	}
	if total == 0 {
		return 0, nil
	}
	rest := maps.Clone(b)
	for _, term := range slices.Sorted(maps.Keys(a)) {
		best, like := "", 0.0
		for _, other := range slices.Sorted(maps.Keys(rest)) {
			if l := alike(term, other); l > like {
				best, like = other, l
			}
		}
		if like == 0 {
			continue
		}
		shared += (a[term] + rest[best]) * like
		delete(rest, best)
		if a[term] == heavy {
			common = append(common, strings.TrimPrefix(term, concept))
		}
	}
	return shared / total, common
}

// shortest and nearest are when two spellings may be the same word: long enough,
// and near enough.
const (
	shortest = 5
	nearest  = 0.8
)

// alike is 1 for equal words, and less for words that are spelt nearly alike.
func alike(a, b string) float64 {
	if a == b {
		return 1
	}
	x, y := []rune(a), []rune(b)
	if min(len(x), len(y)) < shortest || a[:1] == concept || b[:1] == concept {
		return 0
	}
	if near := 1 - float64(distance(x, y))/float64(max(len(x), len(y))); near >= nearest {
		return near
	}
	return 0
}

// distance is the number of letters to change, add or drop.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
