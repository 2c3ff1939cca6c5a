"""What rose and what fell: of one dimension, the values whose share of people moved against the stretch before.

    found = movers(Scope.of(parse("period=28d")), "topic")
    found.rose[0].name, found.rose[0].ratio, found.rose[0].low

People are counted, not messages: near-copies of a text are one, and who writes twice with a value has it once. The
share is of the people of whom the dimension is known, so a period in which everybody writes more, or that is not over,
moves nothing. Which values moved beyond chance is Fisher's exact test, corrected over all values by Benjamini and
Hochberg.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from typing import Any

import ibis
import numpy as np
from ibis import _

from crowdalogue.errors import Failure
from crowdalogue.models import Category
from crowdalogue.relate import comparison, facts, topicnames
from crowdalogue.relate.comparison import FEWEST_PEOPLE, FEWEST_WITH, RATE, Compared
from crowdalogue.relate.engine import Expression, Tables
from crowdalogue.relate.filters import NONE
from crowdalogue.relate.measures import DIMENSIONS
from crowdalogue.relate.scope import Scope

OFFERED = (
    *("topic", "product", "channel", "brand", "intent", "sentiment", "language", "country", "category", "urgency"),
)
MOST = 5_000  # values of a stretch, those of most people
DEFINITION = (
    "People who wrote with the value, of all people of whom it is known, in the period against the stretch of the "
    "same length just before. Each person counts once a value, near-copies of a text once. Times: share now over share "
    f"before, Koopman’s 95% interval. It moved where Fisher’s exact test, corrected over all values at {RATE:.0%} "
    f"false discoveries, says so; below {FEWEST_WITH} people with it nothing is said."
)


@dataclass(frozen=True)
class Mover:
    """A value with `k1` of `n1` people now and `k2` of `n2` before; `messages` are those of now and before.

    `ratio` is inf for what is new. `said` is False where too few have it; `stands` where it moved beyond chance.
    """

    name: str
    messages: tuple[int, int]
    k1: int
    n1: int
    k2: int
    n2: int
    ratio: float
    low: float
    high: float
    q: float
    said: bool
    stands: bool


@dataclass(frozen=True)
class Moved:
    """`rose` and `fell` by how far they surely moved; `still` the rest that is said, the largest first.

    `few` values have too few people to say; `looks` were tested. `refused` says why there are none.
    """

    by: str
    rose: tuple[Mover, ...] = ()
    fell: tuple[Mover, ...] = ()
    still: tuple[Mover, ...] = ()
    few: int = 0
    looks: int = 0
    people: tuple[int, int] = (0, 0)
    refused: str = ""


@dataclass
class _Stretch:
    """People and messages of each value, by its code, and how many people there are."""

    people: int = 0
    values: dict[Any, tuple[int, int]] = field(default_factory=dict)


def movers(scope: Scope, by: str) -> Moved:
    """What moved in a scope. Raises Failure for a dimension that is not offered."""
    if by not in OFFERED:
        raise Failure(f"There are no movers by “{by[:40]}”. There are by: {', '.join(OFFERED)}.")
    earlier = scope.before()
    if earlier is None:
        return Moved(by, refused="All time has no period before it. Choose a period.")
    now, before = _counted(scope, by), _counted(earlier, by)
    people = (now.people, before.people)
    if min(people) < FEWEST_PEOPLE:
        refused = (
            f"Too few to say: n = {people[0]:,} people in the period and {people[1]:,} before it. At least "
            f"{FEWEST_PEOPLE} are needed in each. Take a longer period or fewer filters."
        )
        return Moved(by, people=people, refused=refused)
    names = _names(scope, by, sorted({*now.values, *before.values}, key=str))
    figures = _compared(now, before, list(names))
    rows = [_mover(name, code, i, now, before, figures) for i, (code, name) in enumerate(names.items())]
    stand = [row for row in rows if row.stands]
    return Moved(
        by,
        tuple(sorted((r for r in stand if r.ratio > 1), key=lambda r: -r.low)),
        tuple(sorted((r for r in stand if r.ratio < 1), key=lambda r: r.high)),
        tuple(sorted((r for r in rows if r.said and not r.stands), key=lambda r: -r.k1 - r.k2)),
        few=sum(not row.said for row in rows),
        looks=sum(row.said for row in rows),
        people=people,
    )


# --- counting


def _counted(scope: Scope, by: str) -> _Stretch:
    rows = scope.ask(("movers", by), partial(_values, scope, by), limit=MOST)
    if not rows:
        return _Stretch()
    people = scope.ask(("movers of", by), partial(_people, scope, by), limit=1)[0]["people"]
    return _Stretch(people, {row["value"]: (int(row["people"]), int(row["messages"])) for row in rows})


def _known(scope: Scope, by: str, tables: Tables) -> Expression:
    """Messages of which the dimension is known; who wrote without an author is somebody we met once."""
    rows = scope.messages(tables)
    if by == "category":  # it is known of every message, and a message may be in several or in none
        rows = rows.mutate(value=_.categories)
    elif by == "product":
        rows = rows.filter(_["product"].notnull()).mutate(value=_["product"])
    else:
        rows = rows.filter(_[by].fill_null(0) != 0).mutate(value=_[by])
    return rows.select("id", "copies", "value", who=_.author.fill_null(-(2**62) + _.id))


def _people(scope: Scope, by: str, tables: Tables) -> Expression:
    firsts = _known(scope, by, tables).group_by("copies").agg(who=_.who.argmin(_.id))
    return firsts.agg(people=_.who.nunique())


def _values(scope: Scope, by: str, tables: Tables) -> Expression:
    rows = _known(scope, by, tables)
    if by == "category":
        rows = rows.mutate(value=_.value.unnest())
    firsts = rows.group_by(["value", "copies"]).agg(who=_.who.argmin(_.id), messages=_.count())
    counted = firsts.group_by("value").agg(people=_.who.nunique(), messages=_.messages.sum())
    return counted.order_by([ibis.desc("people"), ibis.asc("value")])


def _names(scope: Scope, by: str, codes: list[Any]) -> dict[Any, str]:
    """Codes with the names that filters know them by; a value that is gone from the store is left out."""
    if by == "topic":
        return topicnames.labels(codes)
    if by == "category":
        return dict(Category.objects.filter(pk__in=codes).values_list("pk", "name"))
    if by == "brand":
        return {code: scope.names[code] for code in codes if code in scope.names}
    if by == "product":
        return {code: str(code) for code in codes}
    return {code: scope.word(code) for code in codes if scope.word(code) != NONE}


def _compared(now: _Stretch, before: _Stretch, codes: list[Any]) -> Compared:
    columns = []
    for stretch in (now, before):
        people = np.array([stretch.values.get(code, (0, 0))[0] for code in codes], dtype=np.int64)
        # Of a copy in two values the first author may differ, so a count can pass the whole by a copy's author.
        columns += [np.minimum(people, stretch.people), np.full(len(codes), stretch.people)]
    return comparison.compare(*columns)


def _mover(name: str, code: Any, i: int, now: _Stretch, before: _Stretch, f: Compared) -> Mover:
    return Mover(
        name,
        messages=(now.values.get(code, (0, 0))[1], before.values.get(code, (0, 0))[1]),
        **{part: int(getattr(f, part)[i]) for part in ("k1", "n1", "k2", "n2")},
        ratio=float(f.ratio[i]),
        low=float(f.ratio_low[i]),
        high=float(f.ratio_high[i]),
        q=float(f.q[i]),
        said=bool(f.said[i]),
        stands=bool(f.stands[i]),
    )


# --- for programs


def plain(scope: Scope, by: str, *, rows: int = 200) -> dict[str, Any]:
    """What moved as JSON-ready data: first what rose, then what fell, then what did not move beyond chance."""
    found = movers(scope, by)
    earlier = scope.before()
    fresh = facts.as_of()
    listed = [
        {"moved": word, **_plain(mover)}
        for word, group in (("rose", found.rose), ("fell", found.fell), ("", found.still))
        for mover in group
    ]
    return {
        "by": by,
        "label": DIMENSIONS[by],
        "definition": DEFINITION,
        "filters": scope.filters.to_query(),
        "before": earlier.filters.to_query() if earlier else "",
        "as_of": fresh.isoformat() if fresh else None,
        "refused": found.refused,
        "false_discovery_rate": RATE,
        "looks": found.looks,
        "too_few": found.few,
        "people": found.people[0],
        "people_before": found.people[1],
        "rows": listed[:rows],
    }


def _plain(mover: Mover) -> dict[str, Any]:
    return {
        "value": mover.name,
        "people": mover.k1,
        "of": mover.n1,
        "people_before": mover.k2,
        "of_before": mover.n2,
        "messages": mover.messages[0],
        "messages_before": mover.messages[1],
        **{name: _number(getattr(mover, name)) for name in ("ratio", "low", "high", "q")},
    }


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if isfinite(value) else None
