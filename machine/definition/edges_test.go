package definition

import "testing"

func TestResumes(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		d, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for state, want := range map[string]bool{"halted": true, "failed": false, "done": false, "validate": false, "nowhere": false} {
			if got := d.Resumes(state); got != want {
				t.Errorf("%s: a retry from %s goes on in the middle: %v", name, state, got)
			}
		}
	}
}
