package steps

// Steps returns every step by the name that definitions use.
func (h *Host) Steps() map[string]Step {
	return map[string]Step{
		"validate_backup": {Run: h.validateBackup},
		"prepare_work":    {Run: h.prepareWork},
		"copy_backup":     {Job: h.copyJob, Finish: h.copyFinish, Progress: h.copyProgress},
		"stream_backup":   {Job: h.streamJob, Finish: h.streamFinish, Progress: h.copyProgress},
		"compress_backup": {Run: h.compress},
		"seal_backup":     {Run: h.seal},
		"publish_backup":  {Run: h.publish, Probe: h.probePublished},
		"record_backup":   {Run: h.recordBackup},
		"discard_backup":  {Run: h.discardBackup},

		"validate_restore": {Run: h.validateRestore},
		"stage_chain":      {Run: h.stage},
		"unpack_link":      {Job: h.unpackJob, Finish: h.unpackFinish, Progress: h.unpackProgress},
		"prepare_full":     {Job: h.prepareJob, Finish: h.prepareFinish, Progress: h.prepareProgress},
		"apply_link":       {Job: h.applyJob, Finish: h.prepareFinish, Progress: h.applyProgress},
		"arrange_restore":  {Run: h.arrange},
		"place_restore":    {Run: h.place},
		"record_restore":   {Run: h.recordRestore},
		"discard_restore":  {Run: h.discardRestore},

		"validate_verify": {Run: h.validateVerify},
		"check_chain":     {Run: h.checkChain},
		"retrieve_stream": {Job: h.retrieveJob, Finish: h.retrieveFinish, Progress: h.retrieveProgress},
		"stage_scratch":   {Run: h.stageScratch},
		"prove_tables":    {Run: h.proveTables},
		"examine_tables":  {Job: h.examineJob, Finish: h.examineFinish},
		"clean_scratch":   {Run: h.cleanScratch},
		"record_verify":   {Run: h.recordVerify},
		"discard_verify":  {Run: h.discardVerify},

		"validate_delete": {Run: h.validateDelete},
		"retire_backup":   {Run: h.retireDeleted},
		"erase_backup":    {Run: h.erase},
		"unrecord_backup": {Run: h.unrecord},
	}
}
