# The verbs of this project. `make` alone builds.

.PHONY: build demo test lint bench lab generate tools

# One set of build flags, the same as in README.md and test.sh: what one command compiled, the next one reuses.
export CGO_ENABLED = 0
export GOFLAGS = -trimpath

build:
	go build -ldflags='-s -w' -o bin/spraydeck .

# The embedded rehearsal: a real upgrade, recorded, with you deciding. It needs no cluster, no root and no network.
demo:
	go run . demo

# Everything: vet, staticcheck, the tests under -race, and the lab. It installs what it needs (Debian, as root).
test:
	./test.sh

lint:
	go vet ./...
	go tool staticcheck ./...
	go run . lint runbooks

bench:
	go test -run '^$$' -bench . -benchtime 3x ./...

# A practice cluster on this machine: real control plane, real sshd, real ansible. As root.
lab:
	go run -C lab . up --dir /tmp/spraydeck-lab

generate:
	go generate ./...
	go test -run TestCoverage . -update-coverage
