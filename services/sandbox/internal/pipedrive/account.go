package pipedrive

// user is a person who works in the company.
type user struct {
	ID       int64
	Name     string
	Email    string
	Active   bool
	Admin    bool
	Language string
}

func seedUsers(apiUser int64) []*user {
	return []*user{
		{ID: 501, Name: "Ada Miller", Email: "ada.miller@example.com", Active: true, Admin: true},
		{ID: 502, Name: "Ben Schmidt", Email: "ben.schmidt@example.com", Active: true},
		{ID: 503, Name: "Cleo Martin", Email: "cleo.martin@example.com", Active: true},
		{ID: 504, Name: "Dan Former", Email: "dan.former@example.com"},
		{ID: apiUser, Name: "Dealsync", Email: "dealsync@example.com", Active: true, Admin: true},
	}
}

func (s *Server) user(id int64) *user {
	for _, u := range *s.users.Load() {
		if u.ID == id {
			return u
		}
	}
	return nil
}

func (u *user) view(you int64, home string) map[string]any {
	return map[string]any{
		"id": u.ID, "name": u.Name, "default_currency": home, "locale": "en_US", "lang": 1, "email": u.Email, "phone": nil,
		"activated": true, "last_login": "2026-01-02 08:00:00", "created": "2026-01-01 00:00:00", "modified": "2026-01-02 08:00:00",
		"has_created_company": u.ID == 501, "active_flag": u.Active, "timezone_name": "UTC", "timezone_offset": "+00:00", "role_id": 1,
		"access": []map[string]any{
			{"app": "sales", "admin": u.Admin, "permission_set_id": "62cc4d7f-4038-4352-abf3-a8c1c822b631"},
			{"app": "global", "admin": u.Admin, "permission_set_id": "233b7976-39bd-43a9-b305-ef3a2b0998e5"},
		},
		"icon_url": nil, "is_you": u.ID == you, "is_deleted": false,
	}
}

// lines are the pipelines and stages; the pair is replaced as a whole.
type lines struct {
	pipelines []pipeline
	stages    []stage
}

type pipeline struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	OrderNr     int     `json:"order_nr"`
	IsDeleted   bool    `json:"is_deleted"`
	Probability bool    `json:"is_deal_probability_enabled"`
	AddTime     string  `json:"add_time"`
	UpdateTime  *string `json:"update_time"`
}

type stage struct {
	ID           int64   `json:"id"`
	OrderNr      int     `json:"order_nr"`
	Name         string  `json:"name"`
	IsDeleted    bool    `json:"is_deleted"`
	Probability  int     `json:"deal_probability"`
	PipelineID   int64   `json:"pipeline_id"`
	RotEnabled   bool    `json:"is_deal_rot_enabled"`
	DaysToRotten *int    `json:"days_to_rotten"`
	AddTime      string  `json:"add_time"`
	UpdateTime   *string `json:"update_time"`
}

const seedTime = "2026-01-01T00:00:00Z"

func seedLines() *lines {
	at := seedTime
	l := &lines{pipelines: []pipeline{
		{ID: 1, Name: "Pipeline", OrderNr: 1, Probability: true, AddTime: at, UpdateTime: &at},
		{ID: 2, Name: "Partner", OrderNr: 2, Probability: true, AddTime: at, UpdateTime: &at},
	}}
	add := func(line int64, names ...string) {
		for i, n := range names {
			l.stages = append(l.stages, stage{ID: int64(len(l.stages) + 1), OrderNr: i + 1, Name: n, Probability: 100, PipelineID: line, AddTime: at, UpdateTime: &at})
		}
	}
	add(1, "Qualified", "Contact Made", "Demo Scheduled", "Proposal Made", "Negotiations Started")
	add(2, "New Lead", "In Talks", "Agreed")
	return l
}

func (l *lines) pipeline(id int64) *pipeline {
	for i := range l.pipelines {
		if l.pipelines[i].ID == id && !l.pipelines[i].IsDeleted {
			return &l.pipelines[i]
		}
	}
	return nil
}

func (l *lines) stage(id int64) *stage {
	for i := range l.stages {
		if l.stages[i].ID == id && !l.stages[i].IsDeleted {
			return &l.stages[i]
		}
	}
	return nil
}

// first is the first stage of a pipeline, or nil.
func (l *lines) first(pipelineID int64) *stage {
	var best *stage
	for i := range l.stages {
		if s := &l.stages[i]; s.PipelineID == pipelineID && !s.IsDeleted && (best == nil || s.OrderNr < best.OrderNr) {
			best = s
		}
	}
	return best
}
