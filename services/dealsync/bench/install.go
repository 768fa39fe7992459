package bench

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// services are the programs of the pipeline; config comes before them.
var services = []string{"webhook-ingest", "change-detector", "mapper", "conflict-resolver", "writer"}

// sides of a sync.
const (
	hub = iota
	app
)

// installation is a running Dealsync with its doubles and its pairs.
type installation struct {
	dir     string
	procs   []*process
	crm     [2]crm
	js      jetstream.JetStream
	nc      *nats.Conn
	admin   configv1.AdminServiceClient
	conn    *grpc.ClientConn
	numbers [2][]int64 // ids of the deals by number, from 1 on
	seeded  Seed
	limited bool // the apps' rate limits are kept
	patient bool // waits are long ones

	natsProfile string // address of NATS's profiles; none when empty
}

// site is how an installation is to be.
type site struct {
	name, durability string
	limit            string // of both accounts
}

// install starts everything and lets it make the pairs. What it returns has to
// be ended also when there is an error.
func (b *run) install(ctx context.Context, s site, pairs int) (*installation, error) {
	in := &installation{dir: filepath.Join(b.dir, s.name), limited: s.limit != noLimit}
	b.say("starting NATS, Redis, doubles and services, durability %s", s.durability)
	if err := in.start(ctx, b, s.durability); err != nil {
		return in, err
	}
	b.say("making %d pairs: deals in Pipedrive, created in HubSpot by the backfill", pairs)
	if err := in.crm[app].seed(ctx, pairs); err != nil {
		return in, fmt.Errorf("seed: %w", err)
	}
	before, err := in.usage()
	if err != nil {
		return in, err
	}
	begun := time.Now()
	if err := in.apply(ctx, in.accounts(s.limit), syncOfDeals); err != nil {
		return in, err
	}
	if err := in.backfilled(ctx, pairs); err != nil {
		return in, fmt.Errorf("backfill: %w", err)
	}
	took := time.Since(begun)
	after, err := in.usage()
	if err != nil {
		return in, err
	}
	in.seeded = Seed{
		Pairs: pairs, Seconds: seconds(took), PerSecond: round(float64(pairs) / took.Seconds()),
		CPU: perItem(after.total()-before.total(), pairs),
	}
	for side, c := range in.crm {
		var err error
		if in.numbers[side], err = c.numbers(ctx, pairs); err != nil {
			return in, fmt.Errorf("after the backfill: %w", err)
		}
	}
	return in, nil
}

func (in *installation) start(ctx context.Context, b *run, durability string) error {
	if err := os.MkdirAll(in.dir, 0o700); err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	addr, err := addresses(13)
	if err != nil {
		return err
	}
	natsAddr, redisAddr, config, ingest := addr[0], addr[1], addr[2], addr[3]
	in.crm = [2]crm{hubSpot(addr[4]), pipedrive(addr[5])}
	public := "http://" + ingest
	if b.Profile != "" {
		in.natsProfile = addr[12]
	}
	if err := in.startNATS(ctx, b.nats, natsAddr, durability); err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(redisAddr) // made by addresses
	in.procs[0].health = in.natsProfile
	if err := in.run(ctx, "redis", "redis-server", []string{"--bind", "127.0.0.1", "--port", port, "--dir", in.dir, "--save", "", "--appendonly", "no"},
		nil, listens(redisAddr)); err != nil {
		return err
	}
	if err := in.run(ctx, "sandbox", filepath.Join(b.Bin, "sandbox"), nil, []string{
		"SANDBOX_HUBSPOT_ADDR=" + addr[4], "SANDBOX_PIPEDRIVE_ADDR=" + addr[5], "SANDBOX_SIMPLE_ADDR=127.0.0.1:0",
	}, answers(in.crm[app].url+"/_sandbox/health")); err != nil {
		return err
	}
	shared := []string{
		"NATS_URL=nats://" + natsAddr, "REDIS_URL=redis://" + redisAddr, "DEALSYNC_CONFIG_ADDR=" + config, "DEALSYNC_DURABILITY=" + durability,
		"DEALSYNC_CONFIG_LISTEN=" + config, "DEALSYNC_PUBLIC_URL=" + public, "DEALSYNC_INGEST_ADDR=" + ingest,
		"DEALSYNC_KEY=" + base64.StdEncoding.EncodeToString([]byte("a key of thirty-two random bytes")),
		"DEALSYNC_LOG_LEVEL=warn",
	}
	if b.Profile != "" {
		shared = append(shared, "DEALSYNC_PPROF=1")
	}
	for i, name := range append([]string{"config"}, services...) {
		health := addr[6+i]
		if err := in.run(ctx, name, filepath.Join(b.Bin, name), nil, append(shared, "DEALSYNC_HEALTH_ADDR="+health), answers("http://"+health+"/readyz")); err != nil {
			return err
		}
		in.procs[len(in.procs)-1].health = health
	}
	return in.connect(natsAddr, config)
}

// startNATS runs a NATS server that keeps its data below the directory.
func (in *installation) startNATS(ctx context.Context, path, addr, durability string) error {
	sync := "1s"
	if durability == "always" {
		sync = "always"
	}
	conf := filepath.Join(in.dir, "nats.conf")
	profile := ""
	if in.natsProfile != "" {
		_, port, _ := net.SplitHostPort(in.natsProfile) // made by addresses
		profile = "prof_port: " + port + "\n"
	}
	content := profile + fmt.Sprintf("listen: %q\nmax_payload: 4MB\nmax_pending: 64MB\njetstream { store_dir: %q, sync_interval: %s, max_file_store: 16GB }\n",
		addr, filepath.Join(in.dir, "data"), sync)
	if err := os.WriteFile(conf, []byte(content), 0o600); err != nil {
		return fmt.Errorf("configure NATS: %w", err)
	}
	return in.run(ctx, "nats", path, []string{"-c", conf}, nil, listens(addr))
}

// run starts a program and waits until it is ready.
func (in *installation) run(ctx context.Context, name, path string, args, env []string, ready func(context.Context) error) error {
	p, err := start(name, filepath.Join(in.dir, name+".log"), path, args, env)
	if err != nil {
		return err
	}
	in.procs = append(in.procs, p)
	return p.await(ctx, ready)
}

func (in *installation) connect(natsAddr, config string) error {
	var err error
	if in.nc, err = nats.Connect("nats://"+natsAddr, nats.Name("dealsync-bench")); err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	if in.js, err = jetstream.New(in.nc); err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	if in.conn, err = grpc.NewClient(config, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		return fmt.Errorf("connect to the config service: %w", err)
	}
	in.admin = configv1.NewAdminServiceClient(in.conn)
	return nil
}

// end kills every program that was started here, the last one first.
func (in *installation) end() {
	if in.nc != nil {
		in.nc.Close()
	}
	if in.conn != nil {
		_ = in.conn.Close()
	}
	for i := len(in.procs) - 1; i >= 0; i-- {
		in.procs[i].kill()
	}
	in.procs, in.nc, in.conn = nil, nil, nil
}

// apply stores documents.
func (in *installation) apply(ctx context.Context, documents ...string) error {
	resp, err := in.admin.Apply(ctx, &configv1.ApplyRequest{Documents: files(documents)})
	if err != nil {
		return fmt.Errorf("apply the workspace: %w", err)
	}
	for _, p := range resp.GetProblems() {
		err = errors.Join(err, fmt.Errorf("apply the workspace: %s, line %d: %s", p.GetFile(), p.GetLine(), p.GetMessage()))
	}
	return err
}

func files(documents []string) []*configv1.Document {
	list := make([]*configv1.Document, len(documents))
	for i, content := range documents {
		list[i] = &configv1.Document{File: fmt.Sprintf("bench-%d.yaml", i+1), Content: []byte(content)}
	}
	return list
}

// accounts are the connections with a rate limit; an empty one is the app's own.
func (in *installation) accounts(limit string) string {
	return fmt.Sprintf(connections, in.crm[hub].url, limit, in.crm[app].url, limit)
}

// backfilled waits until HubSpot has a deal for each of Pipedrive's, and
// nothing is under way.
func (in *installation) backfilled(ctx context.Context, pairs int) error {
	if err := in.progress(ctx, func() (int64, bool, error) {
		s, err := in.crm[hub].stats(ctx)
		return s.Writes, s.Writes >= int64(pairs), err
	}); err != nil {
		return err
	}
	return in.settled(ctx)
}
