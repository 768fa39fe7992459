package hubspot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/fault"
)

// paths are the addresses of one API version; those of objects go on with an
// object's plural. Versions are dated since 2026; "v3" names the family before
// that, supported until September 2027, whose associations are v4.
type paths struct {
	objects, associations, pipelines, properties string
	owners, account, webhooks                    string
}

var dated = regexp.MustCompile(`^20\d\d-(03|09)(-beta)?$`)

func pathsOf(version string) (paths, error) {
	switch {
	case version == "v3":
		return paths{
			objects: "/crm/v3/objects/", associations: "/crm/v4/associations/", pipelines: "/crm/v3/pipelines/",
			properties: "/crm/v3/properties/", owners: "/crm/v3/owners/",
			account: "/account-info/v3/details", webhooks: "/webhooks/v3/",
		}, nil
	case dated.MatchString(version):
		p := paths{
			objects: "/crm/objects/" + version + "/", associations: "/crm/associations/" + version + "/",
			pipelines: "/crm/pipelines/" + version + "/", properties: "/crm/properties/" + version + "/",
			owners: "/crm/owners/" + version, account: "/account-info/" + version + "/details",
			webhooks: "/app-webhooks/" + version + "/",
		}
		if version == "2026-03" {
			p.webhooks = "/webhooks/2026-03/"
		}
		return p, nil
	default:
		return paths{}, fault.New(fault.Invalid, "version", "HubSpot API version %q is neither v3 nor a date such as %s", version, defaultVersion)
	}
}

// links is the address of the associations from one kind to another.
func (p paths) links(from, to *kind) string { return p.associations + from.plural + "/" + to.plural }

// call sends a request and decodes a 2xx answer into out. body may be nil, a
// []byte of JSON or a value to encode; out may be nil.
func (d *Driver) call(ctx context.Context, op, method, path string, query url.Values, body, out any) error {
	return d.do(ctx, rest.Request{Call: connector.Call{Op: op}, Method: method, Path: path, Query: query}, body, out)
}

func (d *Driver) do(ctx context.Context, req rest.Request, body, out any) (err error) {
	if body != nil {
		if req.Body, err = json.Marshal(body); err != nil {
			return fault.Wrap(fault.Bug, "encode", fmt.Errorf("encode %s: %w", req.Op, err))
		}
	}
	res, err := d.rest.Do(ctx, req)
	if err != nil {
		return fmt.Errorf("hubspot %s: %w", req.Op, err)
	}
	if !res.OK() {
		return refusal(req.Op, res)
	}
	if out == nil || res.Status == http.StatusNoContent {
		return nil
	}
	if err := json.Unmarshal(res.Body, out); err != nil {
		return fault.Wrap(fault.Transient, "malformed_answer", fmt.Errorf("hubspot %s: decode answer: %w", req.Op, err))
	}
	return nil
}
