package main

import (
	"context"
	"errors"

	"github.com/rs/zerolog"
)

// serve runs the daemon until ctx ends.
func serve(_ context.Context, _ *Config, _ zerolog.Logger) error {
	return errors.New("serve: not wired")
}
