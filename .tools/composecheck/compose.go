package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// oneShot is the label of a service that does one thing and ends. It needs no
// health check and must not be started again by itself.
const oneShot = "dealsync.one-shot"

// load renders the compose file of root with every profile. Only the variables
// that have no default are given a value, so a default that does not work shows.
func load(ctx context.Context, root string) (*types.Project, error) {
	options, err := cli.NewProjectOptions(
		[]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithProfiles([]string{"*"}),
		cli.WithEnv([]string{"DEALSYNC_KEY=for-rendering-only", "DEALSYNC_CONFIG_TOKEN=for-rendering-only"}),
	)
	if err != nil {
		return nil, fmt.Errorf("compose options: %w", err)
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return nil, fmt.Errorf("load docker-compose.yml: %w", err)
	}
	return project, nil
}

// checkProject returns what is wrong with the project, given the programs that
// the checkout builds.
func checkProject(p *types.Project, programs []string) []string {
	var problems []string
	for _, name := range p.ServiceNames() {
		for _, problem := range checkService(p.Services[name]) {
			problems = append(problems, fmt.Sprintf("docker-compose.yml: %s: %s", name, problem))
		}
	}
	for _, program := range programs {
		// The all-in-one program stands for the others; here each has its own container.
		if program == "dealsync" {
			continue
		}
		if _, err := p.GetService(program); err != nil {
			problems = append(problems, fmt.Sprintf("docker-compose.yml: services/%s has a main.go but no container", program))
		}
	}
	return problems
}

// rule is one promise about a service; broken returns true when it is not kept.
type rule struct {
	problem string
	broken  func(types.ServiceConfig) bool
}

var everywhere = []rule{
	{"runs as root; set user to a non-root uid", func(s types.ServiceConfig) bool { return isRoot(s.User) }},
	{"root file system is writable; set read_only", func(s types.ServiceConfig) bool { return !s.ReadOnly }},
	{"keeps capabilities; set cap_drop: [ALL]", func(s types.ServiceConfig) bool {
		return !slices.Contains(s.CapDrop, "ALL") || len(s.CapAdd) > 0
	}},
	{"may gain privileges; set security_opt: [no-new-privileges:true]", func(s types.ServiceConfig) bool {
		return s.Privileged || !slices.Contains(s.SecurityOpt, "no-new-privileges:true")
	}},
	{"has no memory, cpu and pids limits", func(s types.ServiceConfig) bool {
		if s.Deploy == nil || s.Deploy.Resources.Limits == nil {
			return true
		}
		l := s.Deploy.Resources.Limits
		return l.MemoryBytes <= 0 || l.NanoCPUs <= 0 || l.Pids <= 0
	}},
	{"image is not pinned to a tag", func(s types.ServiceConfig) bool { return !pinned(s.Image) }},
	{"mounts the Docker socket", func(s types.ServiceConfig) bool {
		return slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool {
			return strings.Contains(v.Source, "docker.sock")
		})
	}},
}

var longRunning = []rule{
	{"has no health check", func(s types.ServiceConfig) bool {
		return s.HealthCheck == nil || s.HealthCheck.Disable || len(s.HealthCheck.Test) == 0
	}},
	{"does not come back after a failure; set restart: unless-stopped", func(s types.ServiceConfig) bool {
		return s.Restart != "unless-stopped" && s.Restart != "always"
	}},
}

var oneShots = []rule{
	{"ends by design and must not restart; set restart: \"no\"", func(s types.ServiceConfig) bool {
		return s.Restart != "no"
	}},
}

func checkService(s types.ServiceConfig) []string {
	rules := slices.Concat(everywhere, longRunning)
	if s.Labels[oneShot] == "true" {
		rules = slices.Concat(everywhere, oneShots)
	}
	var problems []string
	for _, r := range rules {
		if r.broken(s) {
			problems = append(problems, r.problem)
		}
	}
	for on, d := range s.DependsOn {
		if d.Condition == types.ServiceConditionStarted {
			problems = append(problems, fmt.Sprintf("waits for %s to start, not to be healthy", on))
		}
	}
	slices.Sort(problems)
	return problems
}

func isRoot(user string) bool {
	uid, _, _ := strings.Cut(user, ":")
	return uid == "" || uid == "0" || uid == "root"
}

// pinned tells whether an image reference names one release: a digest, or a tag
// other than latest.
func pinned(image string) bool {
	if strings.Contains(image, "@sha256:") {
		return true
	}
	_, tag, found := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	return found && tag != "" && tag != "latest"
}
