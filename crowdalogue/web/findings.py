"""The finding in a title: a sentence computed from the numbers, or that there are too few to say."""

from __future__ import annotations

from math import sqrt
from typing import Any

from crowdalogue.relate.measures import Row
from crowdalogue.relate.statistics import FEW, Z
from crowdalogue.web import drill
from crowdalogue.web.charts import shown
from crowdalogue.web.words import number

ENOUGH_FOR_HOURS = 100  # messages, before a pattern over the day is named
WINDOW = 4  # hours

FRACTIONS = (
    (0.98, "Nearly all"),
    (0.78, "Four in five"),
    (0.72, "Three quarters"),
    (0.64, "Two thirds"),
    (0.56, "Three in five"),
    (0.47, "Half"),
    (0.38, "Two in five"),
    (0.31, "A third"),
    (0.23, "A quarter"),
    (0.185, "A fifth"),
    (0.0, "A sixth"),
)


def fraction(share: float) -> str:
    """A share as people say it: A third, Two in five."""
    return next(words for least, words in FRACTIONS if share >= least)


def of_hours(grid: list[list[Row]]) -> str:
    """A third of all messages come from 18 to 22."""
    hours = [sum(day[h]["n"] for day in grid) for h in range(24)]
    n = sum(hours)
    if n < ENOUGH_FOR_HOURS:
        return f"When messages come: too few to say (n = {n})"
    start, busiest = max(
        ((h, sum(hours[h : h + WINDOW])) for h in range(25 - WINDOW)), key=lambda pair: (pair[1], -pair[0])
    )
    if busiest / n < 1.3 * WINDOW / 24:
        return "Messages come evenly over the day"
    return f"{fraction(busiest / n)} of all messages come from {start} to {start + WINDOW}"


def of_volume(now: Row, before: Row | None, days: int) -> str:
    """1,284 messages, 12% more than in the 28 days before; "about as many" where chance explains the difference."""
    said = f"{number(now['n'])} {'message' if now['n'] == 1 else 'messages'}"
    if before is None or days <= 0:
        return said
    than = f"the {days} days before" if days > 1 else "the day before"
    if before["n"] < FEW:
        return said
    if abs(now["n"] - before["n"]) <= Z * sqrt(now["n"] + before["n"]):
        return f"{said}, about as many as in {than}"
    change = now["n"] / before["n"] - 1
    much = f"{abs(change):.0%}" if change < 2 else f"{now['n'] / before['n']:.1f} times"
    return (
        f"{said}, {much} {'more than' if change < 2 else 'as many as'} in {than}"
        if change > 0
        else (f"{said}, {much} fewer than in {than}")
    )


def of_share(now: Row, before: Row | None, subject: str, up: str, down: str) -> str:
    """Messages are more negative than before: 24%, was 16%. Only a difference beyond chance is called one."""
    if now["few"] or now["value"] is None:
        return f"{subject}: too few to say (n = {now['n']})"
    value = shown(now["value"], "share")
    if before is None or before["few"] or before["value"] is None:
        return f"{subject}: {value}"
    if not differs(now, before):
        return f"{subject} is as it was: {value}"
    return f"{up if now['value'] > before['value'] else down}: {value}, was {shown(before['value'], 'share')}"


def change(now: Row, before: Row | None) -> str:
    """more or less, where a share changed beyond chance; else empty."""
    if before is None or now["few"] or before["few"] or not differs(now, before):
        return ""
    return "more" if now["value"] > before["value"] else "less"


def differs(now: Row, before: Row) -> bool:
    """Whether two shares differ beyond chance: the two-proportion z-test at 5 %."""
    n, m = now["n"], before["n"]
    if not n or not m:
        return False
    together = (now["hits"] + before["hits"]) / (n + m)
    spread = sqrt(together * (1 - together) * (1 / n + 1 / m))
    return bool(spread) and abs(now["hits"] / n - before["hits"] / m) > Z * spread


def of_largest(rows: list[Row], dimension: str) -> str:
    """45% of the messages come by E-mail. What is not read yet is left out of what was read."""
    said = dimension in ("channel", "brand")
    rows = rows if said else [r for r in rows if r[dimension] != "-"]
    n = sum(r["n"] for r in rows)
    if n < FEW:
        return f"Messages by {dimension}: too few to say (n = {n})"
    if len(rows) == 1:
        return f"All messages are of one {dimension}, {drill.name_of(dimension, rows[0][dimension])}"
    first = rows[0]
    name = named(dimension, first[dimension])
    share = shown(first["n"] / n, "share")
    come = {"channel": "come by", "brand": "are about"}.get(dimension, "are")
    if said:
        return f"{share.capitalize()} of the messages {come} {name}"
    return f"{name} is the most frequent: {share} of the messages"


def named(dimension: str, value: Any) -> str:
    """A value within a sentence: topics are in customers' words, so they stand in quotes."""
    name = drill.name_of(dimension, value)
    return f"“{name}”" if dimension == "topic" and value not in ("-", "others") else name


def of_waiting(waiting: int, late: int) -> str:
    """23 wait, one promise is late."""
    if not waiting:
        return "Nobody waits for an answer"
    start = "One conversation waits" if waiting == 1 else f"{number(waiting)} conversations wait"
    if not late:
        return f"{start}, no promise is late"
    return f"{start}, {'one promise is' if late == 1 else f'{number(late)} promises are'} late"


def of_urgent(late: int, soon: int) -> str:
    """One promise is late, two break within ten minutes."""
    parts = []
    if late:
        parts.append("One promise is late" if late == 1 else f"{number(late)} promises are late")
    if soon:
        words = "one breaks" if soon == 1 else f"{soon} break"
        parts.append(f"{words} within ten minutes" if parts else f"{words[0].upper()}{words[1:]} within ten minutes")
    return ", ".join(parts) or "The next promises to keep"


def of_kinds(rows: list[Row], whole: Row, dimension: str, unit: str) -> str:
    """Highest for Phone: 40%, all together 25%. Empty where no value is beyond the interval of all."""
    if whole["few"] or whole["low"] is None or whole["high"] is None:
        return ""
    known = [r for r in rows if not r["few"] and r["low"] is not None and r["high"] is not None]
    apart = [r for r in known if r["low"] > whole["high"] or r["high"] < whole["low"]]
    if not apart:
        return ""
    most = max(apart, key=lambda r: abs(r["value"] - whole["value"]))
    side = "Highest" if most["value"] > whole["value"] else "Lowest"
    name = named(dimension, most[dimension])
    return f"{side} for {name}: {shown(most['value'], unit)}, all together {shown(whole['value'], unit)}"
