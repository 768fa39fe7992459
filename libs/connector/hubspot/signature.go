package hubspot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
)

// Headers of signature v3 (request-validation). Versions 1 and 2 carry no
// timestamp, so that anyone could send an old delivery again: not accepted.
const (
	headerSignature = "X-HubSpot-Signature-v3"
	headerTimestamp = "X-HubSpot-Request-Timestamp"

	maxAge  = 5 * time.Minute
	maxSkew = 30 * time.Second // our clock behind HubSpot's; no rule is documented
)

// decodeURI undoes exactly these escapes before signing, and no others.
var decodeURI = strings.NewReplacer(
	"%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$",
	"%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%3B", ";",
	"%3a", ":", "%2f", "/", "%3f", "?", "%2a", "*", "%2c", ",", "%3b", ";",
)

// VerifyWebhook implements connector.WebhookDriver. The replay key is the
// signature: each attempt has a timestamp and so a signature of its own.
func (d *Driver) VerifyWebhook(req connector.WebhookRequest, secret connector.WebhookSecret) (string, error) {
	if secret.Secret == "" {
		return "", fault.New(fault.Auth, "no_secret", "the connection has no client secret to verify deliveries with")
	}
	given, stamp := req.Header.Get(headerSignature), req.Header.Get(headerTimestamp)
	if given == "" || stamp == "" {
		return "", fault.New(fault.Auth, "signature_missing", "the delivery has no v3 signature or no timestamp")
	}
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return "", fault.New(fault.Auth, "timestamp_malformed", "the delivery's timestamp is no number")
	}
	if age := req.Now.Sub(time.UnixMilli(ms)); age > maxAge || age < -maxSkew {
		return "", fault.New(fault.Auth, "timestamp_old", "the delivery was signed %s ago", age.Round(time.Second))
	}
	want := Sign(secret.Secret, req.Method, req.URL, stamp, req.Body)
	if !hmac.Equal([]byte(want), []byte(given)) {
		return "", fault.New(fault.Auth, "signature_wrong", "the delivery's signature does not match")
	}
	return given, nil
}

// Sign is signature v3: base64 of the HMAC-SHA256, keyed with the client secret,
// of method, URI, body and timestamp.
func Sign(secret, method, uri, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	for _, part := range []string{method, decodeURI.Replace(uri)} {
		_, _ = io.WriteString(mac, part) // a hash never fails
	}
	mac.Write(body)
	_, _ = io.WriteString(mac, timestamp)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
