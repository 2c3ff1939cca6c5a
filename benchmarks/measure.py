"""What every benchmark uses: a scratch home, a clock, and one line of JSON per figure."""

from __future__ import annotations

import atexit
import json
import math
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def scratch(name: str = "bench") -> Path:
    """A folder on the disk of the checkout (a temporary one may be memory), removed at the end."""
    base = ROOT / "var" / "bench"
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def start(name: str = "bench", *, store: Path | None = None) -> Path:
    """Set Django up on SQLite as shipped, in a scratch home: an empty store, or a copy of `store`.

    Call it before importing rows.
    """
    home = scratch(name)
    if store is not None:
        shutil.copyfile(store, home / "crowdalogue.sqlite3")
    models = ROOT / "var" / "models"
    models.mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(models)
    for key in [k for k in os.environ if k.startswith("CROWDALOGUE_") and k != "CROWDALOGUE_DATA"]:
        del os.environ[key]
    os.environ["CROWDALOGUE_HOME"] = str(home)
    os.environ["CROWDALOGUE_LOG"] = "error"
    os.environ["DJANGO_SETTINGS_MODULE"] = "crowdalogue.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return home


def peak_mb() -> float:
    """The most memory this process ever held at once, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(
    name: str,
    value: float,
    unit: str,
    *,
    goal: str = "",
    ratio_to: str = "",
    n: int | None = None,
    peak: float | None = None,
    note: str = "",
) -> None:
    """Print one figure. `goal` is like ">= 420" or "<= 50" (same unit); `ratio_to` names another figure of the same
    run by which this one is divided in the table; `n` is how many were measured."""
    line = {
        "name": name,
        "value": value,
        "unit": unit,
        "goal": goal,
        "ratio_to": ratio_to,
        "n": n,
        "peak_mb": round(peak_mb() if peak is None else peak, 1),
        "note": note,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Progress, for whoever watches; not part of the result."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


def per_second(work: Callable[[], object], n: int) -> float:
    """How many of `n` things `work` does in a second of wall time."""
    begin = time.perf_counter()
    work()
    return n / (time.perf_counter() - begin)


def timed(work: Callable[[], object], times: int, *, warm_up: int = 2) -> list[float]:
    """Milliseconds of wall time of each of `times` calls, sorted, after `warm_up` calls that are not counted."""
    return timed_both(work, times, warm_up=warm_up)[0]


def timed_both(work: Callable[[], object], times: int, *, warm_up: int = 2) -> tuple[list[float], list[float]]:
    """Milliseconds of wall time and of this process's CPU time of each of `times` calls, each sorted, after `warm_up`
    calls that are not counted. Where other programs compete for the cores, the second is what can be compared."""
    for _ in range(warm_up):
        work()
    wall, cpu = [], []
    for _ in range(times):
        began, worked = time.perf_counter(), time.process_time()
        work()
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - worked) * 1000)
    return sorted(wall), sorted(cpu)


def quantile(ordered: Sequence[float], q: float) -> float:
    """The smallest value that at least a share `q` of `ordered` does not exceed."""
    return ordered[max(0, math.ceil(q * len(ordered) - 1e-9) - 1)]
