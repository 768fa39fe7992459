// Package write carries out intended writes: batched per connection, one in
// flight per record, creates exactly once (N2). It decides nothing about
// values and never retries outside its lane.
package write

// Config of the service. There is nothing to set: batch sizes and limits are
// the apps' own.
type Config struct{}

// Defaults is the zero value.
func Defaults() Config { return Config{} }
