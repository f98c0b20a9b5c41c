package transport

import (
	"context"
	"errors"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/client"
	"dbcalm-db-cmd/transport/wire"
)

func TestLogsReachTheClient(t *testing.T) {
	t.Parallel()
	pieces := []api.LogChunk{{State: "copy", Attempt: 1, Output: "output.log", Text: strings.Repeat("line\n", 100_000)}, {}, {Missing: true}}
	service := &fakeService{logs: func(_ context.Context, id string, follow bool, each func(api.LogChunk) error) error {
		if id != anOperation || !follow {
			t.Errorf("asked for %s, %t", id, follow)
		}
		for _, piece := range pieces {
			if err := each(piece); err != nil {
				return err
			}
		}
		return nil
	}}
	r := start(t, service, Options{})
	var got []api.LogChunk
	err := client.Client{Path: r.path}.Logs(t.Context(), anOperation, true, func(c api.LogChunk) error {
		got = append(got, c)
		return nil
	})
	if err != nil || len(got) != len(pieces) || got[0] != pieces[0] || !got[2].Missing {
		t.Errorf("got %d pieces, %v", len(got), err)
	}
	stop := errors.New("enough")
	err = (client.Client{Path: r.path}).Logs(t.Context(), anOperation, true, func(api.LogChunk) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	service.operation = func(context.Context, string) (api.OperationView, error) {
		return api.OperationView{}, &api.Error{Kind: api.NotFound, Message: "unknown"}
	}
	var refusal *client.Refusal
	err = client.Client{Path: r.path}.Logs(t.Context(), anOperation, true, nil)
	if !errors.As(err, &refusal) || refusal.Code != wire.CodeNotFound {
		t.Errorf("got %v", err)
	}
	if err := (client.Client{Path: r.path + "x"}).Logs(t.Context(), anOperation, true, nil); err == nil {
		t.Error("no daemon, no error")
	}
}
