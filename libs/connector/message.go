package connector

import (
	"errors"

	"github.com/dealsync/dealsync/libs/fault"
)

// AppMessager is an error that carries the app's own words.
type AppMessager interface {
	error
	AppMessage() string
}

// AppMessage is what the app itself said, for people: without what we were
// doing when it said it. An error of ours gives its innermost classified text.
func AppMessage(err error) string {
	if err == nil {
		return ""
	}
	if app, ok := errors.AsType[AppMessager](err); ok {
		return app.AppMessage()
	}
	text := err.Error()
	for {
		inner, ok := errors.AsType[*fault.Error](err)
		if !ok {
			return text
		}
		text, err = inner.Error(), inner.Err
	}
}
