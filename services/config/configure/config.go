package configure

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Config of the config service.
type Config struct {
	Listen    string `yaml:"listen" env:"DEALSYNC_CONFIG_LISTEN" desc:"Where gRPC is served."`
	PublicURL string `yaml:"public_url" env:"DEALSYNC_PUBLIC_URL" desc:"Address under which apps reach webhook-ingest."`
	Key       string `yaml:"key" env:"DEALSYNC_KEY" desc:"Key that seals secrets at rest: 32 random bytes in base64. Required."`
}

// Defaults runs on this machine, once a key is given.
func Defaults() Config {
	return Config{Listen: "127.0.0.1:8082", PublicURL: "http://127.0.0.1:8081"}
}

// keySize is the sealing key's length in bytes.
const keySize = 32

// check looks at the settings and gives the sealing key as bytes.
func (c Config) check() ([]byte, error) {
	if c.Key == "" {
		return nil, errors.New("no key to seal secrets with: set DEALSYNC_KEY to 32 random bytes in base64 (openssl rand -base64 32)")
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(c.Key))
	if err != nil || len(key) != keySize {
		return nil, errors.New("the key in DEALSYNC_KEY is not 32 bytes in base64 (openssl rand -base64 32)")
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("public URL %q: want http:// or https:// with a host", c.PublicURL)
	}
	return key, nil
}
