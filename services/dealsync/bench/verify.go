package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Faults is what a first sync got wrong, by object.
type Faults struct {
	Missing map[string]int `json:"missing"`
	Doubled map[string]int `json:"doubled"`
	// Associations that are not there, and such as should not be.
	Unlinked  int `json:"associations_missing"`
	Mislinked int `json:"associations_wrong"`
}

// linked is a record with what it is associated with, by number.
type linked struct {
	number int
	to     map[string][]int
}

// verify compares both apps with what the population must have become: each
// record once on either side, with the associations of its number.
func (p population) verify(ctx context.Context, crm [2]crm) (*Faults, error) {
	f := &Faults{Missing: map[string]int{}, Doubled: map[string]int{}}
	for side := range crm {
		numbers := map[string]map[int64]int{} // by id
		for _, object := range objects {
			numbers[object] = map[int64]int{}
			found := make([]int, p.total(object)+1)
			err := crm[side].linked(ctx, side, object, numbers, func(r linked) {
				found[r.number]++
				p.judge(f, object, r)
			})
			if err != nil {
				return nil, fmt.Errorf("look at %s: %w", object, err)
			}
			for _, n := range found[1:] {
				f.Doubled[object] += max(0, n-1)
				if n == 0 {
					f.Missing[object]++
				}
			}
		}
	}
	return f, nil
}

// judge compares a record's associations with those that it must have.
func (p population) judge(f *Faults, object string, r linked) {
	want := map[string]int{}
	switch object {
	case contacts:
		want[companies] = p.company(r.number)
	case deals:
		want[contacts] = p.contact(r.number)
		want[companies] = p.company(want[contacts])
	}
	for to, number := range want {
		if !slices.Contains(r.to[to], number) {
			f.Unlinked++
		}
		f.Mislinked += len(r.to[to])
		if slices.Contains(r.to[to], number) {
			f.Mislinked--
		}
	}
}

// linked shows every record of the population, and notes its number by its id.
// Numbers of what it is associated with must be known.
func (c crm) linked(ctx context.Context, side int, object string, numbers map[string]map[int64]int, show func(linked)) error {
	for after := int64(0); ; {
		var page struct {
			Records []struct {
				record
				Associations map[string][]int64 `json:"associations"`
			} `json:"records"`
			Next int64 `json:"next"`
		}
		url := fmt.Sprintf("%s/_sandbox/records/%s?limit=10000&after=%d", c.url, named[side][object], after)
		if err := call(ctx, http.MethodGet, url, nil, &page); err != nil {
			return err
		}
		for _, r := range page.Records {
			l := linked{number: numberOf(object, key(side, object, r.Fields)), to: map[string][]int{}}
			if l.number == 0 {
				continue
			}
			numbers[object][r.ID] = l.number
			links := r.Associations
			if side == app {
				links = references(r.Fields)
			}
			for to, ids := range links {
				for _, id := range ids {
					l.to[to] = append(l.to[to], numbers[to][id])
				}
			}
			show(l)
		}
		if after = page.Next; after == 0 {
			return nil
		}
	}
}

// references are a Pipedrive record's associations.
func references(fields map[string]json.RawMessage) map[string][]int64 {
	links := map[string][]int64{}
	for to, field := range reference {
		var id int64
		if json.Unmarshal(fields[field], &id) == nil && id != 0 {
			links[to] = []int64{id}
		}
	}
	return links
}

// key is what tells a record.
func key(side int, object string, fields map[string]json.RawMessage) string {
	switch {
	case object == companies && side == app:
		_, host, _ := strings.Cut(plain(fields["website"]), "://")
		return strings.TrimPrefix(host, "www.")
	case object == companies:
		return plain(fields["domain"])
	case object == contacts && side == app:
		var emails []struct {
			Value string `json:"value"`
		}
		if json.Unmarshal(fields["emails"], &emails) != nil || len(emails) == 0 {
			return ""
		}
		return emails[0].Value
	case object == contacts:
		return plain(fields["email"])
	case side == app:
		return plain(fields["title"])
	default:
		return plain(fields["dealname"])
	}
}
