package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal: what a program writes to it, a test reads.
type terminal struct {
	*os.File
	read chan string
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	p := &terminal{File: file, read: make(chan string, 1)}
	go func() {
		// The end of a terminal whose last writer has gone reads as EIO.
		text, _ := io.ReadAll(master)
		p.read <- string(text)
	}()
	return p
}

// shown closes the terminal and returns what has been written to it.
func (p *terminal) shown(t *testing.T) string {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(<-p.read, "\r\n", "\n")
}
