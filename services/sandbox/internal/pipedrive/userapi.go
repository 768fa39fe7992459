package pipedrive

import "strings"

func listUsers(c *call) *apiError {
	out := []map[string]any{}
	for _, u := range *c.s.users.Load() {
		out = append(out, u.view(c.g.User, c.s.homeCurrency()))
	}
	return c.data(out)
}

func me(c *call) *apiError {
	u := c.s.user(c.g.User)
	if u == nil {
		return unauthorized()
	}
	out := u.view(u.ID, c.s.homeCurrency())
	domain, _, _ := strings.Cut(c.s.opt.Host, ".")
	out["company_id"], out["company_name"], out["company_domain"] = c.g.Account, "Sandbox", domain
	out["company_country"], out["company_industry"] = "EE", "IT Services"
	out["language"] = map[string]string{"language_code": "en", "country_code": "US"}
	return c.data(out)
}

func getUser(c *call) *apiError {
	id, err := c.id()
	if err != nil {
		return err
	}
	if u := c.s.user(id); u != nil {
		return c.data(u.view(c.g.User, c.s.homeCurrency()))
	}
	return &apiError{status: 404, raw: `{"success":false,"error":"User not found or not accessible."}`}
}

func findUsers(c *call) *apiError {
	q := c.r.URL.Query()
	term := strings.ToLower(q.Get("term"))
	if term == "" {
		return fail(400, "term is required")
	}
	byEmail := q.Get("search_by_email") == "1" || q.Get("search_by_email") == "true"
	out := []map[string]any{}
	for _, u := range *c.s.users.Load() {
		v := u.Name
		if byEmail {
			v = u.Email
		}
		if strings.Contains(strings.ToLower(v), term) {
			out = append(out, u.view(c.g.User, c.s.homeCurrency()))
		}
	}
	return c.data(out)
}

func listCurrencies(c *call) *apiError {
	term := strings.ToLower(c.r.URL.Query().Get("term"))
	out := []currency{}
	for _, cur := range *c.s.currencies.Load() {
		if term == "" || strings.Contains(strings.ToLower(cur.Name+" "+cur.Code), term) {
			out = append(out, cur)
		}
	}
	return c.data(out)
}

func userSettings(c *call) *apiError {
	return c.data(map[string]any{
		"marketplace_team": false, "list_limit": 100, "beta_app": false, "prevent_salesphone_callto_override": false,
		"file_upload_destination": "s3", "callto_link_syntax": "callto:[number]", "autofill_deal_expected_close_date": false,
		"person_duplicate_condition": "name && (org_id || email || phone)",
	})
}
