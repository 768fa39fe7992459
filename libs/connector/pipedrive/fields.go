package pipedrive

import (
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// Fields that are presented in another form than the API's.
const (
	// stageField is the composite of pipeline, stage and status:
	// "pipeline/stage" while the deal is open, "pipeline/won" and
	// "pipeline/lost" when it is closed. Pipedrive keeps the stage of a closed
	// deal.
	stageField = "stage"
	// emailField and phoneField are the primary ones of a person.
	emailField = "email"
	phoneField = "phone"
	// A person's first and last name are parts of the name, which alone can be
	// written.
	nameField      = "name"
	firstNameField = "first_name"
	lastNameField  = "last_name"
	// domainField is the host of an organization's website.
	domainField  = "domain"
	websiteField = "website"
	addressField = "address"
)

// Built-in fields. Times that move with every write, such as update_time, tell
// about the record and are no fields. Which of them may be written, and when,
// stands in the v2 reference.
var (
	dealFields = map[string]connector.Field{
		"title":               {Label: "Title", Type: deal.Text, Required: true},
		"value":               {Label: "Value", Type: deal.Number, Currency: "currency"},
		"currency":            {Label: "Currency", Type: deal.Picklist},
		stageField:            {Label: "Stage", Type: deal.Stage},
		"owner_id":            {Label: "Owner", Type: deal.Owner},
		"creator_user_id":     {Label: "Creator", Type: deal.Owner, ReadOnly: true},
		"person_id":           {Label: "Contact person", Type: deal.Reference},
		"org_id":              {Label: "Organization", Type: deal.Reference},
		"expected_close_date": {Label: "Expected close date", Type: deal.Date},
		"add_time":            {Label: "Created", Type: deal.Datetime, ReadOnly: true},
		"close_time":          {Label: "Closed at", Type: deal.Datetime},
		"won_time":            {Label: "Won at", Type: deal.Datetime},
		"lost_time":           {Label: "Lost at", Type: deal.Datetime},
		"lost_reason":         {Label: "Lost reason", Type: deal.Text},
		"probability":         {Label: "Probability", Type: deal.Number},
		"label_ids":           {Label: "Labels", Type: deal.Multi},
		"visible_to":          {Label: "Visible to", Type: deal.Picklist},
	}
	// A person's name is required by the app and not of a sync: where it is left
	// out it is made of the other fields.
	personFields = map[string]connector.Field{
		nameField:      {Label: "Name", Type: deal.Text},
		firstNameField: {Label: "First name", Type: deal.Text},
		lastNameField:  {Label: "Last name", Type: deal.Text},
		emailField:     {Label: "E-mail (primary)", Type: deal.Text},
		phoneField:     {Label: "Phone (primary)", Type: deal.Text},
		"owner_id":     {Label: "Owner", Type: deal.Owner},
		"org_id":       {Label: "Organization", Type: deal.Reference},
		"add_time":     {Label: "Created", Type: deal.Datetime, ReadOnly: true},
		"label_ids":    {Label: "Labels", Type: deal.Multi},
		"visible_to":   {Label: "Visible to", Type: deal.Picklist},
	}
	// The address is read-only: written as one line it would lose the parts that
	// the app keeps beside it.
	organizationFields = map[string]connector.Field{
		nameField:        {Label: "Name", Type: deal.Text, Required: true},
		domainField:      {Label: "Domain", Type: deal.Text},
		websiteField:     {Label: "Website", Type: deal.Text, ReadOnly: true},
		addressField:     {Label: "Address", Type: deal.Text, ReadOnly: true},
		"linkedin":       {Label: "LinkedIn profile", Type: deal.Text},
		"industry":       {Label: "Industry", Type: deal.Picklist},
		"annual_revenue": {Label: "Annual revenue", Type: deal.Number},
		"employee_count": {Label: "Number of employees", Type: deal.Number},
		"owner_id":       {Label: "Owner", Type: deal.Owner},
		"add_time":       {Label: "Created", Type: deal.Datetime, ReadOnly: true},
		"label_ids":      {Label: "Labels", Type: deal.Multi},
		"visible_to":     {Label: "Visible to", Type: deal.Picklist},
	}
)

// customType is the type of a custom field in our terms; "" for one that is not
// known. Composite values that have no type of ours are read-only text, of their
// main value: a range's start, an address in one line.
func customType(fieldType string) (t deal.Type, readOnly bool) {
	switch fieldType {
	case "varchar", "varchar_auto", "text", "phone":
		return deal.Text, false
	case "double", "monetary", "int":
		return deal.Number, false
	case "date":
		return deal.Date, false
	case "enum":
		return deal.Picklist, false
	case "set":
		return deal.Multi, false
	case "user":
		return deal.Owner, false
	case "org", "people":
		return deal.Reference, false
	case "boolean":
		return deal.Bool, false
	case "time", "timerange", "daterange", "address":
		return deal.Text, true
	default:
		return "", false
	}
}

// currencySuffix names the second field of a monetary custom field: "CODE" is
// the amount and "CODE.currency" its currency, which the API has as one value.
const currencySuffix = ".currency"
