#!/usr/bin/env bash
# A cold release build, as `cargo run --release` does it: crates downloaded, target folder empty. Writes out/build.json.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fetch --locked --quiet
CARGO_TARGET_DIR=$(mktemp -d)
export CARGO_TARGET_DIR
trap 'rm -rf "$CARGO_TARGET_DIR"' EXIT
mkdir -p bench/out
python3 - <<'PY'
import json, os, resource, subprocess, sys, time
sys.path.insert(0, "bench")
import measure
found = {"machine": measure.machine(), "idle_before": measure.idle_share(3), "cargo": subprocess.check_output(["cargo", "--version"], text=True).strip()}
start = time.perf_counter()
subprocess.run(["cargo", "build", "--release", "--locked", "--offline", "--quiet"], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
found["wall_s"] = round(time.perf_counter() - start, 1)
found["cpu_s"] = round(used.ru_utime + used.ru_stime, 1)
binary = os.path.join(os.environ["CARGO_TARGET_DIR"], "release", "shirube")
found["binary_bytes"] = os.path.getsize(binary)
found["version"] = subprocess.check_output([binary, "--version"], text=True).strip()
with open("bench/out/build.json", "w") as file:
    json.dump(found, file, indent=1)
print(json.dumps(found))
PY
