package steps

import "dbcalm-db-cmd/persistence"

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
		"validate_backup": {Run: h.validateBackup, Outcomes: onlyOK},
		"reserve_work":    {Run: h.prepareWork, Outcomes: []string{EventOK, EventStream}},
		"copy_backup":     {Job: h.copyJob, Finish: h.copyFinish, Outcomes: []string{EventOK, EventCompress}, Progress: h.copyProgress},
		"stream_backup":   {Job: h.streamJob, Finish: h.streamFinish, Outcomes: onlyOK, Progress: h.copyProgress},
		"compress_backup": {Run: h.compress, Outcomes: onlyOK},
		"seal_backup":     {Run: h.seal, Outcomes: onlyOK},
		"publish_backup":  {Run: h.publish, Probe: h.probePublished, Outcomes: onlyOK},
		"record_backup":   {Run: h.recordBackup, Outcomes: onlyOK},
		"discard_backup":  {Run: h.discardBackup, Outcomes: cleanUp},

		"validate_restore": {Run: h.validateRestore, Outcomes: onlyOK},
		"stage_chain":      {Run: h.stage, Outcomes: []string{EventOK, EventUnpack}},
		"unpack_link":      {Job: h.unpackJob, Finish: h.unpackFinish, Outcomes: okOrMore, Progress: h.unpackProgress},
		"prepare_full":     {Job: h.prepareJob, Finish: h.prepareFinish, Outcomes: okOrMore, Progress: h.prepareProgress},
		"apply_link":       {Job: h.applyJob, Finish: h.prepareFinish, Outcomes: okOrMore, Progress: h.applyProgress},
		"arrange_restore":  {Run: h.arrange, Outcomes: onlyOK},
		"place_restore":    {Run: h.place, Outcomes: onlyOK},
		"record_restore":   {Run: h.recordRestore, Outcomes: onlyOK},
		"discard_restore":  {Run: h.discardRestore, Outcomes: cleanUp},

		"validate_verify": {Run: h.validateVerify, Outcomes: levels(persistence.Levels...)},
		"check_chain":     {Run: h.checkChain, Outcomes: []string{EventOK, EventStream}},
		"retrieve_stream": {Job: h.retrieveJob, Finish: h.retrieveFinish, Outcomes: okOrMore, Progress: h.retrieveProgress},
		"stage_scratch":   {Run: h.stageScratch, Outcomes: []string{EventOK, EventUnpack}},
		"prove_tables":    {Run: h.proveTables, Outcomes: levels(persistence.LevelPrepare, persistence.LevelBoot)},
		"examine_tables":  {Job: h.examineJob, Finish: h.examineFinish, Outcomes: onlyOK},
		"clean_scratch":   {Run: h.cleanScratch, Outcomes: onlyOK},
		"record_verify":   {Run: h.recordVerify, Outcomes: onlyOK},
		"discard_verify":  {Run: h.discardVerify, Outcomes: cleanUp},

		"validate_delete": {Run: h.validateDelete, Outcomes: onlyOK},
		"retire_backup":   {Run: h.retireDeleted, Outcomes: onlyOK},
		"erase_backup":    {Run: h.erase, Outcomes: onlyOK},
		"unrecord_backup": {Run: h.unrecord, Outcomes: onlyOK},
	}
}
