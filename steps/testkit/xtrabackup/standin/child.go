package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// worker is the program that does the work.
func worker() (string, error) {
	for _, name := range []string{"mariadb-backup", "mariabackup"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("the stand-in needs mariadb-backup on PATH")
}

// work runs mariabackup and passes on what it prints, but for its last word,
// which is not the last of the whole.
func work(args ...string) error {
	path, err := worker()
	if err != nil {
		return err
	}
	cmd := exec.Command(path, args...)
	cmd.Stdout = os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case s := <-signals:
				_ = cmd.Process.Signal(s)
			case <-ended:
				return
			}
		}
	}()
	lines := bufio.NewReader(said)
	for {
		line, err := lines.ReadString('\n')
		if !strings.HasSuffix(strings.TrimSpace(line), "completed OK!") {
			fmt.Fprint(os.Stderr, line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitError(128 + int(status.Signal()))
	}
	return exitError(exit.ExitCode())
}
