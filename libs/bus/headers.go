package bus

import (
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/fault"
)

// Headers of a message: CloudEvents 1.0 attributes in binary mode. NATS headers
// are case-sensitive; all of these are lower case.
const (
	headerSpec        = "ce-specversion"
	headerID          = "ce-id"
	headerType        = "ce-type"
	headerSource      = "ce-source"
	headerTime        = "ce-time"
	headerTraceParent = "traceparent"
	headerTraceState  = "tracestate"
)

// source is the ce-source of all messages: with the id it names an event.
const source = "/dealsync"

var (
	specVersion = []string{"1.0"}
	sourceValue = []string{source}
)

// encode makes the NATS message of m, without trace context.
func (m Message) encode() *nats.Msg {
	vals := []string{m.ID, percentEncode(m.ID), percentEncode(m.Type), ""}
	h := make(nats.Header, 8)
	h[headerSpec] = specVersion
	h[headerSource] = sourceValue
	if m.ID != "" {
		h[jetstream.MsgIDHeader] = vals[0:1:1]
		h[headerID] = vals[1:2:2]
	}
	h[headerType] = vals[2:3:3]
	if !m.Time.IsZero() {
		vals[3] = m.Time.UTC().Format(time.RFC3339Nano)
		h[headerTime] = vals[3:4:4]
	}
	return &nats.Msg{Subject: m.Subject.String(), Header: h, Data: m.Data}
}

// decode is the inverse of encode; subject may be in either form.
func decode(subject string, h nats.Header, data []byte) (Message, error) {
	s, err := ParseSubject(subject)
	m := Message{
		Subject: s, Data: data,
		ID: percentDecode(first(h, headerID)), Type: percentDecode(first(h, headerType)),
	}
	if err != nil {
		return m, err
	}
	if t := first(h, headerTime); t != "" {
		if m.Time, err = time.Parse(time.RFC3339Nano, t); err != nil {
			return m, fault.New(fault.Invalid, "bad_header", "read %s: %w", headerTime, err)
		}
	}
	return m, nil
}

func first(h nats.Header, key string) string {
	if v := h[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

const upperHex = "0123456789ABCDEF"

// percentEncode keeps printable ASCII but space, double quote and percent, as
// the CloudEvents NATS binding asks for header values.
func percentEncode(s string) string {
	i := 0
	for i < len(s) && bare(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := range len(s) {
		if c := s[i]; bare(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		}
	}
	return b.String()
}

func bare(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '%' }

// percentDecode is the inverse; what is no valid escape stays as it is.
func percentDecode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func unhex(c byte) int {
	if 'a' <= c && c <= 'f' {
		c -= 'a' - 'A'
	}
	return strings.IndexByte(upperHex, c)
}
