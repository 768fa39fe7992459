package mapping

import (
	"fmt"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// Codes of reasons why a value has no counterpart. StageNotMapped is one too.
const (
	OptionNotMapped = "option_not_mapped"
	OwnerUnknown    = "owner_unknown"
	CurrencyUnknown = "currency_unknown"
	TypeMismatch    = "type_mismatch"
)

// reason says why a value is not translated, in the form "code: words". Words
// name the value, the field and what to do about it. Empty: it is translated.
func reason(code, format string, args ...any) string {
	return code + ": " + fmt.Sprintf(format, args...)
}

// SplitReason takes Unit.Untranslatable apart: its stable code, and the words for
// people. What has no code is all words.
func SplitReason(untranslatable string) (code, words string) {
	code, words, found := strings.Cut(untranslatable, ": ")
	if !found || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || code == "" {
		return "", untranslatable
	}
	return code, words
}

// whose is a field with the side it belongs to, for people.
func whose(side deal.Side, field string) string { return sideName(side) + "'s " + field }

func sideName(side deal.Side) string {
	if side == deal.HubSpot {
		return "HubSpot"
	}
	return "the app"
}
