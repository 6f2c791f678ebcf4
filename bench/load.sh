#!/usr/bin/env bash
# Load on Shirube and its peer in one run, after run.sh has installed the peer; a throw-away PostgreSQL for the shared log:
#   bench/load.sh [options of load.py]
# Needs besides: rustc.
set -euo pipefail
cd "$(dirname "$0")"
export BENCH_HOME=${BENCH_HOME:-${TMPDIR:-/tmp}/shirube-bench}
mkdir -p "$BENCH_HOME" out
rustc --edition 2024 -O load.rs -o "$BENCH_HOME/load"
exec ../tests/postgres.sh -- bash -c 'BENCH_DATABASE=$SHIRUBE_TEST_POSTGRES; unset "${!SHIRUBE_TEST_@}"; export BENCH_DATABASE; exec python3 bench/load.py "$@"' load "$@"
