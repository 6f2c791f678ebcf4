"""Directus on SQLite: a record-keeping product with a REST API, as `run.sh` installs it from the npm registry.

Each record created through it leaves an activity and a revision, its counterpart of a history. Rules are declared as far
as it can hold them: required fields and code lists; no rule across fields, no uniqueness over two fields.
"""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import urllib.parse

from measure import Http, folder_size, free_port, peak_memory, stop, timed, wait_until
from questions import FOCUS, PER_PAGE, STAGES

TOKEN = "bench-token-bench-token-bench-token"
BATCH = 1000
FILE = 5000  # records of the file import; it takes them at a steady pace


def choice(name, codes, required=False):
    rule = {"_and": [{name: {"_in": codes}}]}
    return {"field": name, "type": "string", "schema": {"is_nullable": not required, "is_indexed": True, "max_length": 20}, "meta": {"required": required, "validation": rule}}


def plain(name, kind, required=False, indexed=True, **meta):
    return {"field": name, "type": kind, "schema": {"is_nullable": not required, "is_indexed": indexed}, "meta": {"required": required, **meta}}


COLLECTION = {
    "collection": "project",
    "schema": {},
    "meta": {"accountability": "all"},
    "fields": [
        {"field": "id", "type": "integer", "schema": {"is_primary_key": True, "has_auto_increment": True}, "meta": {}},
        plain("survey_year", "integer", required=True),
        {"field": "theme", "type": "string", "schema": {"is_nullable": False, "is_indexed": True, "max_length": 60}, "meta": {"required": True}},
        {"field": "title", "type": "string", "schema": {"max_length": 255}, "meta": {}},
        plain("adopted_on", "date"),
        plain("grant", "bigInteger", validation={"_and": [{"grant": {"_gte": 0}}]}),
        choice("focus", FOCUS),
        choice("stage", STAGES, required=True),
        plain("under_one_year", "boolean", required=True, special=["cast-boolean"]),
        choice("outcome", ["same", "up", "market"]),
        choice("stage_after", [*STAGES, "market"]),
        choice("state", ["draft", "reported", "confirmed", "withdrawn"], required=True),
    ],
}


def typed(row):
    """A row of the file as JSON for the API; blanks are left out."""
    found = {("state" if name == "_state" else name): text for name, text in row.items() if text != ""}
    for name in ("survey_year", "grant"):
        if name in found:
            found[name] = int(found[name])
    found["under_one_year"] = found["under_one_year"] == "true"
    return found


class Directus:
    name = "directus"

    def __init__(self, home):
        self.installed = os.path.join(home, "directus")
        self.node = os.path.join(home, "node", "node_modules", "node", "bin", "node")
        self.folder = tempfile.mkdtemp(prefix="directus-", dir=home)
        self.file = os.path.join(self.folder, "data.db")
        self.port = free_port()
        with open(os.path.join(self.installed, "node_modules", "directus", "package.json")) as file:
            node = subprocess.check_output([self.node, "--version"], text=True).strip()
            self.version = f"Directus {json.load(file)['version']} on Node {node} and SQLite"
        for name in ("uploads", "extensions"):
            os.mkdir(os.path.join(self.folder, name))
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": self.folder,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "DB_CLIENT": "sqlite3",
            "DB_FILENAME": self.file,
            "SECRET": "bench-secret-bench-secret-bench-secret",
            "ADMIN_EMAIL": "bench@example.com",
            "ADMIN_PASSWORD": "bench-password",
            "ADMIN_TOKEN": TOKEN,
            "TELEMETRY": "false",
            "LOG_LEVEL": "error",
            "CACHE_ENABLED": "false",
            "RATE_LIMITER_ENABLED": "false",
            "PRESSURE_LIMITER_ENABLED": "false",  # it refuses work on a busy machine
            "QUERY_LIMIT_MAX": "-1",
            "NODE_ENV": "production",
            "STORAGE_LOCATIONS": "local",
            "STORAGE_LOCAL_ROOT": os.path.join(self.folder, "uploads"),
            "EXTENSIONS_PATH": os.path.join(self.folder, "extensions"),
        }
        self.process = None
        self.http = None

    def command(self, *arguments):
        return [self.node, os.path.join(self.installed, "node_modules", "directus", "cli.js"), *arguments]

    def start(self):
        subprocess.run(self.command("bootstrap"), cwd=self.folder, env=self.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.up()
        self.http.post("/collections", COLLECTION)

    def up(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(self.command("start"), cwd=self.folder, env=self.env, stdout=log, stderr=log)
        self.seconds_to_start = wait_until(lambda: Http(self.port).get("/server/ping"), 120, self.process)
        self.http = Http(self.port, {"Authorization": f"Bearer {TOKEN}"})

    def load(self, path, count, seconds=300):
        """The file through its import; then, in an emptied collection, through POST in batches of 1,000.

        Stops a way that would take longer than `seconds`; a register it could not fill in time is filled by SQL
        behind its back, so that lists can still be asked. That filling is no result.
        """
        found = {}
        part = self.part_of(path, min(count, FILE))
        with open(part, "rb") as file:
            data = file.read()
        edge = "bench-edge-bench-edge"
        body = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="project.csv"\r\nContent-Type: text/csv\r\n\r\n'.encode() + data + f"\r\n--{edge}--\r\n".encode()
        _, milliseconds = timed(lambda: self.http.ask("POST", "/utils/import/project", body, {"Content-Type": f"multipart/form-data; boundary={edge}"}))
        found["file"] = self.rate(milliseconds, min(count, FILE))
        self.empty()
        done, spent = 0, 0.0
        with open(path, encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            while batch := [typed(r) for _, r in zip(range(BATCH), rows)]:
                _, milliseconds = timed(lambda: self.http.post("/items/project?fields=id", batch))
                done, spent = done + len(batch), spent + milliseconds
                if spent > seconds * 1000:
                    break
        found["batches"] = self.rate(spent, done)
        found["complete"] = done == count
        with sqlite3.connect(self.file) as db:
            found["revisions"] = db.execute("SELECT count(*) FROM directus_revisions WHERE collection = 'project'").fetchone()[0]
        if done < count:
            self.fill(path, done)
        with sqlite3.connect(self.file, timeout=60) as db:
            db.execute("ANALYZE")  # PostgreSQL keeps statistics by itself
        found["megabytes"] = folder_size(self.folder)
        best = max(found["file"], found["batches"], key=lambda way: way["records_per_s"])
        return {**best, **found}

    @staticmethod
    def rate(milliseconds, count):
        return {"seconds": round(milliseconds / 1000, 3), "records": count, "records_per_s": round(count / milliseconds * 1000)}

    def part_of(self, path, count):
        """The first records as a file with the column names it knows."""
        part = os.path.join(self.folder, "part.csv")
        with open(path, encoding="utf-8") as whole, open(part, "w", encoding="utf-8") as out:
            out.write(next(whole).replace("_state", "state"))
            for _, line in zip(range(count), whole):
                out.write(line)
        return part

    def empty(self):
        with sqlite3.connect(self.file, timeout=60) as db:
            for table in ("project", "directus_revisions", "directus_activity"):
                db.execute(f"DELETE FROM {table}")

    def fill(self, path, skip):
        names = [f["field"] for f in COLLECTION["fields"][1:]]
        with sqlite3.connect(self.file, timeout=60) as db, open(path, encoding="utf-8", newline="") as file:
            rows = (typed(r) for i, r in enumerate(csv.DictReader(file)) if i >= skip)
            places = ", ".join("?" * len(names))
            quoted = ", ".join(f'"{n}"' for n in names)
            db.executemany(f"INSERT INTO project ({quoted}) VALUES ({places})", ([r.get(n) for n in names] for r in rows))

    def ask_list(self, focus, stage, page):
        query = {"filter[focus][_eq]": focus, "filter[stage][_eq]": stage, "sort": "-grant", "limit": PER_PAGE, "page": page, "meta": "filter_count"}
        return self.http.get("/items/project?" + urllib.parse.urlencode(query))

    def list(self, focus, stage, page):
        found = json.loads(self.ask_list(focus, stage, page))
        return found["meta"]["filter_count"], [r["theme"] for r in found["data"]]

    def ids(self, count):
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True) as db:
            last = db.execute("SELECT max(id) FROM project").fetchone()[0]
            first = db.execute("SELECT min(id) FROM project").fetchone()[0]
        return [first + i * (last - first) // count for i in range(count)]

    def read(self, id):
        return self.http.get(f"/items/project/{id}")

    def create(self, record):
        return self.http.post("/items/project", typed(record))

    def memory(self):
        return peak_memory(self.process.pid)

    def stop(self):
        stop(self.process)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
