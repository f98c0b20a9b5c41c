package steps

import (
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

func TestFormIsChosenByTheConfiguration(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.Forward, h.Compression, h.CompressionLevel = "cat", "zstd", 3
	knows := Task{Events: []string{EventOK, EventStream}}
	if got, want := h.ChooseForm(knows), (store.Form{Compression: "zstd", Level: 3}); got == nil || *got != want {
		t.Errorf("without stream: %+v, want %+v", got, want)
	}
	h.Stream = true
	if got, want := h.ChooseForm(knows), (store.Form{Stream: true, Compression: "zstd", Level: 3, Forward: true}); got == nil || *got != want {
		t.Errorf("with all: %+v, want %+v", got, want)
	}
	h.Compression, h.Forward = "", ""
	if got, want := h.ChooseForm(knows), (store.Form{Stream: true}); got == nil || *got != want {
		t.Errorf("a level without a compression: %+v, want %+v", got, want)
	}
	if got := h.ChooseForm(Task{Events: []string{EventOK}}); got != nil {
		t.Errorf("for a machine that knows of no streams: %+v", got)
	}
}

// A step only sends what the form asks for, and an operation without a form
// goes the way there was when it began.
func TestFormDecidesTheWay(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for _, test := range []struct {
		form          *store.Form
		prepare, copy string
	}{
		{nil, EventOK, EventOK},
		{&store.Form{}, EventOK, EventOK},
		{&store.Form{Compression: "gzip"}, EventOK, EventCompress},
		{&store.Form{Stream: true, Compression: "gzip"}, EventStream, ""},
		{&store.Form{Stream: true, Forward: true}, EventStream, ""},
	} {
		h := newHost(t)
		h.Stream, h.Compression = true, "zstd" // as another daemon is configured
		task := h.backupTask("op", "b", "", nil)
		task.Data.Form, task.Data.Server = test.form, nil
		out, err := h.backups().reserveWork(t.Context(), task)
		if err != nil || out.Event != test.prepare {
			t.Errorf("%v: prepare sends %s, %v", test.form, out.Event, err)
		}
		if test.copy == "" {
			continue
		}
		testkit.Write(t, out.Data.Work, testkit.Metadata("full-backuped", "0", "100"))
		task.Data = out.Data
		if out, err = h.backups().copyFinish(t.Context(), task, job.Result{Tail: completedTail}); err != nil || out.Event != test.copy {
			t.Errorf("%v: copy sends %s, %v", test.form, out.Event, err)
		}
	}
}

func TestRoomByForm(t *testing.T) {
	t.Parallel()
	for form, want := range map[store.Form]uint64{
		{}:                                  1000,
		{Compression: "zstd"}:               1300,
		{Stream: true}:                      5000,
		{Stream: true, Compression: "gzip"}: 250,
		{Stream: true, Forward: true}:       0,
		{Stream: true, Compression: "zstd", Forward: true}: 0,
	} {
		if got := form.Room(disk.Size{Apparent: 5000, Allocated: 1000}, 300); got != want {
			t.Errorf("%s: %d, want %d", form, got, want)
		}
	}
}

func TestWordsForForms(t *testing.T) {
	t.Parallel()
	for form, want := range map[store.Form][2]string{
		{}:                                  {"directory", "backup-b.xbstream"},
		{Compression: "zstd", Level: 3}:     {"zstd", "backup-b.xbstream.zst"},
		{Stream: true}:                      {"stream", "backup-b.xbstream"},
		{Stream: true, Compression: "gzip"}: {"stream+gzip", "backup-b.xbstream.gz"},
		{Stream: true, Forward: true}:       {"forwarded", "backup-b.xbstream"},
		{Stream: true, Compression: "zstd", Forward: true}: {"forwarded+zstd", "backup-b.xbstream.zst"},
	} {
		if got := [2]string{form.String(), form.StreamName("b")}; got != want {
			t.Errorf("%+v: %q, want %q", form, got, want)
		}
	}
}
