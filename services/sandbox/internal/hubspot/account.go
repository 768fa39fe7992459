package hubspot

import (
	"strconv"
	"strings"
)

func listOwners(c *call) *apiError {
	if err := c.need("crm.objects.owners.read"); err != nil {
		return err
	}
	q := c.r.URL.Query()
	limit := 100
	if v := q.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 500 {
			return invalid("Invalid limit %s", v)
		}
		limit = n
	}
	after, _ := strconv.Atoi(q.Get("after")) // none: from the start
	archived := q.Get("archived") == "true"
	found := []*owner{}
	for _, o := range *c.p.owners.Load() {
		if o.Archived == archived && (q.Get("email") == "" || strings.EqualFold(o.Email, q.Get("email"))) {
			found = append(found, o)
		}
	}
	page := found[min(after, len(found)):min(after+limit, len(found))]
	out := map[string]any{"results": page}
	if after+limit < len(found) {
		next := strconv.Itoa(after + limit)
		out["paging"] = map[string]any{"next": map[string]string{"after": next, "link": "?after=" + next}}
	}
	return c.replyValue(200, out)
}

func getOwner(c *call) *apiError {
	if err := c.need("crm.objects.owners.read"); err != nil {
		return err
	}
	id, byUser := c.r.PathValue("oid"), c.r.URL.Query().Get("idProperty") == "userId"
	archived := c.r.URL.Query().Get("archived") == "true"
	for _, o := range *c.p.owners.Load() {
		if o.Archived != archived {
			continue
		}
		if !byUser && o.ID == id || byUser && strconv.FormatInt(o.AnyUserID, 10) == id {
			return c.replyValue(200, o)
		}
	}
	return notFound()
}

func accountDetails(c *call) *apiError {
	m, now := c.p.money.Load(), c.s.clock.Now()
	_, seconds := now.In(m.zone).Zone()
	return c.replyValue(200, map[string]any{
		"portalId": c.p.id, "accountType": "SANDBOX", "timeZone": m.zone.String(),
		"companyCurrency": m.codes[0], "additionalCurrencies": m.codes[1:],
		"utcOffset": now.In(m.zone).Format("-07:00"), "utcOffsetMilliseconds": seconds * 1000, "uiDomain": "app.hubspot.com", "dataHostingLocation": "na1",
	})
}
