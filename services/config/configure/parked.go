package configure

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/event"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// ListParked lists messages that could not be handled, oldest first.
func (s *Service) ListParked(ctx context.Context, req *configv1.ListParkedRequest) (*configv1.ListParkedResponse, error) {
	size, err := pageSize(req.GetPageSize())
	if err != nil {
		return nil, rpcError(err)
	}
	var after uint64
	if token := req.GetPageToken(); token != "" {
		if after, err = strconv.ParseUint(token, 10, 64); err != nil {
			return nil, rpcError(invalid("page token %q is not one of this list", token))
		}
	}
	if _, err := s.workspaces(req.GetWorkspace()); err != nil {
		return nil, rpcError(err)
	}
	resp := &configv1.ListParkedResponse{}
	err = s.eachParked(ctx, req.GetWorkspace(), req.GetCode(), after, func(m *bus.ParkedMessage) bool {
		if len(resp.Parked) == size {
			resp.NextPageToken = strconv.FormatUint(resp.Parked[size-1].GetId(), 10)
			return false
		}
		resp.Parked = append(resp.Parked, &configv1.Parked{
			Id: m.Sequence, Subject: m.Subject.String(), Code: m.Code, Kind: m.Kind,
			Error: m.Error, ParkedMs: m.ParkedAt.UnixMilli(), Preview: preview(m),
		})
		return true
	})
	if err != nil {
		return nil, rpcError(err)
	}
	return resp, nil
}

// eachParked goes through parked messages of a code, "" being any, until fn
// returns false.
func (s *Service) eachParked(ctx context.Context, workspace, code string, after uint64, fn func(*bus.ParkedMessage) bool) error {
	query := bus.Query{Workspace: workspace, After: after, Limit: defaultPage}
	for {
		list, err := s.deps.Bus.ParkedList(ctx, query)
		if err != nil {
			return fmt.Errorf("list parked messages: %w", err)
		}
		for i := range list {
			query.After = list[i].Sequence
			if (code == "" || list[i].Code == code) && !fn(&list[i]) {
				return nil
			}
		}
		if len(list) < query.Limit {
			return nil
		}
	}
}

// ReplayParked sends parked messages to where they came from: the ones named,
// or all of a code.
func (s *Service) ReplayParked(ctx context.Context, req *configv1.ReplayParkedRequest) (*configv1.ReplayParkedResponse, error) {
	n, err := s.withParked(ctx, req, s.deps.Bus.ParkedReplay)
	if err != nil {
		return nil, rpcError(err)
	}
	return &configv1.ReplayParkedResponse{Replayed: n}, nil
}

// DropParked removes parked messages for good: the ones named, or all of a code.
func (s *Service) DropParked(ctx context.Context, req *configv1.DropParkedRequest) (*configv1.DropParkedResponse, error) {
	n, err := s.withParked(ctx, req, s.deps.Bus.ParkedDrop)
	if err != nil {
		return nil, rpcError(err)
	}
	return &configv1.DropParkedResponse{Dropped: n}, nil
}

// chosen are the parked messages that a call is about.
type chosen interface {
	GetWorkspace() string
	GetIds() []uint64
	GetCode() string
}

// withParked does something with every chosen message and counts them.
func (s *Service) withParked(ctx context.Context, req chosen, do func(ctx context.Context, id uint64) error) (int32, error) {
	if w := req.GetWorkspace(); w == "" || s.store.State().Workspaces[w] == nil {
		return 0, noWorkspace(w)
	}
	ids := req.GetIds()
	for _, id := range ids {
		m, err := s.deps.Bus.ParkedGet(ctx, id)
		if err != nil {
			return 0, err
		}
		if m.Subject.Workspace != req.GetWorkspace() {
			// As if it were not there: N9.
			return 0, notFound("parked message", req.GetWorkspace(), strconv.FormatUint(id, 10))
		}
	}
	if len(ids) == 0 {
		// All are listed first: what fails again is parked again behind them.
		err := s.eachParked(ctx, req.GetWorkspace(), req.GetCode(), 0, func(m *bus.ParkedMessage) bool {
			ids = append(ids, m.Sequence)
			return true
		})
		if err != nil {
			return 0, err
		}
	}
	var n int32
	for _, id := range ids {
		if err := do(ctx, id); err != nil {
			return 0, fmt.Errorf("after %d done: %w", n, err)
		}
		n++
	}
	return n, nil
}

// maxPreview is how much of a message is shown, in bytes.
const maxPreview = 500

var contracts = map[string]func() proto.Message{
	event.TypeNotice:   func() proto.Message { return &eventv1.Notice{} },
	event.TypeChange:   func() proto.Message { return &eventv1.Change{} },
	event.TypeProposal: func() proto.Message { return &eventv1.Proposal{} },
	event.TypeWrite:    func() proto.Message { return &eventv1.Write{} },
}

// preview shows the beginning of a message's content as text: a webhook's body
// as it came, anything else as JSON.
func preview(m *bus.ParkedMessage) string {
	text := string(m.Data)
	if contract := contracts[m.Type]; contract != nil {
		content := contract()
		if proto.Unmarshal(m.Data, content) == nil {
			text = protojson.MarshalOptions{}.Format(content)
			if n, ok := content.(*eventv1.Notice); ok && n.GetWebhook() != nil {
				text = string(n.GetWebhook().GetBody())
			}
		}
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxPreview {
		return text
	}
	cut := maxPreview
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
