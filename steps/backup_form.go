package steps

import (
	"slices"

	"dbcalm-db-cmd/steps/store"
)

// chooseForm returns how a backup is to be stored, by the configuration; nil
// for an operation whose machine, an older program's, knows one form only.
func (h *Host) ChooseForm(t Task) *store.Form {
	if !slices.Contains(t.Events, EventStream) {
		return nil
	}
	form := store.Form{Stream: h.Stream, Compression: h.Compression, Forward: h.Stream && h.Forward != ""}
	if form.Compression != "" {
		form.Level = h.CompressionLevel
	}
	return &form
}

// form returns how the operation's backup is stored.
func (t Task) form() store.Form {
	if t.Data.Form == nil {
		return store.Form{}
	}
	return *t.Data.Form
}
