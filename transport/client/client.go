package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/user"
	"strconv"
	"time"

	"dbcalm-db-cmd/transport/wire"
)

// Client sends commands to a daemon, one connection a command. Its methods
// mirror Service. They return a *Refusal if the daemon said no, an
// *Unreachable if there was none to ask, and the context's error if it ended
// first; the command may have been accepted all the same then.
type Client struct {
	// Path is the daemon's socket.
	Path string
}

// call sends a command and decodes its answer into the value answer points at.
func (c Client) call(ctx context.Context, command string, args, answer any) error {
	request, err := json.Marshal(wire.Request{Command: command, Args: args})
	if err != nil {
		return fmt.Errorf("encode %s: %w", command, err)
	}
	line, err := c.exchange(ctx, request)
	if err != nil {
		return err
	}
	if err := refusalIn(command, line); err != nil {
		return err
	}
	if err := json.Unmarshal(line, answer); err != nil {
		return fmt.Errorf("read the answer to %s: %w", command, err)
	}
	return nil
}

// refusalIn returns the refusal that an answer is, if it is one.
func refusalIn(command string, line []byte) error {
	var head wire.Envelope
	if err := json.Unmarshal(line, &head); err != nil {
		return fmt.Errorf("read the answer to %s: %w", command, err)
	}
	if head.Code < 200 || head.Code > 299 {
		return &Refusal{Code: head.Code, Status: head.Status, Message: head.Message}
	}
	return nil
}

func (c Client) dial(ctx context.Context) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", c.Path)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connect to the daemon on %s: %w", c.Path, ctx.Err())
		}
		return nil, unreachable(c.Path, err)
	}
	return conn, nil
}

// exchange sends a request and returns all that comes back.
func (c Client) exchange(ctx context.Context, request []byte) ([]byte, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()

	// A daemon that refuses early may have stopped reading: its answer tells
	// more than the broken write does.
	_, writeErr := conn.Write(request)
	line, readErr := io.ReadAll(conn)
	switch {
	case len(line) > 0 && readErr == nil:
		return line, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("wait for the daemon's answer: %w", ctx.Err())
	case writeErr != nil:
		return nil, fmt.Errorf("send the command to the daemon: %w", writeErr)
	case readErr != nil:
		return nil, fmt.Errorf("read the daemon's answer: %w", readErr)
	default:
		return nil, errors.New("read the daemon's answer: it closed the connection without one; its log may say why")
	}
}

// groupName returns a group's name, or its number if it has none.
func groupName(gid int) string {
	number := strconv.Itoa(gid)
	if group, err := user.LookupGroupId(number); err == nil {
		return group.Name
	}
	return number
}
