package demo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/libs/telemetry/names"
)

// As the metrics page names them: the counter of Dealsync's own writes that came
// back and were dropped, and the gauge of messages that wait.
var (
	echoMetric    = strings.ReplaceAll(names.ResolverEchoes, ".", "_") + "_total"
	backlogMetric = strings.ReplaceAll(names.BusBacklog, ".", "_")
)

// metric reads a metric from the metrics page, all its samples together.
func (d *demo) metric(ctx context.Context, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.place.Metrics, nil)
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	resp, err := d.accounts[0].client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("read metrics: %s", resp.Status)
	}
	return sumSamples(resp.Body, name)
}

// sumSamples adds up the samples of one metric in the Prometheus text format.
func sumSamples(page io.Reader, name string) (float64, error) {
	total := 0.0
	lines := bufio.NewScanner(page)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), name)
		if !ok || rest == "" || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		number := strings.TrimSpace(rest[strings.LastIndexByte(rest, '}')+1:])
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", name, err)
		}
		total += v
	}
	if err := lines.Err(); err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	return total, nil
}
