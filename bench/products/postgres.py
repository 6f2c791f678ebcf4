"""PostgreSQL: a private cluster with default settings, reached over the loopback address without HTTP.

It is a database and no product: no forms, no messages at fields, no history. It shows what the same rows, rules and
questions cost when nothing else is done.
"""

import glob
import json
import os
import pwd
import shutil
import subprocess
import tempfile

import psycopg

from measure import folder_size, free_port, timed
from questions import COUNTED, PER_PAGE

HERE = os.path.dirname(__file__)
COLUMNS = 'survey_year, theme, title, adopted_on, "grant", focus, stage, under_one_year, outcome, stage_after, state'
# The page and the number of matches as one JSON text, as a thin service over PostgreSQL would answer.
LIST = """SELECT json_build_object(
  'total', (SELECT count(*) FROM (SELECT 1 FROM project WHERE focus = %(focus)s AND stage = %(stage)s LIMIT %(counted)s) c),
  'rows', (SELECT coalesce(json_agg(t), '[]') FROM (
    SELECT * FROM project WHERE focus = %(focus)s AND stage = %(stage)s
    ORDER BY "grant" DESC, id LIMIT %(limit)s OFFSET %(offset)s) t))::text"""
READ = "SELECT row_to_json(p)::text FROM project p WHERE id = %s"


def sql(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin")) or [os.path.dirname(shutil.which("initdb") or "")]
    if not os.path.exists(os.path.join(found[-1], "initdb")):
        raise RuntimeError("PostgreSQL is not installed")
    return found[-1]


class Postgres:
    name = "postgresql"

    def __init__(self, home):
        self.bin = programs()
        self.folder = tempfile.mkdtemp(prefix="pg-", dir=home)
        self.data = os.path.join(self.folder, "data")
        self.port = free_port()
        # The server refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            os.chmod(home, 0o755)
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
        self.version = subprocess.check_output([os.path.join(self.bin, "postgres"), "--version"], text=True).strip()
        self.connection = None

    def run(self, program, *arguments):
        subprocess.run([os.path.join(self.bin, program), *arguments], user=self.user, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, extra_groups=[] if self.user else None, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": self.folder})

    def up(self):
        self.run("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.folder, "log"), "-o", f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1", "start")
        self.connection = psycopg.connect(host="127.0.0.1", port=self.port, user="bench", dbname="postgres", autocommit=True)

    def start(self):
        self.run("initdb", "-D", self.data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.up()

    def restart(self):
        self.stop()
        self.up()

    def load(self, path, count):
        """COPY into the table with its rules and indexes in place: with a history kept by a trigger, then without."""
        found = {}
        for variant in ("with_history", "plain"):
            self.connection.execute("DROP TABLE IF EXISTS project, history; DROP FUNCTION IF EXISTS keep()")
            self.connection.execute(sql("postgres.sql"))
            if variant == "with_history":
                self.connection.execute(sql("postgres_history.sql"))
            _, milliseconds = timed(lambda: self.copy(path))
            found[variant] = {"seconds": round(milliseconds / 1000, 3), "records_per_s": round(count / milliseconds * 1000)}
        self.connection.execute("ANALYZE project")
        self.connection.execute("CHECKPOINT")
        found["megabytes"] = folder_size(os.path.join(self.data, "base"))
        return {**found["plain"], **found}

    def copy(self, path):
        cursor = self.connection.cursor()
        with cursor.copy(f"COPY project ({COLUMNS}) FROM STDIN (FORMAT csv, HEADER)") as copy, open(path, "rb") as file:
            while data := file.read(1 << 20):
                copy.write(data)

    def ask_list(self, focus, stage, page):
        return self.connection.execute(LIST, {"focus": focus, "stage": stage, "counted": COUNTED + 1, "limit": PER_PAGE, "offset": (page - 1) * PER_PAGE}).fetchone()[0]

    def list(self, focus, stage, page):
        found = json.loads(self.ask_list(focus, stage, page))
        return found["total"], [r["theme"] for r in found["rows"]]

    def ids(self, count):
        return [r[0] for r in self.connection.execute("SELECT id FROM project ORDER BY md5(theme) LIMIT %s", [count])]

    def read(self, id):
        return self.connection.execute(READ, [id]).fetchone()[0]

    def create(self, record):
        names = COLUMNS.split(", ")
        values = [record.get(n.strip('"') if n != "state" else "_state") or None for n in names]
        return self.connection.execute(f"INSERT INTO project ({COLUMNS}) VALUES ({', '.join(['%s'] * len(names))}) RETURNING id", values).fetchone()[0]

    def indicator(self):
        """The rows of stage-up-rate: period, stage, value, numerator, denominator."""
        return self.connection.execute(sql("postgres_stage_up_rate.sql")).fetchall()

    def stop(self):
        if self.connection:
            self.connection.close()
            self.connection = None
            self.run("pg_ctl", "-D", self.data, "-w", "-m", "fast", "stop")

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
