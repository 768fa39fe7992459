package e2e

import (
	"testing"
	"time"

	"github.com/dealsync/dealsync/services/dealsync/demo"
)

// The programs that `make build` leaves play the same demo as one process: two
// replicas of each of the five services, a real NATS and a real Redis server,
// and the doubles in a program of their own.
func TestTheDemoRunsOnSeparateProcesses(t *testing.T) {
	t.Parallel()
	in := alone(t, startSeparate)
	addr, err := addresses(2)
	if err != nil {
		t.Fatal(err)
	}
	err = in.run(&process{
		name: "sandbox", ready: "http://" + addr[1] + "/_sandbox/health",
		env: []string{"SANDBOX_HUBSPOT_ADDR=" + addr[0], "SANDBOX_PIPEDRIVE_ADDR=" + addr[1], "SANDBOX_SIMPLE_ADDR=127.0.0.1:0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := demo.Run(t.Context(), demo.Place{
		HubSpot: "http://" + addr[0], Pipedrive: "http://" + addr[1], Config: in.config, Metrics: in.of("conflict-resolver")[0].metrics(),
	}, demo.Options{Deals: 50, Out: t.Output(), Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Check(); err != nil {
		t.Errorf("%v: %+v", err, report)
	}
}

// The doubles that `dealsync up --sandbox` brings are connected like any others.
func TestR1_TheSandboxOfAllInOneIsEnough(t *testing.T) {
	t.Parallel()
	in := alone(t, startAllInOne)
	x := prepare(t, in, nil)
	x.hubspot, x.pipedrive = &crm{t, in.sandbox[0], "deals"}, &crm{t, in.sandbox[1], "deals"}
	x.spec.HubSpot, x.spec.Pipedrive = in.sandbox[0], in.sandbox[1]
	x.apply()
	x.connected()
	hubspot := x.hubspot.create(fields{"dealname": "Born in HubSpot", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
	app := x.counterpart(hubspot)
	x.pipedrive.edit(app, fields{"title": "Renamed in the app"})
	x.hold(hubspot, app, "Renamed in the app")
	if a := x.cli.run("", "doctor", "--health", "http://"+in.health); a.code != 0 {
		t.Errorf("doctor: exit code %d: %s%s", a.code, a.out, a.err)
	}
}
