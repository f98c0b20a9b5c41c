package config

import "testing"

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{
		"0":            0,
		"1048576":      mebibyte,
		"512M":         512 * mebibyte,
		"512m":         512 * mebibyte,
		"512MB":        512 * mebibyte,
		"512 MiB":      512 * mebibyte,
		" 2G ":         2 * gibibyte,
		"16K":          16 * kibibyte,
		"1T":           tebibyte,
		"8388607T":     8388607 * tebibyte,
		"1.5G":         -1,
		"-1":           -1,
		"G":            -1,
		"":             -1,
		"2GM":          -1,
		"2X":           -1,
		"8388608T":     -1,
		"99999999999G": -1,
	} {
		got, err := parseSize(text)
		if want < 0 {
			if err == nil {
				t.Errorf("parseSize(%q) = %d, want an error", text, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestSizeIsWrittenAsItIsRead(t *testing.T) {
	t.Parallel()
	for size, want := range map[Size]string{
		0: "0", 1000: "1000", kibibyte: "1K", 1536 * mebibyte: "1536M", 2 * gibibyte: "2G", gibibyte + 1: "1073741825",
	} {
		if size.String() != want {
			t.Errorf("%d is written %s, want %s", size, size, want)
		}
		if again, err := parseSize(size.String()); err != nil || again != size {
			t.Errorf("%s is read as %d, %v", size, again, err)
		}
	}
}
