package main

import (
	"strings"
	"testing"
	"time"
)

func TestFlagsOverrideTheEnvironment(t *testing.T) {
	t.Parallel()
	env := map[string]string{"SANDBOX_HUBSPOT_ADDR": "127.0.0.1:1", "SANDBOX_SEARCH_LAG_MAX": "7s", "SANDBOX_THROTTLE": "true"}
	cfg, _, err := config([]string{"-hubspot-addr", "127.0.0.1:2", "-seed", "9"}, func(k string) string { return env[k] })
	if err != nil {
		t.Fatal(err)
	}
	if cfg.HubSpotAddr != "127.0.0.1:2" || cfg.SearchLagMax != 7*time.Second || !cfg.Throttle || cfg.Seed != 9 || cfg.PipedriveAddr != "127.0.0.1:9102" {
		t.Errorf("settings are %+v", cfg)
	}
}

func TestABadEnvironmentIsNamed(t *testing.T) {
	t.Parallel()
	_, _, err := config(nil, func(k string) string {
		if k == "SANDBOX_RETRY_SCALE" {
			return "slow"
		}
		return ""
	})
	if err == nil || !strings.Contains(err.Error(), "SANDBOX_RETRY_SCALE") {
		t.Errorf("error is %v", err)
	}
}
