package pipedrive

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// deriveOrganization shows the domain of the website and the address in one line.
func deriveOrganization(r apiRecord, into deal.Fields) {
	if website, ok := scalarText(r[websiteField]); ok && r[websiteField] != nil {
		into[domainField] = domainOf(website)
	}
	var address struct {
		Value scalar `json:"value"`
	}
	if raw := r[addressField]; !isNull(raw) && json.Unmarshal(raw, &address) == nil {
		into[addressField] = string(address.Value)
	}
}

// domainOf is the host of a website, in lower case and without www; "" when
// there is none in it.
func domainOf(website string) string {
	website = strings.TrimSpace(website)
	if !strings.Contains(website, "://") {
		website = "https://" + website
	}
	u, err := url.Parse(website)
	if err != nil {
		return ""
	}
	host := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."), ".")
	if !strings.Contains(host, ".") || strings.ContainsAny(host, " \t/:") {
		return ""
	}
	return host
}

// composeOrganization writes a domain as a website, unless the website that is
// there has that domain already: it may say more. An organization must have a
// name; the domain stands in for one that is new and has none.
func composeOrganization(body map[string]any, d draft) error {
	v, ok := d.fields[domainField]
	domain := domainOf(v)
	switch {
	case !ok:
	case v == "":
		if !d.create {
			body[websiteField] = nil
		}
	case domain == "":
		return badValue(domainField, "domain", v)
	case domain != domainOf(d.held.text(websiteField)):
		body[websiteField] = "https://" + domain
	}
	if d.create && d.fields[nameField] == "" && domain != "" {
		body[nameField] = domain
	}
	return nil
}
