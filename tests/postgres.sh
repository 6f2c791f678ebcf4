#!/usr/bin/env bash
# The tests of the store, the keyring and the outbox on PostgreSQL: starts a throw-away cluster, runs them, takes it away.
# Arguments go to cargo test (default: --quiet); with -- COMMAND… that is run instead.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -x "$bin/initdb" ] || { echo "no PostgreSQL in /usr/lib/postgresql: apt-get install postgresql" >&2; exit 2; }
place=$(mktemp -d /tmp/shirube-postgres.XXXXXX)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
  as=(runuser -u postgres --)
  chown postgres "$place"
fi
pg() { (cd / && "${as[@]}" "$bin/$@"); }
stop() { pg pg_ctl -D "$place/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$place"; }
trap stop EXIT
pg initdb -D "$place/data" -U shirube --auth=trust -E UTF8 --locale=C >/dev/null
pg pg_ctl -D "$place/data" -w -l "$place/server.log" \
  -o "-p $port -k $place -c listen_addresses=127.0.0.1 -c max_connections=200" start >/dev/null
pg createdb -h 127.0.0.1 -p "$port" -U shirube shirube
export SHIRUBE_TEST_POSTGRES="postgresql://shirube@127.0.0.1:$port/shirube"
# Restarts the server, for tests of that.
export SHIRUBE_TEST_POSTGRES_RESTART="cd / && ${as[*]} $bin/pg_ctl -D $place/data -w -m immediate -l $place/server.log restart"
if [ "${1:-}" = "--" ]; then shift; "$@"; exit; fi
nice cargo test -p shirube-store -p shirube-keyring -p shirube-outbox "${@:---quiet}"
