"""What the columns show, and what the store says, side by side."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crowdalogue.models import Message
from crowdalogue.relate import engine, facts
from crowdalogue.relate.filters import parse
from crowdalogue.relate.scope import Scope

NOW = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)  # a Thursday


def shown() -> dict[int, dict[str, Any]]:
    rows = engine.run(lambda t: t.messages.order_by("id"))
    words = [None, *engine.words()]
    for row in rows:
        row |= {name: words[row[name]] for name in ("channel", "sentiment", "intent", "direction")}
    assert len({row["id"] for row in rows}) == len(rows), "a message counted twice"
    return {row["id"]: row for row in rows}


def as_stored() -> dict[int, str | None]:
    rows = Message.objects.values_list("id", "reading__sentiment")
    return {i: sentiment or None for i, sentiment in rows}


def scope(query: str = "") -> Scope:
    facts.refresh()
    return Scope.of(parse(query), now=NOW)
