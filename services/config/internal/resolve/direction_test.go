package resolve

import (
	"testing"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

func TestAReadOnlyFieldIsNeverWritten_R12(t *testing.T) {
	t.Parallel()
	field := func(of deal.Type, readOnly bool) *connector.Field {
		return &connector.Field{Type: of, ReadOnly: readOnly}
	}
	for _, c := range []struct {
		name         string
		hubspot, app *connector.Field
		want         deal.Ways
	}{
		{"two fields that can be written", field(deal.Number, false), field(deal.Number, false), deal.BothWays},
		{"a calculated number reaches the app's numbers", field(deal.Number, true), field(deal.Number, false), deal.ToApp},
		{"and its texts", field(deal.Number, true), field(deal.Text, false), deal.ToApp},
		{"a read-only field of the app reaches HubSpot", field(deal.Number, false), field(deal.Number, true), deal.ToHubSpot},
		{"two read-only fields reach nothing", field(deal.Text, true), field(deal.Text, true), deal.NoWay},
		{"a read-only text is no number", field(deal.Text, true), field(deal.Number, false), deal.NoWay},
	} {
		if got := Ways(c.hubspot, c.app); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
