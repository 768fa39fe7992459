package configure_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

const ownerLine = "  fields:\n    - {hubspot: dealname, app: title}\n    - {hubspot: hubspot_owner_id, app: owner_id}\n"

func TestR18NewOwnersBecomeKnownByThemselves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.refreshEvery = 5 * time.Millisecond
	one, two := b.replica(), b.replica()
	one.apply(t, read(t, "acme.yaml")+ownerLine)
	stream, err := two.config.Watch(t.Context(), &configv1.WatchRequest{})
	if err != nil {
		t.Fatal(err)
	}
	before := await(t, stream, func(s *configv1.Sync) bool { return matched(s) == 1 })
	b.apps.set(func() {
		s := b.apps.schemas["pipedrive"]
		s.Owners = append(s.Owners, connector.Owner{ID: "600", Email: "bob@acme.test", Active: true})
	})
	after := await(t, stream, func(s *configv1.Sync) bool { return matched(s) == 2 })
	if after.GetRevision() <= before.GetRevision() {
		t.Errorf("revision %d after %d", after.GetRevision(), before.GetRevision())
	}
	// An account that does not answer changes nothing, and is asked again.
	b.apps.set(func() { b.apps.down["hubspot"] = fault.Auth })
	b.apps.askedAgain(t, 3) // by both replicas, what was under way included
	b.apps.set(func() { b.apps.schemas["pipedrive"].Owners = b.apps.schemas["pipedrive"].Owners[:2] })
	b.apps.askedAgain(t, 3)
	if now := two.snapshot(t).GetSyncs()[0]; matched(now) != 2 {
		t.Errorf("changed without an answer: %v", now)
	}
	b.apps.set(func() { delete(b.apps.down, "hubspot") })
	await(t, stream, func(s *configv1.Sync) bool { return matched(s) == 1 })
}

// matched is how many users the second line pairs.
func matched(s *configv1.Sync) (n int) {
	for _, o := range s.GetFields()[1].GetOwners() {
		if o.GetHubspot() != "" && o.GetApp() != "" {
			n++
		}
	}
	return n
}

// await takes snapshots until the first sync is as it should be.
func await(t *testing.T, stream configv1.ConfigService_WatchClient, done func(*configv1.Sync) bool) *configv1.Sync {
	t.Helper()
	for {
		resp, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if syncs := resp.GetSnapshot().GetSyncs(); len(syncs) > 0 && done(syncs[0]) {
			return syncs[0]
		}
	}
}

func TestABackfillIsAskedForWithoutChangingTheSettings_R13(t *testing.T) {
	t.Parallel()
	r := setup(t).replica()
	r.apply(t, read(t, "acme.yaml"))
	before := r.snapshot(t).GetSyncs()[0]
	resp, err := r.admin.Backfill(t.Context(), &configv1.BackfillRequest{Workspace: "acme", Sync: "pipedrive-deals"})
	if err != nil || resp.GetSync().GetBackfillMs() == 0 {
		t.Fatalf("%v %v", resp, err)
	}
	want := proto.CloneOf(before)
	want.BackfillMs = resp.GetSync().GetBackfillMs()
	if got := r.snapshot(t).GetSyncs()[0]; !proto.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// It outlives an apply, and a second one is another run.
	r.apply(t, read(t, "acme.yaml")+"  onExit: continue\n")
	again, err := r.admin.Backfill(t.Context(), &configv1.BackfillRequest{Workspace: "acme", Sync: "pipedrive-deals"})
	if err != nil || again.GetSync().GetBackfillMs() <= want.GetBackfillMs() || again.GetSync().GetRevision() != 3 {
		t.Errorf("%v %v", again, err)
	}
	if _, err := r.admin.Backfill(t.Context(), &configv1.BackfillRequest{Workspace: "acme", Sync: "x"}); reason(err) != "unknown_sync" {
		t.Errorf("no such sync: %v", err)
	}
}

const contacts = `
---
apiVersion: dealsync/v1
kind: Sync
metadata: {workspace: acme, name: pipedrive-contacts}
spec:
  connection: pipedrive-main
  object: contact
`

func TestR16AnAppliedSyncGivesAssociationsToTheOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.replica()
	r.apply(t, read(t, "acme.yaml"))
	if s := r.snapshot(t).GetSyncs()[0]; len(s.GetAssociations()) != 0 {
		t.Fatalf("deals alone: %v", s.GetAssociations())
	}
	r.apply(t, read(t, "acme.yaml")+contacts)
	for range 2 { // applying again changes nothing
		deals := r.snapshot(t).GetSyncs()[1]
		if a := deals.GetAssociations(); len(a) != 1 || a[0].GetSync() != "pipedrive-contacts" || a[0].GetApp().GetTitle() != "person" || deals.GetRevision() != 2 {
			t.Errorf("deals with contacts: %v at revision %d", a, deals.GetRevision())
		}
		r.apply(t, read(t, "acme.yaml")+contacts)
	}
	if m := r.snapshot(t).GetSyncs()[0].GetMatch(); len(m) != 1 || m[0].GetName() != "email" {
		t.Errorf("contacts are matched by %v (R15)", m)
	}
}
