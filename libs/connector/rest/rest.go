// Package rest is the HTTP client that drivers share: authentication with one
// renewal, time limits, body limits and which failures left a request unsent.
// It neither retries nor knows what any app's answers mean.
package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
)

// UserAgent is sent with every call. The program sets its version at start.
var UserAgent = "dealsync/dev"

const (
	maxBody = 32 << 20
	timeout = 30 * time.Second
)

// Client calls one account's API.
type Client struct {
	http   *http.Client
	base   string
	tokens connector.TokenSource
}

// New makes a client for the host of an account; host is used when the account
// names none.
func New(a connector.Account, host string) (*Client, error) {
	base := strings.TrimRight(a.BaseURL, "/")
	if base == "" {
		base = host
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fault.New(fault.Invalid, "base_url", "base URL %q is not an absolute http(s) URL", base)
	}
	c := a.Client
	if c == nil {
		c = &http.Client{Transport: connector.NewHTTPTransport()}
	}
	return &Client{http: c, base: base, tokens: a.Tokens}, nil
}

// Request is one API call.
type Request struct {
	connector.Call
	Method string
	// Path starts with a slash; Query is added to it.
	Path  string
	Query url.Values
	// Body is JSON; nil sends none.
	Body []byte
	// Anonymous sends no token: the caller has put a key of another kind into
	// the request.
	Anonymous bool
}

// Response is an answer of any status with its whole body.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// OK reports a 2xx status.
func (r *Response) OK() bool { return r.Status >= 200 && r.Status < 300 }

// RetryAfter is the Retry-After header: seconds or an HTTP date.
func (r *Response) RetryAfter() time.Duration {
	v := r.Header.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 && s < 1e7 {
		return time.Duration(s * float64(time.Second))
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// Do sends req and answers whatever status comes back. A 401 asks the token
// source once for another token and sends the request again. Errors are
// classified: fault.Transient with code CodeUnsent when the request never
// reached the app, CodeNoAnswer when it may have.
func (c *Client) Do(ctx context.Context, req Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if req.Anonymous {
		return c.send(ctx, req, connector.Token{})
	}
	token, err := c.tokens.Token(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("get a token: %w", err)
	}
	res, err := c.send(ctx, req, token)
	if err != nil || res.Status != http.StatusUnauthorized {
		return res, err
	}
	fresh, err := c.tokens.Token(ctx, token.Value)
	if err != nil || fresh.Value == token.Value {
		return res, nil //nolint:nilerr // the app's own refusal says more than ours
	}
	return c.send(ctx, req, fresh)
}

// Codes of the errors of Do.
const (
	CodeUnsent   = "unsent"
	CodeNoAnswer = "no_answer"
)

func (c *Client) send(ctx context.Context, r Request, token connector.Token) (*Response, error) {
	target := c.base + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(connector.WithCall(ctx, r.Call), r.Method, target, bytes.NewReader(r.Body))
	if err != nil {
		return nil, fault.Wrap(fault.Bug, "request", fmt.Errorf("make request %s %s: %w", r.Method, r.Path, redact(err)))
	}
	req.Header.Set("User-Agent", UserAgent)
	req.Header.Set("Accept", "application/json")
	if r.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	switch token.Scheme {
	case "x-api-token":
		req.Header.Set("X-Api-Token", token.Value)
	default:
		if token.Value != "" {
			req.Header.Set("Authorization", "Bearer "+token.Value)
		}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, unanswered(r, err)
	}
	defer res.Body.Close()
	body, err := readAll(res)
	if err != nil {
		return nil, unanswered(r, err)
	}
	return &Response{Status: res.StatusCode, Header: res.Header, Body: body}, nil
}

func readAll(res *http.Response) ([]byte, error) {
	var buf bytes.Buffer
	if n := res.ContentLength; n > 0 && n <= maxBody {
		buf.Grow(int(n) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if n > maxBody {
		return nil, fault.New(fault.Invalid, "answer_too_large", "answer is larger than %d bytes", maxBody)
	}
	return buf.Bytes(), nil
}

// unanswered classifies a failure to get an answer. What the layers below have
// classified already, such as a spent budget, stays as it is.
func unanswered(r Request, err error) error {
	err = fmt.Errorf("%s %s: %w", r.Method, r.Path, redact(err))
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	code := CodeNoAnswer
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		code = CodeUnsent
	}
	return fault.Wrap(fault.Transient, code, err)
}

// redact takes the address, whose query may hold a key, out of an error.
func redact(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
