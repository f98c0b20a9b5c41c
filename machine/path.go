package machine

// Path lists the states of a machine in which it works towards success, in
// order. Some are left out by operations that do not need them.
func Path(name string) ([]string, error) {
	d, err := load(name)
	if err != nil {
		return nil, err
	}
	var path []string
	for _, state := range d.order {
		if s := d.States[state]; s.Step != "" && !s.Cleanup {
			path = append(path, state)
		}
	}
	return path, nil
}
