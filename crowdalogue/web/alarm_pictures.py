"""The picture of an alarm: counts as a line, what raises no alarm as a band, and a mark where it was raised."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html

from crowdalogue.web import charts
from crowdalogue.web.charts import Cell, Chart, Point, Table
from crowdalogue.web.words import plural

ROWS = 60  # of the table beside it, the newest
STEPS = {(1, 1): "an hour", (24, 1): "a day", (24, 3): "in three days", (24, 7): "in seven days"}


def points_of(drawn: dict[str, Any]) -> list[Point]:
    """The steps of a picture as act keeps it (see flow.alarms.picture_of)."""
    start, hours = datetime.fromisoformat(drawn["start"]), int(drawn["hours"])
    points = []
    for i, count in enumerate(drawn["counts"]):
        at = timezone.localtime(start + timedelta(hours=hours * i))
        label = f"{at.day} {at:%b}" if hours == 24 else f"{at.day} {at:%b %H:%M}"
        limit = drawn["limit"][i]
        points.append(
            Point(label, count, low=0.0 if limit is not None else None, high=limit, said=plural_voices(count))
        )
    return points


def step_of(drawn: dict[str, Any]) -> str:
    """What a point counts: an hour, a day, or days together."""
    return STEPS.get((int(drawn.get("hours", 24)), int(drawn.get("span", 1))), "a day")


def plural_voices(count: float | None) -> str:
    return "not known" if count is None else plural(round(count), "voice,voices")


def chart(drawn: dict[str, Any], name: str) -> Chart | None:
    """None where nothing was drawn yet."""
    if not drawn.get("counts"):
        return None
    points = points_of(drawn)
    raised = min(int(drawn["raised"]), len(points) - 1)
    step = step_of(drawn)
    most = max(points, key=lambda p: p.value or 0.0)
    sentence = (
        f"{name}: voices {step} from {points[0].label} to {points[-1].label}. "
        f"Raised on {points[raised].label} at {plural_voices(points[raised].value)}; most on {most.label} with "
        f"{plural_voices(most.value)}."
    )
    drawing = _marked(points, sentence, raised)
    rows = [
        [Cell(p.label), Cell(_whole(p.value), faint=not p.value), Cell(_whole(expected)), Cell(_whole(p.high))]
        for p, expected in list(zip(points, drawn["expected"], strict=True))[-ROWS:]
    ]
    header = ("Time", "Voices", "Usual", "Alarm from")
    table = Table(f"{name}, voices {step}", header, list(reversed(rows)))
    legend = format_html(
        '<span><span class="key-band"></span>raises no alarm</span> <span>line: voices {}, {}</span>',
        step,
        "each author once, copies once a day" if step == "an hour" else "each author once an hour, copies once a day",
    )
    return Chart(drawing, table, legend)


def _whole(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _marked(points: list[Point], sentence: str, raised: int) -> Any:
    """The line of web/charts.py with a dashed mark at the step that raised the alarm."""
    n = len(points)
    x = f"{100 * raised / (n - 1) if n > 1 else 50:.2f}%"
    near_end = raised > n / 2
    mark = format_html(
        '<svg class="plot hits" height="{}" aria-hidden="true" focusable="false"><line class="when" x1="{}" x2="{}" '
        'y1="0" y2="{}"/><text class="lab{}" x="{}" dx="{}" y="10">raised {}</text></svg>',
        charts.HEIGHT + charts.LABELS + 6,
        x,
        x,
        charts.HEIGHT,
        " r" if near_end else "",
        x,
        -6 if near_end else 6,
        points[raised].label,
    )
    return format_html("{}{}", charts.line(points, sentence, "count", "neg"), mark)


def spark(drawn: dict[str, Any], name: str) -> Any:
    """Small columns of the last steps, for a row of a list."""
    counts = [float(c or 0) for c in drawn.get("counts", ())][-60:]
    return charts.spark(counts, f"{name}: {plural_voices(sum(counts))} in what is drawn", "neg") if counts else ""
