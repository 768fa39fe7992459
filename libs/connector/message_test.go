package connector

import (
	"errors"
	"fmt"
	"testing"

	"github.com/dealsync/dealsync/libs/fault"
)

type said string

func (s said) Error() string      { return string(s) }
func (s said) AppMessage() string { return string(s) }

func TestPeopleReadTheAppsOwnWords(t *testing.T) {
	t.Parallel()
	ours := fault.New(fault.Rejected, "bad_value", "value: \"much\" is no number")
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"the app's", fmt.Errorf("write: %w", fault.Wrap(fault.Rejected, "x", fmt.Errorf("call: %w", said("amount: no number")))), "amount: no number"},
		{"ours, without the way there", fmt.Errorf("write deal of acme/pipe: %w", ours), "value: \"much\" is no number"},
		{"unclassified", errors.New("boom"), "boom"},
		{"none", nil, ""},
	} {
		if got := AppMessage(c.err); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
