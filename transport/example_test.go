package transport

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/client"
)

// exampleDaemon is a daemon that has a backup monday. It returns its socket,
// and what ends it.
func exampleDaemon() (socket string, stop func()) {
	folder, err := os.MkdirTemp("", "dbc")
	if err != nil {
		panic(err)
	}
	socket = filepath.Join(folder, "db-cmd.sock")
	service := &fakeService{fullBackup: func(_ context.Context, r api.BackupRequest) (string, error) {
		if r.ID == "monday" {
			return "", &api.Error{Kind: api.Conflict, Message: "Backup with id 'monday' already exists"}
		}
		return anOperation, nil
	}}
	server := New(service, Options{SocketPath: socket, Logger: zerolog.Nop()})
	if err := server.Listen(); err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	return socket, func() {
		cancel()
		if err := errors.Join(<-ended, server.Close(), os.RemoveAll(folder)); err != nil {
			panic(err)
		}
	}
}

// A backup is asked for, and what the daemon says is told from what the system
// says.
func ExampleClient() {
	socket, stop := exampleDaemon()
	defer stop()

	ask := func(daemon client.Client, id string) {
		operation, err := daemon.FullBackup(context.Background(), api.BackupRequest{ID: id})
		refusal, refused := errors.AsType[*client.Refusal](err)
		_, alone := errors.AsType[*client.Unreachable](err)
		switch {
		case refused:
			fmt.Println("refused:", refusal.Code, refusal.Message)
		case alone:
			fmt.Println("there is no daemon")
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println("accepted:", operation)
		}
	}
	ask(client.Client{Path: socket}, "tuesday")
	ask(client.Client{Path: socket}, "monday")
	ask(client.Client{Path: socket + ".old"}, "tuesday")
	// Output:
	// accepted: 0b9d1c52-6f0e-4b7e-9a35-1d7b4c1f2a10
	// refused: 409 Backup with id 'monday' already exists
	// there is no daemon
}
