"""One week, composed: what changed beyond noise, what was done, what there is to decide. Data, without any markup.

    content = compose(parse("product=Kestrel kettle"), date(2026, 11, 9))
    content["changed"][0]
    {"kind": "volume", "text": "...", "sure": "...", "n": 812, "view": "messages", "query": "from=..."}

Every line has its evidence (`view` and `query` or `id` say which page shows it) and how sure it is, by the method
that found it: the week against the eight before (Student's t prediction interval with the counts' own spread, never
less than Poisson's), the week's people against those of the four weeks before (relate.groups, corrected for many
looks), shares by Newcombe, medians by order statistics.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from crowdalogue.relate import comparison, groups, measures, topicnames
from crowdalogue.relate.filters import Filters
from crowdalogue.relate.groups import Contrast
from crowdalogue.relate.measures import Row
from crowdalogue.relate.scope import Scope

Line = dict[str, Any]

WEEK = timedelta(days=7)
BEFORE = 4  # weeks whose people stand for what is usual
HISTORY = 8  # weeks whose counts do
FEWEST_WEEKS = 4  # below this nobody knows what is usual
LABELLED = 6  # lines of labels
WORDS = 8  # words in their one line
LEAST_RATIO = 1.2  # a difference may stand and be too small to act on
# Student's t, two-sided 95 %, by degrees of freedom; a prediction from so few weeks has wide tails.
T95 = {3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365}
SLOWER = {"first_response": "First response took", "first_response_p90": "The slowest tenth waited"}


def compose(filters: Filters, monday: date, *, now: datetime | None = None) -> dict[str, Any]:
    """The week from `monday` on, over what the filters show. Their period is not looked at."""
    moment = now or datetime.now(UTC)
    week = of_days(filters, monday, 7)
    before = of_days(filters, monday - BEFORE * WEEK, 7 * BEFORE)
    found = groups.contrast(week, before, now=moment)
    lines = [*volume(filters, monday, moment), *service(week, before, moment), *apart(found, week, before)]
    return {
        "start": monday.isoformat(),
        "end": (monday + timedelta(days=6)).isoformat(),
        "query": filters.to_query(),
        "people": found.one.authors,
        "messages": found.one.messages,
        "people_before": found.two.authors,
        "changed": lines,
        "refused": found.refused,
        "cautions": list(found.cautions),
        "looks": found.looks,
    }


def of_days(filters: Filters, first: date, days: int) -> Filters:
    return replace(filters, start=first, end=first + timedelta(days=days - 1))


# --- how much


def volume(filters: Filters, monday: date, now: datetime) -> list[Line]:
    """People who wrote, against the weeks before; silent where it is within what is usual."""
    span = of_days(filters, monday - HISTORY * WEEK, 7 * (HISTORY + 1))
    rows = {row["week"]: row["n"] for row in measures.table(Scope.of(span, now=now), "authors", ("week",))}
    first = min(rows, default=monday)
    past = [rows.get(monday - k * WEEK, 0) for k in range(1, HISTORY + 1) if monday - k * WEEK >= first]
    n = rows.get(monday, 0)
    line: Line = {"kind": "volume", "n": n, "view": "messages", "query": of_days(filters, monday, 7).to_query()}
    if len(past) < FEWEST_WEEKS:
        said = f"{people(n)} wrote. With {len(past)} earlier weeks nobody can say yet whether that is much."
        return [line | {"text": said, "sure": "too early to tell", "direction": ""}]
    low, high = expected(past)
    mean = sum(past) / len(past)
    usual = f"{math.ceil(low):,} to {math.floor(high):,} are usual"
    if low <= n <= high:
        return [line | {"text": f"{people(n)} wrote: as many as usual.", "sure": usual, "direction": "", "usual": True}]
    more = n > high
    said = (
        f"{people(n)} wrote, {'more' if more else 'fewer'} than usual ({times(n / mean) if mean else 'never before'})."
    )
    sure = f"{usual} (95% of weeks like the {len(past)} before)"
    return [line | {"text": said, "sure": sure, "direction": "up" if more else "down"}]


def expected(past: list[int]) -> tuple[float, float]:
    """Where one more week would lie 95 times of 100, by the spread between weeks, and at least Poisson's."""
    n, mean = len(past), sum(past) / len(past)
    variance = max(sum((x - mean) ** 2 for x in past) / (n - 1), mean, 1.0)
    reach = T95[min(n - 1, 7)] * math.sqrt(variance * (1 + 1 / n))
    return max(0.0, mean - reach), mean + reach


# --- how well it was answered


def service(week: Filters, before: Filters, now: datetime) -> list[Line]:
    one, two = Scope.of(week, now=now), Scope.of(before, now=now)
    lines = [share(week, one, two, "answered", "Answered", "were answered"), *response_times(week, one, two)]
    lines.append(share(week, one, two, "negative", "Negative", "of what was said was negative", better=-1))
    return [line for line in lines if line]


def share(week: Filters, one: Scope, two: Scope, name: str, title: str, said: str, *, better: int = 1) -> Line:
    """A share that differs from before by more than chance; empty where it does not."""
    new, old = measures.figure(one, name), measures.figure(two, name)
    if new["few"] or old["few"]:
        return {}
    low, high = (float(x[0]) for x in comparison.newcombe([new["hits"]], [new["n"]], [old["hits"]], [old["n"]]))
    if low <= 0 <= high:
        return {}
    points = 100 * (new["value"] - old["value"])
    return {
        "kind": name,
        "title": title,
        "text": f"{percent(new)} {said}, after {percent(old)} in the four weeks before.",
        "sure": f"{points:+.1f} points, 95% from {100 * low:+.1f} to {100 * high:+.1f}",
        "n": new["n"],
        "direction": "better" if points * better > 0 else "worse",
        "view": "explore",
        "query": f"measure={name}&by=day&{week.to_query()}",
    }


def response_times(week: Filters, one: Scope, two: Scope) -> list[Line]:
    """Medians and tails whose intervals do not touch those of before."""
    lines = []
    for name, said in SLOWER.items():
        new, old = measures.figure(one, name), measures.figure(two, name)
        if any(row["few"] or row["low"] is None or row["high"] is None for row in (new, old)):
            continue
        if new["low"] <= old["high"] and old["low"] <= new["high"]:
            continue
        lines.append(
            {
                "kind": name,
                "title": "First response",
                "text": f"{said} {duration(new['value'])}, after {duration(old['value'])} in the four weeks before.",
                "sure": f"95% from {duration(new['low'])} to {duration(new['high'])}, "
                f"before from {duration(old['low'])} to {duration(old['high'])}",
                "n": new["n"],
                "direction": "worse" if new["value"] > old["value"] else "better",
                "view": "explore",
                "query": f"measure={name}&by=day&{week.to_query()}",
            }
        )
    return lines


# --- what people said differently


def apart(found: Contrast, week: Filters, before: Filters) -> list[Line]:
    """What stands after the correction and is large enough to matter: labels a line each, words in one."""
    figures = found.figures
    if figures is None:
        return []
    standing = [
        row
        for row in found.rows
        if figures.stands[row.at] and max(figures.ratio[row.at], 1 / max(figures.ratio[row.at], 1e-9)) >= LEAST_RATIO
    ]
    labels = [row for row in standing if row.kind != "word"][:LABELLED]
    words = [row for row in standing if row.kind == "word" and figures.ratio[row.at] > 1][:WORDS]
    lines = [label(found, row, week, before) for row in labels]
    if words:
        named = [row.value for row in words]
        lines.append(
            {
                "kind": "words",
                "title": "Words",
                "text": f"Said more than before: {', '.join(named)}.",
                "words": named,
                "sure": "each stands after correction for many looks",
                "n": max(int(figures.k1[row.at]) for row in words),
                "direction": "",
                "view": "compare",
                "query": pair(week, before),
            }
        )
    return lines


def label(found: Contrast, row: groups.Row, week: Filters, before: Filters) -> Line:
    figures, at = found.figures, row.at
    assert figures is not None
    ratio, more = float(figures.ratio[at]), float(figures.ratio[at]) > 1
    k1, n1, k2, n2 = (int(getattr(figures, name)[at]) for name in ("k1", "n1", "k2", "n2"))
    value = topicnames.name(row.value) if row.kind == "topic" else row.value.replace("_", " ")
    value = "needs an answer" if row.kind == "needs_answer" else value
    warned = [f"{'turns round' if w.turned else 'moves'} within one {w.by}" for w in row.warned[:2]]
    low, high = float(figures.ratio_low[at]), float(figures.ratio_high[at])
    return {
        "kind": row.kind,
        "value": row.value,
        "title": row.kind.replace("_", " ").capitalize(),
        "name": value,
        "text": f"{value}: {people(k1)} of {n1:,} ({100 * k1 / n1:.1f}%), after {100 * k2 / n2:.1f}% before.",
        "sure": (f"{times(ratio)}, 95% from {low:.2f} to {high:.2f}" if math.isfinite(high) else "never before")
        + (f"; but it {' and '.join(warned)}" if warned else ""),
        "n": k1,
        "direction": "up" if more else "down",
        "view": "messages",
        "query": narrowed(week, row).to_query(),
        "compare": pair(week, before),
    }


def narrowed(week: Filters, row: groups.Row) -> Filters:
    value = row.value
    return week.with_(needs_answer="yes") if row.kind == "needs_answer" else week.with_(**{row.kind: (value,)})


def pair(week: Filters, before: Filters) -> str:
    return urlencode({"a": week.to_query(), "b": before.to_query()})


# --- words


def people(n: int) -> str:
    return "1 person" if n == 1 else f"{n:,} people"


def times(ratio: float) -> str:
    if ratio >= 1:
        return f"{ratio:.1f} times as many"
    return f"{100 * (1 - ratio):.0f}% fewer"


def percent(row: Row) -> str:
    return f"{100 * row['value']:.1f}%"


def duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 36 else f"{hours / 24:.1f} days"
