package hubspot

import (
	"regexp"
	"slices"
	"strconv"
	"time"
	_ "time/tzdata" // zones are known wherever the program runs

	"github.com/dealsync/dealsync/services/sandbox/internal/control"
	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
)

// money is what an account's settings say of currencies, the company's own
// first, and of time. It is replaced as a whole.
type money struct {
	codes []string
	zone  *time.Location
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// setMoney also renews the options of a deal's currency, which are the enabled
// currencies.
func (p *Portal) setMoney(m *money) {
	p.money.Store(m)
	d := *p.objects["deals"].prop("deal_currency_code")
	d.Options = []option{}
	for _, code := range m.codes {
		d.Options = append(d.Options, option{Label: code, Value: code, DisplayOrder: len(d.Options)})
	}
	p.objects["deals"].setProp(&d)
}

// changeMoney sets the enabled currencies and the time zone; what is empty stays.
func (p *Portal) changeMoney(codes []string, zone string) error {
	next := *p.money.Load()
	for _, code := range codes {
		if !currencyCode.MatchString(code) {
			return control.Errorf(400, "%q is no currency code", code)
		}
	}
	if len(codes) > 0 {
		next.codes = slices.Clone(codes)
	}
	if zone != "" {
		z, err := time.LoadLocation(zone)
		if err != nil {
			return control.Errorf(400, "time zone %q is not known", zone)
		}
		next.zone = z
	}
	p.setMoney(&next)
	return nil
}

// newOwner is a person who joins the account, or one who leaves it: Archived
// for an e-mail that an owner has.
type newOwner struct {
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Archived  bool   `json:"archived"`
}

// putOwner adds an owner, or changes the one who has the e-mail address.
func (p *Portal) putOwner(in *newOwner) error {
	if in.Email == "" {
		return control.Errorf(400, "an owner needs an email")
	}
	at := crm.ISO(p.srv.clock.Milli())
	next := slices.Clone(*p.owners.Load())
	user := int64(9586501 + len(next))
	o := &owner{ID: strconv.Itoa(41629771 + len(next)), Email: in.Email, Type: "PERSON", AnyUserID: user, CreatedAt: at}
	i := slices.IndexFunc(next, func(o *owner) bool { return o.Email == in.Email })
	if i >= 0 {
		old := *next[i]
		o = &old
	}
	o.FirstName, o.LastName, o.Archived, o.UpdatedAt = in.FirstName, in.LastName, in.Archived, at
	o.UserID = nil
	if !in.Archived {
		o.UserID = &o.AnyUserID
	}
	if i >= 0 {
		next[i] = o
	} else {
		next = append(next, o)
	}
	p.owners.Store(&next)
	return nil
}
