// Package instrument makes the instruments of the metrics that package names
// lists, with the unit and meaning given there. It exports nothing: that is
// libs/telemetry's part.
package instrument

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/dealsync/dealsync/libs/telemetry/names"
)

// Maker makes instruments and gathers what goes wrong, so that a package makes
// all of its own in a row and asks Err once.
type Maker struct {
	meter metric.Meter
	errs  []error
}

// New returns a Maker for the package that scope names.
func New(scope string) *Maker { return &Maker{meter: otel.Meter(scope)} }

// Err is what went wrong since New, nil mostly.
func (m *Maker) Err() error { return errors.Join(m.errs...) }

// Counter makes a counter of whole things.
func (m *Maker) Counter(name string) metric.Int64Counter {
	unit, about := m.describe(name, names.Counter)
	c, err := m.meter.Int64Counter(name, unit, about)
	m.keep(name, err)
	return c
}

// UpDownCounter makes a sum of whole things that goes both ways.
func (m *Maker) UpDownCounter(name string) metric.Int64UpDownCounter {
	unit, about := m.describe(name, names.UpDownCounter)
	c, err := m.meter.Int64UpDownCounter(name, unit, about)
	m.keep(name, err)
	return c
}

// Gauge makes a gauge of whole things.
func (m *Maker) Gauge(name string) metric.Int64Gauge {
	unit, about := m.describe(name, names.Gauge)
	g, err := m.meter.Int64Gauge(name, unit, about)
	m.keep(name, err)
	return g
}

// FloatGauge makes a gauge of a measure, such as seconds.
func (m *Maker) FloatGauge(name string) metric.Float64Gauge {
	unit, about := m.describe(name, names.Gauge)
	g, err := m.meter.Float64Gauge(name, unit, about)
	m.keep(name, err)
	return g
}

// Histogram makes a histogram of a measure, such as seconds, with the upper
// bounds of its buckets.
func (m *Maker) Histogram(name string, bounds ...float64) metric.Float64Histogram {
	unit, about := m.describe(name, names.Histogram)
	h, err := m.meter.Float64Histogram(name, unit, about, metric.WithExplicitBucketBoundaries(bounds...))
	m.keep(name, err)
	return h
}

// describe looks a metric up; one that is not listed, or is of another kind, is
// a mistake in the code and stops the start.
func (m *Maker) describe(name string, kind names.Kind) (unit, about metric.InstrumentOption) {
	for i := range names.Metrics {
		if d := &names.Metrics[i]; d.Name == name {
			if d.Kind != kind {
				m.keep(name, fmt.Errorf("it is listed as a %s, not a %s", d.Kind, kind))
			}
			return metric.WithUnit(d.Unit), metric.WithDescription(d.Meaning)
		}
	}
	m.keep(name, errors.New("it is not listed"))
	return metric.WithUnit(""), metric.WithDescription("")
}

func (m *Maker) keep(name string, err error) {
	if err != nil {
		m.errs = append(m.errs, fmt.Errorf("make metric %s: %w", name, err))
	}
}
