"""What a page shows, as one plain object for programs: `crowdalogue report NAME --json` and the API print it.

report("response", parse("brand=Tallowmere"))
{"report": "response", "definition": {...}, "filters": {...}, "timezone": "UTC", "as_of": "...", "rows": [...]}
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from crowdalogue.errors import Failure
from crowdalogue.relate import facts, measures, topicnames, voice, volume
from crowdalogue.relate.filters import EVERYTHING, MANY, NONE, Filters, short_topic
from crowdalogue.relate.measures import MEASURES, Row
from crowdalogue.relate.scope import Scope
from crowdalogue.relate.statistics import FEW, wilson

QUANTILES = "Linear interpolation between the two nearest values; 95 % intervals by order statistics."


def report(
    name: str, filters: Filters = EVERYTHING, *, now: datetime | None = None, fresh_s: float = 0.0
) -> dict[str, Any]:
    """The report as JSON-ready data: `rows`, with what they mean and how fresh they are.

    `fresh_s`: first spend up to so many seconds on bringing the columns up to date, for callers that cannot count
    on a worker. Raises Failure for a name there is no report of.
    """
    if name not in REPORTS:
        raise Failure(f"There is no report “{name[:40]}”. Reports are: {', '.join(REPORTS)}.")
    if fresh_s:
        facts.catch_up(fresh_s)
    scope = Scope.of(filters, now=now)
    rows, defined = REPORTS[name](scope)
    fresh = facts.as_of()
    return {
        "report": name,
        "definition": _definitions(defined),
        "filters": dict(_pairs(filters)),
        "timezone": str(scope.zone),
        "too_few_below": FEW,
        "as_of": fresh.isoformat() if fresh else None,
        "rows": [_plain(row) for row in rows],
    }


def _definitions(names: tuple[str, ...]) -> dict[str, str]:
    timed = any(n in MEASURES and MEASURES[n].unit == "seconds" for n in names)
    defined = {n: MEASURES[n].definition if n in MEASURES else voice.DEFINITION for n in names}
    return defined | ({"quantiles": QUANTILES} if timed else {})


def _pairs(filters: Filters) -> dict[str, Any]:
    out: dict[str, Any] = {"period": filters.period, "whose": filters.whose, "direction": filters.direction}
    for key, value in filters.to_pairs():
        if key in MANY:
            out.setdefault(key, []).append(value)
        else:
            out[key] = value
    return out


def _plain(row: Row) -> Row:
    return {k: _value(v) for k, v in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return round(value, 6) if isinstance(value, float) else value


# --- the reports: each gives its rows and the measures in them

Made = tuple[list[Row], tuple[str, ...]]


def _response(scope: Scope) -> Made:
    """By brand: conversations a customer opened, how many got a first response, and how soon."""
    names = (
        "conversations",
        "opened_answered",
        "first_response",
        "first_response_p90",
        "first_response_business",
        "first_response_business_p90",
    )
    found = {n: {row["brand"]: row for row in measures.table(scope, n, ("brand",))} for n in names}
    rows = [_response_row(brand, {n: found[n].get(brand) for n in names}) for brand in found["conversations"]]
    return sorted(rows, key=lambda r: (-r["n"], r["brand"] or "")), names


def _response_row(brand: str, of: dict[str, Row | None]) -> Row:
    response, share = of["first_response"], of["opened_answered"]
    row: Row = {
        "brand": None if brand == "-" else brand,
        "conversations": (of["conversations"] or {}).get("n", 0),
        "n": response["n"] if response else 0,
        "few": response is None or response["few"],
    }
    for name, key in (
        ("first_response", "first_response_median"),
        ("first_response_p90", "first_response_p90"),
        ("first_response_business", "first_response_business_median"),
        ("first_response_business_p90", "first_response_business_p90"),
    ):
        found = of[name] or {}
        row |= {f"{key}_s": found.get("value"), f"{key}_low_s": found.get("low"), f"{key}_high_s": found.get("high")}
    for key, part in (("answered_share", "value"), ("answered_share_low", "low"), ("answered_share_high", "high")):
        row[key] = share[part] if share else None
    return row | {"answered_n": share["n"] if share else 0}


def _volume(scope: Scope) -> Made:
    """By day: messages, unique texts, unique authors."""
    names = ("messages", "texts", "authors")
    found = [volume.over_time(scope, n, step="day")[0].rows for n in names]
    rows = [
        {"day": m["day"], "messages": m["n"], "texts": t["n"], "authors": a["n"]}
        for m, t, a in zip(*found, strict=True)
    ]
    return rows, names


def _shares(dimension: str) -> Callable[[Scope], Made]:
    def made(scope: Scope) -> Made:
        rows = measures.table(scope, "messages", (dimension,))
        read = sum(r["n"] for r in rows if r[dimension] != "-")
        return [_share_row(dimension, r, read) for r in rows], ("messages",)

    return made


def _share_row(dimension: str, row: Row, read: int) -> Row:
    if row[dimension] == "-":  # not read yet: counted, no share
        return {dimension: None, "n": row["n"], "share": None, "share_low": None, "share_high": None}
    low, high = wilson(row["n"], read) or (None, None)
    return {dimension: row[dimension], "n": row["n"], "share": row["n"] / read, "share_low": low, "share_high": high}


def _split(dimension: str) -> Callable[[Scope], Made]:
    """Volume, answered share and response side by side for each value of a dimension."""
    names = ("messages", "texts", "authors", "negative", "answered", "kept", "first_response", "first_response_p90")

    def made(scope: Scope) -> Made:
        found = {n: {r[dimension]: r for r in measures.table(scope, n, (dimension,))} for n in names}
        return [
            {dimension: None if value == "-" else value}
            | {n: (found[n].get(value) or {}).get("value", 0 if MEASURES[n].unit == "count" else None) for n in names}
            | {f"{n}_n": (found[n].get(value) or {}).get("n", 0) for n in names if MEASURES[n].unit != "count"}
            for value in found["messages"]
        ], names

    return made


def _topics(scope: Scope) -> Made:
    """By topic: messages, unique texts, unique authors, negative and complaint share. No topic yet: null."""
    names = ("messages", "texts", "authors", "negative", "complaints")
    found = {n: {r["topic"]: r for r in measures.table(scope, n, ("topic",))} for n in names}
    rows = []
    for label in found["messages"]:
        pk = None if label == NONE else int(short_topic(label))
        row: Row = {"topic": pk, "name": topicnames.name(label) if pk else None}
        row |= {n: (found[n].get(label) or {}).get("value") for n in names}
        rows.append(row | {f"{n}_n": (found[n].get(label) or {}).get("n", 0) for n in names[3:]})
    return rows, names


def _hours(scope: Scope) -> Made:
    """By weekday (0 is Monday) and hour, in the company's zone."""
    grid = volume.heat(scope)
    return [{"weekday": d, "hour": h, "n": grid[d][h]["n"]} for d in range(7) for h in range(24)], ("messages",)


def _waiting(scope: Scope) -> Made:
    """By channel: who waits now, of them late, without an owner, and since when."""
    rows: dict[str, Row] = {}
    waiting = measures.waiting_now(scope).values_list("kind", "due_at", "owner_id", "waiting_since")
    for kind, due, owner, since in waiting.iterator(chunk_size=10_000):
        row = rows.setdefault(kind, {"channel": kind, "n": 0, "late": 0, "no_owner": 0, "oldest": since})
        row["n"] += 1
        row["late"] += due is not None and due <= scope.now
        row["no_owner"] += owner is None
        row["oldest"] = min(row["oldest"], since)
    return sorted(rows.values(), key=lambda r: -r["n"]), ()


def _answered(scope: Scope) -> Made:
    """By channel: the share of waits answered, and of promises kept."""
    names = ("answered", "kept")
    found = {n: {r["channel"]: r for r in measures.table(scope, n, ("channel",))} for n in names}
    rows = []
    for channel, row in found["answered"].items():
        kept = found["kept"].get(channel)
        rows.append(
            {"channel": channel, "n": row["n"], "answered": row["hits"], "never_answered": row["n"] - row["hits"]}
            | {"answered_share": row["value"], "answered_share_low": row["low"], "answered_share_high": row["high"]}
            | {"kept_n": kept["n"] if kept else 0, "kept_share": kept["value"] if kept else None}
        )
    return rows, names


def _voice(scope: Scope) -> Made:
    """By brand: share of voice, in messages and in authors."""
    return voice.of_brands(scope), ("voice",)


def _ratings(scope: Scope) -> Made:
    """By channel: the mean rating."""
    rows = measures.table(scope, "rating", ("channel",))
    parts = ("n", "value", "low", "high", "few")
    return [{"channel": r["channel"], **{p: r[p] for p in parts}} for r in rows], ("rating",)


REPORTS: dict[str, Callable[[Scope], Made]] = {
    "response": _response,
    "volume": _volume,
    "sentiment": _shares("sentiment"),
    "intent": _shares("intent"),
    "language": _shares("language"),
    "topics": _topics,
    "channels": _split("channel"),
    "brands": _split("brand"),
    "hours": _hours,
    "waiting": _waiting,
    "answered": _answered,
    "voice": _voice,
    "ratings": _ratings,
}
