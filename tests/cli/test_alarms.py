"""alarms: through the real command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from tests.cli.conftest import Done, last_json, refusal
from tests.relate import simulated

Program = Callable[..., Done]


def test_rises_of_two_series(crowdalogue: Program, tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    calm, burst = (simulated.counts(rng, days=35, bursts=0)[0] for _ in range(2))
    burst[700:712] *= 5
    begin = datetime(2026, 1, 5)
    lines = ["time,count,series"]
    for name, seen in (("calm", calm), ("burst", burst), ("short", calm[:50])):
        lines += [f"{(begin + timedelta(hours=i)).isoformat()},{count:.0f},{name}" for i, count in enumerate(seen)]
    file = tmp_path / "counts.csv"
    file.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    told = last_json(crowdalogue("alarms", file, "--budget", "0.5", "--json"))
    assert told["too_little_data"] == ["short"]
    (found,) = [e for e in told["episodes"] if e["series"] == "burst" and e["end"] > "2026-02-03T04"]
    assert set(found) == {"series", "start", "end", "raised_at", "peak", "expected"}
    assert "2026-02-03T04" <= found["start"] < found["raised_at"] <= "2026-02-03T07"
    shown = crowdalogue("alarms", file, "--budget", "0.5")
    assert "raised at" in shown.stdout
    assert "short: too little data to tell" in shown.stderr


def test_what_is_refused(crowdalogue: Program, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    for content, said in (
        ("time,number\n", "no column count"),
        ("time,count\nyesterday,3\n", "line 2"),
        ("time,count\n2026-01-01,many\n", "not a count"),
        ("time,count\n2026-01-01,-1\n", "not a count"),
        ("time,count\n2026-01-01,1\n2026-01-02T00:00Z,1\n", "zone"),
        ("", "no column time"),
    ):
        file.write_text(content)
        assert said in refusal(crowdalogue("alarms", file))
    file.write_text("time,count\n")
    assert "budget" in refusal(crowdalogue("alarms", file, "--budget", "0"))
    assert last_json(crowdalogue("alarms", file, "--json")) == {"episodes": [], "too_little_data": []}


def test_alarms_of_the_store_and_its_rules(crowdalogue: Program) -> None:
    assert last_json(crowdalogue("alarms", "--all", "--json")) == {"alarms": []}
    told = last_json(crowdalogue("alarms", "--rules", "--json"))
    assert set(told) == {"rules", "week"} and told["week"]["raised"] == 0
    assert "Nothing waits for a look" in crowdalogue("alarms").stderr
