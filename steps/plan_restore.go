package steps

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
)

// Plan is what an operation would do, and what stands in its way.
type Plan struct {
	// Goes tells that every check is in order.
	Goes   bool       `json:"goes"`
	Checks []Check    `json:"checks"`
	Chain  []PlanLink `json:"chain,omitempty"`
	Space  *PlanSpace `json:"space,omitempty"`
	// Result is where the backup or the restored data will be, and how it gets
	// there.
	Result string `json:"result,omitempty"`
	// Replay is what would be done after the chain is prepared; nil for a restore to
	// the moment of the backup.
	Replay *archive.Plan `json:"replay,omitempty"`
	// Commands are the command lines in order; OPERATION stands for the id that
	// the operation will have.
	Commands []string `json:"commands,omitempty"`
}

// PlanLink is a backup of the chain that would be read.
type PlanLink struct {
	ID string `json:"id"`
	// StoredBytes are read, PlainBytes restored.
	StoredBytes int64 `json:"stored_bytes"`
	PlainBytes  int64 `json:"plain_bytes"`
	// AllocatedBytes is what those take on the disk, without the holes in them.
	AllocatedBytes int64     `json:"allocated_bytes"`
	FromLSN        uint64    `json:"from_lsn"`
	ToLSN          uint64    `json:"to_lsn"`
	Server         string    `json:"server"`
	Tool           string    `json:"tool"`
	StartTime      time.Time `json:"start_time"`
}

// PlanSpace is the room on the file system that takes the result, in bytes.
type PlanSpace struct {
	Path   string `json:"path"`
	Needed uint64 `json:"needed_bytes"`
	Free   uint64 `json:"free_bytes"`
}

// Room notes whether there is room for so many bytes.
func (p *Plan) Room(path string, size uint64, what string) {
	free, err := disk.FreeSpace(path)
	if err == nil {
		p.Space = &PlanSpace{Path: path, Needed: disk.WithMargin(size), Free: free}
		err = disk.RequireSpace(path, size, what)
	}
	detail := ""
	if err == nil {
		detail = fmt.Sprintf("%s needed on the file system of %s, %s free", disk.HumanBytes(p.Space.Needed), path, disk.HumanBytes(free))
	}
	p.look("room", err, detail)
}

// done sets the verdict.
func (p *Plan) done() Plan {
	p.Goes = true
	for _, f := range p.Checks {
		p.Goes = p.Goes && (f.OK || f.Note)
	}
	return *p
}

// PlannedOperation stands for an id that is not known yet.
const PlannedOperation = "OPERATION"

// PlanRestore tells what a restore would do, and everything that stands in its
// way at once. It changes nothing.
func (h *Host) PlanRestore(ctx context.Context, args Args) Plan {
	p := &Plan{}
	t := Task{Operation: PlannedOperation, Attempt: 1, Args: args, Data: Data{}}
	var links []store.Link
	for _, id := range args.IDList {
		l, err := h.Store.Link(ctx, id)
		if err == nil && len(links) > 0 {
			err = store.Joins(links[len(links)-1], l)
		}
		if l.Folder != "" {
			links = append(links, l)
			p.Chain = append(p.Chain, planLink(l))
		}
		p.look("backup "+id, err, "its files are there")
	}
	if err := h.CheckRetrievable(args.IDList); err != nil {
		p.look("retrieve", err, "")
	} else if len(links) == len(args.IDList) {
		size, err := h.restores().preparable(ctx, &t, links)
		detail := ""
		if err == nil {
			detail = t.Data.Tool.Name + " " + t.Data.Tool.Version + " fits every backup of the chain"
		}
		if p.look("tool", err, detail) {
			room := h.Store.BackupDir
			if args.Target == TargetDatabase {
				room = h.Server.DataDir
			}
			if args.To != "" {
				err := h.restores().planReplay(ctx, &t, links)
				p.look("moment", err, replayShort(t.Data.Replay))
				p.Replay = t.Data.Replay
				if p.Replay != nil {
					for _, note := range p.Replay.Notes {
						p.Checks = append(p.Checks, Noted("moment", note))
					}
				}
			}
			p.Room(room, size.Allocated+replayRoom(t.Data.Replay, h.Server.DBType), "the restore")
		}
	}
	if told := comeInside("", links); told != "" {
		p.Checks = append(p.Checks, Noted("tables", told))
	}
	if args.Target == TargetDatabase {
		p.look("server", h.Server.CheckDown(ctx), "it is stopped")
		p.look("data directory", h.Server.CheckEmpty(), emptiness(h.Server.DataDir))
		p.look("layout", h.restores().checkLayoutOf(ctx, links), "everything belongs into the data directory")
		if told := binlogStays("", args.Target, links); told != "" {
			p.Checks = append(p.Checks, Noted("binary log", told))
		}
		p.look("owner", h.Server.CheckOwner(), "the files can be handed over to the server")
	}
	placement, err := h.restores().planPlacement(t)
	if err != nil {
		p.look("place", err, "")
		return p.done()
	}
	p.Result = "into " + placement.Target + ", " + place.Manner[placement.Mode]
	if t.Data.Tool != nil {
		p.Commands = h.planCommands(t, placement, links)
	}
	return p.done()
}

func planLink(l store.Link) PlanLink {
	p := PlanLink{ID: l.Record.ID, FromLSN: l.Checkpoints.FromLSN, ToLSN: l.Checkpoints.ToLSN, StartTime: l.Record.StartTime}
	if size, err := l.Size(); err == nil {
		// #nosec G115 -- no file, disk or log has 2^63 bytes
		p.PlainBytes, p.StoredBytes, p.AllocatedBytes = int64(size.Apparent), int64(size.Apparent), int64(size.Allocated)
	}
	if m := l.Manifest; m != nil {
		p.StoredBytes = m.Size
		p.Server, p.Tool = m.Server.Version, m.Tool.Name+" "+m.Tool.Version
	}
	return p
}

// planCommands lists the command lines of a restore.
func (h *Host) planCommands(t Task, placement *place.Placement, links []store.Link) []string {
	var lines []string
	for i, l := range links {
		if !l.Streamed() {
			continue
		}
		spec := h.Tool.UnpackCommand(*t.Data.Tool, t.Data.Unpacker, placement.Link(i))
		if h.feed(&spec, l.Manifest) == nil {
			lines = append(lines, spec.Line())
		}
	}
	for i := range links {
		more := i < len(links)-1
		if i == 0 {
			lines = append(lines, h.Tool.PrepareCommand(*t.Data.Tool, placement.Prepared(), more).Line())
		} else {
			lines = append(lines, h.Tool.ApplyCommand(*t.Data.Tool, placement.Prepared(), placement.Link(i), more).Line())
		}
	}
	return lines
}

// emptiness says of an empty data directory what of a stopped server's is in it.
func emptiness(dataDir string) string {
	left, err := server.Leftovers(dataDir)
	if err != nil || len(left) == 0 {
		return dataDir + " is empty"
	}
	return dataDir + " holds only what a stopped server leaves, which will be moved aside: " + strings.Join(left, ", ")
}
