"""What commands print: one JSON object for programs, a table or a progress line for people."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import click


def as_json(value: Any) -> str:
    def plain(thing: Any) -> Any:
        return thing.isoformat() if isinstance(thing, date | datetime) else str(thing)

    return json.dumps(value, ensure_ascii=False, default=plain)


def print_json(value: Any) -> None:
    """One line, so that it can be the last line of anything."""
    click.echo(as_json(value))


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> None:
    """Rows as columns of text; numbers to the right."""
    if not rows:
        click.echo("Nothing to show.")
        return
    names = list(columns or dict.fromkeys(name for row in rows for name in row))
    cells = [[cell(row.get(name)) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(names)]
    numeric = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in names]
    for line in [[name.replace("_", " ") for name in names], *cells]:
        parts = [t.rjust(w) if n else t.ljust(w) for t, w, n in zip(line, widths, numeric, strict=True)]
        click.echo("  ".join(parts).rstrip())


def cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return f"{value:,}"
    return str(value) if isinstance(value, str) else as_json(value)


class Progress:
    """A line that is written over, on a terminal only: what is done, what is left, how fast."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.on = sys.stderr.isatty()
        self.began = time.monotonic()
        self.shown = 0.0
        self.start: int | None = None

    def __call__(self, done: int, total: int | None, counts: Mapping[str, Any] | None = None) -> None:
        now = time.monotonic()
        if self.start is None:
            self.start = done
        if not self.on or (now - self.shown < 0.1 and done != total):
            return
        self.shown = now
        rate = (done - self.start) / max(now - self.began, 0.001)
        of = f" of about {total:,}" if total and total > done else ""
        left = f", {duration((total - done) / rate)} left" if total and rate > 0 and total > done else ""
        click.echo(f"\r\033[K{done:,}{of} {self.what}, {rate:,.0f} a second{left}", nl=False, err=True)

    def end(self) -> None:
        if self.on and self.shown:
            click.echo("\r\033[K", nl=False, err=True)


def duration(seconds: float) -> str:
    """Seconds as 40 s, 3 min, 2 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
