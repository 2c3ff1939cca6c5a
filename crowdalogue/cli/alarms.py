"""alarms: what is open in the store, or when counts of a file rose beyond what was usual."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from crowdalogue.cli.output import print_json, print_table
from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure

if TYPE_CHECKING:
    from crowdalogue.relate.series import Point

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
NAMES = {"time": ("time", "timestamp", "date"), "count": ("count", "value"), "series": ("series",)}
LARGEST = 500_000_000  # bytes
SHOWN = 200  # alarms or rules that are printed


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--budget", default=1.0, show_default=True, help="False episodes allowed per series and 30 days.")
@click.option("--all", "whole", is_flag=True, help="Without FILE: also those that were looked at, newest first.")
@click.option("--rules", is_flag=True, help="Without FILE: the rules, and how the promise is kept this week.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def alarms(file: Path | None, budget: float, whole: bool, rules: bool, as_json: bool) -> None:
    """Print the alarms of the store that nobody looked at; or when the counts of the CSV FILE rose.

    The file's columns are time, count and perhaps series. Every point is judged by its past only, the first 14 days
    by none.

    \b
    Example:  crowdalogue alarms
              crowdalogue alarms mentions.csv --budget 0.5
    """
    if file is None:
        stored(whole, rules, as_json)
    else:
        of_file(file, budget, as_json)


def stored(whole: bool, rules: bool, as_json: bool) -> None:
    """Alarms of the store, or its rules."""
    open_store()
    if rules:
        found = rule_rows()
        print_json({"rules": found, "week": week_row()}) if as_json else print_table(found)
        return
    rows = alarm_rows(whole)
    if as_json:
        print_json({"alarms": rows})
        return
    print_table(rows)
    if not rows:
        click.echo("Nothing waits for a look. With --all: everything that was raised.", err=True)


def alarm_rows(whole: bool) -> list[dict[str, Any]]:
    from crowdalogue.act import alarms as kept
    from crowdalogue.models import AlarmEpisode

    rows = AlarmEpisode.objects.all() if whole else kept.waiting()
    return [
        {
            "id": row.pk,
            "series": row.name,
            "family": row.family,
            "began": row.began.isoformat(),
            "raised_at": row.raised_at.isoformat(),
            "ended": row.ended.isoformat() if row.ended else None,
            "count": round(row.count),
            "expected": round(row.expected, 1),
            "state": row.state,
        }
        for row in rows.order_by("-raised_at", "-id")[:SHOWN]
    ]


def rule_rows() -> list[dict[str, Any]]:
    from crowdalogue.models import AlarmRule

    return [
        {
            "id": row.pk,
            "name": row.name,
            "family": row.family,
            "filters": row.query,
            "budget": row.budget,
            "active": row.active,
            "series": row.series.values("key").distinct().count(),
        }
        for row in AlarmRule.objects.order_by("name")[:SHOWN]
    ]


def week_row() -> dict[str, Any]:
    from django.utils import timezone

    from crowdalogue.act import alarm_account

    week = alarm_account.account(alarm_account.monday_of(timezone.now()))
    return {
        "monday": week.monday.isoformat(),
        "promised": round(week.promised, 2),
        "raised": week.raised,
        "judged_true": week.judged_true,
        "judged_false": week.judged_false,
    }


def of_file(file: Path, budget: float, as_json: bool) -> None:
    """When the counts of a file rose."""
    from crowdalogue.relate.series import rises

    if not (math.isfinite(budget) and budget > 0):
        raise Failure("The budget must be above 0: so many false episodes per series and 30 days are allowed.")
    if file.stat().st_size > LARGEST:
        raise Failure(f"{file.name} is larger than {LARGEST // 1_000_000} MB. Split it by series, then try the parts.")
    with file.open(newline="", encoding="utf-8-sig") as stream:
        points = read(stream, file.name)
    found, short = [], []
    for name, mine in points.items():
        here, enough = rises(name, mine, budget)
        found += here
        if not enough:
            short.append(name)
    rows = [
        {"series": r.series, "start": r.start.isoformat(), "end": r.end.isoformat(),
         "raised_at": r.raised_at.isoformat(), "peak": r.peak, "expected": r.expected}
        for r in sorted(found, key=lambda r: (r.raised_at.timestamp(), r.series))
    ]  # fmt: skip
    if as_json:
        print_json({"episodes": rows, "too_little_data": short})
        return
    print_table(rows)
    for name in short:
        click.echo(f"{name or file.name}: too little data to tell. Two weeks are needed, and 28 rows.", err=True)


def read(stream: TextIO, name: str) -> dict[str, list[Point]]:
    """The rows of each series. Rows without a count say nothing and are left out. Raises Failure, naming the line."""
    reader = csv.DictReader(stream)
    columns = {kind: column(reader.fieldnames or (), kind) for kind in NAMES}
    for kind in ("time", "count"):
        if columns[kind] is None:
            raise Failure(
                f"{name} has no column {kind}. Name its columns time, count and, if there are several, series."
            )
    points: dict[str, list[Point]] = defaultdict(list)
    zoned: bool | None = None
    try:
        for row in reader:
            told = (row.get(columns["count"] or "") or "").strip()
            if not told:
                continue
            time = moment((row.get(columns["time"] or "") or "").strip(), name, reader.line_num)
            if zoned is not None and zoned != (time.tzinfo is not None):
                raise Failure(f"{name}, line {reader.line_num}: some times have a zone, others none. Give all or none.")
            zoned = time.tzinfo is not None
            series = (row.get(columns["series"]) or "") if columns["series"] else ""
            points[series].append((time, number(told, name, reader.line_num)))
    except (csv.Error, UnicodeDecodeError) as error:
        raise Failure(f"{name} cannot be read as CSV in UTF-8, near line {reader.line_num}.") from error
    return points


def column(names: object, kind: str) -> str | None:
    given = {str(name).strip().lower(): str(name) for name in names}  # type: ignore[attr-defined]
    return next((given[known] for known in NAMES[kind] if known in given), None)


def moment(told: str, name: str, line: int) -> datetime:
    try:
        if told.replace(".", "", 1).isdigit() and len(told.split(".")[0]) >= 9:
            return datetime.fromtimestamp(float(told), UTC)
        return datetime.fromisoformat(told)
    except (ValueError, OverflowError, OSError) as error:
        raise Failure(f"{name}, line {line}: {told[:40]!r} is not a time. Write it as 2026-05-04T13:00.") from error


def number(told: str, name: str, line: int) -> float:
    try:
        value = float(told)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and 0 <= value < 1e12):
        raise Failure(f"{name}, line {line}: {told[:40]!r} is not a count.")
    return value
