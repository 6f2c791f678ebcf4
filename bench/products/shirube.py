"""Shirube: commands for files and computations, its JSON API for everything a screen asks."""

import json
import os
import resource
import shutil
import subprocess
import tempfile

from measure import Http, folder_size, free_port, peak_memory, stop, timed, wait_until
from products import shirube_api as api
from questions import PAIRS, PER_PAGE


class Shirube:
    name = "shirube"

    def __init__(self, home, binary, pack):
        self.binary = binary
        self.pack = pack
        self.folder = tempfile.mkdtemp(prefix="shirube-", dir=home)
        self.data = os.path.join(self.folder, "data")
        self.version = subprocess.check_output([binary, "--version"], text=True).strip()
        self.process = None
        self.http = None
        self.own = {}

    def command(self, *arguments, accept=(0,)):
        """Runs a command; its output and milliseconds."""
        whole = [self.binary, *arguments, "--pack", self.pack, "--data", self.data]
        done, milliseconds = timed(lambda: subprocess.run(whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        if done.returncode not in accept:
            raise RuntimeError(f"{' '.join(whole)}: {done.returncode} {done.stderr.decode()[-1000:]} {done.stdout.decode()[-1000:]}")
        return done.stdout, milliseconds

    def up(self):
        """Starts the portal; milliseconds until it answers."""
        port = free_port()
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([self.binary, "serve", "--listen", f"127.0.0.1:{port}", "--pack", self.pack, "--data", self.data], stdout=log, stderr=log)
        seconds = wait_until(lambda: Http(port).get(api.READY), 120, self.process)
        self.http = Http(port)
        return round(seconds * 1000, 1)

    def start(self):
        self.first_start = self.up()
        self.stop()
        self.empty_start = self.up()
        # The pack's own records stand beside the imported ones.
        self.own = {pair: self.list(*pair, 1)[0] for pair in PAIRS}
        self.stop()

    def load(self, path, count):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _, milliseconds = self.command("import", "project", path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found = {"processor_s": round(processor, 2), "seconds": round(milliseconds / 1000, 3), "records_per_s": round(count / milliseconds * 1000), "megabytes": folder_size(self.data)}
        self.full_start = self.up()
        return found

    def ask_list(self, focus, stage, page, as_of=None):
        return self.http.get(api.list_path(focus, stage, page, as_of))

    def list(self, focus, stage, page, as_of=None):
        total, themes = api.listed(self.ask_list(focus, stage, page, as_of))
        return total - self.own.get((focus, stage), 0), themes

    def ask_screen(self, focus, stage, page):
        return self.http.get(api.screen_path(focus, stage, page))

    def ids(self, count):
        found = []
        for page in range(1, 1 + count // len(PAIRS) // PER_PAGE + 1):
            for pair in PAIRS:
                found += api.listed_ids(self.ask_list(*pair, page))
        step = max(1, len(found) // count)
        return found[::step][:count]

    def read(self, id):
        return self.http.get(api.record_path(id))

    def create(self, record):
        return self.http.post(api.RECORDS, api.create_body(record))

    def indicator(self):
        return self.http.get(api.INDICATOR)

    def memory(self):
        return peak_memory(self.process.pid)

    def stop(self):
        stop(self.process)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
