package steps

import (
	"errors"
	"fmt"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// instead adds to what is wrong with a chain that is to be restored which part
// of it can be, as a person types it. Whole are the links before the wrong one.
func instead(err error, whole []store.Link, target string) error {
	var broken *persistence.Error
	if errors.As(err, &broken) {
		return err
	}
	if target == TargetVerify {
		if _, found := errors.AsType[*store.Damage](err); !found {
			return err
		}
		if len(whole) == 0 {
			return fmt.Errorf("%w; take a full backup", err)
		}
		return fmt.Errorf("%w; take a full backup; the chain is whole up to '%s'", err, whole[len(whole)-1].Record.ID)
	}
	if len(whole) == 0 {
		return fmt.Errorf("%w; the other chains: dbcalm-db-cmd backups list", err)
	}
	last := whole[len(whole)-1].Record.ID
	return fmt.Errorf("%w; the chain is whole up to '%s': dbcalm-db-cmd restore %s --target %s", err, last, last, target)
}

// insteadOfBase adds to what is wrong with a chain that an incremental was to
// stand on what can be taken, as a person types it.
func insteadOfBase(err error, whole []store.Link) error {
	var broken *persistence.Error
	if errors.As(err, &broken) {
		return err
	}
	if len(whole) == 0 {
		return fmt.Errorf("%w; take a full backup: dbcalm-db-cmd backup full ID", err)
	}
	last := whole[len(whole)-1].Record.ID
	return fmt.Errorf("%w; take a full backup, or one on what is whole of the chain: dbcalm-db-cmd backup incremental ID --from %s", err, last)
}
