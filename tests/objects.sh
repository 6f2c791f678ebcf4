#!/usr/bin/env bash
# The tests of attached files on object storage: starts a throw-away S3 server, runs them, takes it away.
# With -- COMMAND… that is run instead.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d /tmp/shirube-objects.XXXXXX)
server=
stop() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$place"; }
trap stop EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[server]==5.*'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# After these four requests, which make a bucket and a key, moto holds every signature against the key.
INITIAL_NO_AUTH_ACTION_COUNT=4 "$place/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$place/server.log" 2>&1 &
server=$!
for _ in $(seq 200); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
SHIRUBE_TEST_S3=$("$place/venv/bin/python" - "http://127.0.0.1:$port" <<'PYTHON'
import json, sys, boto3
def client(name): return boto3.client(name, endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
iam = client("iam")
iam.create_user(UserName="shirube")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.put_user_policy(UserName="shirube", PolicyName="files", PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName="shirube")["AccessKey"]
client("s3").create_bucket(Bucket="shirube-files")
print(sys.argv[1], "shirube-files us-east-1", key["AccessKeyId"], key["SecretAccessKey"])
PYTHON
)
export SHIRUBE_TEST_S3
if [ "${1:-}" = "--" ]; then shift; "$@"; exit; fi
nice cargo test --workspace --quiet --lib files::tests
nice tests/postgres.sh -- cargo test --workspace --quiet --test objects
