#!/usr/bin/env python3
"""Shirube and Directus under load on the same machine in one run; writes out/load.json. Usually started by load.sh.

Pages at a fixed rate with many people signed in, single writes as fast as they come, and a long soak. The load comes from
load.rs, which sends when a request is due whether or not earlier ones are answered.
"""

import argparse
import concurrent.futures
import datetime
import http.client
import json
import os
import random
import re
import subprocess
import threading
import time
import urllib.parse

import generate
import measure
from measure import Http, free_port, wait_until
from products import shirube_api as api
from products.directus import TOKEN, Directus, typed
from products.shirube import Shirube
from questions import PAIRS

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
RECORDS = 10_000
PASSWORD = "four quiet paper lanterns"
WRITERS = 64
PAGE_CONNECTIONS = 32
# Seconds of each kind of load before it is measured: what a process does once is told as its start, not here.
WARM = 3


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", flush=True)


def resident(pid):
    """Megabytes of memory in use. A page of a file counts once, by however many connections it is mapped."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return round(int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1]) / 1024, 1)


class Signed(Shirube):
    """Shirube where people sign in."""

    def __init__(self, *arguments, database=None):
        super().__init__(*arguments)
        self.database = database

    def up(self):
        self.port = free_port()
        env = {**os.environ, "SHIRUBE_ACCOUNTS": "on", "SHIRUBE_SECOND_FACTOR": "optional", "SHIRUBE_LIMITS_PER_SECOND": "0"}
        if self.database:
            env["SHIRUBE_DATABASE"] = self.database
        self.said = os.path.join(self.folder, "said")
        with open(self.said, "wb") as log:
            self.process = subprocess.Popen([self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--pack", self.pack, "--data", self.data], stdout=log, stderr=log, env=env)
        wait_until(lambda: Http(self.port).get(api.READY), 120, self.process)

    def form(self, path, values, cookie=""):
        """Sends a form as a browser does; the cookies of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "Origin": f"http://127.0.0.1:{self.port}", "Cookie": cookie}
        connection.request("POST", path, urllib.parse.urlencode(values), headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 303:
            raise RuntimeError(f"POST {path}: {answer.status} {re.sub(rb'<[^>]+>', b' ', body)[-600:].decode(errors='replace')}")
        return "; ".join(c.split(";")[0] for c in answer.headers.get_all("Set-Cookie") or [])

    def found(self):
        """Makes the owner; the cookie."""
        with open(self.said) as file:
            link = re.search(r"/links/set-up/\S+", file.read())[0]
        return self.form(link, {"organisation": "House", "login": "ann", "name": "Ann", "email": "ann@example.org", "password": PASSWORD, "again": PASSWORD})

    def sign_in(self, device=""):
        """Signs in, once more by a device that did so before; the cookies of session and device."""
        cookies = self.form("/sign-in", {"login": "ann", "password": PASSWORD, "to": "/"}, device)
        return [re.search(rf"\b{name}=[^;]+", cookies)[0] for name in ("shirube", "shirube-device")]


def load(port, rate, seconds, connections, requests, folder):
    """Runs load.rs on lines of (method, path, headers, body)."""
    path = os.path.join(folder, f"requests-{rate}")
    with open(path, "w") as file:
        for method, address, headers, body in requests:
            file.write(f"{method}\t{address}\t{'|'.join(headers)}\t{body}\n")
    program = os.path.join(os.environ["BENCH_HOME"], "load")
    out = subprocess.check_output([program, f"127.0.0.1:{port}", str(rate), str(seconds), str(connections), path])
    return json.loads(out)


def pages(cookies, ids):
    """What people look at: lists with filters and their pages, records, indicators, goals, the front page."""
    chance = random.Random(1)
    found = []
    for i in range(20_000):
        share = chance.random()
        focus, stage = PAIRS[i % len(PAIRS)]
        if share < 0.30:
            path = api.screen_path(focus, stage, chance.randint(1, 3))
        elif share < 0.65:
            path = f"/registers/project/{chance.choice(ids)}"
        elif share < 0.80:
            path = "/indicators/stage-up-rate"
        elif share < 0.90:
            path = chance.choice(["/nodes/p2-goal-06", "/nodes/p2-goal-11", "/indicators", "/registers", "/plan/p2"])
        else:
            path = "/"
        found.append(("GET", path, ["Cookie: " + chance.choice(cookies)], ""))
    return found


def one(row):
    return json.dumps({**row, "theme": "load-{n}"}, ensure_ascii=False)


class Run:
    def __init__(self, options):
        self.options = options
        self.found = {"at": datetime.datetime.now().astimezone().isoformat(timespec="seconds"), "machine": measure.machine(), "idle_before": measure.idle_share(3)}
        self.file = os.path.join(options.home, f"project-{RECORDS}.csv")
        if not os.path.exists(self.file):
            generate.write(RECORDS, self.file)
        values = generate.record(1, random.Random(7))
        self.row = {name: str(value) for name, value in zip(generate.COLUMNS, values) if str(value) != ""}

    def note(self, question, value):
        self.found[question] = value
        say(f"{question:<28} {json.dumps(value)}")

    def shirube(self, name, database=None):
        """A portal with the records, its owner signed in, and a token for writing."""
        product = Signed(self.options.home, self.options.binary, self.options.pack, database=database)
        env = {"SHIRUBE_DATABASE": database} if database else {}
        subprocess.run([product.binary, "import", "project", self.file, "--pack", product.pack, "--data", product.data], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **env})
        product.up()
        product.cookie = product.found()
        product.http = Http(product.port, {"Cookie": product.cookie})
        self.found.setdefault("version", product.version)
        return product

    def sessions(self, product, count):
        """As many sign-ins, each a session of its own."""
        device = product.sign_in()[1]
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            return list(threads.map(lambda _: product.sign_in(device)[0], range(count)))

    def everything(self):
        o = self.options
        if o.peer:
            self.directus()
        if o.database:
            product = self.shirube("postgresql", o.database)
            try:
                self.writes(product, seconds=WARM)
                self.note("shirube writes postgresql", self.writes(product))
            finally:
                product.remove()
        product = self.shirube("sqlite")
        try:
            start = time.perf_counter()
            cookies = self.sessions(product, o.sessions)
            self.note("sessions", {"n": o.sessions, "seconds": round(time.perf_counter() - start, 1), "megabytes": resident(product.process.pid)})
            ids = product.ids(2000)
            asked = pages(cookies, ids)
            load(product.port, 100, WARM, PAGE_CONNECTIONS, asked, o.home)
            for rate in o.rates:
                self.note(f"shirube pages {rate}/s", load(product.port, rate, o.seconds, PAGE_CONNECTIONS, asked, o.home))
            self.writes(product, seconds=WARM)
            self.note("shirube writes sqlite", self.writes(product))
            self.found["idle_after"] = measure.idle_share(3)
            self.keep()
            if o.soak:
                self.soak(product, asked)
                self.keep()
        finally:
            product.remove()

    def keep(self):
        with open(os.path.join(HERE, "out", "load.json"), "w") as file:
            json.dump(self.found, file, indent=1, ensure_ascii=False)
            file.write("\n")

    def writes(self, product, rate=0, seconds=None):
        """New records one by one: as fast as they come, or at a rate."""
        headers = ["Cookie: " + product.cookie, "Content-Type: application/json", "Sec-Fetch-Site: same-origin", f"Origin: http://127.0.0.1:{product.port}"]
        body = one(api.create_body(self.row))
        return load(product.port, rate, seconds or self.options.seconds, WRITERS, [("POST", api.RECORDS, headers, body)], self.options.home)

    def soak(self, product, asked):
        """A quarter of the load for a long time, and five new records a second; memory at the end of every twentieth of it."""
        memory, over = [], threading.Event()

        def watch():
            while not over.wait(self.options.soak / 20):
                memory.append(resident(product.process.pid))

        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            threads.submit(watch)
            written = threads.submit(self.writes, product, 5, self.options.soak)
            try:
                found = load(product.port, 125, self.options.soak, PAGE_CONNECTIONS, asked, self.options.home)
            finally:
                over.set()
        self.note("shirube soak 125/s", {**found, "seconds": self.options.soak, "written": written.result(), "megabytes": memory})

    def directus(self):
        product = Directus(self.options.home)
        try:
            product.start()
            product.load(self.file, RECORDS)
            self.note("directus version", product.version)
            bearer = [f"Authorization: Bearer {TOKEN}"]
            chance = random.Random(1)
            ids = product.ids(2000)

            def path(i):
                focus, stage = PAIRS[i % len(PAIRS)]
                query = {"filter[focus][_eq]": focus, "filter[stage][_eq]": stage, "sort": "-grant", "limit": 50, "page": chance.randint(1, 3), "meta": "filter_count"}
                return "/items/project?" + urllib.parse.urlencode(query) if chance.random() < 0.46 else f"/items/project/{chance.choice(ids)}"

            asked = [("GET", path(i), bearer, "") for i in range(20_000)]
            load(product.port, 50, WARM, PAGE_CONNECTIONS, asked, self.options.home)
            for rate in self.options.rates:
                self.note(f"directus answers {rate}/s", load(product.port, rate, self.options.seconds, PAGE_CONNECTIONS, asked, self.options.home))
            body = one(typed({**self.row, "_state": "draft"}))
            asked = [("POST", "/items/project?fields=id", [*bearer, "Content-Type: application/json"], body)]
            load(product.port, 0, WARM, WRITERS, asked, self.options.home)
            self.note("directus writes sqlite", load(product.port, 0, self.options.seconds, WRITERS, asked, self.options.home))
        finally:
            product.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", default=os.environ.get("BENCH_HOME"), required="BENCH_HOME" not in os.environ, help="folder for data and peers")
    parser.add_argument("--binary", default=os.path.join(ROOT, "target", "release", "shirube"))
    parser.add_argument("--pack", default=os.path.join(ROOT, "packs", "medical-device"))
    parser.add_argument("--database", default=os.environ.get("BENCH_DATABASE"), help="address of an empty PostgreSQL database")
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--rates", type=int, nargs="*", default=[100, 500])
    parser.add_argument("--seconds", type=int, default=30, help="of each load")
    parser.add_argument("--soak", type=int, default=0, help="seconds of the soak; 0 leaves it out")
    parser.add_argument("--peer", action=argparse.BooleanOptionalAction, default=True)
    Run(parser.parse_args()).everything()


if __name__ == "__main__":
    main()
