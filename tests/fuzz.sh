#!/usr/bin/env bash
# Fuzzes what reads bytes from outside, one target after another: tests/fuzz.sh [SECONDS PER TARGET] [TARGET…]
# Needs a nightly compiler and cargo-fuzz (cargo install --locked cargo-fuzz). What was found to be new input is kept in
# fuzz/corpus, what fails in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
seconds=${1:-60}
shift || true
# Our code has nothing unsafe, so panics, time and memory are looked for; a sanitizer would halve the number of runs.
flags=(--sanitizer "${SANITIZER:-none}")
# The same versions as in the program.
cp ../Cargo.lock Cargo.lock
cargo +nightly fuzz build "${flags[@]}"
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || mapfile -t targets < <(cargo +nightly fuzz list)
failed=()
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target" "artifacts/$target"
  log=$(mktemp)
  # The program itself, for `cargo fuzz run` would build it again. Seeds are read, not added to.
  if ! "target/$(rustc -vV | sed -n 's/^host: //p')/release/$target" "corpus/$target" "seeds/$target" \
    -artifact_prefix="artifacts/$target/" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=16384 \
    -print_final_stats=1 >"$log" 2>&1; then
    failed+=("$target")
    grep -v '^#' "$log" | tail -n 30
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  memory=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
  printf '%-18s %10s runs  %7s edges  %5s MB\n' "$target" "${runs:-?}" "${edges:-?}" "${memory:-?}"
  rm -f "$log"
done
if [ "${#failed[@]}" -gt 0 ]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
