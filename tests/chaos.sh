#!/usr/bin/env bash
# Crashes, full disks, restarts of the database, cut networks, clocks that jump: tests/chaos.sh [ROUNDS], on SQLite and on
# a throw-away PostgreSQL. ROUNDS kill points each (default 1000); the other failures a share of them.
# SHIRUBE_CHAOS_SEED=N has a run again. What cannot be tried here is named.
set -euo pipefail
cd "$(dirname "$0")/.."
export SHIRUBE_CHAOS_ROUNDS="${1:-1000}"
place=$(mktemp -d /tmp/shirube-chaos.XXXXXX)
mounted=()
stop() { for folder in "${mounted[@]}"; do umount "$folder" || true; done; rm -rf "$place"; }
trap stop EXIT

# Killing a process takes nothing from it that the kernel has: folders may be in memory, which many of them need.
[ -d /dev/shm ] && [ -w /dev/shm ] && export TMPDIR=/dev/shm

# small NAME MEGABYTES: a file system that fills up.
small() {
  mkdir "$place/$1"
  mount -t tmpfs -o "size=$2m" tmpfs "$place/$1" 2>/dev/null || return 1
  mounted+=("$place/$1")
}
if small disk 12 && small tablespace 12; then
  export SHIRUBE_CHAOS_SMALL="$place/disk" SHIRUBE_CHAOS_TABLESPACE="$place/tablespace"
  chmod 755 "$place"
  [ "$(id -u)" != 0 ] || chown postgres "$place/tablespace" 2>/dev/null || true
else
  echo "full disks are not tried: mounting a small file system is not allowed here" >&2
fi

faketime() { ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null | head -n 1; }
if [ -z "$(faketime)" ] && [ "$(id -u)" = 0 ]; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends faketime; } >/dev/null 2>&1 || true
fi
SHIRUBE_CHAOS_FAKETIME=$(faketime)
if [ -n "$SHIRUBE_CHAOS_FAKETIME" ]; then
  export SHIRUBE_CHAOS_FAKETIME
else
  unset SHIRUBE_CHAOS_FAKETIME
  echo "clocks that jump are not tried: libfaketime is missing (apt-get install faketime)" >&2
fi

run=(cargo test --workspace --quiet --test chaos)
echo "== SQLite"
nice "${run[@]}" -- --nocapture --test-threads=1
echo "== PostgreSQL"
nice tests/postgres.sh -- "${run[@]}" --test restart -- --nocapture --test-threads=1
