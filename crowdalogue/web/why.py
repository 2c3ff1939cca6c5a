"""Why more is negative than before: what rose among the negative messages, each row opening them.

What takes a larger share of a feeling that has itself grown has added to it; what only kept its share is not named.
"""

from __future__ import annotations

from dataclasses import dataclass

from crowdalogue.relate import movers
from crowdalogue.relate.movers import Mover
from crowdalogue.relate.scope import Scope
from crowdalogue.web import compare, drill
from crowdalogue.web import movers as page
from crowdalogue.web.charts import shown
from crowdalogue.web.contrasted import times
from crowdalogue.web.words import number

BY = ("topic", "product")
SHOWN = 3  # of each


@dataclass(frozen=True)
class Riser:
    """A topic or product: its name, its negative messages, and what is said of it."""

    name: str
    kind: str
    href: str
    said: str


@dataclass(frozen=True)
class Why:
    """What rose, the most people first, and where to go on: all of both stretches compared, and all that moved.

    The comparison is of all messages, not of the negative ones: with so many words to look at, few of them would stand.
    """

    risers: list[Riser]
    refused: bool  # too few people to say
    compare: str
    movers: str
    definition: str


def of_negative(scope: Scope) -> Why | None:
    """For a scope whose messages are more negative than before; None where nothing lies before it."""
    earlier = scope.before()
    if earlier is None:
        return None
    narrowed = Scope.of(scope.filters.with_(sentiment=("negative",)), now=scope.now)
    found = [movers.movers(narrowed, by) for by in BY]
    risers = [_riser(narrowed, by, row) for by, moved in zip(BY, found, strict=True) for row in _most(moved.rose)]
    return Why(
        risers,
        all(moved.refused or not moved.looks for moved in found),
        compare.address(scope.filters, earlier.filters),
        page.address(narrowed.filters, BY[0]),
        f"{movers.DEFINITION} Here of those who wrote something negative; those that added most people come first.",
    )


def _most(rose: tuple[Mover, ...]) -> list[Mover]:
    """Those that added most, in people of a hundred: a tall ratio of few explains little."""
    return sorted(rose, key=lambda row: row.k2 / row.n2 - row.k1 / row.n1)[:SHOWN]


def _riser(scope: Scope, by: str, row: Mover) -> Riser:
    now, before = shown(row.k1 / row.n1, "share"), shown(row.k2 / row.n2, "share")
    was = f"was {before}: {times(row.ratio)} times as often" if row.k2 else "none before"
    name = drill.name_of(by, row.name)
    return Riser(
        f"“{name}”" if by == "topic" else name,
        by,
        drill.messages(scope.filters.with_(**{by: (row.name,)})),
        f"{now} of their authors, {was} (n = {number(row.k1)})",
    )
