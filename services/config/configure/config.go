package configure

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/dealsync/dealsync/libs/seal"
)

// Config of the config service.
type Config struct {
	Listen       string        `yaml:"listen" env:"DEALSYNC_CONFIG_LISTEN" desc:"Where gRPC is served."`
	PublicURL    string        `yaml:"public_url" env:"DEALSYNC_PUBLIC_URL" desc:"Address under which apps reach webhook-ingest."`
	RefreshEvery time.Duration `yaml:"refresh_every" env:"DEALSYNC_CONFIG_REFRESH_EVERY" desc:"How often new owners and currencies of the accounts are looked for."`
	Key          seal.Secret   `yaml:"key" env:"DEALSYNC_KEY" desc:"Key that seals secrets at rest and makes webhook addresses: 32 random bytes in base64. Required."`
}

// Defaults runs on this machine, once a key is given.
func Defaults() Config {
	return Config{Listen: "127.0.0.1:8082", PublicURL: "http://127.0.0.1:8081", RefreshEvery: 15 * time.Minute}
}

func (c Config) check() error {
	if c.Key == "" {
		return errors.New("no key to seal secrets with: set DEALSYNC_KEY to 32 random bytes in base64 (openssl rand -base64 32)")
	}
	if c.RefreshEvery <= 0 {
		return fmt.Errorf("refresh every %s: want more than 0", c.RefreshEvery)
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("public URL %q: want http:// or https:// with a host", c.PublicURL)
	}
	return nil
}
