package persistence

import (
	"errors"
	"sync"
	"testing"
)

func request(id string, o Operation) *Request {
	return &Request{ID: id, Command: o.Machine, Args: string(o.Args)}
}

func TestAcceptOnceRemembers(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	first := operation("1")
	claims := []Claim{{BackupID: "b", Use: Makes}}
	if _, err := d.Request(t.Context(), "r"); !errors.Is(err, ErrNotFound) {
		t.Errorf("before it came: %v", err)
	}
	if err := offer(t.Context(), d.Store, first, request("r", first), claims...); err != nil {
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
	err := offer(t.Context(), d.Store, second, request("r", second), claims...)
	if !errors.Is(err, errRequestKnown) {
		t.Errorf("the same again: %v", err)
	}
	if err := offer(t.Context(), d.Store, second, request("other", second), claims...); !errors.Is(err, ErrExists) {
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
			results <- offer(t.Context(), store.Store, o, request("r", o))
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

// Of several in one transaction, the refused ones leave nothing behind, and the
// others all.
func TestAcceptSeveral(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	several := func(ids ...string) []Acceptance {
		var all []Acceptance
		for _, id := range ids {
			o := operation(id)
			all = append(all, Acceptance{Operation: o, First: firstProcess(o), Claims: []Claim{{BackupID: "of-" + id, Use: Makes}}})
		}
		return all
	}
	all := several("a", "b", "c", "d", "e")
	all[1].Claims = all[0].Claims
	all[0].Request, all[2].Request = request("r", all[0].Operation), request("r", all[2].Operation)
	errs := d.Accept(t.Context(), all...)
	for i, want := range []error{nil, ErrExists, errRequestKnown, nil, nil} {
		if !errors.Is(errs[i], want) || (errs[i] == nil) != (want == nil) {
			t.Errorf("%s: %v, want %v", all[i].Operation.ID, errs[i], want)
		}
		if _, err := d.Operation(t.Context(), all[i].Operation.ID); (err == nil) != (want == nil) {
			t.Errorf("%s: %v", all[i].Operation.ID, err)
		}
	}
	d.delivered()
	d.whole()

	// Sent again, all but one is known before anything else is looked at.
	again := several("f", "g")
	again[0].Request = request("r", again[0].Operation)
	if errs := d.Accept(t.Context(), again...); !errors.Is(errs[0], errRequestKnown) || errs[1] != nil {
		t.Errorf("sent again: %v", errs)
	}
	d.whole()
}

// Where the shared file cannot be told, none of them is accepted, and what was
// refused because of another one of them is told the same.
func TestAcceptSeveralOrNone(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.shared.reached = func(effect string) {
		if effect == "ledger-committed" {
			run(t, outsider(t, d.path), `ALTER TABLE process RENAME TO elsewhere`)
			d.shared.reached = func(string) {}
		}
	}
	first, second := operation("1"), operation("2")
	claims := []Claim{{BackupID: "b", Use: Makes}}
	errs := d.Accept(t.Context(), Acceptance{Operation: first, First: firstProcess(first), Claims: claims},
		Acceptance{Operation: second, First: firstProcess(second), Claims: claims})
	for i, err := range errs {
		if _, broken := errors.AsType[*Error](err); !broken {
			t.Errorf("%d: %v", i, err)
		}
	}
	if open, err := d.OpenOperations(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%d operations are open, %v", len(open), err)
	}
}
