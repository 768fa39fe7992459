// Package match says which existing records of the two sides are the same
// person or company (R15): by e-mail address; by domain, then name. It compares
// keys that records have and is pure. It never guesses: where more than one
// pairing is possible, it says so and names the records.
package match

import "github.com/dealsync/dealsync/libs/deal"

// Rule is one way in which records are told to be the same. Rules have an order;
// the stronger ones come first.
type Rule string

// The rules.
const (
	Email  Rule = "email"
	Domain Rule = "domain"
	Name   Rule = "name"
)

// Field is the field of one side that holds what a rule compares.
type Field struct {
	Rule Rule
	Name string
}

// Key is a value of a rule in normal form. Records with equal keys of a rule may
// be the same.
type Key struct {
	Rule  Rule
	Value string
	// Form is a company's legal form, where its name tells it. Two names with
	// different forms are never the same company, see [Normal].
	Form string
}

// Keys are a record's keys, the strongest first. A blank value makes none.
type Keys []Key

// KeysOf are the keys that a record has by its fields' values.
func KeysOf(fields []Field, value func(field string) string) Keys {
	var keys Keys
	for _, f := range fields {
		if k := Normal(f.Rule, value(f.Name)); k.Value != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

// of finds the key of a rule.
func (ks Keys) of(r Rule) (Key, bool) {
	for _, k := range ks {
		if k.Rule == r {
			return k, true
		}
	}
	return Key{}, false
}

// Has reports whether one of the keys is k, whatever its form.
func (ks Keys) Has(k Key) bool {
	own, ok := ks.of(k.Rule)
	return ok && own.Value == k.Value
}

// Alike is the strongest rule by which two records may be the same; "" when
// there is none. A rule does not count where both records have a key of a
// stronger one: as they are not alike by that, they are told to be different.
func Alike(a, b Keys) Rule {
	for _, k := range a {
		other, ok := b.of(k.Rule)
		switch {
		case !ok:
			continue
		case k.Value != other.Value || k.Form != other.Form && k.Form != "" && other.Form != "":
			return ""
		}
		return k.Rule
	}
	return ""
}

// State is how far a record is from being paired.
type State uint8

// States of a record.
const (
	// Free: it has no counterpart, and none is being created.
	Free State = iota
	// Taken: it is paired.
	Taken
	// Busy: whether it is free is about to be decided, for instance because a
	// counterpart is being created.
	Busy
	// Bereft: its counterpart was deleted and may be restored (R17). It can't be
	// paired with another record, nor may it be taken for paired.
	Bereft
)

// Record is one record as far as matching is concerned. Deleted records are none.
type Record struct {
	Side  deal.Side
	ID    string
	Title string
	Keys  Keys
	State State
	// Pair is the pair that a free record has already; empty when it has none.
	Pair string
}

func (r *Record) is(o *Record) bool { return r.Side == o.Side && r.ID == o.ID }
