package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
	transporttest "dbcalm-db-cmd/transport/testkit"
)

// fakeWatched answers with its fields.
type fakeWatched struct {
	figures api.Figures
	err     error
	health  api.Health
	looks   atomic.Int64
}

func (f *fakeWatched) Figures(_ context.Context, bounds []float64) (api.Figures, error) {
	for i := range f.figures.Took {
		f.figures.Took[i].Within = make([]uint64, len(bounds))
	}
	return f.figures, f.err
}

func (f *fakeWatched) Health(context.Context) api.Health {
	f.looks.Add(1)
	return f.health
}

func healthy() *fakeWatched {
	return &fakeWatched{health: api.Health{Status: api.HealthOK, Checks: map[string]string{"database": "ok"}}}
}

// monitor serves until the test is over and returns a client of it.
func monitor(t *testing.T, watched Watched, options Options) *http.Client {
	t.Helper()
	m := New(watched, options)
	if err := m.Listen(); err != nil {
		t.Fatal(err)
	}
	network, address := m.listener.Addr().Network(), m.listener.Addr().String()
	if network == "unix" {
		// It was bound under another name.
		address = options.Listen
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx) }()
	carrier := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	t.Cleanup(func() {
		carrier.CloseIdleConnections()
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(transporttest.Patience):
			t.Error("Serve did not return")
		}
	})
	return &http.Client{Transport: carrier, Timeout: transporttest.Patience}
}

func get(t *testing.T, client *http.Client, path string) (status int, body string) {
	t.Helper()
	response, err := client.Get("http://monitor" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestMonitorOnASocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(transporttest.Folder(t), "sub", "metrics.sock")
	// A socket that a dead daemon has left is in nobody's way.
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("serving", func(t *testing.T) {
		client := monitor(t, healthy(), Options{Listen: path, Mode: 0o604, Version: "v1", GoVersion: "go1"})
		if info, err := os.Lstat(path); err != nil || info.Mode() != os.ModeSocket|0o604 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		status, body := get(t, client, "/metrics")
		if status != 200 || !strings.Contains(body, `dbcalm_build_info{goversion="go1",version="v1"} 1`+"\n") ||
			!strings.Contains(body, "\ndbcalm_healthy 1\n") {
			t.Errorf("%d: %s", status, body)
		}
		err := New(healthy(), Options{Listen: path}).Listen()
		if fmt.Sprint(err) != "listen for metrics on "+path+": another program is listening on "+path+"; stop it, or choose another socket path" {
			t.Errorf("a second one: %v", err)
		}
	})
	if left := names(t, filepath.Dir(path)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func names(t *testing.T, folder string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

func TestMonitorOnAPort(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1:0", "localhost:0"} {
		client := monitor(t, healthy(), Options{Listen: address})
		status, body := get(t, client, "/healthz")
		if status != 200 || body != `{"status":"ok","checks":{"database":"ok"},"last_error":null}`+"\n" {
			t.Errorf("%d: %s", status, body)
		}
		for path, want := range map[string]int{"/": 404, "/metrics/x": 404} {
			if status, _ := get(t, client, path); status != want {
				t.Errorf("%s: %d", path, status)
			}
		}
		response, err := client.Post("http://monitor/metrics", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != 405 {
			t.Errorf("POST: %d", response.StatusCode)
		}
	}
}

func TestMonitorOnForbiddenAddresses(t *testing.T) {
	t.Parallel()
	const advice = "write localhost:PORT, 127.0.0.1:PORT, [::1]:PORT, or the path of a Unix socket"
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		":0": "only this host may reach it: " + advice, "0.0.0.0:0": "only this host may reach it: " + advice,
		"[::]:0": "only this host may reach it: " + advice, "192.0.2.1:0": "only this host may reach it: " + advice,
		"relative.sock": advice, "127.0.0.1": advice, "127.0.0.1:http0": advice,
		taken.Addr().String():          "stop the program that has the port, or choose another",
		"/" + strings.Repeat("x", 108): "choose a shorter one",
	} {
		m := New(healthy(), Options{Listen: address})
		err := m.Listen()
		if !strings.Contains(fmt.Sprint(err), want) || !strings.HasPrefix(fmt.Sprint(err), "listen for metrics on "+address+": ") {
			t.Errorf("%s: %v", address, err)
		}
		if err := m.Serve(t.Context()); err == nil {
			t.Errorf("%s: serves all the same", address)
		}
	}
}

func TestHealthIsAnswered(t *testing.T) {
	t.Parallel()
	watched := &fakeWatched{health: api.Health{Status: api.HealthFailing, Checks: map[string]string{"database": "the disk is full"},
		LastError: &api.LastError{Operation: "op", Machine: "full_backup", Backup: "b", State: "copy",
			At: time.Unix(0, 0).UTC(), Error: "a < b"}}}
	client := monitor(t, watched, Options{Listen: "127.0.0.1:0"})
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			status, body := get(t, client, "/healthz")
			var h api.Health
			err := json.Unmarshal([]byte(body), &h)
			if err != nil || status != 503 || h.Checks["database"] != "the disk is full" || *h.LastError != *watched.health.LastError {
				t.Errorf("%d: %s", status, body)
			}
		})
	}
	asking.Wait()
	if _, body := get(t, client, "/metrics"); !strings.Contains(body, "\ndbcalm_healthy 0\n") {
		t.Error(body)
	}
	// Whoever asks often must not make the daemon write often.
	if looks := watched.looks.Load(); looks > 3 {
		t.Errorf("it was looked %d times", looks)
	}
}

func TestMetricsWithoutADatabase(t *testing.T) {
	t.Parallel()
	lines := make(chan map[string]any, 100)
	watched := healthy()
	watched.err = errors.New("the disk is gone")
	client := monitor(t, watched, Options{Listen: "127.0.0.1:0", Logger: zerolog.New(transporttest.LineWriter(lines))})
	status, body := get(t, client, "/metrics")
	if status != 200 || !strings.Contains(body, "\ndbcalm_healthy 0\n") || strings.Contains(body, "dbcalm_backups") {
		t.Errorf("%d: %s", status, body)
	}
	for line := range lines {
		if line["message"] == "metrics cannot be read" {
			if line["error"] != "the disk is gone" {
				t.Errorf("logged %v", line)
			}
			break
		}
	}
}

// Idle connections take no place from those who ask, and the Monitor stops with
// all of them open.
func TestMonitorWithManyConnections(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for _, listen := range []string{filepath.Join(transporttest.Folder(t), "m"), "127.0.0.1:0"} {
		options := Options{Listen: listen, MaxConnections: 32}
		network, address := crowdedMonitor(t, options)
		options.Listen = "127.0.0.1:0"
		twinNetwork, twinAddress := crowdedMonitor(t, options)
		for range 150 {
			conn, err := net.Dial(network, address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
		question := func(network, address string) func() {
			client := &http.Client{Timeout: transporttest.Patience, Transport: &http.Transport{DisableKeepAlives: true,
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, address)
				}}}
			return func() {
				if status, body := get(t, client, "/metrics"); status != 200 {
					t.Errorf("%d: %s", status, body)
				}
			}
		}
		took, usual := transporttest.Measure(question(network, address), question(twinNetwork, twinAddress))
		transporttest.Within(t, took, usual)
	}
}

// crowdedMonitor serves until the test is over, by when it must end although
// connections are open.
func crowdedMonitor(t *testing.T, options Options) (network, address string) {
	t.Helper()
	m := New(healthy(), options)
	if err := m.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(transporttest.Patience):
			t.Error("Serve did not return")
		}
	})
	if network, address = m.listener.Addr().Network(), m.listener.Addr().String(); network == "unix" {
		// It was bound under another name.
		address = options.Listen
	}
	return network, address
}
