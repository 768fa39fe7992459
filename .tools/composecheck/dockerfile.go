package main

import (
	"fmt"
	"strings"
)

// checkDockerfile returns what is wrong with one Dockerfile: an image that is
// not pinned, a final stage that runs as root, a file fetched while building.
func checkDockerfile(path, text string) []string {
	var problems []string
	say := func(line int, format string, args ...any) {
		problems = append(problems, fmt.Sprintf("%s:%d: %s", path, line, fmt.Sprintf(format, args...)))
	}

	stages := map[string]bool{"scratch": true}
	user, last := "", 0
	for i, raw := range strings.Split(text, "\n") {
		words := strings.Fields(raw)
		if len(words) < 2 || strings.HasPrefix(words[0], "#") {
			continue
		}
		last = i + 1
		switch strings.ToUpper(words[0]) {
		case "FROM":
			image, alias := stage(words[1:])
			if !stages[image] && !pinned(image) {
				say(i+1, "FROM %s is not pinned to a tag", image)
			}
			stages[alias] = true
			user = ""
		case "USER":
			user = words[1]
		case "ADD":
			say(i+1, "ADD may fetch or unpack; use COPY")
		}
	}
	if isRoot(user) {
		say(last, "the final stage runs as root; end it with USER and a numeric uid")
	}
	return problems
}

// stage splits the words after FROM into image and alias.
func stage(words []string) (image, alias string) {
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		words = words[1:]
	}
	if len(words) == 0 {
		return "", ""
	}
	if len(words) == 3 && strings.EqualFold(words[1], "AS") {
		alias = words[2]
	}
	return words[0], alias
}
