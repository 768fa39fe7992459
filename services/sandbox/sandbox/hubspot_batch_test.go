package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
)

func inputs(n int, row func(i int) string) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = row(i)
	}
	return `{"inputs":[` + strings.Join(rows, ",") + `]}`
}

func TestBatchCreateSettlesRowsOnlyWithTraceIds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bad := `{"inputs":[{"properties":{"dealname":"A"}},{"properties":{"nosuch":"1"}}]}`
	b.hs("POST", deals+"/batch/create", bad).want(400).contains("PROPERTY_DOESNT_EXIST")
	if n := len(b.hs("GET", deals, nil).list("results")); n != 0 {
		t.Fatalf("%d deals were made by a batch that failed", n)
	}
	traced := `{"inputs":[{"objectWriteTraceId":"row-1","properties":{"dealname":"A"}},{"objectWriteTraceId":"row-2","properties":{"nosuch":"1"}}]}`
	r := b.hs("POST", deals+"/batch/create", traced).want(207)
	r.is("COMPLETE", "status").is("1", "numErrors").is("row-1", "results", 0, "objectWriteTraceId")
	r.is(`["row-2"]`, "errors", 0, "context", "objectWriteTraceId").is("VALIDATION_ERROR", "errors", 0, "category")
	b.hs("POST", deals+"/batch/create", `{"inputs":[{"properties":{"dealname":"B"}}]}`).want(201).is("COMPLETE", "status").contains(`"startedAt"`, `"completedAt"`)
}

func TestBatchesHaveTheirLimits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	row := func(i int) string { return fmt.Sprintf(`{"id":"%d","properties":{"dealname":"x"}}`, i+1) }
	for _, call := range []string{"create", "read", "update", "archive"} {
		b.hs("POST", deals+"/batch/"+call, inputs(101, row)).want(400)
	}
	body := strings.TrimSuffix(inputs(51, row), "}") + `,"propertiesWithHistory":["amount"]}`
	b.hs("POST", deals+"/batch/read", body).want(400).is("The maximum number of inputs supported in a batch request for property histories is 50. Please reduce the number of items and try again", "message")
}

func TestBatchResultsComeInAnyOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hs("POST", deals+"/batch/create", inputs(50, func(i int) string { return fmt.Sprintf(`{"properties":{"dealname":"%d"}}`, i) })).want(201)
	sorted := true
	last := ""
	for _, it := range r.list("results") {
		id := show(walk(t, it, "id"))
		sorted = sorted && id > last
		last = id
	}
	if sorted {
		t.Error("50 results came in the order of their inputs")
	}
}

func TestBatchReadAndUpdateNameMissingIds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.deal(map[string]any{"dealname": "A"})
	r := b.hs("POST", deals+"/batch/read", `{"inputs":[{"id":"`+id+`"},{"id":"999"},{"id":"998"}],"properties":["dealname"]}`).want(207)
	r.is(id, "results", 0, "id").is("1", "numErrors").is(`["999","998"]`, "errors", 0, "context", "ids")
	r.is("Could not get some DEAL objects, they may be deleted or not exist. Check that ids are valid.", "errors", 0, "message")
	r = b.hs("POST", deals+"/batch/update", `{"inputs":[{"id":"`+id+`","properties":{"amount":"7"},"objectWriteTraceId":"a"},{"id":"999","properties":{"amount":"7"},"objectWriteTraceId":"b"}]}`).want(207)
	r.is("7", "results", 0, "properties", "amount").is(`["999"]`, "errors", 0, "context", "ids").is(`["b"]`, "errors", 0, "context", "objectWriteTraceId").is("OBJECT_NOT_FOUND", "errors", 0, "category")
	b.hs("POST", deals+"/batch/archive", `{"inputs":[{"id":"`+id+`"}]}`).want(204)
	b.hs("POST", deals+"/batch/read", `{"inputs":[{"id":"`+id+`"}]}`).want(207)
	b.hs("POST", deals+"/batch/read?archived=true", `{"inputs":[{"id":"`+id+`"}]}`).want(200).is("true", "results", 0, "archived")
}

func TestABatchUpdateWithoutTraceIdsIsAllOrNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.deal(map[string]any{"amount": "1"}), b.deal(map[string]any{"amount": "1"})
	b.hs("POST", deals+"/batch/update", `{"inputs":[{"id":"`+one+`","properties":{"amount":"2"}},{"id":"`+two+`","properties":{"amount":"two"}}]}`).want(400)
	b.hs("GET", deals+"/"+one, nil).is("1", "properties", "amount")
}

func TestUpsertByUniqueProperty(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hs("POST", "/crm/v3/properties/deals", `{"groupName":"dealinformation","name":"ext","label":"Ext","type":"string","fieldType":"text","hasUniqueValue":true}`).want(201).is("true", "hasUniqueValue")
	up := func(id, amount string) string {
		return `{"id":"` + id + `","idProperty":"ext","objectWriteTraceId":"t-` + id + `","properties":{"ext":"` + id + `","amount":"` + amount + `"}}`
	}
	r := b.hs("POST", deals+"/batch/upsert", `{"inputs":[`+up("E1", "1")+`]}`).want(200).is("true", "results", 0, "new").is("t-E1", "results", 0, "objectWriteTraceId")
	id := r.str("results", 0, "id")
	b.hs("POST", deals+"/batch/upsert", `{"inputs":[`+up("E1", "2")+`]}`).want(200).is("false", "results", 0, "new").is(id, "results", 0, "id").is("2", "results", 0, "properties", "amount")
	b.hs("POST", deals+"/batch/upsert", `{"inputs":[`+up("E2", "1")+`,`+up("E2", "2")+`]}`).want(400)
	b.hs("POST", deals+"/batch/upsert", `{"inputs":[{"id":"A","idProperty":"dealname","properties":{}}]}`).want(400).is("Unable to perform update/upsert by non-unique 0-3 property dealname in portal ID 1234567", "message")
	b.hs("POST", deals+"/batch/upsert", `{"inputs":[{"id":"`+id+`","idProperty":"hs_object_id","properties":{}}]}`).want(400)
	b.hs("POST", deals+"/batch/upsert", `{"inputs":[{"id":"E1","properties":{}}]}`).want(400)
	b.hs("GET", deals+"/E1?idProperty=ext", nil).want(200).is(id, "id")
	b.hs("PATCH", deals+"/E1?idProperty=ext", `{"properties":{"amount":"9"}}`).want(200).is("9", "properties", "amount")
	b.hs("POST", deals+"/batch/read", `{"idProperty":"ext","inputs":[{"id":"E1"},{"id":"E9"}]}`).want(207).is(id, "results", 0, "id")
}
