# The verbs of this project. `make` alone builds.

.PHONY: build demo test lint bench lab generate tools

# Without cgo: with it the linker keeps every symbol, because a library of kubectl can load plugins; that is twice the
# size on disk and in memory.
build:
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/spraydeck .

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
