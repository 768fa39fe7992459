package configure_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func TestR11RecordsThatMeetAFilterAreCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml"))
	b.apps.set(func() {
		b.apps.records["pipedrive/deal"] = []connector.Record{
			{ID: "1", Fields: deal.Fields{"title": "Ada", "value": "500", "vip": "true"}},
			{ID: "2", Fields: deal.Fields{"title": "Bob", "value": "1500.00"}},
			{ID: "3", Fields: deal.Fields{"title": "Cyd", "value": "2500"}, Deleted: true},
			{ID: "4", Fields: deal.Fields{"title": "Dan", "value": "3500", "heat": "hot"}},
		}
	})
	req := &configv1.CountRecordsRequest{Workspace: "acme", Connection: "pipedrive-main", Object: "deal", Filter: "{field: value, op: gte, value: 1000}", Examples: 1}
	examples := []*configv1.ExampleRecord{{Id: "2", Fields: map[string]string{"title": "Bob", "value": "1500"}}}

	asked, err := r.admin.CountRecords(t.Context(), req)
	if err != nil || b.apps.scanned != 0 {
		t.Fatalf("the app can search: %v %v", asked, err)
	}
	if diff := cmp.Diff(&configv1.CountRecordsResponse{Count: 3, Exact: true, Examples: examples}, asked, protocmp.Transform()); diff != "" {
		t.Errorf("counted by the app: %s", diff)
	}

	b.apps.set(func() { b.apps.unsearchable["pipedrive"] = true })
	seen, err := r.admin.CountRecords(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&configv1.CountRecordsResponse{Count: 2, Exact: true, Examples: examples}, seen, protocmp.Transform()); diff != "" {
		t.Errorf("counted here: %s", diff)
	}

	for want, bad := range map[string]string{"unknown_field": "{field: valeu, op: blank}", "bad_filter": "{field: value}", "yaml_syntax": "{field"} {
		if _, err := r.admin.CountRecords(t.Context(), &configv1.CountRecordsRequest{
			Workspace: "acme", Connection: "pipedrive-main", Object: "deal", Filter: bad,
		}); status.Code(err) != codes.InvalidArgument || reason(err) != want {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
