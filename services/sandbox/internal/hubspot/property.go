package hubspot

import "strings"

// property is a property definition as the Properties API shows it.
type property struct {
	Name                 string       `json:"name"`
	Label                string       `json:"label"`
	Type                 string       `json:"type"`
	FieldType            string       `json:"fieldType"`
	Description          string       `json:"description"`
	GroupName            string       `json:"groupName"`
	Options              []option     `json:"options"`
	ReferencedObjectType string       `json:"referencedObjectType,omitempty"`
	DisplayOrder         int          `json:"displayOrder"`
	Calculated           bool         `json:"calculated"`
	ExternalOptions      bool         `json:"externalOptions"`
	HasUniqueValue       bool         `json:"hasUniqueValue"`
	Hidden               bool         `json:"hidden"`
	HubspotDefined       bool         `json:"hubspotDefined,omitempty"`
	ModificationMetadata modification `json:"modificationMetadata"`
	FormField            bool         `json:"formField"`
	DataSensitivity      string       `json:"dataSensitivity,omitempty"`
	Archived             bool         `json:"archived"`
	CreatedAt            string       `json:"createdAt,omitempty"`
	UpdatedAt            string       `json:"updatedAt,omitempty"`
	ArchivedAt           string       `json:"archivedAt,omitempty"`
	CreatedUserID        string       `json:"createdUserId,omitempty"`
	UpdatedUserID        string       `json:"updatedUserId,omitempty"`
}

type option struct {
	Label        string `json:"label"`
	Value        string `json:"value"`
	Description  string `json:"description,omitempty"`
	DisplayOrder int    `json:"displayOrder"`
	Hidden       bool   `json:"hidden"`
}

type modification struct {
	Archivable         bool `json:"archivable"`
	ReadOnlyDefinition bool `json:"readOnlyDefinition"`
	ReadOnlyOptions    bool `json:"readOnlyOptions"`
	ReadOnlyValue      bool `json:"readOnlyValue"`
}

// standard lists HubSpot's own properties, one a line: name type/fieldType,
// then "ro" (read-only), "calc" (calculated and read-only), "unique", "owner"
// (options are owners) or the options themselves.
const standard = `
deals dealname string/text
deals amount number/number
deals dealstage enumeration/radio
deals pipeline enumeration/select
deals closedate datetime/date
deals hubspot_owner_id enumeration/select owner
deals deal_currency_code enumeration/select
deals dealtype enumeration/radio newbusiness existingbusiness
deals description string/textarea
deals hs_priority enumeration/select low medium high
deals closed_lost_reason string/textarea
deals closed_won_reason string/textarea
deals hs_next_step string/text
deals hs_manual_forecast_category enumeration/select OMIT PIPELINE BEST_CASE COMMIT CLOSED
deals createdate datetime/date
deals hs_createdate datetime/date ro
deals hs_lastmodifieddate datetime/date ro
deals hs_object_id number/number ro
deals hs_is_closed bool/calculation_equation calc
deals hs_is_closed_won bool/calculation_equation calc
deals hs_is_closed_lost bool/calculation_equation calc
deals hs_deal_stage_probability number/number
deals amount_in_home_currency number/calculation_equation calc
deals hs_closed_amount number/calculation_equation calc
deals hs_projected_amount number/calculation_equation calc
deals days_to_close number/calculation_equation calc
deals num_associated_contacts number/number calc
deals num_associated_contacts number/number calc
deals hs_primary_associated_company number/number ro
deals hs_merged_object_ids enumeration/checkbox ro
deals hs_object_source string/text ro
deals hs_object_source_id string/text ro
deals hs_object_source_label enumeration/select ro
deals hs_created_by_user_id number/number ro
deals hs_updated_by_user_id number/number ro
deals hubspot_team_id enumeration/select
deals hs_all_collaborator_owner_ids enumeration/checkbox owner
contacts email string/text unique
contacts firstname string/text
contacts lastname string/text
contacts phone string/phonenumber
contacts company string/text
contacts jobtitle string/text
contacts website string/text
contacts lifecyclestage enumeration/radio subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other
contacts hubspot_owner_id enumeration/select owner
contacts createdate datetime/date
contacts lastmodifieddate datetime/date ro
contacts hs_object_id number/number ro
contacts hs_merged_object_ids enumeration/checkbox ro
contacts num_associated_deals number/number calc
contacts associatedcompanyid number/number ro
contacts hubspotscore number/calculation_score calc
contacts hs_object_source string/text ro
contacts hs_object_source_id string/text ro
contacts hs_object_source_label enumeration/select ro
companies name string/text
companies domain string/text
companies website string/text
companies phone string/phonenumber
companies industry string/text
companies city string/text
companies country string/text
companies numberofemployees number/number
companies annualrevenue number/number
companies hubspot_owner_id enumeration/select owner
companies createdate datetime/date
companies hs_lastmodifieddate datetime/date ro
companies hs_object_id number/number ro
companies hs_merged_object_ids enumeration/checkbox ro
companies num_associated_contacts number/number calc
companies num_associated_deals number/number calc
companies hs_object_source string/text ro
companies hs_object_source_id string/text ro
companies hs_object_source_label enumeration/select ro
`

func standardProperties(k *kind) map[string]*property {
	out := map[string]*property{}
	for _, line := range strings.Split(strings.TrimSpace(standard), "\n") {
		f := strings.Fields(line)
		if f[0] != k.name {
			continue
		}
		typ, fieldType, _ := strings.Cut(f[2], "/")
		p := &property{
			Name: f[1], Label: label(f[1]), Type: typ, FieldType: fieldType, GroupName: k.group, Options: []option{},
			HubspotDefined: true, FormField: true, DisplayOrder: -1,
			ModificationMetadata: modification{ReadOnlyDefinition: true, ReadOnlyOptions: true},
		}
		for _, word := range f[3:] {
			switch word {
			case "ro":
				p.ModificationMetadata.ReadOnlyValue = true
			case "calc":
				p.Calculated, p.ModificationMetadata.ReadOnlyValue = true, true
			case "unique":
				p.HasUniqueValue = true
			case "owner":
				p.ExternalOptions, p.ReferencedObjectType = true, "OWNER"
			default:
				p.Options = append(p.Options, option{Label: label(word), Value: word, DisplayOrder: len(p.Options)})
			}
		}
		if p.Name == "hs_object_id" {
			p.HasUniqueValue = true
		}
		out[p.Name] = p
	}
	return out
}

func label(name string) string {
	s := strings.ReplaceAll(strings.TrimPrefix(name, "hs_"), "_", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}
