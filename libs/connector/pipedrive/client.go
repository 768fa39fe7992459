package pipedrive

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/fault"
)

// Addresses: v2, and v1 for what has no twin there. Those of records and their
// fields are the kinds'.
const (
	pathPipelines  = "/api/v2/pipelines"
	pathStages     = "/api/v2/stages"
	pathUsers      = "/api/v1/users"
	pathCurrencies = "/api/v1/currencies"
	pathWebhooks   = "/api/v1/webhooks"
)

// Costs in tokens of the daily budget; each page of a list costs the same
// whatever its size (x-token-cost).
const (
	costGet     = 1
	costMe      = 2
	costUnhook  = 6
	costWrite   = 5
	costPlan    = 5 // pipelines, stages
	costList    = 10
	costAccount = 20 // users, currencies
)

// envelope is the frame of every answer.
type envelope[T any] struct {
	Data       T `json:"data"`
	Additional struct {
		Next string `json:"next_cursor"`
	} `json:"additional_data"`
}

// call sends a request and decodes the data of a 2xx answer into a T.
func call[T any](ctx context.Context, d *Driver, req rest.Request, body any) (out envelope[T], err error) {
	if body != nil {
		if req.Body, err = json.Marshal(body); err != nil {
			return out, fault.Wrap(fault.Bug, "encode", fmt.Errorf("encode %s: %w", req.Op, err))
		}
	}
	res, err := d.rest.Do(ctx, req)
	if err != nil {
		return out, fmt.Errorf("pipedrive %s: %w", req.Op, err)
	}
	if !res.OK() {
		return out, refusal(req.Op, res)
	}
	if err := json.Unmarshal(res.Body, &out); err != nil {
		return out, fault.Wrap(fault.Transient, "malformed_answer", fmt.Errorf("pipedrive %s: decode answer: %w", req.Op, err))
	}
	return out, nil
}

func get(op string, cost int, path string, query url.Values) rest.Request {
	return rest.Request{Call: connector.Call{Op: op, Cost: cost}, Method: "GET", Path: path, Query: query}
}

// pages reads a whole list that has cursors.
func pages[T any](ctx context.Context, d *Driver, op string, cost int, path string) ([]T, error) {
	var all []T
	query := url.Values{"limit": {"500"}}
	for {
		page, err := call[[]T](ctx, d, get(op, cost, path, query), nil)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if page.Additional.Next == "" {
			return all, nil
		}
		query.Set("cursor", page.Additional.Next)
	}
}
