#!/usr/bin/env python3
"""Puts the same records and questions to Shirube, PostgreSQL and Directus in one run; writes out/SIZE.json.

Usually started by run.sh, which installs what is needed.
"""

import argparse
import collections
import csv
import datetime
import json
import os
import random
import sys
import time
import traceback

import generate
import measure
from measure import summary, timed
from products.directus import Directus
from products.postgres import Postgres
from products.shirube import Shirube
from questions import COUNTED, PAIRS, REQUESTS, ROUNDS, WARM_UP, deep_page

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", flush=True)


class Run:
    """One size, all products."""

    def __init__(self, options, size):
        self.options = options
        self.size = size
        self.found = {"size": size, "at": datetime.datetime.now().astimezone().isoformat(timespec="seconds"), "machine": measure.machine()}
        self.found["idle_before"] = measure.idle_share(3)
        self.products = []
        self.answers = {}
        self.file = self.data(size, "project")

    def data(self, size, name):
        path = os.path.join(self.options.home, f"{name}-{size}.csv")
        if not os.path.exists(path):
            say(f"generating {size} records")
            generate.write(size, path + ".part")
            os.rename(path + ".part", path)
        return path

    def note(self, product, question, value):
        self.answers.setdefault(product.name, {})[question] = value
        say(f"  {product.name:<11} {question:<22} {json.dumps(value)}")

    def everything(self):
        o = self.options
        wanted = {
            "shirube": lambda: Shirube(o.home, o.binary, o.pack),
            "postgresql": lambda: Postgres(o.home),
            "directus": lambda: Directus(o.home),
        }
        try:
            for name in o.products.split(","):
                say(f"{name}: start and import of {self.size}")
                product = wanted[name]()
                self.products.append(product)
                product.start()
                self.note(product, "version", product.version)
                if name == "directus":
                    self.note(product, "import", product.load(self.file, self.size, o.peer_seconds))
                else:
                    self.note(product, "import", product.load(self.file, self.size))
            self.same_answers()
            self.questions()
            for product in self.products:
                if isinstance(product, Postgres):
                    self.postgres_only(product)
                if isinstance(product, Directus):
                    self.directus_only(product)
                if isinstance(product, Shirube):
                    self.shirube_only(product)
        finally:
            for product in self.products:
                try:
                    product.remove()
                except Exception:
                    traceback.print_exc()
        self.found["idle_after"] = measure.idle_share(3)
        self.found["products"] = self.answers
        os.makedirs(o.out, exist_ok=True)
        with open(os.path.join(o.out, f"{self.size}.json"), "w") as file:
            json.dump(self.found, file, indent=1, ensure_ascii=False)
            file.write("\n")

    def same_answers(self):
        """All products give the same rows in the same order, or the run is void."""
        with open(self.file, encoding="utf-8", newline="") as file:
            matches = collections.Counter((row["focus"], row["stage"]) for row in csv.DictReader(file))
        self.deep = {pair: deep_page(matches[pair]) for pair in PAIRS}
        for pair in PAIRS:
            totals = {p.name: min(COUNTED * 9 // 10, p.list(*pair, 1)[0]) for p in self.products}
            if set(totals.values()) != {min(COUNTED * 9 // 10, matches[pair])}:
                sys.exit(f"{pair}: different numbers of matches: {totals}")
            for page in (1, self.deep[pair]):
                pages = [p.list(*pair, page)[1] for p in self.products]
                if any(other != pages[0] for other in pages):
                    sys.exit(f"{pair} page {page}: different rows")
        say("  same answers from all")

    def alternate(self, question, ask, products=None, requests=REQUESTS, warm_up=WARM_UP):
        """`ask(product, i)` in rounds that take turns, so that a busy moment of the machine meets everyone."""
        products = products or self.products
        times = {p.name: [] for p in products}
        each = requests // ROUNDS
        for product in products:
            for i in range(warm_up):
                ask(product, i)
        for turn in range(ROUNDS):
            for product in products[turn % len(products) :] + products[: turn % len(products)]:
                ask(product, turn)  # connects again after the others' turns
                for i in range(turn * each, (turn + 1) * each):
                    times[product.name].append(timed(lambda: ask(product, i))[1])
        for product in products:
            self.note(product, question, summary(times[product.name]))

    def questions(self):
        self.alternate("list_first", lambda p, i: p.ask_list(*PAIRS[i % 24], 1))
        self.alternate("list_deep", lambda p, i: p.ask_list(*PAIRS[i % 24], self.deep[PAIRS[i % 24]]))
        ids = {p.name: p.ids(REQUESTS) for p in self.products}
        self.alternate("read", lambda p, i: p.read(ids[p.name][i % len(ids[p.name])]))
        self.alternate("create", lambda p, i: p.create(self.fresh()), requests=100, warm_up=4)

    def fresh(self):
        """A record nobody has yet."""
        self.created = getattr(self, "created", 0) + 1
        values = generate.record(self.size + self.created, random.Random(self.created))
        row = dict(zip(generate.COLUMNS, map(str, values)))
        return {**row, "theme": f"new-{self.created:07}", "_state": "draft"}

    def directus_only(self, product):
        self.note(product, "memory_mb", product.memory())

    def postgres_only(self, product):
        product.restart()
        self.note(product, "indicator_cold", round(timed(product.indicator)[1], 1))
        self.note(product, "indicator_warm", summary([timed(product.indicator)[1] for _ in range(20)]))

    def shirube_only(self, product):
        self.note(product, "start", {"first_ms": product.first_start, "empty_ms": product.empty_start, "full_ms": product.full_start})
        for name, page in (("first", lambda pair: 1), ("deep", lambda pair: self.deep[pair])):
            self.alternate(f"screen_{name}", lambda p, i: p.ask_screen(*PAIRS[i % 24], page(PAIRS[i % 24])), [product])
        changed = []
        for _ in range(10):
            product.create(self.fresh())
            changed.append(timed(product.indicator)[1])
        self.note(product, "indicator_warm", summary(changed))
        product.indicator()
        self.note(product, "indicator_cached", summary([timed(product.indicator)[1] for _ in range(REQUESTS)]))
        self.note(product, "memory_mb", product.memory())
        self.as_of(product)
        product.stop()
        self.note(product, "indicator_cold", round(product.command("compute", "stage-up-rate", "--format", "json")[1], 1))
        self.note(product, "compute_all", round(product.command("compute", "--format", "json")[1], 1))
        self.note(product, "audit", round(product.command("audit", "--format", "json", accept=(0, 1))[1], 1))
        self.note(product, "export_csv", round(product.command("export", "project", "--format", "csv", "--out", os.path.join(product.folder, "out.csv"))[1], 1))
        self.note(product, "verify", round(product.command("verify")[1], 1))

    def as_of(self, product):
        """Lists as of the moment before a tenth of the records was amended, beside the lists of now."""
        time.sleep(1.1)
        moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        before = {pair: product.list(*pair, 1) for pair in PAIRS}
        time.sleep(1.1)
        product.stop()
        amended = os.path.join(product.folder, "amended.csv")
        with open(self.file, encoding="utf-8", newline="") as old, open(amended, "w", encoding="utf-8", newline="") as new:
            rows = csv.DictReader(old)
            out = csv.DictWriter(new, rows.fieldnames, lineterminator="\n")
            out.writeheader()
            for i, row in enumerate(rows):
                if i % 10 == 0:
                    out.writerow({**row, "grant": int(row["grant"]) + 500})
        count = (self.size + 9) // 10
        _, milliseconds = product.command("import", "project", amended, "--reason", "another grant")
        self.note(product, "amend", {"seconds": round(milliseconds / 1000, 3), "records_per_s": round(count / milliseconds * 1000)})
        product.up()
        for pair in PAIRS:
            if product.list(*pair, 1, moment) != before[pair]:
                sys.exit(f"{pair}: the list as of {moment} is not the list of then")
        for name, page in (("first", lambda pair: 1), ("deep", lambda pair: self.deep[pair])):
            times = {None: [], moment: []}
            for i in range(-WARM_UP, REQUESTS):
                pair = PAIRS[i % 24]
                for as_of in times:
                    _, milliseconds = timed(lambda: product.ask_list(*pair, page(pair), as_of))
                    if i >= 0:
                        times[as_of].append(milliseconds)
            self.note(product, f"now_{name}", summary(times[None]))
            self.note(product, f"as_of_{name}", summary(times[moment]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--home", default=os.environ.get("BENCH_HOME"), required="BENCH_HOME" not in os.environ, help="folder for data and peers")
    parser.add_argument("--binary", default=os.path.join(ROOT, "target", "release", "shirube"))
    parser.add_argument("--pack", default=os.path.join(ROOT, "packs", "medical-device"))
    parser.add_argument("--products", default="shirube,postgresql,directus")
    parser.add_argument("--peer-seconds", type=int, default=300, help="most the import into Directus may take")
    parser.add_argument("--out", default=os.path.join(HERE, "out"))
    options = parser.parse_args()
    for size in options.sizes:
        Run(options, size).everything()


if __name__ == "__main__":
    main()
