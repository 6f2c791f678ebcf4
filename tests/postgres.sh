#!/usr/bin/env bash
# The tests of the store, the keyring, the outbox, the connections to them and traces of them on PostgreSQL: starts a throw-away cluster,
# runs them, takes it away.
# With -- COMMAND… that is run instead.
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
# An authority, the certificate it gives the server for the name `localhost`, and an authority that gave it none.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=$1" \
    -keyout "$place/tls/$1.key" -out "$place/tls/$1.pem" 2>/dev/null
}
mkdir "$place/tls"
authority ca
authority other
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
  -keyout "$place/tls/server.key" -out "$place/tls/server.csr" 2>/dev/null
openssl x509 -req -in "$place/tls/server.csr" -CA "$place/tls/ca.pem" -CAkey "$place/tls/ca.key" -CAcreateserial -days 1 \
  -extfile <(echo subjectAltName=DNS:localhost) -out "$place/tls/server.pem" 2>/dev/null
[ "$(id -u)" != 0 ] || chown postgres "$place/tls/server.key"
pg pg_ctl -D "$place/data" -w -l "$place/server.log" \
  -o "-p $port -k $place -c listen_addresses=127.0.0.1 -c max_connections=200 \
      -c ssl=on -c ssl_cert_file=$place/tls/server.pem -c ssl_key_file=$place/tls/server.key" start >/dev/null
pg createdb -h 127.0.0.1 -p "$port" -U shirube shirube
export SHIRUBE_TEST_POSTGRES="postgresql://shirube@127.0.0.1:$port/shirube"
# By name and with TLS, for tests of that.
export SHIRUBE_TEST_POSTGRES_TLS="postgresql://shirube@localhost:$port/shirube" SHIRUBE_TEST_POSTGRES_CA="$place/tls"
# Restarts the server, for tests of that.
export SHIRUBE_TEST_POSTGRES_RESTART="cd / && ${as[*]} $bin/pg_ctl -D $place/data -w -m immediate -l $place/server.log restart"
if [ "${1:-}" = "--" ]; then shift; "$@"; exit; fi
# Of the whole workspace, as everywhere: a part of it has other features and would be built anew.
nice cargo test --workspace --quiet --lib conformance
nice cargo test --workspace --quiet --test suite --test traces
