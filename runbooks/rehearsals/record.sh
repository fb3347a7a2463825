#!/bin/bash
# Records the demo anew: a real run in the lab, with the dead virtual address and its remedy. As root; it takes about
# three minutes. The lab gets a network and a host name of its own, so that nothing of this machine is in the recording.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export CGO_ENABLED=0 GOFLAGS=-trimpath
if [ "${1:-}" != inside ]; then
  go build -o /tmp/spraydeck-record/spraydeck "$here/../.."
  go build -C "$here/../../lab" -o /tmp/spraydeck-record/lab .
  exec unshare --net --uts "$here/record.sh" inside
fi
ip link set lo up
hostname bastion
cd /tmp/spraydeck-record
lab=/tmp/spraydeck-lab
./lab up --dir $lab --fault dead-vip >/dev/null
trap './lab down --dir $lab' EXIT
. $lab/env
rm -rf state
XDG_STATE_HOME=$PWD/state XDG_CONFIG_HOME=$PWD/config LC_ALL=C.UTF-8 ./spraydeck run kubespray-v2.28.0 \
  --set ansible=system --checkout "$LAB_CHECKOUT" --ssh-config "$LAB_SSH_CONFIG" --plain --answers "$here/demo.answers"
XDG_STATE_HOME=$PWD/state ./spraydeck export --format jsonl | gzip -9 -n >"$here/demo.jsonl.gz"
ls -l "$here/demo.jsonl.gz"
