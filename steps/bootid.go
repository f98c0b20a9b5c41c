package steps

import (
	"fmt"
	"os"
	"strings"

	"dbcalm-db-cmd/steps/crashpoint"
)

// bootIDPath is where Linux tells one boot from the next (random(4)).
const bootIDPath = "/proc/sys/kernel/random/boot_id"

// CurrentBoot returns the id of the boot this process runs in.
func CurrentBoot() (string, error) {
	if simulated := crashpoint.BootID(); simulated != "" {
		return simulated, nil
	}
	text, err := os.ReadFile(bootIDPath)
	if err != nil {
		return "", fmt.Errorf("read boot id: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
