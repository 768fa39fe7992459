package core

// setStatus derives the pair's status from its state.
func (st *step) setStatus() {
	p := &st.p
	status, reason, message := InSync, "", ""
	switch held := p.held(); {
	case p.FoldedInto != "":
		status, reason, message = Excluded, "folded", "its record belongs to pair "+p.FoldedInto
	case p.HubSpot.Excluded != "":
		status, reason, message = Excluded, p.HubSpot.Excluded, p.HubSpot.Detail
	case p.App.Excluded != "":
		status, reason, message = Excluded, p.App.Excluded, p.App.Detail
	case held != nil:
		status, reason, message = Failing, held.Hold, held.HoldDetail
	case len(p.Rejected) > 0:
		status, reason, message = Failing, p.Reason, p.Message
	case p.HubSpot.Flight != nil || p.App.Flight != nil || st.open || !p.HubSpot.heard() || !p.App.heard():
		status = Pending
	}
	if p.Status != status || p.Reason != reason || p.Message != message {
		p.Status, p.Reason, p.Message, st.changed = status, reason, message, true
	}
}
