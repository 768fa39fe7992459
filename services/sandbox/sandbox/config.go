package sandbox

import "time"

// Fixed parties of the sandbox. The tokens are always accepted; they open
// nothing but the sandbox.
//
//nolint:gosec // public by design
const (
	HubSpotToken        = "sandbox-hubspot-token"         // OAuth app, as Authorization: Bearer
	HubSpotPrivateToken = "sandbox-hubspot-private-token" // private app: other limits, no webhooks
	HubSpotPortal       = 1234567
	HubSpotAppID        = 2468000
	HubSpotClientID     = "sandbox-hubspot-client"
	HubSpotClientSecret = "sandbox-hubspot-secret"
	HubSpotDeveloperKey = "sandbox-hubspot-devkey"

	PipedriveToken        = "sandbox-pipedrive-token" // as x-api-token
	PipedriveCompany      = 7700001
	PipedriveUser         = 599 // whose token it is
	PipedriveHost         = "sandbox.pipedrive.com"
	PipedriveClientID     = "sandbox-pipedrive-client"
	PipedriveClientSecret = "sandbox-pipedrive-secret"

	SimpleToken = "sandbox-simple-token" // of every account of the sandbox's own apps, as Authorization: Bearer
)

// Config of the sandbox. Start from Defaults; the zero value of a field means
// what zero says (no lag, no throttling, no retries' delay).
type Config struct {
	HubSpotAddr   string `env:"SANDBOX_HUBSPOT_ADDR" desc:"Address of the HubSpot double."`
	PipedriveAddr string `env:"SANDBOX_PIPEDRIVE_ADDR" desc:"Address of the Pipedrive double."`
	SimpleAddr    string `env:"SANDBOX_SIMPLE_ADDR" desc:"Address of the sandbox's own apps, Sandbox Orders and Sandbox Directory."`

	Seed         uint64        `env:"SANDBOX_SEED" desc:"Seed of all dice: lag, shuffling, faults."`
	SearchLagMin time.Duration `env:"SANDBOX_SEARCH_LAG_MIN" desc:"Shortest time until a search finds a write."`
	SearchLagMax time.Duration `env:"SANDBOX_SEARCH_LAG_MAX" desc:"Longest time until a search finds a write."`
	Throttle     bool          `env:"SANDBOX_THROTTLE" desc:"Apply the rate limits of the two APIs."`
	StrictWrites bool          `env:"SANDBOX_STRICT_WRITES" desc:"Apply the write rules of HubSpot API 2026-09 on its paths."`

	WebhookGather   time.Duration `env:"SANDBOX_WEBHOOK_GATHER" desc:"How long HubSpot events are gathered into one request."`
	WebhookShuffle  bool          `env:"SANDBOX_WEBHOOK_SHUFFLE" desc:"Mix the events within every HubSpot webhook request."`
	WebhookParallel int           `env:"SANDBOX_WEBHOOK_PARALLEL" desc:"Webhook requests in flight, per double."`
	RetryScale      float64       `env:"SANDBOX_RETRY_SCALE" desc:"Factor on the waiting times of webhook retries and bans; 1 is real."`
	CheckHookURL    bool          `env:"SANDBOX_CHECK_HOOK_URL" desc:"Call a Pipedrive webhook's URL when it is created, and refuse it if nothing answers."`
}

// Defaults are the settings of a development sandbox.
func Defaults() Config {
	return Config{
		HubSpotAddr:     "127.0.0.1:9101",
		PipedriveAddr:   "127.0.0.1:9102",
		SimpleAddr:      "127.0.0.1:9103",
		Seed:            1,
		SearchLagMin:    500 * time.Millisecond,
		SearchLagMax:    2 * time.Second,
		WebhookGather:   5 * time.Millisecond,
		WebhookShuffle:  true,
		WebhookParallel: 10,
		RetryScale:      0.01,
	}
}
