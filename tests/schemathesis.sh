#!/usr/bin/env bash
# Asks everything the API document names, with data that fits it and data that does not, as the owner of a throw-away
# portal: no answer may be a fault of the server, nor other than the document says.
# Needs target/release/shirube and python3 with venv. Arguments go to schemathesis (default: a short run).
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d /tmp/shirube-schemathesis.XXXXXX)
server=
stop() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$place"; }
trap stop EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis==4.*'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
SHIRUBE_LIMITS_PER_SECOND=0 target/release/shirube serve --listen "127.0.0.1:$port" --pack packs/fictional-city --data "$place/data" >"$place/log" 2>&1 &
server=$!
for _ in $(seq 200); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
[ "$#" -gt 0 ] || set -- --max-examples 20
cd "$place"
# Records that are there, so that questions about one come to something. 428 is what RFC 6585 has for a missing If-Match.
cat >schemathesis.toml <<'TOML'
[checks]
missing_required_header.expected-statuses = ["4xx"]

[[operations]]
include-path-regex = "^/api/v1/registers/\\{register\\}/records/"
parameters = { register = "tree", id = [3, 4, 5, 1000000] }
TOML
# What a record's content must keep is the pack's, and not in the document: a body that fits it may still be refused.
venv/bin/schemathesis run "http://127.0.0.1:$port/api/openapi.json" --checks all --exclude-checks positive_data_acceptance \
  --seed 1 --warnings off --no-color "$@"
kill -0 "$server" || { cat "$place/log" >&2; echo "the portal has ended" >&2; exit 1; }
