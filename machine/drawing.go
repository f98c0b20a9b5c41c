package machine

import (
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
)

// DrawOperation draws the machine of an operation, as it was when the
// operation began, with its path: mermaid, dot (Graphviz) or svg.
func DrawOperation(view OperationView, format string) (string, error) {
	path := definition.Path{At: view.State,
		Broken: view.Status == string(persistence.Failed) || view.Status == string(persistence.Cancelled)}
	for _, t := range view.Transitions {
		path.Passages = append(path.Passages, definition.Passage{From: t.From, To: t.To, At: t.At})
	}
	return definition.Draw(view.Definition, path, format)
}
