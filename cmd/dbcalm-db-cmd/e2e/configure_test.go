package e2e

import "maps"

// configure replaces a key of the configuration, whose value is written as in
// YAML, for daemons that are started after this.
func (w *world) configure(key, value string) {
	w.t.Helper()
	replaced := map[string]string{key: value}
	for k, v := range maps.All(w.replaced) {
		if k != key {
			replaced[k] = v
		}
	}
	w.replaced = replaced
	w.writeConfig(replaced)
}
