package settings

import (
	"context"
	"crypto/subtle"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// header carries the access token of the config service.
const header = "authorization"

// WithAccess makes a client present the config service's access token; an
// empty one presents nothing.
func WithAccess(token string) grpc.DialOption {
	if token == "" {
		return grpc.EmptyDialOption{}
	}
	return grpc.WithPerRPCCredentials(access(token))
}

type access string

func (a access) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{header: "Bearer " + string(a)}, nil
}

// RequireTransportSecurity is false: inside a private network the installation
// may go without TLS, as NATS and Redis do.
func (access) RequireTransportSecurity() bool { return false }

// RequireAccess makes a server refuse calls without the token; an empty one
// lets every call in. Health checks need none.
func RequireAccess(token string) []grpc.ServerOption {
	if token == "" {
		return nil
	}
	check := func(ctx context.Context, method string) error {
		if method == "/grpc.health.v1.Health/Check" {
			return nil
		}
		md, _ := metadata.FromIncomingContext(ctx)
		for _, given := range md.Get(header) {
			if subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+token)) == 1 {
				return nil
			}
		}
		return status.Error(codes.Unauthenticated, "the config service asks for its access token (DEALSYNC_CONFIG_TOKEN)")
	}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := check(ctx, info.FullMethod); err != nil {
				return nil, err
			}
			return next(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := check(ss.Context(), info.FullMethod); err != nil {
				return err
			}
			return next(srv, ss)
		}),
	}
}
