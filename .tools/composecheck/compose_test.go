package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

// good returns a service that keeps every rule.
func good() types.ServiceConfig {
	s := types.ServiceConfig{Restart: "unless-stopped"}
	s.User, s.ReadOnly, s.Image = "65532:65532", true, "dealsync/writer:dev"
	s.CapDrop = []string{"ALL"}
	s.SecurityOpt = []string{"no-new-privileges:true"}
	s.HealthCheck = &types.HealthCheckConfig{Test: types.HealthCheckTest{"CMD", "/service", "-health"}}
	s.Deploy = &types.DeployConfig{Resources: types.Resources{
		Limits: &types.Resource{NanoCPUs: 1, MemoryBytes: 1 << 20, Pids: 100},
	}}
	return s
}

func TestCheckService(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(*types.ServiceConfig)
		want  string // part of the one problem; empty: none
	}{
		{"a service that keeps every rule passes", func(*types.ServiceConfig) {}, ""},
		{"no user means root", func(s *types.ServiceConfig) { s.User = "" }, "root"},
		{"uid 0 is root", func(s *types.ServiceConfig) { s.User = "0:0" }, "root"},
		{"a writable root file system is reported", func(s *types.ServiceConfig) { s.ReadOnly = false }, "writable"},
		{"kept capabilities are reported", func(s *types.ServiceConfig) { s.CapDrop = nil }, "capabilities"},
		{"new privileges are reported", func(s *types.ServiceConfig) { s.SecurityOpt = nil }, "privileges"},
		{"missing limits are reported", func(s *types.ServiceConfig) { s.Deploy = nil }, "limits"},
		{"latest is not a pin", func(s *types.ServiceConfig) { s.Image = "nats:latest" }, "pinned"},
		{"a registry port is not a tag", func(s *types.ServiceConfig) { s.Image = "host:5000/nats" }, "pinned"},
		{"a missing health check is reported", func(s *types.ServiceConfig) { s.HealthCheck = nil }, "health"},
		{"a missing restart policy is reported", func(s *types.ServiceConfig) { s.Restart = "" }, "come back"},
		{"a one-shot must not restart", func(s *types.ServiceConfig) {
			s.Labels = types.Labels{oneShot: "true"}
		}, "must not restart"},
		{"waiting for a start only is reported", func(s *types.ServiceConfig) {
			s.DependsOn = types.DependsOnConfig{"nats": {Condition: types.ServiceConditionStarted}}
		}, "waits for nats"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := good()
			tt.spoil(&s)
			got := checkService(s)
			if tt.want == "" {
				if len(got) != 0 {
					t.Fatalf("problems %q, want none", got)
				}
				return
			}
			if len(got) != 1 || !strings.Contains(got[0], tt.want) {
				t.Fatalf("problems %q, want one that says %q", got, tt.want)
			}
		})
	}
}

func TestAProgramWithoutAContainerIsReported(t *testing.T) {
	t.Parallel()
	p := &types.Project{Services: types.Services{"writer": good()}}
	got := checkProject(p, []string{"writer", "mapper", "dealsync"})
	if len(got) != 1 || !strings.Contains(got[0], "services/mapper") {
		t.Fatalf("problems %q, want one about services/mapper", got)
	}
}

func TestCheckDockerfile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"pinned and non-root passes", "FROM golang:1.26 AS build\nFROM scratch\nCOPY --from=build /a /a\nUSER 65532:65532\n", nil},
		{"a stage may build on another", "FROM --platform=$BUILDPLATFORM golang:1.26 AS build\nFROM build\nUSER 1\n", nil},
		{"an image without a tag is reported", "FROM golang\nUSER 1\n", []string{"D:1: FROM golang is not pinned"}},
		{"the user of an earlier stage does not count", "FROM a:1 AS x\nUSER 1\nFROM b:1\n", []string{"D:3: the final stage runs as root"}},
		{"ADD is reported", "FROM a:1\nADD https://example.com/x /x\nUSER 1\n", []string{"D:2: ADD"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := checkDockerfile("D", tt.text)
			if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Fatalf("problems %q, want %q", got, tt.want)
			}
		})
	}
}
