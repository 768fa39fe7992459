package configure

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/dealsync/dealsync/libs/fault"
)

func notFound(kind, workspace, name string) error {
	return fault.New(fault.NotFound, "unknown_"+kind, "workspace %q has no %s %q", workspace, kind, name)
}

func noWebhook(workspace, name string) error {
	return fault.New(fault.NotFound, "no_webhook", "connection %s/%s has no webhook secret", workspace, name)
}

func invalid(format string, args ...any) error {
	return fault.Wrap(fault.Invalid, "bad_request", fmt.Errorf(format, args...))
}

// rpcCodes says how a kind of error looks to a caller.
var rpcCodes = map[fault.Kind]codes.Code{
	fault.Transient:   codes.Unavailable,
	fault.RateLimited: codes.ResourceExhausted,
	fault.Rejected:    codes.FailedPrecondition,
	fault.Auth:        codes.FailedPrecondition,
	fault.NotFound:    codes.NotFound,
	fault.Conflict:    codes.Aborted,
	fault.Invalid:     codes.InvalidArgument,
}

// errorDomain says whose codes the reasons of errors are.
const errorDomain = "dealsync"

// rpcError is err as a gRPC status: its kind decides the code, and its own
// stable code travels as the reason of an ErrorInfo.
func rpcError(err error) error {
	if err == nil {
		return nil
	}
	code, ok := rpcCodes[fault.KindOf(err)]
	switch {
	case ok:
	case errors.Is(err, context.Canceled):
		code = codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		code = codes.DeadlineExceeded
	default:
		code = codes.Internal
	}
	plain := status.New(code, err.Error())
	detailed, failed := plain.WithDetails(&errdetails.ErrorInfo{Reason: fault.CodeOf(err), Domain: errorDomain})
	if failed != nil {
		return plain.Err()
	}
	return detailed.Err()
}
