package catalogue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// CheckOrder checks, by the records alone, that the ids are a chain in order.
// Whether their files are whole is the operation's first question.
func (cat *Catalogue) CheckOrder(ctx context.Context, r api.RestoreRequest) error {
	parent := ""
	for _, id := range r.IDList {
		b, err := cat.store.Backup(ctx, id)
		if errors.Is(err, persistence.ErrNotFound) {
			return cat.missingLink(ctx, r, id)
		}
		if err != nil {
			return api.Failure(err)
		}
		if b.FromBackupID != parent {
			return cat.wrongOrder(ctx, r)
		}
		parent = id
	}
	return nil
}

// wrongOrder refuses a list that is no chain and names the chain of its last
// link, on the wire and as a person types it.
func (cat *Catalogue) wrongOrder(ctx context.Context, r api.RestoreRequest) error {
	last := r.IDList[len(r.IDList)-1]
	right, err := store.Lineage(ctx, cat.store, last)
	var missing *store.MissingLinkError
	if errors.As(err, &missing) {
		return &api.Error{Kind: api.Invalid, Err: err, Message: fmt.Sprintf(
			"backup '%s' cannot be restored: it stands on '%s', which is not recorded; %s",
			last, missing.ID, cat.LostAdvice(missing.ID, "the chains that are whole: dbcalm-db-cmd backups list"))}
	}
	if err != nil {
		return &api.Error{Kind: api.Invalid, Message: err.Error(), Err: err}
	}
	return api.Refuse(api.Invalid, "id_list is no chain in order: %s", rightChain(right, r.Target))
}

// missingLink refuses a list of which one id is not recorded. If its last link
// is, that one's chain is what was meant.
func (cat *Catalogue) missingLink(ctx context.Context, r api.RestoreRequest, id string) error {
	refusal := cat.NotFound("Backup", id)
	last := r.IDList[len(r.IDList)-1]
	if right, err := store.Lineage(ctx, cat.store, last); err == nil {
		refusal.Message += "; " + rightChain(right, r.Target)
	}
	return refusal
}

// rightChain names a chain on the wire and as a person types it.
func rightChain(ids []string, target api.Target) string {
	last := ids[len(ids)-1]
	// Texts always encode.
	list, _ := json.Marshal(ids)
	return fmt.Sprintf("backup '%s' is restored by dbcalm-db-cmd restore %s --target %s, on the socket by the id_list %s",
		last, last, target, list)
}
