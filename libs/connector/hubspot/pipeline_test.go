package hubspot

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

const pipelinesPath = "/crm/pipelines/2026-09/deals"

// sales is a pipeline as an app has it; madeSales as HubSpot then has it.
var sales = connector.Pipeline{Label: "Sales", Stages: []connector.Stage{
	{ID: "1/1", Label: "New", Probability: -1},
	{ID: "1/2", Label: "Offer", Probability: 1},
	{ID: "1/3", Label: "Talks", Probability: 0.456},
	{ID: "1/won", Label: "Won", Closed: true, Won: true, Probability: 1},
	{ID: "1/lost", Label: "Lost", Closed: true},
}}

const madeSales = `{"id":"77","label":"Sales","displayOrder":1,"stages":[
	{"id":"771","label":"New","displayOrder":0,"metadata":{"probability":"0.25","isClosed":"false"}},
	{"id":"772","label":"Offer","displayOrder":1,"metadata":{"probability":"0.99","isClosed":"false"}},
	{"id":"773","label":"Talks","displayOrder":2,"metadata":{"probability":"0.46","isClosed":"false"}},
	{"id":"774","label":"Won","displayOrder":3,"metadata":{"probability":"1.0","isClosed":"true"}},
	{"id":"775","label":"Lost","displayOrder":4,"metadata":{"probability":"0.0","isClosed":"true"}}]}`

const otherPipeline = `{"id":"default","label":"Sales Pipeline","stages":[{"id":"a","label":"A","metadata":{"probability":"0.2"}}]}`

func list(pipelines string) connectortest.Exchange {
	return connectortest.Exchange{Method: "GET", Path: pipelinesPath, Status: 200, Response: json.RawMessage(`{"results":[` + pipelines + `]}`)}
}

func TestAPipelineIsMadeWithProbabilitiesThatMeanWhatItsStagesAre(t *testing.T) {
	t.Parallel()
	d := open(t, connectortest.Serve(t, list(otherPipeline), connectortest.Exchange{
		Method: "POST", Path: pipelinesPath, Status: 201, Response: json.RawMessage(madeSales),
		Request: json.RawMessage(`{"label":"Sales","displayOrder":1,"stages":[
			{"label":"New","displayOrder":0,"metadata":{"probability":"0.25","isClosed":"false"}},
			{"label":"Offer","displayOrder":1,"metadata":{"probability":"0.99","isClosed":"false"}},
			{"label":"Talks","displayOrder":2,"metadata":{"probability":"0.46","isClosed":"false"}},
			{"label":"Won","displayOrder":3,"metadata":{"probability":"1.0","isClosed":"true"}},
			{"label":"Lost","displayOrder":4,"metadata":{"probability":"0.0","isClosed":"true"}}]}`),
	}).URL)
	made, existed, err := d.CreatePipeline(context.Background(), deal.Deals, sales)
	if err != nil || existed {
		t.Fatalf("existed %t: %v", existed, err)
	}
	want := connector.Pipeline{ID: "77", Label: "Sales", Stages: []connector.Stage{
		{ID: "771", Label: "New", Probability: 0.25},
		{ID: "772", Label: "Offer", Probability: 0.99},
		{ID: "773", Label: "Talks", Probability: 0.46},
		{ID: "774", Label: "Won", Closed: true, Won: true, Probability: 1},
		{ID: "775", Label: "Lost", Closed: true},
	}}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
}

func TestAPipelineThatIsThereIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	post := func(status int, body string) connectortest.Exchange {
		return connectortest.Exchange{Method: "POST", Path: pipelinesPath, Status: status, Response: json.RawMessage(body)}
	}
	taken := post(409, `{"status":"error","message":"exists","category":"CONFLICT"}`)
	refusal := post(400, `{"status":"error","message":"At most 100 stages","category":"VALIDATION_ERROR"}`)
	for _, c := range []struct {
		name  string
		calls []connectortest.Exchange
		id    string
		code  string
	}{
		{"it has been there", []connectortest.Exchange{list(madeSales)}, "77", ""},
		{"it has been made meanwhile", []connectortest.Exchange{list(""), taken, list(madeSales)}, "77", ""},
		{"another one has its name", []connectortest.Exchange{list(`{"id":"9","label":"sales ","stages":[]}`)}, "", CodePipelineExists},
		{"another one has got its name", []connectortest.Exchange{list(""), taken, list(`{"id":"9","label":"SALES"}`)}, "", CodePipelineExists},
		{"it is refused for another reason", []connectortest.Exchange{list(""), refusal, list("")}, "", "validation_error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, connectortest.Serve(t, c.calls...).URL)
			made, existed, err := d.CreatePipeline(context.Background(), deal.Deals, sales)
			if c.code != "" {
				if !fault.Is(err, fault.Rejected) || fault.CodeOf(err) != c.code || existed {
					t.Errorf("existed %t, code %q: %v", existed, fault.CodeOf(err), err)
				}
				return
			}
			if err != nil || !existed || made.ID != c.id {
				t.Errorf("made %+v, existed %t: %v", made, existed, err)
			}
		})
	}
}

func TestContactsHaveNoPipelines(t *testing.T) {
	t.Parallel()
	_, _, err := open(t, "http://127.0.0.1:1").CreatePipeline(context.Background(), deal.Contacts, sales)
	if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != connector.CodeNoPipelines {
		t.Error(err)
	}
}
