#!/usr/bin/env bash
# The tests of mail on real servers: starts throw-away SMTP servers, runs them, takes them away.
# With -- COMMAND… that is run instead.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d /tmp/shirube-mail.XXXXXX)
server=
stop() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$place"; }
trap stop EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check 'aiosmtpd==1.4.*'
# Two authorities for the name localhost: one that the tests trust, one that nobody does.
for name in trusted other; do
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -addext basicConstraints=critical,CA:TRUE \
    -keyout "$place/$name-ca.key" -out "$place/$name-ca.pem" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$place/$name.key" -out "$place/$name.csr" 2>/dev/null
  printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' >"$place/ext"
  openssl x509 -req -in "$place/$name.csr" -CA "$place/$name-ca.pem" -CAkey "$place/$name-ca.key" -CAcreateserial -days 2 \
    -extfile "$place/ext" -out "$place/$name.pem" 2>/dev/null
done
: >"$place/came.jsonl"
"$place/venv/bin/python" - "$place" >"$place/ports" 2>"$place/server.log" <<'PYTHON' &
import email, email.policy, json, signal, socket, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
place = sys.argv[1]

class Handler:
    def __init__(self, tls=False):
        self.tls = tls

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        came = {"id": mail["message-id"], "from": mail["from"], "to": mail["to"], "subject": mail["subject"], "auto": mail["auto-submitted"],
                "type": mail.get_content_type(), "text": mail.get_content().replace("\r\n", "\n"), "rcpt": envelope.rcpt_tos,
                "headers": mail.keys(), "tls": self.tls or session.ssl is not None}
        with open(place + "/came.jsonl", "a") as file:
            file.write(json.dumps(came) + "\n")
        return "250 OK"

def context(name):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{place}/{name}.pem", f"{place}/{name}.key")
    return context

def check(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"plan", b"secret"), handled=False)

def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]

def start(tls=False, **more):
    at = port()
    Controller(Handler(tls), hostname="127.0.0.1", port=at, **more).start()
    return at

signed = {"authenticator": check, "auth_required": True}
ports = [
    start(),
    start(tls_context=context("trusted"), require_starttls=True, **signed),
    # All of it is encrypted, which aiosmtpd does not count as such.
    start(tls=True, ssl_context=context("trusted"), auth_require_tls=False, **signed),
    start(tls_context=context("other"), require_starttls=True, **signed),
]
print(*ports, place + "/came.jsonl", flush=True)
signal.pause()
PYTHON
server=$!
for _ in $(seq 200); do [ -s "$place/ports" ] && break; sleep 0.1; done
SHIRUBE_TEST_SMTP=$(cat "$place/ports")
[ -n "$SHIRUBE_TEST_SMTP" ] || { cat "$place/server.log" >&2; exit 3; }
export SHIRUBE_TEST_SMTP SSL_CERT_FILE="$place/trusted-ca.pem"
if [ "${1:-}" = "--" ]; then shift; "$@"; exit; fi
nice cargo test --workspace --quiet --test suite mail
nice cargo test --workspace --quiet --lib tests::mail
