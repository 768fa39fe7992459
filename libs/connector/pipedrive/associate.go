package pipedrive

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
)

// placed are the associations of one write that stand in its body, by field.
type placed map[string]connector.Reference

// place puts associations into a body, so that they travel in the same call
// (R16). What the app has no place for is refused.
func (k *kind) place(body map[string]any, refs []connector.Reference) (in placed, refused []connector.RefusedReference) {
	in = placed{}
	for _, ref := range refs {
		field, id, err := k.slotFor(ref)
		if held, taken := in[field]; err == nil && taken && held != ref {
			err = fault.New(fault.Rejected, "one_only", "a %s has one %s", k.name, field)
		}
		if err != nil {
			refused = append(refused, connector.RefusedReference{Reference: ref, Err: err})
			continue
		}
		body[field], in[field] = id, ref
	}
	return in, refused
}

func (k *kind) slotFor(ref connector.Reference) (field string, id int64, err error) {
	at := slices.IndexFunc(k.slots, func(s slot) bool { return s.to == ref.Object })
	if at < 0 {
		return "", 0, fault.New(fault.Rejected, "no_such_association", "a %s of Pipedrive has no %s", k.name, ref.Object)
	}
	id, err = strconv.ParseInt(ref.ID, 10, 64)
	if err != nil {
		return "", 0, badValue(k.slots[at].field, "id", ref.ID)
	}
	return k.slots[at].field, id, nil
}

// takeBack removes the associations that a refusal is about from a body, so that
// they never fail the fields (R16). None: the refusal is about something else.
func (p placed) takeBack(body map[string]any, refusal error) (refused []connector.RefusedReference) {
	text, ok := refusalText(refusal)
	if !ok {
		return nil
	}
	for _, field := range slices.Sorted(maps.Keys(p)) {
		// The API says "person_id", "Person 12", "Organization": no code tells.
		if word, _, _ := strings.Cut(field, "_"); strings.Contains(text, word) {
			refused = append(refused, connector.RefusedReference{Reference: p[field], Err: refusal})
			delete(p, field)
			delete(body, field)
		}
	}
	return refused
}

// refusalText is what the app says about a record that it does not take or let
// us see.
func refusalText(err error) (string, bool) {
	e, ok := errors.AsType[*apiError](err)
	if !ok {
		return "", false
	}
	switch e.status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity:
		return strings.ToLower(e.Error() + " " + e.Info), true
	default:
		return "", false
	}
}
