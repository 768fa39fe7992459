// Package words makes texts comparable that people wrote in different manners:
// case, accents, punctuation and German umlauts disappear, numbers become
// digits. It knows English and German. What it gives is for comparing only and is
// never shown or stored.
package words

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// umlauts are written out, so that "Geschäft" and "Geschaeft" are the same.
var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "ø", "oe", "å", "aa", "œ", "oe", "ł", "l", "đ", "d")

// Fold is a text in small letters without accents: "Übergabe Café" becomes
// "uebergabe cafe".
func Fold(text string) string {
	text = umlauts.Replace(strings.ToLower(norm.NFC.String(text)))
	var b strings.Builder
	for _, r := range norm.NFD.String(text) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// numerals are numbers written as words.
var numerals = map[string]string{
	"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
	"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "1st": "1", "2nd": "2", "3rd": "3", "4th": "4", "5th": "5",
	"eins": "1", "zwei": "2", "drei": "3", "vier": "4", "fuenf": "5", "sechs": "6", "sieben": "7", "acht": "8", "neun": "9", "zehn": "10",
	"erste": "1", "erster": "1", "erstes": "1", "zweite": "2", "zweiter": "2", "zweites": "2", "dritte": "3", "dritter": "3", "drittes": "3",
	"vierte": "4", "fuenfte": "5",
}

// Split cuts a text into folded words: at everything that is no letter or digit,
// where small letters are followed by a capital ("closedWon"), and between
// letters and digits. Numbers are digits.
func Split(text string) []string {
	var b strings.Builder
	var last rune
	for _, r := range norm.NFC.String(text) {
		if unicode.IsLower(last) && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last = r
	}
	split := strings.FieldsFunc(Fold(b.String()), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range split {
		if n, ok := numerals[w]; ok {
			split[i] = n
		}
	}
	return split
}
