#!/bin/bash
# Builds the fuzzers, with clang 16:  tests/fuzz/build.sh [DIRECTORY]     default: build-fuzz
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
build=${1:-build-fuzz}
if [ ! -f "$build/build.ninja" ]; then
  CC=clang-16 CXX=clang++-16 cmake -S . -B "$build" -G Ninja -DDDBVAULT_FUZZ=ON \
    -DDDBVAULT_WERROR=ON -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -gline-tables-only" \
    >"$build.log" 2>&1 || { cat "$build.log" >&2 && exit 1; }
  rm -f "$build.log"
fi
echo "building $build fuzzers"
ninja -C "$build" fuzzers
