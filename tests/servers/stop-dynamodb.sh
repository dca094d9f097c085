#!/bin/bash
# Stops the DynamoDB Local that start-dynamodb.sh started on the same DIR, and removes DIR:
#
#   stop-dynamodb.sh [DIR]
set -euo pipefail
. "$(dirname "$0")/common.sh"

state=${1:-$(default_state dynamodb)}
check_state "$state"
mapfile -t pids < <(processes_with "-Dddbvault.state=$state-")
if [ ${#pids[@]} -gt 0 ]; then
  end_processes 5 "${pids[@]}"
  say "stopped process ${pids[*]}"
else
  say "nothing runs in $state"
fi
drop_state "$state"
