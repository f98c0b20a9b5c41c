package tool

import (
	"path"
	"regexp"
)

// dataFileName matches the name of a file below the data directory in what a tool
// prints, such as ./shop/orders.ibd.
var dataFileName = regexp.MustCompile(`\./([^/\s'"]+/)?[^/\s'"]+`)

// OmittedFiles returns the files that a tool says it leaves out, in lines of its
// output, relative to the data directory.
func OmittedFiles(lines []string) []string {
	var files []string
	for _, line := range lines {
		for _, name := range dataFileName.FindAllString(line, -1) {
			files = append(files, path.Clean(name))
		}
	}
	return files
}
