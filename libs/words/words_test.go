package words_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/words"
)

func TestTextsThatDifferInMannerOnlyAreTheSameWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"case and punctuation", "Proposal/Price Quote!", []string{"proposal", "price", "quote"}},
		{"umlauts are written out", "Geschäft größer Übergabe", []string{"geschaeft", "groesser", "uebergabe"}},
		{"accents go", "Café résumé", []string{"cafe", "resume"}},
		{"an accent may be a character of its own", "Cafe\u0301", []string{"cafe"}},
		{"capitals begin words", "closedWon", []string{"closed", "won"}},
		{"abbreviations stay whole", "CRM ID", []string{"crm", "id"}},
		{"numbers are digits in both languages", "Zweite Runde, third call, 2nd", []string{"2", "runde", "3", "call", "2"}},
		{"nothing has no words", " – ", nil},
	} {
		if diff := cmp.Diff(c.want, words.Split(c.text), cmp.Transformer("nil", func(s []string) []string {
			if len(s) == 0 {
				return nil
			}
			return s
		})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func FuzzSplitIsStable(f *testing.F) {
	f.Add("Größe 3 – closedWon")
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range words.Split(text) {
			if again := words.Split(w); len(again) == 1 && again[0] != w {
				t.Errorf("%q becomes %q", w, again[0])
			}
		}
	})
}
