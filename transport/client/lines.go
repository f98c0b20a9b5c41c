package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"dbcalm-db-cmd/transport/wire"
)

// lines sends a command whose answer has many lines and calls each with every
// one of them.
func (c Client) lines(ctx context.Context, command string, args any, each func(line []byte) error) error {
	request, err := json.Marshal(wire.Request{Command: command, Args: args})
	if err != nil {
		return fmt.Errorf("encode %s: %w", command, err)
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	_, writeErr := conn.Write(request)
	for reader := bufio.NewReader(conn); ; {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			if err := refusalIn(command, line); err != nil {
				return err
			}
			if err := each(line); err != nil {
				return err
			}
		}
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("wait for the daemon's answer: %w", ctx.Err())
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && writeErr != nil:
			return fmt.Errorf("send the command to the daemon: %w", writeErr)
		case err != nil:
			return fmt.Errorf("read the daemon's answer: %w", err)
		}
	}
}
