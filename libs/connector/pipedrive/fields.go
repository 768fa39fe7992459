package pipedrive

import (
	"context"
	"strings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// stageField is the composite field of pipeline, stage and status:
// "pipeline/stage" while the deal is open, "pipeline/won" and "pipeline/lost"
// when it is closed. Pipedrive keeps the stage of a closed deal.
const stageField = "stage"

// standard are the built-in deal fields that are presented. Times that move
// with every write, such as update_time, tell about the record and are no
// fields. Which of them may be written, and when, stands in the v2 reference.
var standard = map[string]connector.Field{
	"title":               {Label: "Title", Type: deal.Text},
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

// stageParts are the API's fields behind stageField.
func stagePart(name string) bool {
	return name == "status" || name == "stage_id" || name == "pipeline_id"
}

// apiField is one deal field as the API describes it.
type apiField struct {
	Name    string `json:"field_name"`
	Code    string `json:"field_code"`
	Type    string `json:"field_type"`
	Custom  bool   `json:"is_custom_field"`
	Options []struct {
		ID    scalar `json:"id"`
		Label string `json:"label"`
	} `json:"options"`
}

// shape is what the driver must know of an account's custom fields.
type shape struct {
	// pairCode is the field_code of the pair key field; "" until it is made.
	pairCode string
	// custom are the field types by field_code.
	custom map[string]string
	fields []apiField
	// currency is the account's own; "" until the schema was read.
	currency string
}

// customType is the type of a custom field in our terms; "" for the composite
// ones that are not carried over (ranges, times of day, addresses).
func customType(fieldType string) deal.Type {
	switch fieldType {
	case "varchar", "varchar_auto", "text", "phone":
		return deal.Text
	case "double", "monetary", "int":
		return deal.Number
	case "date":
		return deal.Date
	case "enum":
		return deal.Picklist
	case "set":
		return deal.Multi
	case "user":
		return deal.Owner
	case "org", "people":
		return deal.Reference
	case "boolean":
		return deal.Bool
	default:
		return ""
	}
}

const currencySuffix = "_currency"

// present is the name that a field_code is presented under.
func (s *shape) present(code string) string {
	if code == s.pairCode {
		return deal.PairKeyField
	}
	return code
}

// loadShape reads the fields of deals and keeps what the driver needs of them.
func (d *Driver) loadShape(ctx context.Context) (*shape, error) {
	s, err := d.readShape(ctx)
	if err != nil {
		return nil, err
	}
	if held := d.shape.Load(); held != nil {
		s.currency = held.currency
	}
	d.shape.Store(s)
	return s, nil
}

func (d *Driver) readShape(ctx context.Context) (*shape, error) {
	fields, err := pages[apiField](ctx, d, "deal_fields.list", costList, pathFields)
	if err != nil {
		return nil, err
	}
	s := &shape{custom: map[string]string{}, fields: fields}
	for i := range fields {
		f := &fields[i]
		if !f.Custom {
			continue
		}
		s.custom[f.Code] = f.Type
		// Two replicas may have made it at once: all choose the same one.
		if f.Name == deal.PairKeyField && (s.pairCode == "" || strings.Compare(f.Code, s.pairCode) < 0) {
			s.pairCode = f.Code
		}
	}
	return s, nil
}

// knownShape is the shape held, once it has the pair key's field: any replica
// may make that, and without its code records look as if they had no pair.
func (d *Driver) knownShape(ctx context.Context) (*shape, error) {
	if s := d.shape.Load(); s != nil && s.pairCode != "" {
		return s, nil
	}
	return d.loadShape(ctx)
}
