package steps

import (
	"dbcalm-db-cmd/persistence"
)

// The outcomes of steps, as their functions return them.
var (
	onlyOK   = []string{EventOK}
	cleanUp  = []string{EventFailed, EventCancelled}
	okOrMore = []string{EventOK, EventMore}
)

// levels are outcomes too: how far a verification goes.
func levels(of ...persistence.Level) []string {
	var events []string
	for _, l := range of {
		events = append(events, string(l))
	}
	return events
}

// FormerNames are the names that steps had in definitions of earlier programs.
// Operations that began with one of those still run on it, so a name stays here
// for good.
var FormerNames = map[string]string{
	"prepare_work": "reserve_work",
}

// Steps returns every step by the name that definitions use.
func (h *Host) Steps() map[string]Step {
	return map[string]Step{
		"validate_backup": {Run: h.backups().validateBackup, Outcomes: onlyOK},
		"reserve_work":    {Run: h.backups().prepareWork, Outcomes: []string{EventOK, EventStream}},
		"copy_backup":     {Job: h.backups().copyJob, Finish: h.backups().copyFinish, Outcomes: []string{EventOK, EventCompress}, Progress: h.backups().copyProgress},
		"stream_backup":   {Job: h.backups().streamJob, Finish: h.backups().streamFinish, Outcomes: onlyOK, Progress: h.backups().copyProgress},
		"compress_backup": {Run: h.backups().compress, Outcomes: onlyOK},
		"seal_backup":     {Run: h.backups().seal, Outcomes: onlyOK},
		"publish_backup":  {Run: h.backups().publish, Probe: h.backups().probePublished, Outcomes: onlyOK},
		"record_backup":   {Run: h.backups().recordBackup, Outcomes: onlyOK},
		"discard_backup":  {Run: h.backups().discardBackup, Outcomes: cleanUp},

		"validate_restore": {Run: h.restores().validateRestore, Outcomes: onlyOK},
		"stage_chain":      {Run: h.restores().stage, Outcomes: []string{EventOK, EventUnpack}},
		"unpack_link":      {Job: h.restores().unpackJob, Finish: h.restores().unpackFinish, Outcomes: okOrMore, Progress: h.restores().unpackProgress},
		"prepare_full":     {Job: h.restores().prepareJob, Finish: h.restores().prepareFinish, Outcomes: okOrMore, Progress: h.restores().prepareProgress},
		"apply_link":       {Job: h.restores().applyJob, Finish: h.restores().prepareFinish, Outcomes: okOrMore, Progress: h.restores().applyProgress},
		"arrange_restore":  {Run: h.restores().arrange, Outcomes: onlyOK},
		"place_restore":    {Run: h.restores().place, Outcomes: onlyOK},
		"record_restore":   {Run: h.restores().recordRestore, Outcomes: onlyOK},
		"discard_restore":  {Run: h.restores().discardRestore, Outcomes: cleanUp},

		"validate_verify": {Run: h.verifications().validateVerify, Outcomes: levels(persistence.Levels...)},
		"check_chain":     {Run: h.verifications().checkChain, Outcomes: []string{EventOK, EventStream}},
		"retrieve_stream": {Job: h.verifications().retrieveJob, Finish: h.verifications().retrieveFinish, Outcomes: okOrMore, Progress: h.verifications().retrieveProgress},
		"stage_scratch":   {Run: h.verifications().stageScratch, Outcomes: []string{EventOK, EventUnpack}},
		"prove_tables":    {Run: h.verifications().proveTables, Outcomes: levels(persistence.LevelPrepare, persistence.LevelBoot)},
		"examine_tables":  {Job: h.verifications().examineJob, Finish: h.verifications().examineFinish, Outcomes: onlyOK},
		"clean_scratch":   {Run: h.verifications().cleanScratch, Outcomes: onlyOK},
		"record_verify":   {Run: h.verifications().recordVerify, Outcomes: onlyOK},
		"discard_verify":  {Run: h.verifications().discardVerify, Outcomes: cleanUp},

		"validate_delete": {Run: h.deletions().validateDelete, Outcomes: onlyOK},
		"retire_backup":   {Run: h.deletions().retireDeleted, Outcomes: onlyOK},
		"erase_backup":    {Run: h.deletions().erase, Outcomes: onlyOK},
		"unrecord_backup": {Run: h.deletions().unrecord, Outcomes: onlyOK},
	}
}
