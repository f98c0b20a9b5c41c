package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
)

// version is stamped at build time: -ldflags "-X main.version=…".
var version string

func versionCommand(s *screen.Screen) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program and of the Go it was built with",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return s.Print(fmt.Sprintf("%s %s (%s, %s/%s)\n",
				program, versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH))
		},
	}
}

// versionText is the stamped version, else what the Go tool recorded, else
// "unknown".
func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return buildVersion(info)
}

func buildVersion(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+changes"
		}
	}
	if revision == "" {
		return "unknown"
	}
	return "commit " + revision[:min(len(revision), 12)] + modified
}
