#!/usr/bin/env python3
"""Writes the figures of out/*.json into BENCHMARKS.md, between its marks; names what got slower since the last commit."""

import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "..", "BENCHMARKS.md")
QUIET = 0.9  # idle share of the processor before a run, below which its figures are preliminary
SLOWER = 1.2  # a time this many times the last one is a regression


def milliseconds(value):
    if value is None:
        return "–"
    if value >= 10_000:
        return f"{value / 1000:,.1f} s"
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"


def times(ratio):
    if ratio is None:
        return "–"
    return f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.1f}×" if ratio >= 1 else f"{ratio:.2f}×"


def at(found, *path):
    """A value somewhere below, or None."""
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def over(a, b):
    return a / b if a and b else None


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def rate(value):
    return "–" if value is None else f"{value:,.0f} /s"


def beside(found):
    """Shirube beside the others at one size. A ratio says how many times Shirube's speed is theirs."""
    s, p, d = (found["products"].get(name, {}) for name in ("shirube", "postgresql", "directus"))
    lines = [row("", "Shirube", "PostgreSQL", "Directus", "Shirube : PostgreSQL", "Shirube : Directus"), "|---|--:|--:|--:|--:|--:|"]
    imports = [at(x, "import", "records_per_s") for x in (s, p, d)]
    lines.append(row("import", *map(rate, imports), times(over(imports[0], imports[1])), times(over(imports[0], imports[2]))))
    kept = at(p, "import", "with_history", "records_per_s")
    lines.append(row("import, versions kept", rate(imports[0]), rate(kept), rate(imports[2]), times(over(imports[0], kept)), times(over(imports[0], imports[2]))))
    for question, label in (("list_first", "list, first page"), ("list_deep", "list, middle page"), ("read", "read one record"), ("create", "create one record"), ("indicator_warm", "indicator, computed")):
        for share in ("p50", "p95"):
            v = [at(x, question, share) for x in (s, p, d)]
            if any(v):
                lines.append(row(f"{label}, {share}", *map(milliseconds, v), times(over(v[1], v[0])), times(over(v[2], v[0]))))
    v = [at(s, "indicator_cold"), at(p, "indicator_cold")]
    lines.append(row("indicator, cold", *map(milliseconds, v), "–", times(over(v[1], v[0])), "–"))
    memory = [at(x, "memory_mb") for x in (s, p, d)]
    lines.append(row("peak memory", *(f"{x:,} MB" if x else "–" for x in memory), "–", times(over(memory[2], memory[0]))))
    disk = [at(x, "import", "megabytes") for x in (s, p, d)]
    lines.append(row("on disk", *(f"{x:,.0f} MB" if x else "–" for x in disk), times(over(disk[1], disk[0])), times(over(disk[2], disk[0]))))
    return lines


def alone(runs, build):
    """Shirube by itself, beside the bounds it must keep."""
    sizes = sorted(runs)
    lines = [row("", "must be", *(f"{n:,}" for n in sizes)), "|---|---|" + "--:|" * len(sizes)]

    def line(label, bound, value):
        cells = [value(runs[n]["products"].get("shirube", {})) for n in sizes]
        lines.append(row(label, bound, *(c if c else "–" for c in cells)))

    def ms(*path):
        return lambda s: milliseconds(at(s, *path))

    line("import", "≥ 20,000 /s", lambda s: rate(at(s, "import", "records_per_s")))
    line("list, first page, p95", "< 50 ms", ms("list_first", "p95"))
    line("list, middle page, p95", "< 50 ms", ms("list_deep", "p95"))
    line("the same as a page of the portal, first, p95", "< 50 ms", ms("screen_first", "p95"))
    line("the same, middle page", "< 50 ms", ms("screen_deep", "p95"))
    line("list as of before an amendment of a tenth : list now, first page, p50", "≤ 2×", lambda s: times(over(at(s, "as_of_first", "p50"), at(s, "now_first", "p50"))))
    line("the same, middle page", "≤ 2×", lambda s: times(over(at(s, "as_of_deep", "p50"), at(s, "now_deep", "p50"))))
    line("start, no records but the pack's", "< 1 s", ms("start", "empty_ms"))
    line("start, all records", "< 1 s", ms("start", "full_ms"))
    line("start, first ever (loads the pack's records)", "", ms("start", "first_ms"))
    line("compute everything (`shirube compute`)", "< 3 s", ms("compute_all"))
    line("indicator again, p95", "< 5 ms", ms("indicator_cached", "p95"))
    line("audit", "", ms("audit"))
    line("amend by file", "", lambda s: rate(at(s, "amend", "records_per_s")))
    line("export as CSV", "", ms("export_csv"))
    line("verify the chain", "", ms("verify"))
    if build:
        lines += ["", row("", "must be", ""), "|---|---|--:|"]
        lines.append(row("cold `cargo build --release`, wall", "< 480 s", f"{build['wall_s']:,.0f} s"))
        lines.append(row("the same, processor", "", f"{build['cpu_s']:,.0f} s"))
        lines.append(row("binary", "< 40 MB", f"{build['binary_bytes'] / 1e6:.1f} MB"))
    return lines


def measures(found, path=()):
    """All leaves that are times or rates."""
    for name, value in found.items():
        if isinstance(value, dict):
            yield from measures(value, (*path, name))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield (*path, name), value


def regressions(name, found):
    """What Shirube does slower than in the last committed run."""
    try:
        text = subprocess.check_output(["git", "show", f"HEAD:./out/{name}"], cwd=HERE, stderr=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        return
    before = dict(measures(json.loads(text).get("products", {}).get("shirube", {})))
    for path, value in measures(found["products"].get("shirube", {})):
        old = before.get(path)
        if not old or not value or path[-1] in ("n", "seconds"):
            continue
        ratio = old / value if path[-1] == "records_per_s" else value / old
        if ratio >= SLOWER:
            yield f"- {found['size']:,} records, {' '.join(path)}: {old:,g} → {value:,g}"


def about(found):
    m = found["machine"]
    return f"{m['cores']} cores ({m['processor']}), {m['memory_gb']:.0f} GB, Linux {m['kernel']}"


def text():
    runs = {}
    for path in glob.glob(os.path.join(HERE, "out", "[0-9]*.json")):
        with open(path) as file:
            found = json.load(file)
            runs[found["size"]] = found
    if not runs:
        sys.exit("no runs in out/; see run.sh")
    build = None
    if os.path.exists(os.path.join(HERE, "out", "build.json")):
        with open(os.path.join(HERE, "out", "build.json")) as file:
            build = json.load(file)
    last = runs[max(runs)]
    lines = [f"Machine: {about(last)}.", ""]
    for name, product in last["products"].items():
        lines.append(f"- {product['version']}")
    lines.append("")
    slower = []
    for size in sorted(runs):
        found = runs[size]
        idle = min(found["idle_before"], found.get("idle_after", 1))
        busy = "" if idle >= QUIET else f" **Preliminary: other work took {100 * (1 - idle):.0f} % of the processor.**"
        lines += [f"### {size:,} records", "", f"{found['at'][:16].replace('T', ' ')}.{busy}", "", *beside(found), ""]
        notes = at(found, "products", "directus", "import") or {}
        if notes and not notes.get("complete", True):
            lines += [f"Directus took {notes['batches']['records']:,} of the records in the time it was given; the rest was put into its file by SQL for the lists.", ""]
        slower += regressions(f"{size}.json", found)
    lines += ["### Shirube by itself", "", *alone(runs, build), "", "### Slower than in the last committed run", "", *(slower or ["Nothing."])]
    return "\n".join(lines)


def main():
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    new = re.sub(r"(<!-- figures -->\n).*?(<!-- /figures -->)", lambda m: m[1] + text() + "\n" + m[2], page, flags=re.S)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(new)


if __name__ == "__main__":
    main()
