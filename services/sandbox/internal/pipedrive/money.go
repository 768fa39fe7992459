package pipedrive

import (
	"slices"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
)

// currency is one of the company's currencies. Only an active one is taken in
// writes; an inactive one stays in the list.
type currency struct {
	ID            int    `json:"id"`
	Code          string `json:"code"`
	Name          string `json:"name"`
	DecimalPoints int    `json:"decimal_points"`
	Symbol        string `json:"symbol"`
	ActiveFlag    bool   `json:"active_flag"`
	IsCustomFlag  bool   `json:"is_custom_flag"`
}

// seedCurrencies has the company's own currency first.
func seedCurrencies() []currency {
	return []currency{
		{1, "EUR", "Euro", 2, "€", true, false},
		{2, "USD", "US Dollar", 2, "$", true, false},
		{3, "GBP", "British Pound", 2, "£", true, false},
		{4, "DEM", "German Mark", 2, "DM", false, false},
	}
}

func (s *Server) hasCurrency(code string) bool {
	return slices.ContainsFunc(*s.currencies.Load(), func(c currency) bool { return c.Code == code && c.ActiveFlag })
}

func (s *Server) homeCurrency() string { return (*s.currencies.Load())[0].Code }

// newCurrency adds a currency, or changes one by its code.
type newCurrency struct {
	Code          string `json:"code"`
	Name          string `json:"name"`
	DecimalPoints *int   `json:"decimal_points"`
	Active        *bool  `json:"active"`
}

func (s *Server) putCurrency(in *newCurrency) error {
	if len(in.Code) != 3 {
		return control.Errorf(400, "%q is no currency code", in.Code)
	}
	next := slices.Clone(*s.currencies.Load())
	i := slices.IndexFunc(next, func(c currency) bool { return c.Code == in.Code })
	if i < 0 {
		i = len(next)
		next = append(next, currency{ID: i + 1, Code: in.Code, Name: in.Code, DecimalPoints: 2, Symbol: in.Code, ActiveFlag: true})
	}
	c := &next[i]
	if in.Name != "" {
		c.Name = in.Name
	}
	set(&c.DecimalPoints, in.DecimalPoints)
	set(&c.ActiveFlag, in.Active)
	s.currencies.Store(&next)
	return nil
}

// newUser is a person who joins the company, or who changes by e-mail.
type newUser struct {
	Email  string `json:"email"`
	Name   string `json:"name"`
	Active *bool  `json:"active"`
}

func (s *Server) putUser(in *newUser) error {
	if in.Email == "" {
		return control.Errorf(400, "a user needs an email")
	}
	next := slices.Clone(*s.users.Load())
	i := slices.IndexFunc(next, func(u *user) bool { return strings.EqualFold(u.Email, in.Email) })
	u := &user{ID: 500, Email: in.Email, Name: in.Email, Active: true}
	if i >= 0 {
		old := *next[i]
		u = &old
	} else {
		for _, other := range next {
			u.ID = max(u.ID, other.ID+1)
		}
		i = len(next)
		next = append(next, u)
	}
	if in.Name != "" {
		u.Name = in.Name
	}
	set(&u.Active, in.Active)
	next[i] = u
	s.users.Store(&next)
	return nil
}
