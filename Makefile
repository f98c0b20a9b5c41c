# What a person and the checks run. `make` alone lists it.

SHELL         := /bin/bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help
# sudo's PATH lacks the folder Go is usually in.
export PATH   := $(PATH):/usr/local/go/bin

PREFIX   ?= /usr/local
DESTDIR  ?=
BIN      ?= bin
FUZZTIME ?= 10s
MATRIX   ?= mariadb-10.5 mariadb-10.11 mariadb-11.8 mysql-5.6 mysql-9.7
# A pattern of the matrix's rows, empty for all of them.
ROWS     ?=
# The table that keeps what the newest run of each of its cells found; empty for none.
MATRIX_OUT ?= $(abspath $(versions))
CRASH_KILLS  ?= 10000
CRASH_TIME   ?= 24h
CRASH_WORLDS ?= 3
SCREENS_MIB  ?= 2048
BENCH_MIB    ?= 512
BENCH_TABLES ?= 20000
BENCH_ROUNDS ?= 5
# Sizes in MiB, each with its rounds.
GROWTH       ?= 512x5 4096x3 16384x1
LOAD_OPERATIONS ?= 1000000
# A folder on the disk whose speed counts; empty for one that is removed afterwards.
LOAD_DIR     ?=
DB       ?= mariadb
# Asked for when it is first wanted, and once: program and package have the same.
VERSION  ?= $(eval VERSION := $(shell $(packaging)/version.sh))$(VERSION)
# One moment for every file and page, so that the same source gives the same
# package.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)

program     := dbcalm-db-cmd
binary      := $(BIN)/$(program)
matrix      := cmd/$(program)/e2e/testdata/crash-matrix.md
versions    := cmd/$(program)/e2e/testdata/versions.md
folders     := cmd machine persistence steps transport
rooms       := $(sort $(folders) $(shell find $(folders) -name '*_test.go' -printf '%h\n'))
load        := cmd/$(program)/e2e/testdata/load.md
speed       := cmd/$(program)/e2e/testdata/speed.md
growth      := cmd/$(program)/e2e/testdata/growth.md
screens     := cmd/$(program)/e2e/testdata/screens.md
archived    := cmd/$(program)/e2e/testdata/archive.md
shell_files := $(wildcard .ci/*) $(shell find $(folders) -name '*.sh')
packaging   := cmd/$(program)/packaging
nfpm        := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
staticcheck := honnef.co/go/tools/cmd/staticcheck@v0.8.2
gosec       := github.com/securego/gosec/v2/cmd/gosec@v2.29.0
govulncheck := golang.org/x/vuln/cmd/govulncheck@v1.9.0
# The version is stamped by hand: go's own stamp needs git to trust the folder.
go_build    := go build -trimpath -buildvcs=false -ldflags "-X main.version=$(VERSION)" -o $(binary) ./cmd/$(program)

# SQLite is C that was translated into Go: under the race detector each of its
# steps costs a multiple, and its own code is not what we look for races in. The
# detector sees all that happens around it. Only that one package is left out:
# code of others that is shared by packages would be left out for all of them.
go_test := go test -race '-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0' -count=1

.PHONY: help
help: ## List these targets
	@awk -F ': .*## ' '/^[a-zA-Z-]+:.* ## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/dbcalm-db-cmd
	$(go_build)

.PHONY: build-static
build-static: ## Build bin/dbcalm-db-cmd as one static binary that runs on any Linux
	CGO_ENABLED=0 $(go_build)
	@answer=$$(LC_ALL=C ldd $(binary) 2>&1) || true; [[ $$answer == *'not a dynamic executable'* ]] || \
		{ printf '%s is not static: %s\n' $(binary) "$$answer" >&2; exit 1; }

.PHONY: install
install: build ## Build, then install with unit, manual and the rest into $(DESTDIR)$(PREFIX)
	$(packaging)/install.sh $(binary) '$(PREFIX)' '$(DESTDIR)'

.PHONY: deb
deb: build-static ## Build a Debian package in bin
	rm -rf $(BIN)/deb $(BIN)/$(program)_*.deb
	$(packaging)/install.sh $(binary) /usr $(BIN)/deb
	@find $(BIN)/deb -exec touch --no-dereference --date=@$(SOURCE_DATE_EPOCH) {} +
	DEB_TREE=$(BIN)/deb DEB_VERSION=$(VERSION) DEB_ARCH=$$(go env GOARCH) \
		go run $(nfpm) package --config $(packaging)/nfpm.yaml --packager deb --target $(BIN)

.PHONY: trial
trial: deps deb ## Install, use, upgrade and purge the package under a systemd of its own (root only)
	$(packaging)/trial/trial.sh $(BIN)/$(program)_*.deb

# All tests have the race detector; of the daemons that e2e starts those have it
# whose tests are in watchedForRaces (e2e/main_test.go). Tests wait for programs and
# disks much of the time: four at once keep two processors busy, which have better
# to do than to look after small heaps.
.PHONY: test
test: export GOGC := 400
# The race detector lets each program sleep for a second at its end.
test: export GORACE := atexit_sleep_ms=0 $(GORACE)
test: deps ## Run all tests with the race detector, on private MariaDB servers
	@CGO_ENABLED=1 $(go_test) -v -run '^TestKits$$' ./steps | sed -n 's/^kit: /conformance suite: /p'
	CGO_ENABLED=1 .ci/temp $(go_test) -parallel 4 -timeout 45m ./...

.PHONY: quick
quick: ## Build, vet and run the fast tests; needs no database server
	$(go_build)
	go vet ./...
	@.ci/quick ./...

# A rule with % would not match the slash in test-steps/stream.
.PHONY: test-FOLDER $(rooms:%=test-%)
test-FOLDER: ## Run the tests of one folder and what is below it, as in make test-steps/stream
	@printf 'there is test-%s\n' $(rooms)

$(rooms:%=test-%): deps
	CGO_ENABLED=1 .ci/temp $(go_test) -timeout 30m ./$(@:test-%=%)/...

.PHONY: conformance
conformance: export LONG_TESTS := 1
conformance: deps ## Hold every backup tool and server there is to what the daemon relies on, and name them
	CGO_ENABLED=1 $(go_test) -timeout 30m -v -run '^(TestKits|TestConformance|TestServerConformance)$$' ./steps | grep -E '^(kit:|ok|FAIL|panic)|--- |_test.go'

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (10s)
	.ci/fuzz $(FUZZTIME)

# go test runs GOMAXPROCS parallel tests at a time: one a world, two a half.
.PHONY: crash
crash: deps ## Kill everything CRASH_KILLS (10000) times or for CRASH_TIME (24h), and print the matrix
	@mkdir -p $(dir $(matrix))
	CRASH_KILLS=$(CRASH_KILLS) CRASH_TIME=$(CRASH_TIME) CRASH_WORLDS=$(CRASH_WORLDS) CRASH_OUT=$(abspath $(matrix)) \
		GOMAXPROCS=$$((2 * $(CRASH_WORLDS))) CGO_ENABLED=1 go test -count=1 -timeout 0 -run '^TestCrashMatrix$$' ./cmd/$(program)/e2e
	@cat $(matrix)

.PHONY: matrix
matrix: deps ## Run the tests on real servers, MATRIX (of MariaDB 10.5 to MySQL 9.7), each got once, and print the table
	servers=$$(.ci/servers $(MATRIX)); MATRIX_SERVERS=$$servers MATRIX_ROWS='$(ROWS)' MATRIX_OUT='$(MATRIX_OUT)' \
		CGO_ENABLED=1 go test -tags matrix -v -count=1 -timeout 0 -run '^TestMatrix$$' ./cmd/$(program)/e2e

.PHONY: powerloss
powerloss: deps ## Cut the power on a file system that forgets what is not durable (root only)
	CGO_ENABLED=1 go test -tags powerloss -count=1 -timeout 30m -run '^TestPowerLoss$$' ./cmd/$(program)/e2e

.PHONY: long
long: export LONG_TESTS := 1
long: test powerloss ## Run make test and make powerloss with whole matrices, of which they run a quarter each

.PHONY: moments
moments: deps ## Bring data to 20 moments of a writer of all kinds, and kill a replay and the archive 100 times each
	go test -v -tags moments -count=1 -timeout 60m -run '^(TestReplay|TestArchiveSurvives)' ./steps/boot ./steps/archive

.PHONY: archive-speed
archive-speed: deps ## Measure how far the archive is behind, what it costs the server, and how fast a replay is, and print the table
	ARCHIVE_OUT=$(abspath $(archived)) go test -v -tags moments -count=1 -timeout 30m -run '^TestArchiveSpeed$$' ./steps/boot

# A mount of the run's own goes with it.
.PHONY: bench
bench: deps ## Compare operations with the bare tools: BENCH_MIB (512) of data, BENCH_TABLES (20000), BENCH_ROUNDS (5)
	BENCH_MIB=$(BENCH_MIB) BENCH_TABLES=$(BENCH_TABLES) BENCH_ROUNDS=$(BENCH_ROUNDS) BENCH_OUT=$(abspath $(speed)) \
		$(if $(filter 0,$(shell id -u)),unshare --mount) \
		go test -v -tags speed -count=1 -timeout 6h -run '^TestSpeed$$' ./cmd/$(program)/e2e

.PHONY: growth
growth: deps ## Compare operations with the bare tools at several sizes of the data, GROWTH, and look ahead to 10 TiB
	GROWTH='$(GROWTH)' GROWTH_OUT=$(abspath $(growth)) \
		go test -v -tags speed -count=1 -timeout 6h -run '^TestGrowth$$' ./cmd/$(program)/e2e

.PHONY: load
load: deps ## Measure a daemon whose history has LOAD_OPERATIONS (1000000), alone and in a crowd, and print the table
	@dir='$(LOAD_DIR)'; [ -n "$$dir" ] || { dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; }; \
	export LOAD_DIR="$$dir" LOAD_OPERATIONS=$(LOAD_OPERATIONS) LOAD_OUT=$(abspath $(load)); \
	[ -e "$$dir/db.sqlite3" ] || go test -v -tags load -count=1 -timeout 0 -run '^TestBuildHistory$$' ./persistence; \
	go test -v -tags load -count=1 -timeout 30m -run '^TestLoad$$' ./cmd/$(program)/e2e
	@cat $(load)

.PHONY: year
year: ## Let a daemon live through a year of hourly backups, and look that it leaks nothing
	go test -v -tags year -count=1 -timeout 0 -run '^TestYear$$' ./machine

.PHONY: screens
screens: deps ## Print what an administrator sees of real operations on SCREENS_MIB (2048) of data
	SCREENS_MIB=$(SCREENS_MIB) SCREENS_OUT=$(abspath $(screens)) go test -count=1 -timeout 30m -run '^TestScreens$$' ./cmd/$(program)/e2e
	@cat $(screens)

.PHONY: fmt
fmt: ## Format the Go files
	gofmt -w $(folders)

.PHONY: vet
vet: ## Run go vet, on what is built for tests alone, too
	go vet ./...
	go vet -tags speed,powerloss,crashpoints,load,year,matrix,moments ./...

.PHONY: lint
lint: deps vet ## Check formatting, then run go vet, staticcheck, gosec and shellcheck
	@unformatted=$$(gofmt -l $(folders)); [ -z "$$unformatted" ] || { printf 'run make fmt for:\n%s\n' "$$unformatted" >&2; exit 1; }
	@long=$$({ LC_ALL=C.UTF-8 grep -rnE --include='*.go' '^.{141,}' $(folders) || [ $$? = 1 ]; } | cut -d: -f1-2); [ -z "$$long" ] || \
		{ printf 'wrap these lines, which have more than 140 columns:\n%s\n' "$$long" >&2; exit 1; }
	go run $(staticcheck) ./...
	@# What makes tests of the others is no part of the program.
	go run $(gosec) -quiet -exclude-dir=testkit ./...
	shellcheck $(shell_files)

.PHONY: vulnerabilities
vulnerabilities: ## Look for known holes in the modules and the Go that the program is made of
	@.ci/vulnerabilities $(govulncheck)

.PHONY: demo
demo: deps build ## Back up, lose and restore a private server, with every row compared (DB=mysql for MySQL)
	cmd/$(program)/demo/demo.sh $(binary) $(DB)

.PHONY: deps
deps: ## Install what is missing of MariaDB, mariadb-backup, a C compiler, shellcheck, age
	@.ci/deps

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin
