#!/bin/bash
# Runs one fuzzer from its corpus:  tests/fuzz/run-one.sh BUILD NAME [libFuzzer's options]
#
# What it finds that is new goes into BUILD/found/NAME/, an input that breaks something beside that,
# as BUILD/found/NAME-crash-...; the corpus in the tree stays as it is.
set -euo pipefail
corpus=$(dirname "$(readlink -f "$0")")/corpus
build=$1
name=$2
shift 2
found=$build/found/$name
rm -rf "$found"
mkdir -p "$found"
exec "$build/tests/fuzz/$name" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$found-" \
  -print_final_stats=1 -verbosity=0 "$@" "$found" "$corpus/${name%_fuzz}"
