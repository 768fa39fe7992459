package mapping

import (
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// Value is one field of a record and when it was last edited, in Unix
// milliseconds.
type Value struct {
	Text string
	At   int64
}

// Record is one record's image as the change-detector gave it.
type Record struct {
	Fields  map[string]Value
	Changed map[string]bool
	Deleted bool
}

// texts are the record's values without their times.
func (r *Record) texts() deal.Fields {
	texts := make(deal.Fields, len(r.Fields))
	for name, v := range r.Fields {
		texts[name] = v.Text
	}
	return texts
}

// Reasons why a record is excluded.
const (
	StageNotMapped = "stage_not_mapped"
	FilteredOut    = "filter"
	OneWay         = "one_way"
)

// Image is a record under one sync: the whole of it, not a patch.
type Image struct {
	Units []Unit
	// Excluded is empty when the record is eligible; Detail says it in words.
	Excluded, Detail string
	// Title names the record for people.
	Title string
}

// Sync is a sync's settings made ready for mapping. It is safe for concurrent use.
type Sync struct {
	settings Settings
	readers  []reader
	stages   *stages
	title    [3]string
}

// NewSync makes settings ready.
func NewSync(settings Settings) *Sync {
	if settings.Zone == nil {
		settings.Zone = time.UTC
	}
	s := &Sync{settings: settings}
	stageLine := Line{
		Unit: deal.StageUnit, HubSpot: Field{Name: hubspotStage}, App: Field{Name: appStage}, Ways: deal.BothWays,
	}
	for _, line := range settings.Lines {
		if line.Unit == deal.StageUnit {
			stageLine = line
			continue
		}
		// Records refer to each other by associations, never by values.
		if line.HubSpot.Type == deal.Reference || line.App.Type == deal.Reference {
			continue
		}
		s.readers = append(s.readers, newValueUnit(line, settings.Ways&line.Ways, &s.settings))
		s.entitle(line)
	}
	if settings.Object == deal.Deals {
		s.stages = newStages(settings.Pipelines, stageLine.HubSpot.Name, stageLine.App.Name)
		s.readers = append(s.readers, &stageUnit{s.stages, settings.Ways & stageLine.Ways})
	}
	return s
}

// entitle takes the line that names records for people: the deal's name, else
// the first text.
func (s *Sync) entitle(line Line) {
	isText := line.HubSpot.Type == deal.Text && line.App.Type == deal.Text
	if line.HubSpot.Name == "dealname" || s.title[deal.HubSpot] == "" && isText {
		s.title = [3]string{deal.HubSpot: line.HubSpot.Name, deal.App: line.App.Name}
	}
}

// Map gives the image of a record of one side as it is now. paired says whether
// the record has a counterpart already; it matters for records that could not
// begin a pair by themselves. The time matters to relative dates in filters.
func (s *Sync) Map(side deal.Side, r *Record, paired bool, now time.Time) Image {
	img := Image{Title: r.Fields[s.title[side]].Text, Units: make([]Unit, 0, len(s.readers))}
	for _, u := range s.readers {
		// A field that the image does not have is unknown, not blank: the record
		// was read before the field was mapped, or never read at all.
		if unit, known := u.read(side, r); known {
			img.Units = append(img.Units, unit)
		}
	}
	if !r.Deleted {
		img.Excluded, img.Detail = s.exclude(side, r, paired, now)
	}
	return img
}

// PairMatters reports whether Map's answer for a record of this side may
// depend on its having a counterpart, so that callers need not ask otherwise.
func (s *Sync) PairMatters(side deal.Side) bool {
	f := s.settings.filter(side)
	return !s.settings.Ways.To(side.Other()) || f != nil && f.Continue
}

// Relative reports whether a filter depends on the time, so that records come in
// and drop out without an edit.
func (s *Sync) Relative() bool {
	for _, f := range []*Filter{s.settings.FilterHubSpot, s.settings.FilterApp} {
		if f != nil && f.Terms.Relative() {
			return true
		}
	}
	return false
}

func (s *Sync) exclude(side deal.Side, r *Record, paired bool, now time.Time) (reason, detail string) {
	if !s.settings.Ways.To(side.Other()) && !paired {
		return OneWay, "the sync does not go from " + side.String() + " to " + side.Other().String()
	}
	if s.stages != nil {
		if detail := s.stages.unmapped(side, r); detail != "" {
			return StageNotMapped, detail
		}
	}
	f := s.settings.filter(side)
	// A filter says what may leave its side; a receiving side lets nothing out.
	if f == nil || !s.settings.Ways.To(side.Other()) || f.Continue && paired {
		return "", ""
	}
	if unmet := f.Terms.Unmet(r.texts(), now.In(s.settings.Zone)); unmet != "" {
		return FilteredOut, unmet
	}
	return "", ""
}
