package config

import (
	"gopkg.in/yaml.v3"
)

// maxWaiting is the longest queue that max_waiting allows.
const maxWaiting = 10_000

// nameList is written on one line of the configuration.
type nameList []string

// MarshalYAML implements yaml.Marshaler.
func (l nameList) MarshalYAML() (any, error) {
	node := &yaml.Node{}
	err := node.Encode([]string(l))
	node.Style = yaml.FlowStyle
	return node, err
}

const listAdvice = `write a list of names or numbers, such as ["dbcalm", "1001"]`

// accessSettings say who may use the sockets.
var accessSettings = []setting{
	listKey("allowed_users", func(c *Config) *[]string { return &c.AllowedUsers }),
	computed(listKey("allowed_groups", func(c *Config) *[]string { return &c.AllowedGroups })),
	listKey("restore_users", func(c *Config) *[]string { return &c.RestoreUsers }),
	listKey("restore_groups", func(c *Config) *[]string { return &c.RestoreGroups }),
}

var accessNotes = map[string]keyNote{
	"allowed_users": {meaning: "Users who may send commands, by name or number, beside root and the daemon's own user. " +
		"The socket's mode must let them, too."},
	"allowed_groups": {
		rule:    "the group of socket_path",
		meaning: "Groups whose members may send commands, by name or number. [] for none.",
		example: nameList{"dbcalm"},
	},
	"restore_users": {meaning: "If this or restore_groups is set: the only users, of those who may send commands, " +
		"who may also restore and delete backups. Root and the daemon's own user always may."},
	"restore_groups": {meaning: "Likewise, groups whose members may."},
}

// listKey takes a list of names; a number is one, too.
func listKey(key string, field func(*Config) *[]string) setting {
	return setting{
		key: key,
		set: func(c *Config, n *yaml.Node) bool {
			if n.Kind != yaml.SequenceNode {
				return false
			}
			list := []string{}
			for _, item := range n.Content {
				item = resolve(item)
				if item.Kind != yaml.ScalarNode || item.ShortTag() != "!!str" && item.ShortTag() != "!!int" {
					return false
				}
				list = append(list, item.Value)
			}
			*field(c) = list
			return true
		},
		show:   func(c *Config) any { return append([]string{}, *field(c)...) },
		wanted: listAdvice,
	}
}

// defaultAllowedGroups is allowed_groups as far as it can be told before the
// socket is there: whoever may write to it as a member of its group may use it.
func defaultAllowedGroups(c *Config) []string {
	if c.AllowedGroups == nil && c.SocketGroup != "" {
		return []string{c.SocketGroup}
	}
	return c.AllowedGroups
}

func (v *validation) access() {
	c := v.Config
	v.everyOne("allowed_users", c.AllowedUsers, v.host.User, "no such user: create it, or name one that exists")
	v.everyOne("restore_users", c.RestoreUsers, v.host.User, "no such user: create it, or name one that exists")
	// What is wrong with socket_group is said of that.
	if _, given := v.given["allowed_groups"]; given {
		v.everyOne("allowed_groups", c.AllowedGroups, v.host.Group, "no such group: create it, or name one that exists")
	}
	v.everyOne("restore_groups", c.RestoreGroups, v.host.Group, "no such group: create it, or name one that exists")
}

// everyOne complains about the first name that is not there.
func (v *validation) everyOne(key string, names []string, exists func(string) bool, advice string) {
	for _, name := range names {
		if !exists(name) {
			v.complain(key, "%q: %s", name, advice)
			return
		}
	}
}
