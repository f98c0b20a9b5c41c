package persistence

import (
	"errors"
	"sync"
	"testing"
)

func request(id string, o Operation) Request {
	return Request{ID: id, Command: o.Machine, Args: string(o.Args)}
}

func TestAcceptOnceRemembers(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	first := operation("1")
	claims := []Claim{{BackupID: "b", Use: Makes}}
	if _, err := d.Request(t.Context(), "r"); !errors.Is(err, ErrNotFound) {
		t.Errorf("before it came: %v", err)
	}
	if err := d.AcceptOnce(t.Context(), request("r", first), first, claims, firstProcess(first)); err != nil {
		t.Fatal(err)
	}
	want := Request{ID: "r", Command: "full_backup", Args: `{"id":"b-1"}`, OperationID: "1", At: noon}
	for _, store := range []*database{d, openAt(t, d.path)} {
		if got, err := store.Request(t.Context(), "r"); err != nil || got != want {
			t.Errorf("remembered %+v, %v, want %+v", got, err, want)
		}
	}
	// It clashes with itself in both ways; that it is itself comes first.
	second := operation("2")
	err := d.AcceptOnce(t.Context(), request("r", second), second, claims, firstProcess(second))
	if !errors.Is(err, errRequestKnown) {
		t.Errorf("the same again: %v", err)
	}
	if err := d.AcceptOnce(t.Context(), request("other", second), second, claims, firstProcess(second)); !errors.Is(err, ErrExists) {
		t.Errorf("another request for the same backup: %v", err)
	}
	if _, err := d.Request(t.Context(), "other"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a refused request is remembered: %v", err)
	}
	if _, err := d.Operation(t.Context(), "2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a refused request left an operation: %v", err)
	}
}

func TestAcceptOnceOfManyAtOnce(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	other := openAt(t, d.path)
	var clients sync.WaitGroup
	results := make(chan error, 16)
	for i := range cap(results) {
		clients.Go(func() {
			store, o := []*database{d, other}[i%2], operation(string(rune('a'+i)))
			results <- store.AcceptOnce(t.Context(), request("r", o), o, nil, firstProcess(o))
		})
	}
	clients.Wait()
	close(results)
	accepted := 0
	for err := range results {
		if err == nil {
			accepted++
		} else if !errors.Is(err, errRequestKnown) {
			t.Errorf("neither accepted nor known: %v", err)
		}
	}
	if accepted != 1 {
		t.Errorf("%d were accepted", accepted)
	}
}
