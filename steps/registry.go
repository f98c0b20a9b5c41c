package steps

import "dbcalm-db-cmd/persistence"

// The outcomes of steps, as their functions return them.
var (
	onlyOK   = []string{EventOK}
	cleanUp  = []string{EventFailed, EventCancelled}
	okOrMore = []string{EventOK, EventMore}

	// Of the steps that work on a stage, which can be lost.
	moreOrRewind       = []string{EventOK, EventMore, EventRewind}
	moreReplayOrRewind = []string{EventOK, EventMore, EventReplay, EventRewind}
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
	b, r, v, d := h.backups(), h.restores(), h.verifications(), h.deletions()
	return map[string]Step{
		"validate_backup": {Run: b.validateBackup, Outcomes: onlyOK},
		"reserve_work":    {Run: b.reserveWork, Outcomes: []string{EventOK, EventStream}},
		"copy_backup": {Job: b.copyJob, Finish: b.copyFinish, Outcomes: []string{EventOK, EventCompress, EventCount},
			Progress: b.copyProgress},
		"stream_backup":   {Job: b.streamJob, Finish: b.streamFinish, Outcomes: []string{EventOK, EventCount}, Progress: b.copyProgress},
		"count_rows":      {Run: b.countRows, Outcomes: []string{EventOK, EventCompress}},
		"compress_backup": {Run: b.compress, Outcomes: onlyOK},
		"seal_backup":     {Run: b.seal, Outcomes: onlyOK},
		"publish_backup":  {Run: b.publish, Probe: b.probePublished, Outcomes: onlyOK},
		"record_backup":   {Run: b.recordBackup, Outcomes: onlyOK},
		"discard_backup":  {Run: b.discardBackup, Outcomes: cleanUp},

		"validate_restore": {Run: r.validateRestore, Outcomes: onlyOK},
		"stage_chain":      {Run: r.stage, Outcomes: []string{EventOK, EventUnpack}},
		"unpack_link": {Job: r.unpackJob, Finish: r.unpackFinish, Lost: r.stageLost, Outcomes: moreOrRewind,
			Progress: r.unpackProgress},
		"prepare_full": {Job: r.prepareJob, Beside: r.stageAhead, Finish: r.prepareFinish, Lost: r.stageLost,
			Outcomes: moreOrRewind, Progress: r.prepareProgress},
		"apply_link": {Job: r.applyJob, Beside: r.stageAhead, Finish: r.prepareFinish, Lost: r.stageLost,
			Outcomes: moreOrRewind, Progress: r.applyProgress},
		"prepare_restore": {Job: r.prepareJob, Beside: r.stageAhead, Finish: r.prepareRestoreFinish, Lost: r.stageLost,
			Outcomes: moreReplayOrRewind, Progress: r.prepareProgress},
		"apply_restore": {Job: r.applyJob, Beside: r.stageAhead, Finish: r.prepareRestoreFinish, Lost: r.stageLost,
			Outcomes: moreReplayOrRewind, Progress: r.applyProgress},
		"replay_archive":  {Job: r.replayJob, Finish: r.replayFinish, Outcomes: []string{EventOK, EventRewind}, Progress: r.replayProgress},
		"arrange_restore": {Run: r.arrange, Outcomes: onlyOK},
		"place_restore":   {Run: r.place, Outcomes: onlyOK},
		"record_restore":  {Run: r.recordRestore, Outcomes: onlyOK},
		"discard_restore": {Run: r.discardRestore, Outcomes: cleanUp},

		"validate_verify": {Run: v.validateVerify, Outcomes: levels(persistence.Levels...)},
		"check_chain":     {Run: v.checkChain, Outcomes: []string{EventOK, EventStream}},
		"retrieve_stream": {Job: v.retrieveJob, Finish: v.retrieveFinish, Outcomes: okOrMore, Progress: v.retrieveProgress},
		"stage_scratch":   {Run: v.stageScratch, Outcomes: []string{EventOK, EventUnpack}},
		"prove_tables":    {Run: v.proveTables, Outcomes: levels(persistence.LevelPrepare, persistence.LevelBoot)},
		"examine_tables":  {Job: v.examineJob, Finish: v.examineFinish, Outcomes: onlyOK},
		"clean_scratch":   {Run: v.cleanScratch, Outcomes: onlyOK},
		"record_verify":   {Run: v.recordVerify, Outcomes: onlyOK},
		"discard_verify":  {Run: v.discardVerify, Outcomes: cleanUp},

		"validate_delete": {Run: d.validateDelete, Outcomes: onlyOK},
		"retire_backup":   {Run: d.retireDeleted, Outcomes: onlyOK},
		"erase_backup":    {Run: d.erase, Outcomes: onlyOK},
		"unrecord_backup": {Run: d.unrecord, Outcomes: onlyOK},
	}
}
