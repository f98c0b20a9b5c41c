//go:build load

package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"dbcalm-db-cmd/machine/api"
)

// The crowd: so many clients, and what they ask for in a second altogether.
const (
	crowdRefused  = 700
	crowdAccepted = 100
	crowdPolling  = 200

	refusalsASecond    = 5000
	acceptancesASecond = 300
	pollsASecond       = 400

	crowdTime = 20 * time.Second
)

// asker is what the clients of one kind have asked and been answered.
type asker struct {
	clients, aSecond int
	// request returns the n-th request of all, and code how its answer begins.
	request func(n int64) string
	code    string

	asked   atomic.Int64
	mu      sync.Mutex
	times   []time.Duration
	strange string
}

// crowd lets all ask at once while a backup runs, and returns what is to be said
// of it. Then the daemon must have as many goroutines and descriptors as before.
func (w *loadWorld) crowd() string {
	w.t.Helper()
	running := w.list(api.OperationFilter{State: "running"})
	if len(running) != 1 {
		w.t.Fatalf("%d operations are running, want the one backup", len(running))
	}
	goroutines := w.goroutines()
	w.start()
	w.eventually("the backup is under way", w.held.reached)
	descriptors := w.descriptors()
	refused := &asker{clients: crowdRefused, aSecond: refusalsASecond, code: `{"code":404,`,
		request: func(n int64) string { return fmt.Sprintf(`{"cmd":"operation_show","args":{"id":"nobody-%d"}}`, n) }}
	accepted := &asker{clients: crowdAccepted, aSecond: acceptancesASecond, code: `{"code":202,`,
		request: func(n int64) string { return fmt.Sprintf(`{"cmd":"full_backup","args":{"id":"crowd-%d"}}`, n) }}
	polling := &asker{clients: crowdPolling, aSecond: pollsASecond, code: `{"code":200,`,
		request: func(int64) string { return fmt.Sprintf(`{"cmd":"operation_show","args":{"id":"%s"}}`, running[0].ID) }}
	kinds := []*asker{refused, accepted, polling}
	var all sync.WaitGroup
	began := time.Now()
	for _, a := range kinds {
		for client := range a.clients {
			all.Go(func() { a.ask(w.socket, client, began) })
		}
	}
	all.Wait()
	took := time.Since(began).Seconds()
	for _, a := range kinds {
		if a.strange != "" {
			w.t.Errorf("an answer that was not to be: %s", a.strange)
		}
	}
	w.add(measured{"`operation_show` in the crowd", polling.times, 10 * time.Millisecond})
	w.add(measured{"a refusal in the crowd", refused.times, time.Second})
	w.add(measured{"a backup accepted in the crowd", accepted.times, time.Second})
	w.eventually("descriptors are as before", func() bool { return w.descriptors() <= descriptors })
	rate := func(a *asker) float64 { return float64(len(a.times)) / took }
	if rate(refused) < refusalsASecond*0.95 || rate(accepted) < acceptancesASecond*0.95 {
		w.missed = append(w.missed, fmt.Sprintf("%.0f refusals and %.0f acceptances a second", rate(refused), rate(accepted)))
	}
	said := fmt.Sprintf(
		"The crowd was %d clients on the same machine, who in %.0f s got %.0f refusals, %.0f durable acceptances and %.0f answers of "+
			"`operation_show` a second, while a backup ran.",
		crowdRefused+crowdAccepted+crowdPolling, took, rate(refused), rate(accepted), rate(polling))
	after := w.goroutines()
	if after > goroutines {
		w.missed = append(w.missed, fmt.Sprintf("%d goroutines after the crowd, %d before", after, goroutines))
	}
	w.start()
	return said + fmt.Sprintf(" After it the daemon had %d goroutines (%d before) and no more descriptors than before.", after, goroutines)
}

// ask is one client, who asks when it is its turn and not before it was answered.
func (a *asker) ask(socket string, client int, began time.Time) {
	every := time.Duration(a.clients) * time.Second / time.Duration(a.aSecond)
	next := began.Add(every * time.Duration(client) / time.Duration(a.clients))
	for next.Before(began.Add(crowdTime)) {
		timer := time.NewTimer(time.Until(next))
		<-timer.C
		next = next.Add(every)
		asked := time.Now()
		answer, err := askOnce(socket, a.request(a.asked.Add(1)))
		took := time.Since(asked)
		a.mu.Lock()
		if a.times = append(a.times, took); err != nil || !strings.HasPrefix(answer, a.code) {
			a.strange = fmt.Sprintf("%.300s, %v", answer, err)
		}
		a.mu.Unlock()
	}
}

// askOnce sends one request and returns the answer.
func askOnce(socket, request string) (string, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(conn)
	return string(answer), err
}

// descriptors counts the daemon's open files.
func (w *loadWorld) descriptors() int {
	w.t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.daemon.cmd.Process.Pid))
	if err != nil {
		w.t.Fatal(err)
	}
	return len(open)
}

var goroutineLine = regexp.MustCompile(`(?m)^goroutine \d+ `)

// goroutines ends the daemon in the way in which a Go program says what all its
// goroutines do, and counts them.
func (w *loadWorld) goroutines() int {
	w.t.Helper()
	log := filepath.Join(w.dir, "daemon.log")
	before, err := os.Stat(log)
	if err != nil {
		w.t.Fatal(err)
	}
	w.peak = max(w.peak, w.status("VmHWM"))
	w.signal(syscall.SIGQUIT)
	w.gone()
	text, err := os.ReadFile(log)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(goroutineLine.FindAllIndex(text[before.Size():], -1))
}
