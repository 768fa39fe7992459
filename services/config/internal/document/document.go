// Package document is configuration as code: YAML documents of the kinds
// Workspace, Connection and Sync, read strictly, with every problem placed by
// file, line and column. It knows documents only: it never asks an app, opens
// a secret or stores anything.
package document

import "time"

// APIVersion is the only version there is.
const APIVersion = "dealsync/v1"

// The kinds of documents.
const (
	KindWorkspace  = "Workspace"
	KindConnection = "Connection"
	KindSync       = "Sync"
)

// Document is one document with its place in a file. Exactly one of the specs
// is set, the one of its kind.
type Document struct {
	File       string
	Kind       string
	Metadata   Metadata
	Workspace  *WorkspaceSpec
	Connection *ConnectionSpec
	Sync       *SyncSpec
	// start is where the document begins, at where each of its values is, by
	// path: "spec.pipelines[0].app".
	start Position
	at    map[string]Position
	// bad are the paths of values that could not be read.
	bad []string
}

// Metadata names a document.
type Metadata struct {
	Workspace string `json:"workspace,omitempty" is:"name" desc:"Workspace that the document belongs to; a Workspace itself has none."`
	Name      string `json:"name" is:"required,name" desc:"Stable name, unique in its kind and workspace: small letters, digits and hyphens."`
}

// InWorkspace is the workspace that the document is part of.
func (d *Document) InWorkspace() string {
	if d.Kind == KindWorkspace {
		return d.Metadata.Name
	}
	return d.Metadata.Workspace
}

// WorkspaceSpec is a tenant.
type WorkspaceSpec struct {
	Title string `json:"title,omitempty" desc:"Name for people."`
}

// ConnectionSpec is an app account that a workspace is connected with.
type ConnectionSpec struct {
	App     string   `json:"app" is:"required,app" desc:"App of the catalogue."`
	BaseURL string   `json:"baseURL,omitempty" is:"url" desc:"Host to call instead of the app's public one."`
	Version string   `json:"version,omitempty" desc:"Dated API version, where the app has one."`
	Account string   `json:"account,omitempty" desc:"Id of the portal or company, as the app names it."`
	AppID   string   `json:"appID,omitempty" desc:"Our own app id there, as origin marks show it."`
	UserID  string   `json:"userID,omitempty" desc:"Our own user id there, as origin marks show it."`
	Auth    Auth     `json:"auth" is:"required" desc:"How we sign in: a fixed token or OAuth."`
	Webhook *Webhook `json:"webhook,omitempty" desc:"What incoming webhooks are verified with."`
	Poll    Duration `json:"poll,omitempty" desc:"Interval of polls; the app's own when left out."`
	Limit   *Limit   `json:"limit,omitempty" desc:"Rate limit to keep instead of the app's declared one."`
}

// Auth is a fixed token or an OAuth grant.
type Auth struct {
	Token *Secret `json:"token,omitempty" desc:"Fixed access or API token."`
	OAuth *OAuth  `json:"oauth,omitempty" desc:"OAuth client and the refresh token it was granted."`
}

// OAuth is a client and its grant.
type OAuth struct {
	ClientID     string `json:"clientID" is:"required" desc:"OAuth client id."`
	ClientSecret Secret `json:"clientSecret" is:"required" desc:"OAuth client secret."`
	RefreshToken Secret `json:"refreshToken" is:"required" desc:"Refresh token of the grant."`
	TokenURL     string `json:"tokenURL,omitempty" is:"url" desc:"Token endpoint instead of the app's public one."`
}

// Webhook is a signing secret, or a Basic user and password.
type Webhook struct {
	Secret       *Secret `json:"secret,omitempty" desc:"Secret that signs deliveries (HubSpot: the client secret)."`
	User         string  `json:"user,omitempty" desc:"Basic user, where the app knows no signatures."`
	Password     *Secret `json:"password,omitempty" desc:"Basic password of that user."`
	DeveloperKey *Secret `json:"developerKey,omitempty" desc:"Key that administers webhooks, where the app needs one."`
}

// Limit is a rate limit: Calls in every Per.
type Limit struct {
	Calls int      `json:"calls" is:"required,positive" desc:"Calls in every period."`
	Per   Duration `json:"per,omitempty" desc:"Length of the period; 1s when left out."`
}

// SyncSpec is the settings for one object between HubSpot and one app.
type SyncSpec struct {
	Connection        string     `json:"connection" is:"required,name" desc:"Connection of the app."`
	HubSpotConnection string     `json:"hubspotConnection,omitempty" is:"name" desc:"Connection of HubSpot; the workspace's only one when left out."`
	Object            string     `json:"object" is:"required" enum:"deal,contact,company" desc:"Kind of record to sync."`
	Direction         string     `json:"direction,omitempty" enum:"both,to_hubspot,to_app" default:"both" desc:"Which way edits travel."`
	Conflict          Conflict   `json:"conflict,omitzero" desc:"What happens when both sides edited the same field."`
	Pipelines         []Pipeline `json:"pipelines,omitempty" desc:"Pipelines and stages that are mapped; only deals in mapped stages sync."`
	Filter            Filter     `json:"filter,omitzero" desc:"Conditions that records must meet to be synced."`
	OnExit            string     `json:"onExit,omitempty" enum:"stop,continue" default:"stop" desc:"What happens to a pair whose record leaves the filter."`
	Fields            []Field    `json:"fields,omitempty" desc:"Field mappings; the app's defaults when left out."`
	Match             *bool      `json:"match,omitempty" desc:"Pair existing contacts by e-mail and companies by domain, then name; false makes a counterpart for each. Deals are never matched."`
	TimeZone          string     `json:"timeZone,omitempty" is:"zone" desc:"Where a moment has a date, such as Europe/Berlin; HubSpot's account time zone when left out."`
}

// Conflict is the policy of R7.
type Conflict struct {
	Winner string   `json:"winner,omitempty" enum:"hubspot,app" desc:"Side whose edit stands: hubspot, or the source side of a one-way sync, when left out."`
	Window Duration `json:"window,omitempty" default:"5m" desc:"Two edits of one field at most this far apart are a conflict."`
}

// Pipeline maps one HubSpot pipeline to one of the app.
type Pipeline struct {
	HubSpot string  `json:"hubspot" is:"required" desc:"Id of the HubSpot pipeline."`
	App     string  `json:"app" is:"required" desc:"Id of the app's pipeline."`
	Stages  []Stage `json:"stages" is:"required" desc:"Stage by stage; of several lines for one stage the first is the one used when writing."`
}

// Stage maps one stage to one.
type Stage struct {
	HubSpot string `json:"hubspot" is:"required" desc:"Id of the HubSpot stage."`
	App     string `json:"app" is:"required" desc:"Id of the app's stage; \"won\" or \"lost\" where the app closes deals by status."`
}

// Filter holds one side's conditions each.
type Filter struct {
	App     *Term `json:"app,omitempty" desc:"Conditions on the app's records."`
	HubSpot *Term `json:"hubspot,omitempty" desc:"Conditions on HubSpot's records."`
}

// Term is a condition, or a group of terms.
type Term struct {
	All   []Term `json:"all,omitempty" desc:"Terms that must all hold."`
	Any   []Term `json:"any,omitempty" desc:"Terms of which one must hold."`
	Field string `json:"field,omitempty" desc:"Field to compare."`
	Op    string `json:"op,omitempty" enum:"eq,neq,lt,lte,gt,gte,in,not_in,contains,not_contains,blank,not_blank" desc:"How to compare. A field without a value meets only blank, neq, not_in and not_contains."`
	Value Values `json:"value,omitempty" desc:"What to compare with: one value, or a list for in and not_in. A date may be relative: today, now, -30d, +2w, -3m, -1y."`
}

// Field is one field mapping.
type Field struct {
	HubSpot      string        `json:"hubspot" is:"required" desc:"HubSpot property."`
	App          string        `json:"app" is:"required" desc:"Field of the app."`
	Direction    string        `json:"direction,omitempty" enum:"both,to_hubspot,to_app" desc:"Which way this field travels; the sync's direction when left out."`
	Options      []Option      `json:"options,omitempty" desc:"Picklists option by option; options of equal ids need no lines. Once there are lines, an option without one does not travel."`
	DefaultOwner *DefaultOwner `json:"defaultOwner,omitempty" desc:"Who stands for an owner without a counterpart on the other side."`
}

// Option maps one picklist option to one.
type Option struct {
	HubSpot string `json:"hubspot" is:"required" desc:"Id of the HubSpot option."`
	App     string `json:"app" is:"required" desc:"Id of the app's option; of several lines for one option the first is the one used when writing."`
}

// DefaultOwner names one user on each side, or on one.
type DefaultOwner struct {
	HubSpot string `json:"hubspot,omitempty" desc:"Id or e-mail address of the HubSpot owner."`
	App     string `json:"app,omitempty" desc:"Id or e-mail address of the app's user."`
}

// Default values, as the documents' defaults say.
const (
	DefaultWindow = 5 * time.Minute
	DefaultPer    = time.Second
)
