package propose

// Config of the mapper. It has nothing to set: what is mapped is the syncs'
// own configuration.
type Config struct{}

// Defaults runs.
func Defaults() Config { return Config{} }
