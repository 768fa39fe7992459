package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// dedup is how long the server remembers message ids. It costs about 175 bytes
// of memory an id, and is an optimisation only.
const dedup = 2 * time.Minute

// defaultPartitions is what a new stage stream gets when nobody says otherwise.
const defaultPartitions = 2

// stageStreams is the one table of stage streams; keepStreams has the others.
var stageStreams = []Stage{Notices, Changes, Proposals, Writes}

func keepStreams(c Config) []jetstream.StreamConfig {
	return []jetstream.StreamConfig{
		{
			Name: Journal.stream(), Subjects: []string{subjects(Journal)},
			Description: "What happened to each pair and why.",
			Retention:   jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Replicas: c.replicas(),
			Discard: jetstream.DiscardOld, MaxBytes: c.JournalBytes, MaxAge: c.JournalAge, MaxMsgSize: c.MaxMessage,
			Compression: jetstream.S2Compression, Duplicates: dedup, AllowDirect: c.replicas() == 1,
		},
		{
			Name: Parked.stream(), Subjects: []string{subjects(Parked)},
			Description: "Messages that could not be handled, with the reason.",
			// A full stream refuses, so that the message stays where it is
			// rather than push another one out.
			Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Replicas: c.replicas(),
			Discard: jetstream.DiscardNew, MaxBytes: c.ParkedBytes, MaxAge: c.ParkedAge, MaxMsgSize: c.MaxMessage + 64<<10,
			MaxMsgsPerSubject: 100, Compression: jetstream.S2Compression, Duplicates: dedup, AllowDirect: c.replicas() == 1,
		},
		heldConfig(c),
	}
}

// stageStream is a work queue whose subjects are rewritten to carry the
// generation and the partition.
func stageStream(s Stage, g generations, c Config) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: s.stream(), Subjects: []string{subjects(s)},
		Description: "Work for the stage " + string(s) + ".",
		SubjectTransform: &jetstream.SubjectTransformConfig{
			Source: subjects(s),
			// The lane is no part of the partition: one owner sees both lanes of a key.
			Destination: fmt.Sprintf("%s.%s.g%d.{{partition(%d,2,3,4,5)}}.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}.{{wildcard(4)}}.{{wildcard(5)}}",
				stored, s, g.current, g.partitions[g.current]),
		},
		Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, Replicas: c.replicas(),
		Discard: jetstream.DiscardNew, MaxBytes: c.StageBytes, MaxMsgSize: c.MaxMessage,
		Duplicates: dedup, Metadata: g.metadata(),
	}
}

func subjects(s Stage) string { return published + "." + string(s) + ".*.*.*.*.*" }

// stream is the name of the stage's stream.
func (s Stage) stream() string { return "DEALSYNC_" + strings.ToUpper(string(s)) }

// generations are the partitionings a stage stream has had. Messages are stored
// under the one that was current; metadata of the stream remembers all.
type generations struct {
	current    int
	partitions map[int]int
}

const metaGen = "dealsync.gen"

func (g generations) metadata() map[string]string {
	m := map[string]string{metaGen: strconv.Itoa(g.current)}
	for gen, n := range g.partitions {
		m[metaGen+"."+strconv.Itoa(gen)] = strconv.Itoa(n)
	}
	return m
}

func readGenerations(meta map[string]string) (generations, error) {
	g := generations{partitions: map[int]int{}}
	var err error
	if g.current, err = strconv.Atoi(meta[metaGen]); err != nil {
		return g, fmt.Errorf("stream metadata %s: %w", metaGen, err)
	}
	for k, v := range meta {
		digits, ok := strings.CutPrefix(k, metaGen+".")
		if !ok {
			continue
		}
		gen, err1 := strconv.Atoi(digits)
		n, err2 := strconv.Atoi(v)
		if err := errors.Join(err1, err2); err != nil {
			return g, fmt.Errorf("stream metadata %s: %w", k, err)
		}
		g.partitions[gen] = n
	}
	if g.partitions[g.current] < 1 {
		return g, fmt.Errorf("stream metadata: generation %d has no partitions", g.current)
	}
	return g, nil
}

// ensureStreams creates or updates every stream. One replica at a time does it:
// a generation must never get a second partition count.
func (b *Bus) ensureStreams(ctx context.Context, c Config) error {
	return b.leases.hold(ctx, "setup", func() error {
		for _, s := range stageStreams {
			if err := ensureStage(ctx, b.js, s, c); err != nil {
				return fmt.Errorf("set up stream %s: %w", s.stream(), classify(err))
			}
		}
		for _, sc := range keepStreams(c) {
			if _, err := b.js.CreateOrUpdateStream(ctx, sc); err != nil {
				return fmt.Errorf("set up stream %s: %w", sc.Name, classify(err))
			}
		}
		return nil
	})
}

func ensureStage(ctx context.Context, js jetstream.JetStream, s Stage, c Config) error {
	want := c.Partitions
	st, err := js.Stream(ctx, s.stream())
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		or(&want, defaultPartitions)
		_, err = js.CreateOrUpdateStream(ctx, stageStream(s, generations{1, map[int]int{1: want}}, c))
		return err
	case err != nil:
		return err
	}
	g, err := readGenerations(st.CachedInfo().Config.Metadata)
	if err != nil {
		return err
	}
	if want != 0 && want != g.partitions[g.current] {
		g.current++
		g.partitions[g.current] = want
	}
	_, err = js.UpdateStream(ctx, stageStream(s, g, c))
	return err
}

// Repartition gives every stage n partitions while publishers and consumers go
// on. Consumers finish the old generation before they begin the new one.
func (b *Bus) Repartition(ctx context.Context, n int) error {
	c := b.cfg
	c.Partitions = n
	c, err := c.withDefaults()
	if err != nil {
		return err
	}
	return b.ensureStreams(ctx, c)
}

// generation is the one to consume now: the oldest that still holds messages,
// else the current one. Older ones never grow again, so the answer only moves
// forward. drained remembers what has been found empty.
func generation(ctx context.Context, st jetstream.Stream, s Stage, g generations, drained int) (int, error) {
	for gen := drained + 1; gen < g.current; gen++ {
		if g.partitions[gen] == 0 {
			continue
		}
		filter := fmt.Sprintf("%s.%s.g%d.>", stored, s, gen)
		_, err := st.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(filter))
		if err == nil {
			return gen, nil
		}
		if !errors.Is(err, jetstream.ErrMsgNotFound) {
			return 0, err
		}
	}
	return g.current, nil
}
