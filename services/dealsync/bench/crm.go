package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// crm is one double, seen through its control API.
type crm struct {
	url, objects string
	title, value string // names of the fields that matter here
}

func hubSpot(addr string) crm { return crm{"http://" + addr, "deals", "dealname", "amount"} }

func pipedrive(addr string) crm { return crm{"http://" + addr, "deals", "title", "value"} }

// edit is a person's change of one deal's amount. The value is used once in a
// run of the benchmark, so that its arrival can be told.
type edit struct{ id, value int64 }

// record is a deal as a double dumps it.
type record struct {
	ID      int64                      `json:"id"`
	Fields  map[string]json.RawMessage `json:"fields"`
	History []struct {
		Field string          `json:"field"`
		Value json.RawMessage `json:"value"`
		At    int64           `json:"at"`
	} `json:"history"`
}

func plain(raw json.RawMessage) string { return strings.Trim(string(raw), `"`) }

// stats are a double's counters.
type stats struct {
	Requests int64 `json:"requests"`
	Writes   int64 `json:"writes"`
	Pending  int   `json:"webhooks_pending"`
	Calls    []struct {
		Route string `json:"route"`
		Count int64  `json:"count"`
	} `json:"calls"`
	// Objects counts deeds by object; associations stand under both of theirs.
	Objects map[string]struct {
		Created    int64 `json:"created"`
		Associated int64 `json:"associated"`
	} `json:"objects"`
}

// routes counts the calls since before by route.
func (s *stats) routes(before *stats) map[string]int64 {
	m := map[string]int64{}
	for _, c := range s.Calls {
		m[c.Route] += c.Count
	}
	for _, c := range before.Calls {
		if m[c.Route] -= c.Count; m[c.Route] == 0 {
			delete(m, c.Route)
		}
	}
	return m
}

func (c crm) stats(ctx context.Context) (stats, error) {
	var s stats
	return s, call(ctx, http.MethodGet, c.url+"/_sandbox/stats", nil, &s)
}

// seed makes n deals called "Deal 1" and so on, without webhooks.
func (c crm) seed(ctx context.Context, n int) error {
	body := map[string]any{
		"count": n, "silent": true,
		"fields": map[string]any{c.title: "Deal {{n}}", c.value: "{{n}}"},
	}
	return call(ctx, http.MethodPost, c.url+"/_sandbox/records/"+c.objects+"/bulk", body, nil)
}

// make makes edits, all in one call, so that the maker costs little.
func (c crm) make(ctx context.Context, edits []edit) error {
	if len(edits) == 0 {
		return nil
	}
	type one struct {
		ID     int64            `json:"id"`
		Fields map[string]int64 `json:"fields"`
	}
	list := make([]one, len(edits))
	for i, e := range edits {
		list[i] = one{e.id, map[string]int64{c.value: e.value}}
	}
	var result struct {
		Done int `json:"done"`
	}
	err := call(ctx, http.MethodPost, c.url+"/_sandbox/records/"+c.objects+"/edits", map[string]any{"edits": list}, &result)
	if err == nil && result.Done != len(edits) {
		err = fmt.Errorf("only %d of %d edits could be made", result.Done, len(edits))
	}
	return err
}

// down makes the double refuse every API call, or ends that.
func (c crm) down(ctx context.Context, down bool) error {
	return call(ctx, http.MethodPut, c.url+"/_sandbox/down", map[string]bool{"down": down}, nil)
}

// each shows every deal.
func (c crm) each(ctx context.Context, history bool, show func(record)) error {
	for after := int64(0); ; {
		var page struct {
			Records []record `json:"records"`
			Next    int64    `json:"next"`
		}
		url := fmt.Sprintf("%s/_sandbox/records/%s?limit=10000&after=%d&history=%t", c.url, c.objects, after, history)
		if err := call(ctx, http.MethodGet, url, nil, &page); err != nil {
			return err
		}
		for _, r := range page.Records {
			show(r)
		}
		if page.Next == 0 {
			return nil
		}
		after = page.Next
	}
}

// numbers finds the ids of the seeded deals by their number.
func (c crm) numbers(ctx context.Context, n int) ([]int64, error) {
	ids, found := make([]int64, n+1), 0
	err := c.each(ctx, false, func(r record) {
		number, err := strconv.Atoi(strings.TrimPrefix(plain(r.Fields[c.title]), "Deal "))
		if err == nil && number >= 1 && number <= n {
			ids[number] = r.ID
			found++
		}
	})
	if err == nil && found != n {
		err = fmt.Errorf("%s holds %d of %d deals", c.url, found, n)
	}
	return ids, err
}

// arrivals finds when values from first on came to be, in the double's time.
func (c crm) arrivals(ctx context.Context, first int64) (map[int64]time.Time, error) {
	at := map[int64]time.Time{}
	err := c.each(ctx, true, func(r record) {
		for _, h := range r.History {
			if h.Field != c.value {
				continue
			}
			if v, err := strconv.ParseFloat(plain(h.Value), 64); err == nil && int64(v) >= first {
				at[int64(v)] = time.UnixMilli(h.At)
			}
		}
	})
	return at, err
}

// client keeps its connections, so that the benchmark costs little.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}

// call asks for JSON; anything but 200 is an error.
func call(ctx context.Context, method, url string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode %s %s: %w", method, url, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s %.300s", method, url, resp.Status, raw)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	return nil
}
