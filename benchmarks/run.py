"""Run the benchmarks and write RESULTS.md.

    python -m benchmarks.run                every benchmarks/bench_*.py, each in a process of its own
    python -m benchmarks.run mail inbox     only those; RESULTS.md keeps the others' last figures

A benchmark prints one JSON object a line (see measure.report); anything else it prints is shown and not kept.
"""

from __future__ import annotations

import datetime
import json
import operator
import os
import platform
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "RESULTS.md"
FIGURES = HERE / "figures.json"  # of the last run of each benchmark, for programs
LIMIT_S = 1800

Figure = dict[str, Any]


def benchmarks() -> dict[str, Path]:
    return {p.stem.removeprefix("bench_"): p for p in sorted(HERE.glob("bench_*.py"))}


def run(name: str) -> list[Figure]:
    """The figures of one benchmark; a figure with an `error` if it failed or took longer than LIMIT_S."""
    sys.stderr.write(f"{name}\n")
    begin, load = time.monotonic(), os.getloadavg()[0]
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.bench_{name}"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, _ = process.communicate(timeout=LIMIT_S)
        error = "" if process.returncode == 0 else f"ended with {process.returncode}"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, _ = process.communicate()
        error = f"took longer than {LIMIT_S} s"
    figures = [figure for line in out.splitlines() if (figure := read(line))]
    if error:
        figures.append({"name": f"{name}: {error}", "error": error})
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    sys.stderr.write(f"  {len(figures)} figures in {time.monotonic() - begin:.0f} s\n")
    return [{**figure, "date": day, "load": round(load, 1)} for figure in figures]


def read(line: str) -> Figure | None:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if isinstance(found, dict) and {"name", "value", "unit"} <= set(found):
        return found
    sys.stderr.write(f"  {line}\n")
    return None


# --- the table ---------------------------------------------------------------------------------------------------

COMPARE = {">=": operator.ge, "<=": operator.le}


def met(figure: Figure, ratios: dict[str, float]) -> str:
    """Whether the goal was met: ">= 420" is about the value, ">= 10 x" about the ratio."""
    goal = re.fullmatch(r"(>=|<=) ([\d.]+)( x)?", figure.get("goal") or "")
    if not goal:
        return ""
    value = ratios.get(figure["name"]) if goal[3] else figure["value"]
    return "not measured" if value is None else "yes" if COMPARE[goal[1]](value, float(goal[2])) else "**no**"


def ratios_of(figures: list[Figure]) -> dict[str, float]:
    values = {f["name"]: f["value"] for f in figures if "value" in f}
    return {
        f["name"]: f["value"] / values[f["ratio_to"]]
        for f in figures
        if f.get("ratio_to") in values and values[f["ratio_to"]]
    }


def number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def row(figure: Figure, ratios: dict[str, float]) -> str:
    if "error" in figure:
        return f"| {figure['name']} | | | **no** | | | |"
    ratio = f"{number(ratios[figure['name']])} x {figure['ratio_to']}" if figure["name"] in ratios else ""
    cells = [
        figure["name"] + (f" ({figure['note']})" if figure.get("note") else ""),
        f"{number(figure['value'])} {figure['unit']}",
        (figure.get("goal") or "").replace(">=", "≥").replace("<=", "≤"),
        met(figure, ratios),
        ratio,
        f"{figure['n']:,}" if figure.get("n") else "",
        number(figure["peak_mb"]) if figure.get("peak_mb") else "",
    ]
    return "| " + " | ".join(cells) + " |"


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.+)", info)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    processor = model[1].strip() if model else platform.machine()
    python = f"{platform.system()}, Python {platform.python_version()}"
    return f"{cores} cores ({processor}), {memory:.0f} GiB of memory, {python}"


def table(kept: dict[str, list[Figure]]) -> str:
    parts = [
        "# Measured figures",
        "",
        "Written by `make bench`; each block is one run of one benchmark in a process of its own, and ratios are",
        "within that run. Peak is the most memory the process held. The load is that of other programs on the machine",
        "just before the run: much above nothing, times are longer than they would be alone.",
        "",
        f"Machine: {machine()}.",
    ]
    for name, figures in sorted(kept.items()):
        ratios = ratios_of(figures)
        when = f"{figures[0]['date']}; load before it {figures[0].get('load', 0):g}" if figures else "no figure"
        parts += ["", f"## {name} ({when})", "", "| what | measured | goal | met | ratio | n | peak MiB |"]
        parts += ["| --- | --: | --- | --- | --- | --: | --: |"]
        parts += [row(figure, ratios) for figure in figures]
    return "\n".join(parts) + "\n"


def main(names: list[str]) -> int:
    known = benchmarks()
    unknown = set(names) - set(known)
    if unknown:
        sys.stderr.write(f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(known)}.\n")
        return 2
    kept: dict[str, list[Figure]] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    kept = {name: figures for name, figures in kept.items() if name in known}
    for name in names or known:
        kept[name] = run(name)
        FIGURES.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
        RESULTS.write_text(table(kept))
    sys.stdout.write(table(kept))
    return int(any("error" in figure for name in names or known for figure in kept[name]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
