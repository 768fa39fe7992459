// Package conf fills a configuration struct: defaults, then a YAML file, then
// the environment. Unknown keys and malformed values stop the start with an
// error that names them. It never reads a secret from a flag.
package conf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/caarlos0/env/v11"
	"go.yaml.in/yaml/v3"
)

// Load fills into, which holds the defaults, from the YAML file (none when
// path is empty) and then from the environment variables that `env` tags name.
func Load(path string, into any) error {
	if path != "" {
		content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			return fmt.Errorf("read configuration: %w", err)
		}
		dec := yaml.NewDecoder(bytes.NewReader(content))
		dec.KnownFields(true)
		if err := dec.Decode(into); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("configuration file %s: %w", path, err)
		}
	}
	if err := env.Parse(into); err != nil {
		return fmt.Errorf("configuration from the environment: %w", err)
	}
	return nil
}
