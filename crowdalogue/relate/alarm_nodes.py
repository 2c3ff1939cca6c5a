"""Several series rise at once: which of them explains the others. Pure; no rows.

Series overlap: a message is of a topic, a channel, an intent, and of everything. A rise of one topic makes all of
these rise. One alarm is raised, at the series whose voices beyond the usual account for most of the others' rise:
the topic where the topic alone rose, everything where all topics rose alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

EXPLAINED = 0.6  # of a rise: what has so much of it accounted for is no alarm of its own
# Where two explain alike, the one a person can do more about.
NARROW = ("topic", "complaint", "product", "category", "group", "watch")
ORDER = (*NARROW, "intent", "negative", "brand", "channel", "all")


@dataclass(frozen=True)
class Rising:
    """A series that left its normal range. `count` and `expected` are of the time since it began to rise.

    `heard` are the messages of that time (ids), as far as they were read.
    """

    name: str
    family: str
    count: float
    expected: float
    heard: frozenset[int]
    mark: Any = None  # whatever the caller wants to find again

    @property
    def excess(self) -> float:
        return max(self.count - self.expected, 1e-9)


@dataclass
class Chosen:
    """What is raised, and what it explains, with the share of each rise that it accounts for."""

    rising: Rising
    explains: list[tuple[Rising, float]] = field(default_factory=list)


def accounts_for(one: Rising, other: Rising) -> float:
    """The share (0 to 1) of `other`'s rise that is `one`'s: their common messages beyond what is usual of these.

    Common messages are usual as far as `one`'s are: of a rise in everything, a topic's part is what the topic would
    have risen had it risen as everything did.
    """
    if not one.heard or not other.heard:
        return 0.0
    both = len(one.heard & other.heard)
    # Counted in messages; voices may be fewer (an author who wrote twice).
    share = both / len(other.heard) * other.count
    usual = one.expected * share / max(one.count, 1e-9)
    return max(0.0, min(1.0, (share - usual) / other.excess))


def choose(
    rising: Sequence[Rising], going_on: Sequence[Rising] = ()
) -> tuple[list[Chosen], list[tuple[Rising, Rising]]]:
    """What to raise of what rises now, and what belongs to an alarm that goes on already: (rise, that alarm)."""
    attached: list[tuple[Rising, Rising]] = []
    left: list[Rising] = []
    for one in rising:
        parent = max(going_on, key=lambda known: accounts_for(known, one), default=None)
        if parent is not None and accounts_for(parent, one) >= EXPLAINED:
            attached.append((one, parent))
        else:
            left.append(one)
    chosen: list[Chosen] = []
    while left:
        found = _best(left)
        chosen.append(found)
        gone = {id(found.rising), *(id(other) for other, _share in found.explains)}
        left = [one for one in left if id(one) not in gone]
    return chosen, attached


def _best(left: Sequence[Rising]) -> Chosen:
    """The series that accounts for most of all rises; of equals the more telling one, then the larger rise."""

    def worth(one: Rising) -> tuple[float, int, float, str]:
        total = sum(accounts_for(one, other) for other in left if other is not one)
        return round(total, 1), -rank(one), one.excess, one.name

    best = max(left, key=worth)
    shares = [(other, accounts_for(best, other)) for other in left if other is not best]
    return Chosen(best, [(other, round(share, 2)) for other, share in shares if share >= EXPLAINED])


def rank(one: Rising) -> int:
    return ORDER.index(one.family) if one.family in ORDER else len(ORDER)
