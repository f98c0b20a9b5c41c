package definition

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The legend explains every key there is, and no other.
func TestLegendExplainsEveryKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		of    reflect.Type
		words []word
	}{{reflect.TypeFor[Definition](), machineKeys}, {reflect.TypeFor[State](), stateKeys}} {
		var keys, explained []string
		for i := range test.of.NumField() {
			if tag := test.of.Field(i).Tag.Get("yaml"); tag != "" {
				keys = append(keys, tag)
			}
		}
		for _, w := range test.words {
			explained = append(explained, w.name)
		}
		if !slices.Equal(keys, explained) {
			t.Errorf("keys of %s are %q, explained are %q", test.of.Name(), keys, explained)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(Legend()), "\n") {
		if !strings.HasPrefix(line, "#") || len(line) > 100 {
			t.Errorf("no comment of a definition: %s", line)
		}
	}
}
