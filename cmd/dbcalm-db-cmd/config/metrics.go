package config

import (
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

const metricsAdvice = "write localhost:PORT, 127.0.0.1:PORT, [::1]:PORT, or the path of a Unix socket"

// metricsListenKey takes a path, which is cleaned so that it can be compared,
// or an address.
var metricsListenKey = setting{
	key: "metrics_listen",
	set: func(c *Config, n *yaml.Node) bool {
		ok := setText(&c.MetricsListen, n)
		if filepath.IsAbs(c.MetricsListen) {
			c.MetricsListen = filepath.Clean(c.MetricsListen)
		}
		return ok
	},
	show:   func(c *Config) any { return c.MetricsListen },
	wanted: metricsAdvice,
}

func (v *validation) metrics() {
	c := v.Config
	switch {
	case c.MetricsListen == "":
	case filepath.IsAbs(c.MetricsListen):
		v.socketPath("metrics_listen", c.MetricsListen, "/var/run/dbcalm/metrics.sock")
		for _, other := range []struct{ key, path string }{{"socket_path", c.SocketPath}, {"legacy_socket_path", c.LegacySocketPath}} {
			if other.path == c.MetricsListen {
				v.complain("metrics_listen", `the same as %s: give another path, or "" for none`, other.key)
			}
		}
	default:
		if problem := loopbackProblem(c.MetricsListen); problem != "" {
			v.complain("metrics_listen", "%s: %s", problem, metricsAdvice)
		}
	}
	const owner = 0o600
	if c.MetricsMode&owner != owner {
		v.complain("metrics_mode", `the daemon's own user needs read and write: write "0660"`)
	}
	if c.MetricsGroup != "" && !v.host.Group(c.MetricsGroup) {
		v.complain("metrics_group", "no such group: create it, or name one that exists")
	}
}

// loopbackProblem says what is wrong with an address that only this host is to
// reach. A name other than localhost is not looked up: what it stands for may
// change.
func loopbackProblem(address string) string {
	colon := strings.LastIndexByte(address, ':')
	if colon < 0 {
		return "names no port"
	}
	host := address[:colon]
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if host != "localhost" && (err != nil || !ip.Unmap().IsLoopback()) {
		return "only this host may reach it"
	}
	if port, err := strconv.ParseUint(address[colon+1:], 10, 16); err != nil || port == 0 {
		return "the port is a number from 1 to 65535"
	}
	return ""
}
