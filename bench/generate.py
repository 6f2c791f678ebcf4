#!/usr/bin/env python3
"""Invented records for the register `project` of packs/medical-device: the same bytes for the same count.

    bench/generate.py COUNT FILE.csv

Every record passes the register's checks; grants are unique, so that an order by grant is the same everywhere.
"""

import csv
import datetime
import random
import sys

COLUMNS = ["survey_year", "theme", "title", "adopted_on", "grant", "focus", "stage", "under_one_year", "outcome", "stage_after", "_state"]
YEARS = range(2015, 2025)
FOCUS = ["1", "2", "3", "4", "5", "multiple"]
STAGES = ["basic", "applied", "nonclinical", "clinical"]
LATER = {"basic": ["applied", "applied", "nonclinical"], "applied": ["nonclinical", "clinical"], "nonclinical": ["clinical"]}
FOR_WHOM = ["在宅高齢者", "循環器疾患患者", "脳卒中患者", "小児", "希少疾患患者", "がん患者", "糖尿病患者", "救急現場", "手術室", "リハビリテーション"]
PURPOSE = ["早期診断", "予後改善", "負担軽減", "身体機能の補完", "遠隔モニタリング", "個別化治療", "感染予防", "業務効率化"]
MEANS = ["人工知能", "超音波", "生体信号解析", "ロボット技術", "画像診断支援", "体外診断", "植込み型デバイス", "ウェアラブルセンサ", "再生医療材料"]
PRIME = 1_000_003  # counts below it get grants of their own


def record(i, rng):
    """Record number `i`, from 1."""
    year = rng.choice(YEARS)
    stage = rng.choices(STAGES, [20, 35, 25, 20])[0]
    young = rng.random() < 0.1
    start = datetime.date(year if young else year - 1, 4, 1)
    outcome = rng.choices(["same", "up", "market", ""], [52, 33, 5, 10])[0]
    if outcome == "up" and stage not in LATER:
        outcome = "same"
    after = {"same": stage, "market": "market", "": ""}.get(outcome) if outcome != "up" else rng.choice(LATER[stage])
    return [
        year,
        f"bench-{i:07}",
        f"{rng.choice(FOR_WHOM)}の{rng.choice(PURPOSE)}に資する{rng.choice(MEANS)}の開発（{i}）",
        (start + datetime.timedelta(days=rng.randrange(365))).isoformat(),
        1_000_000 + i * 670_417 % PRIME * 1_000,
        "" if rng.random() < 0.05 else rng.choice(FOCUS),
        stage,
        "true" if young else "false",
        outcome,
        after,
        "confirmed" if outcome else "draft",
    ]


def write(count, path):
    """Writes `count` records."""
    if count >= PRIME:
        sys.exit(f"at most {PRIME - 1} records")
    rng = random.Random(20260401)
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        for i in range(1, count + 1):
            out.writerow(record(i, rng))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write(int(sys.argv[1]), sys.argv[2])
