package config

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"dbcalm-db-cmd/machine/api"
)

const (
	RetentionExample = "{full: 4, days: 30}"
	retentionAdvice  = "write how many full backups and how many days to keep, such as " + RetentionExample
)

// Retention is the value of the key, as the file would have it.
type Retention api.Retention

// rules are the parts of a retention.
var rules = []struct {
	name  string
	field func(*api.Retention) *int
}{
	{"full", func(r *api.Retention) *int { return &r.Full }},
	{"days", func(r *api.Retention) *int { return &r.Days }},
}

func (r Retention) String() string {
	var parts []string
	for _, rule := range rules {
		if n := *rule.field((*api.Retention)(&r)); n != 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", rule.name, n))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// MarshalYAML implements yaml.Marshaler.
func (r Retention) MarshalYAML() (any, error) {
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(r.String()), &node); err != nil {
		return nil, fmt.Errorf("write retention: %w", err)
	}
	return node.Content[0], nil
}

func showRetention(c *Config) any { return Retention(c.Retention) }

// setRetention takes a mapping of the rules. One it does not know is refused:
// what it was to keep would be deleted.
func setRetention(c *Config, n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	var r api.Retention
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i].Value, resolve(n.Content[i+1])
		known := false
		for _, rule := range rules {
			if rule.name != name || seen[name] {
				continue
			}
			known, seen[name] = true, true
			if !setNumber(rule.field(&r), value) {
				return false
			}
		}
		if !known {
			return false
		}
	}
	c.Retention = r
	return true
}
