#!/bin/bash
# All tests, on a fresh machine too: it installs what it needs where it may (Debian, root). Without root it runs what
# needs none and says at the end what was skipped. With CI=true nothing may be skipped.
set -euo pipefail
cd "$(dirname "$0")"

left_out=()
packages=(git openssh-server openssh-client sudo ansible-core python3 iproute2 util-linux procps tmux asciinema chromium)
commands=(git sshd ssh sudo ansible-playbook ansible-inventory python3 unshare tmux asciinema chromium)
export PATH="$PATH:/usr/sbin:/sbin"
# The build flags of README.md and the Makefile: what a newcomer's first command compiled is reused here.
export CGO_ENABLED=0 GOFLAGS=-trimpath

missing=()
for c in "${commands[@]}"; do command -v "$c" >/dev/null || missing+=("$c"); done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "== installing: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  else
    left_out+=("tests that need ${missing[*]}: as root, apt-get install ${packages[*]}")
  fi
fi

echo "== vet and staticcheck"
go vet ./...
go tool staticcheck ./...
unformatted=$(git ls-files '*.go' | xargs -r gofmt -l)
[ -z "$unformatted" ] || { echo "not formatted: $unformatted"; exit 1; }

echo "== code that nothing reaches"
dead=$(go tool deadcode . ./runbooks/learn | sed 's/.*unreachable func: //' | sort)
allowed=$(grep -v '^#' .ci/deadcode | cut -f1 | sort)
[ "$dead" = "$allowed" ] || { echo "delete it or plug it in (<), or take it off .ci/deadcode (>):"; diff <(echo "$dead") <(echo "$allowed"); exit 1; }

echo "== tests, with the race detector"
# the detector needs cgo; without a C compiler the tests still run, and that is said
race=-race cgo=1
command -v "$(CGO_ENABLED=1 go env CC)" >/dev/null || { race= cgo=0; left_out+=("the race detector: install gcc"); }
# A process under the detector sleeps a second before it ends; the tests start hundreds.
export GORACE=atexit_sleep_ms=0
CGO_ENABLED=$cgo go test $race -count=1 $(go list ./... | grep -v /e2e)

echo "== the catalogue: its symptoms in every form of a log, lint and its own tests"
go test -count=1 -run 'TestEvery|TestSchemaAndParser|TestReadScripts' ./cli ./diagnose ./runbook # not under the race detector: one goroutine each
go build -o /tmp/spraydeck-test-$$ .
/tmp/spraydeck-test-$$ lint runbooks
/tmp/spraydeck-test-$$ test runbooks | tail -1
rm -f /tmp/spraydeck-test-$$

echo "== the lab's own tests"
go vet -C lab ./...
go test -C lab -count=1 ./...

echo "== the lab: the real binary on a real control plane, over real SSH, with real Ansible"
if [ "$(id -u)" != 0 ]; then
  left_out+=("the lab tests: they make namespaces and need root; run: sudo make test")
  go test -count=1 ./e2e
elif ! command -v sshd >/dev/null; then
  left_out+=("the lab tests: no sshd")
  go test -count=1 ./e2e
else
  go test -c -o /tmp/e2e-$$ ./e2e
  # A lab has fixed addresses, so each half of the tests gets a network of its own; where that cannot be had, they take turns.
  half() {
    local net=(unshare --net)
    unshare --net true 2>/dev/null || net=(flock /tmp/e2e-$$)
    SPRAYDECK_LAB=1 "${net[@]}" sh -c 'ip link set lo up; cd e2e; exec "$@"' sh /tmp/e2e-$$ -test.timeout 60m -test.v "$@" |
      grep --line-buffered -v '^=== '
  }
  long='^(TestNightsToV221|TestNightsToV224|TestWalk|TestKilledAtEveryWrite|TestKinds|TestOverride|TestDeadVIP)$'
  half -test.run "$long" >/tmp/e2e-$$.log 2>&1 &
  other=$!
  half -test.skip "$long" || failed=1
  wait $other || failed=1
  cat /tmp/e2e-$$.log
  rm -f /tmp/e2e-$$ /tmp/e2e-$$.log
  [ -z "${failed:-}" ] || exit 1
fi

if [ ${#left_out[@]} -gt 0 ]; then
  echo "== skipped:"
  printf '   %s\n' "${left_out[@]}"
  [ "${CI:-}" != true ] || exit 1
  exit 0
fi
echo "== all passed"
