package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
	"dbcalm-db-cmd/steps/testkit"
)

func TestOperationsList(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{operations: samples.Operations()}
	in := newInvocation(t, d)
	in.expect(t, exitOK, "operations", "list", "--socket", "/x", "--limit", "4", "--state", "failed")
	testkit.Golden(t, "operations/list.txt", in.stdout.String())
	if want := (api.OperationFilter{Limit: 4, State: "failed"}); d.asked[0] != want {
		t.Errorf("asked for %+v, want %+v", d.asked[0], want)
	}

	in = newInvocation(t, d)
	in.expect(t, exitOK, "operations", "list", "--socket", "/x", "--json")
	testkit.Golden(t, "operations/list.json", in.stdout.String())
	if want := (api.OperationFilter{Limit: 50}); d.asked[1] != want {
		t.Errorf("asked for %+v, want %+v", d.asked[1], want)
	}
}

func TestOperationsListEmpty(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"No operations yet.\n":        nil,
		"No operations are failed.\n": {"--state", "failed"},
		"[]\n":                        {"--json"},
	} {
		in := newInvocation(t, &fakeDaemon{})
		in.expect(t, exitOK, append([]string{"operations", "list", "--socket", "/x"}, args...)...)
		if in.stdout.String() != want {
			t.Errorf("%q: got %q, want %q", args, in.stdout.String(), want)
		}
	}
}

func TestOperationsShow(t *testing.T) {
	t.Parallel()
	for name, view := range map[string]api.OperationView{
		"succeeded": samples.Succeeded(), "failed": samples.Failed(), "running": samples.Running(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInvocation(t, &fakeDaemon{views: []any{view}})
			in.expect(t, exitOK, "operations", "show", view.ID, "--socket", "/run/my socket")
			testkit.Golden(t, "operations/show_"+name+".txt", in.stdout.String())

			in = newInvocation(t, &fakeDaemon{views: []any{view}})
			in.expect(t, exitOK, "operations", "show", view.ID, "--socket", "/x", "--json")
			var again api.OperationView
			for i, p := range view.Processes {
				view.Processes[i].Error = printable.Text(p.Error)
			}
			if err := json.Unmarshal(in.stdout.Bytes(), &again); err != nil || !reflect.DeepEqual(again, view) {
				t.Errorf("the JSON is not the operation (%v):\n%s", err, &in.stdout)
			}
		})
	}
}

func TestOperationIDsMayBeCutShort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, want string }{
		{"8f1", samples.FirstID}, {"8f9d", samples.SecondID}, {"a", samples.ThirdID}, {samples.FirstID, samples.FirstID}, {"none-such",
			"none-such"},
	} {
		d := &fakeDaemon{operations: samples.Operations(), views: []any{samples.Succeeded()}}
		for _, verb := range []string{"show", "cancel", "retry"} {
			newInvocation(t, d).expect(t, exitOK, "operations", verb, c.given, "--socket", "/x")
		}
		var got []any
		for _, question := range d.asked {
			if _, listing := question.(api.OperationFilter); !listing {
				got = append(got, question)
			}
		}
		want := []any{askedOperation(c.want), askedCancel(c.want), askedRetry(c.want)}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: asked %v, want %v", c.given, got, want)
		}
	}
}

func TestAmbiguousOperationID(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, &fakeDaemon{operations: samples.Operations()})
	in.expect(t, exitUsage, "operations", "cancel", "8f", "--socket", "/x")
	testkit.Golden(t, "operations/ambiguous.txt", in.stderr.String())
}

// An id that is whole is not asked about, even where it begins another one.
func TestExactOperationIDWins(t *testing.T) {
	t.Parallel()
	list := []api.OperationSummary{{ID: "abc"}, {ID: "ab"}}
	if got, err := complete(list, "ab"); got != "ab" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOperationsCancelAndRetry(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{decision: api.RetryDecision{State: "copy", Attempt: 2, Reason: "the stage is intact"}}
	in := newInvocation(t, d)
	in.expect(t, exitOK, "operations", "cancel", samples.FirstID, "--config", "testdata/config/shared.yml")
	contains(t, "stdout", in.stdout.String(), "Operation "+samples.FirstID+" is being cancelled.\n")
	contains(t, "stderr", in.stderr.String(), "dbcalm-db-cmd operations show "+samples.FirstID+" --config testdata/config/shared.yml\n")

	in = newInvocation(t, d)
	in.expect(t, exitOK, "operations", "retry", samples.FirstID, "--socket", "/x")
	want := "Operation " + samples.FirstID + " goes on with copy, attempt 2: the stage is intact\n"
	if in.stdout.String() != want {
		t.Errorf("got %q, want %q", in.stdout.String(), want)
	}
}
