#!/bin/bash
# Runs every fuzzer for SECONDS, as many at once as there are cores, and adds what gave new coverage
# to the corpus in the tree:  tests/fuzz/run-long.sh SECONDS [NAME...]      NAME: item_fuzz, ...
#
# Ends with status 1 when one has found something; its input is in build-fuzz/found/.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
[ $# -gt 0 ] || { sed -n '2,5s/^# //p' "$0" >&2 && exit 2; }
seconds=$1
shift
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(cd "$here" && basename -s .cpp -a -- *_fuzz.cpp)
tests/fuzz/build.sh build-fuzz
mkdir -p build-fuzz/found

run() {
  local name=$1 log=build-fuzz/found/$1.log status=0
  tests/fuzz/run-one.sh build-fuzz "$name" -max_total_time="$2" >"$log" 2>&1 || status=1
  echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions in $2 s" \
    "$([ $status = 0 ] || echo ": FOUND SOMETHING, see $log")"
  # Small ones only, and for new lines of code, not for how often: the corpus is part of the tree.
  build-fuzz/tests/fuzz/"$name" -merge=1 -use_counters=0 -max_len=2048 -verbosity=0 "$here/corpus/${name%_fuzz}" \
    "build-fuzz/found/$name" >/dev/null 2>&1 || true
  return $status
}
export -f run
export here
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c "run {} $seconds" || exit 1
