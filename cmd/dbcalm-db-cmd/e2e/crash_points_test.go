package e2e

// crashPoints are the named places in operations, between every two effects;
// before-STATE and after-STATE lie around the transaction that leaves a
// state.
var crashPoints = []string{
	"accept-before", "accept-recorded",
	"before-queued", "after-queued", "before-validate", "after-validate",
	"before-reserve", "after-reserve", "before-copy", "after-copy", "before-prepare", "after-prepare",
	"before-seal", "after-seal", "before-publish", "after-publish",
	"before-record", "after-record", "before-discard", "after-discard",
	"before-stage", "after-stage", "before-apply", "after-apply",
	"before-arrange", "after-arrange", "before-place", "after-place", "before-retire", "after-retire",
	"before-erase", "after-erase",
	"before-stream", "after-stream", "before-compress", "after-compress", "before-unpack", "after-unpack",
	"before-check", "after-check", "before-retrieve", "after-retrieve", "before-examine", "after-examine", "before-clean", "after-clean",
	"job-recorded", "job-folder-made", "job-created", "job-launched", "job-identified", "job-released",
	"supervisor-granted", "supervisor-started", "supervisor-ended", "supervisor-result",
	"durable-written", "durable-renamed", "seal-before-manifest", "publish-after-rename",
	"work-before-folder", "work-before-removal", "retire-renamed",
	"compress-file", "compress-written", "compress-renamed", "examine-started", "examine-checked",
	"stage-file", "ahead-begun", "ahead-staged", "place-before-exchange", "place-after-exchange", "place-entry", "place-renamed",
	"before-replay", "after-replay", "replay-positioned", "replay-started", "replay-applied",
	"archive-synced", "archive-packed", "archive-headed", "archive-published",
	"on-finish-ran",
	"ledger-committed", "shared-written", "shared-settled",
}
