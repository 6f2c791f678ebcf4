"""Clocks, percentiles, one HTTP connection, and what the machine is."""

import http.client
import json
import os
import platform
import socket
import subprocess
import time


def percentile(values, share):
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, int(share * len(ordered) + 0.5) - 1))]


def summary(milliseconds):
    """What is kept of a series of request times."""
    return {"n": len(milliseconds), "p50": round(percentile(milliseconds, 0.5), 3), "p95": round(percentile(milliseconds, 0.95), 3)}


def timed(call):
    """The answer of `call` and its milliseconds."""
    start = time.perf_counter()
    answer = call()
    return answer, (time.perf_counter() - start) * 1000


class Http:
    """One kept-alive connection to a server on the loopback address."""

    def __init__(self, port, headers=None, timeout=600):
        self.headers = headers or {}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.used = time.monotonic()

    def ask(self, method, path, body=None, headers=None):
        """The body of the answer as bytes; an answer that is no success is an error."""
        if time.monotonic() - self.used > 2:
            self.connection.close()  # servers hang up on idle connections; the next request connects anew
        self.connection.request(method, path, body, {**self.headers, **(headers or {})})
        answer = self.connection.getresponse()
        data = answer.read()
        self.used = time.monotonic()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {data[:500]!r}")
        return data

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, value):
        return self.ask("POST", path, json.dumps(value).encode(), {"Content-Type": "application/json"})


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(ready, seconds, process=None):
    """Polls until `ready` answers without an error; seconds waited."""
    start = time.perf_counter()
    while True:
        try:
            ready()
            return time.perf_counter() - start
        except Exception:
            if process is not None and process.poll() is not None:
                raise RuntimeError(f"ended with {process.returncode} before it was ready") from None
            if time.perf_counter() - start > seconds:
                raise
            time.sleep(0.002)


def stop(process):
    """Ends a process we started."""
    if process is not None and process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def peak_memory(pid):
    """Peak resident memory of a process in MB."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1000)
    return None


def folder_size(path):
    """MB on disk under a path."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            total += os.path.getsize(os.path.join(folder, name))
    return round(total / 1e6, 1)


def idle_share(seconds=2):
    """Share of processor time nobody uses, 0–1: near 1 on a quiet machine."""

    def read():
        with open("/proc/stat") as file:
            ticks = [int(x) for x in file.readline().split()[1:9]]
        return ticks[3] + ticks[4], sum(ticks)

    idle, total = read()
    time.sleep(seconds)
    idle_after, total_after = read()
    return round((idle_after - idle) / max(1, total_after - total), 3)


def machine():
    """Processor, memory, kernel, disk."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / 1e6
    return {"processor": model, "cores": os.cpu_count(), "memory_gb": round(memory, 1), "kernel": platform.release(), "python": platform.python_version()}
