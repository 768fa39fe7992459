package core

import "github.com/dealsync/dealsync/libs/deal"

// eligible takes in whether the record may be synced (R9, R11, R17).
func (st *step) eligible(ps *PairSide, img *Image) {
	s := st.in.Side
	switch {
	case img.Deleted:
		if !ps.Deleted {
			ps.Deleted, ps.Excluded, ps.Detail, st.changed = true, deletedIn(s), "", true
			st.tell(Entry{Event: "deleted", Side: s, Record: ps.Record})
		}
		return
	case ps.Deleted && !img.Restored && img.Cause < Poll:
		return // old news of a record that is gone
	case ps.Deleted:
		ps.Deleted, ps.Excluded, ps.Detail, st.changed = false, "", "", true
		st.tell(Entry{Event: "restored", Side: s, Record: ps.Record})
	}
	if ps.Excluded == img.Excluded && ps.Detail == img.Detail || st.outdated(img) {
		return
	}
	if ps.Excluded != img.Excluded {
		e := Entry{Event: "included", Side: s, Record: ps.Record, Reason: ps.Excluded}
		if img.Excluded != "" {
			e.Event, e.Reason, e.Value = "excluded", img.Excluded, img.Detail
			st.d.Tally.Excluded = img.Excluded
		}
		st.tell(e)
	}
	ps.Excluded, ps.Detail, st.changed = img.Excluded, img.Detail, true
}

// outdated reports whether the image shows a value from before the side's last
// edit: whether the record is eligible was told by the image of that edit.
func (st *step) outdated(img *Image) bool {
	for i := range img.Units {
		v := &img.Units[i]
		u := st.p.Units[v.Unit]
		if e := u.On(st.in.Side).Edit; e.Set && v.At < e.At && v.Own.Fingerprint() != e.Own {
			return true
		}
	}
	return false
}

func deletedIn(s deal.Side) string { return "deleted_in_" + s.String() }
