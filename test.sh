#!/bin/bash
# All tests, on a fresh machine too: it installs what it needs where it may (Debian, root). Without root it runs what
# needs none and says at the end what was skipped. With CI=true nothing may be skipped.
set -euo pipefail
cd "$(dirname "$0")"

left_out=()
packages=(git openssh-server openssh-client sudo ansible-core python3 iproute2 util-linux procps tmux asciinema chromium
  containerd runc containernetworking-plugins busybox-static openssl curl)
commands=(git sshd ssh sudo ansible-playbook ansible-inventory python3 unshare tmux asciinema chromium containerd runc busybox openssl curl)
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
allowed=$(sed '/^#/d' .ci/deadcode | cut -f1 | sort)
[ "$dead" = "$allowed" ] || { echo "delete it or plug it in (<), or take it off .ci/deadcode (>):"; diff <(echo "$dead") <(echo "$allowed"); exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/spraydeck" .

echo "== the lab's own tests"
go vet -C lab ./...
go test -C lab -count=1 ./...

# The tests in the lab wait more than they compute, so they run beside all others. A lab has fixed addresses: each lane gets
# a network of its own; where that cannot be had, the lanes take turns. What is in no lane runs in the last one. While they
# run, each test is named as it ends; all that they printed comes at the end.
lanes=(
  '^(TestNightsFromV224|TestWalk|TestNightsOfK3s|TestNightsOfUbuntu|TestKinds)$'
  '^(TestNightsOfKubeadm|TestNightsToV221|TestNightsToV224|TestOverride|TestDeadVIP)$'
  '^TestRealNodes$' # little of its time is computing
)
lane() { # NUMBER OPTION...
  local out=$work/lane$1 net=(unshare --net)
  shift
  unshare --net true 2>/dev/null || net=(flock "$work/e2e")
  SPRAYDECK_LAB=1 SPRAYDECK_BINARIES=$work "${net[@]}" sh -c 'ip link set lo up; cd e2e; exec "$@"' sh "$work/e2e" -test.timeout 60m -test.v "$@" 2>&1 |
    tee "$out" | grep --line-buffered '^--- '
}
failed=() running=()
if [ "$(id -u)" != 0 ]; then
  left_out+=("the lab tests: they make namespaces and need root; run: sudo make test")
elif ! command -v sshd >/dev/null; then
  left_out+=("the lab tests: no sshd")
else
  echo "== the lab begins: the real binary on a real control plane, over real SSH, with real Ansible"
  go build -C lab -o "$work/lab" .
  go test -c -o "$work/e2e" ./e2e
  all=$(IFS='|'; echo "${lanes[*]}")
  for i in "${!lanes[@]}"; do
    lane "$i" -test.run "${lanes[$i]}" &
    running+=($!)
  done
  lane ${#lanes[@]} -test.skip "$all" &
  running+=($!)
fi

echo "== tests, with the race detector"
# the detector needs cgo; without a C compiler the tests still run, and that is said
race=-race cgo=1
command -v "$(CGO_ENABLED=1 go env CC)" >/dev/null || { race= cgo=0; left_out+=("the race detector: install gcc"); }
# A process under the detector sleeps a second before it ends; the tests start hundreds.
export GORACE=atexit_sleep_ms=0
CGO_ENABLED=$cgo nice -n 5 go test $race -count=1 -timeout 40m $(go list ./... | grep -v /e2e) || failed+=("tests, with the race detector")

echo "== tests that are not for the race detector, and the catalogue: lint and its own tests"
catalogue() {
  local files names
  files=$(git ls-files '*_test.go' | xargs grep -l '^//go:build !race') # one goroutine each, and much to do
  names=$(sed -n 's/^func \(Test[A-Za-z0-9_]*\)(.*/\1/p' $files | paste -sd '|')
  go test -count=1 -run "^($names)\$" $(dirname $files | sort -u | sed 's,^,./,') &&
    "$work/spraydeck" lint runbooks &&
    "$work/spraydeck" test runbooks | tail -1
}
catalogue || failed+=("tests that are not for the race detector, and the catalogue")

echo "== the lab"
[ ${#running[@]} -gt 0 ] || go test -count=1 ./e2e || failed+=("e2e")
for i in "${!running[@]}"; do
  wait "${running[$i]}" || failed+=("the lab, lane $i")
  grep -v '^=== ' "$work/lane$i" || :
done

if [ ${#failed[@]} -gt 0 ]; then
  echo "== failed:"
  printf '   %s\n' "${failed[@]}"
  exit 1
fi
if [ ${#left_out[@]} -gt 0 ]; then
  echo "== skipped:"
  printf '   %s\n' "${left_out[@]}"
  [ "${CI:-}" != true ] || exit 1
  exit 0
fi
echo "== all passed"
