package main

import (
	"regexp"
	"runtime/debug"
	"testing"
)

func TestVersionCommand(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.expect(t, exitOK, "version")
	if !regexp.MustCompile(`^dbcalm-db-cmd \S.* \(go1\.\S+, linux/\S+\)\n$`).MatchString(in.stdout.String()) {
		t.Errorf("got %q", in.stdout.String())
	}
}

func TestRecordedVersion(t *testing.T) {
	t.Parallel()
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123"}
	for _, c := range []struct {
		info debug.BuildInfo
		want string
	}{
		{debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3"},
		{debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "unknown"},
		{debug.BuildInfo{Settings: []debug.BuildSetting{revision}}, "commit 0123456789ab"},
		{debug.BuildInfo{Settings: []debug.BuildSetting{revision, {Key: "vcs.modified", Value: "true"}}}, "commit 0123456789ab+changes"},
	} {
		if got := buildVersion(&c.info); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
