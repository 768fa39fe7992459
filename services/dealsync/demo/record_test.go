package demo

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPipedrivesRecordsAreShownInTheWordsOfDocuments(t *testing.T) {
	t.Parallel()
	r := &record{}
	err := json.Unmarshal([]byte(`{"id":7,"fields":{
		"name":"Ines Marsh","org_id":null,"value":12.5,"label_ids":[1,2],"website":"https://www.A.example/about",
		"emails":[{"value":"b@a.example","primary":false},{"value":"a@a.example","primary":true}],"phones":[]},
		"associations":{"companies":[600000000001]},
		"history":[{"field":"phones","value":[{"value":"123","primary":true}],"at":5},{"field":"name","value":"X","at":6}]}`), r)
	if err != nil {
		t.Fatal(err)
	}
	r.present()
	want := map[string]value{
		"name": "Ines Marsh", "org_id": "", "value": "12.5", "label_ids": "[1,2]", "website": "https://www.A.example/about", "domain": "a.example",
		"emails": "a@a.example", "email": "a@a.example", "phones": "", "phone": "",
	}
	if diff := cmp.Diff(want, r.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]happening{{"phone", "123", 5}, {"name", "X", 6}}, r.History); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]ids{"companies": {"600000000001"}}, r.Associations); diff != "" {
		t.Errorf("associations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(fields{"name": "X", "phones": []address{{"5", true}}}, typed(fields{"name": "X", "phone": "5"})); diff != "" {
		t.Errorf("typed (-want +got):\n%s", diff)
	}
}
