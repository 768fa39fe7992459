package resolve

import "time"

// Config of the conflict resolver. Winner and window are settings of each sync.
type Config struct {
	ClockSkew    time.Duration `yaml:"clock_skew" env:"DEALSYNC_CLOCK_SKEW" desc:"How far the clocks of the apps and ours may differ."`
	UnknownGrace time.Duration `yaml:"unknown_grace" env:"DEALSYNC_UNKNOWN_GRACE" desc:"How long news of a sync that is not known waits for the settings to arrive, before it is dropped as news of a deleted sync."`
}

// Defaults runs.
func Defaults() Config {
	return Config{ClockSkew: 2 * time.Second, UnknownGrace: 30 * time.Second}
}
