package detect

import (
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

func TestReadsKeepThePaceOfTheDeclaredLimit_N7(t *testing.T) {
	t.Parallel()
	limit := connector.Budget{Calls: 100, Per: 10 * time.Second}
	links := []connector.Association{
		{From: deal.Deals, To: deal.Contacts, Many: true},
		{From: deal.Deals, To: deal.Companies, Many: true},
		{From: deal.Contacts, To: deal.Companies},
	}
	for _, tt := range []struct {
		name     string
		manifest connector.Manifest
		object   deal.Object
		want     time.Duration
	}{
		{"a call each", connector.Manifest{ReadBatch: 50, Budget: limit}, deal.Deals, 100 * time.Millisecond},
		{"and one for each kind of associations", connector.Manifest{ReadBatch: 50, Budget: limit, Associations: links}, deal.Deals, 300 * time.Millisecond},
		{"which a field holds where there is one only", connector.Manifest{ReadBatch: 50, Budget: limit, Associations: links}, deal.Contacts, 100 * time.Millisecond},
		{"no pace without a limit", connector.Manifest{ReadBatch: 50}, deal.Deals, 0},
		{"nor where every record is a call", connector.Manifest{ReadBatch: 1, Budget: limit}, deal.Deals, 0},
	} {
		if got := pace(&tt.manifest, tt.object); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
