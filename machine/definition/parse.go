package definition

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"
)

// Parse reads a definition without checking what it says. Keys it does not
// know and keys that stand twice are errors.
func Parse(text string) (*Definition, error) {
	d := &Definition{text: text}
	decoder := yaml.NewDecoder(bytes.NewBufferString(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(d); err != nil {
		return nil, fmt.Errorf("read definition: %w", err)
	}
	var err error
	if d.order, err = stateOrder(text); err != nil {
		return nil, err
	}
	for name, s := range d.States {
		if s == nil {
			return nil, fmt.Errorf("read definition %s: state %s is empty", d.Name, name)
		}
	}
	return d, nil
}

// stateOrder returns the states' names as the text orders them, which is how
// people read a drawing.
func stateOrder(text string) ([]string, error) {
	var document struct {
		States yaml.Node `yaml:"states"`
	}
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("read definition: %w", err)
	}
	var names []string
	for i := 0; i+1 < len(document.States.Content); i += 2 {
		names = append(names, document.States.Content[i].Value)
	}
	return names, nil
}

// Text is what the definition was read from. Operations store it.
func (d *Definition) Text() string { return d.text }

// Order lists the states as the text orders them.
func (d *Definition) Order() []string { return d.order }
