package digest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// watched are the events that a folder is watched for. What is removed or
// renamed away needs none: its digest fits no file any more.
const watched = unix.IN_CLOSE_WRITE | unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_ONLYDIR

// event is one of inotify(7).
type event struct {
	watch int32
	mask  uint32
	name  string
}

// events are those of the watched folders, in the order in which they happened.
type events struct {
	inotify int
	// over is an eventfd(2) that says that no more will happen.
	over int
}

func newEvents() (*events, error) {
	inotify, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch folders: %w", err)
	}
	over, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(inotify)
		return nil, fmt.Errorf("watch folders: %w", err)
	}
	return &events{inotify, over}, nil
}

// add watches an open folder, whatever it is called, and returns the number of
// the watch.
func (e *events) add(folder *os.File) (int32, error) {
	watch, err := unix.InotifyAddWatch(e.inotify, fmt.Sprintf("/proc/self/fd/%d", folder.Fd()), watched)
	// #nosec G115 -- the kernel's own type
	return int32(watch), err
}

// read hands over all that happens until end is called, and what has happened by
// then. Whatever is lost, as when the kernel's queue overflows, is not told.
func (e *events) read(happened func(event)) {
	buffer := make([]byte, 64<<10)
	// #nosec G115 -- descriptors are small
	waiting := []unix.PollFd{{Fd: int32(e.inotify), Events: unix.POLLIN}, {Fd: int32(e.over), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(waiting, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil {
			return
		}
		// Looked at before the events are read: all that happened until then is.
		over := waiting[1].Revents != 0
		for {
			n, err := unix.Read(e.inotify, buffer)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			if err != nil || n <= 0 {
				break
			}
			parse(buffer[:n], happened)
		}
		if over {
			return
		}
	}
}

// parse cuts what was read into events: numbers in the machine's order, then the
// name, filled up with zeros.
func parse(text []byte, happened func(event)) {
	number := binary.NativeEndian.Uint32
	for len(text) >= unix.SizeofInotifyEvent {
		length := int(number(text[12:]))
		end := min(len(text), unix.SizeofInotifyEvent+length)
		name := unix.ByteSliceToString(text[unix.SizeofInotifyEvent:end])
		// #nosec G115 -- the kernel's own type
		happened(event{watch: int32(number(text)), mask: number(text[4:]), name: name})
		text = text[end:]
	}
}

// end says that no more will happen.
func (e *events) end() {
	_, _ = unix.Write(e.over, binary.NativeEndian.AppendUint64(nil, 1))
}

func (e *events) close() {
	_ = unix.Close(e.inotify)
	_ = unix.Close(e.over)
}
