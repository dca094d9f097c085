#!/bin/bash
# Stops the S3 server that start-s3.sh started on the same DIR, and removes DIR:
#
#   stop-s3.sh [DIR]
set -euo pipefail
. "$(dirname "$0")/common.sh"

state=${1:-$(default_state s3)}
check_state "$state"
# Whatever runs on this configuration: also what an interrupted start left.
mapfile -t pids < <(processes_with "$state/ceph.conf")
if [ ${#pids[@]} -gt 0 ]; then
  # Nothing of it is worth a clean end: the gateway alone would take five seconds for it.
  end_processes 1 "${pids[@]}"
  say "stopped processes ${pids[*]}"
else
  say "nothing runs in $state"
fi
drop_state "$state"
