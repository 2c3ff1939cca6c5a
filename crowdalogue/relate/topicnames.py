"""Topics in addresses and tables: written as "17 late parcel", found again by the number, or by the name alone."""

from __future__ import annotations

from collections.abc import Iterable

from crowdalogue.models import Topic
from crowdalogue.relate.filters import NONE, short_topic

STEPS = 20  # of topics merged into others that were merged themselves
AT_ONCE = 5_000


def labels(ids: Iterable[int]) -> dict[int, str]:
    """For each topic its number and its name, as one word of a table; numbers there is no topic of are left out."""
    wanted = sorted(set(ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        rows = Topic.objects.filter(pk__in=wanted[start : start + AT_ONCE]).only("pk", "name", "own_name")
        found |= {row.pk: f"{row.pk} {row}" for row in rows}
    return found


def name(label: str) -> str:
    """The name alone, as a person reads it."""
    return label.partition(" ")[2] or label


def said(values: Iterable[str]) -> list[str]:
    """The names of the topics that a filter names, in its order."""
    values = list(values)
    known = labels(int(n) for v in values if (n := short_topic(v)).isdecimal())
    names = [known.get(int(n), v) if (n := short_topic(v)).isdecimal() else v for v in values]
    return ["No topic" if n == NONE else name(n) for n in names]


def largest(most: int) -> list[Topic]:
    """Topics there are to choose from, the largest first."""
    there = Topic.objects.exclude(state=Topic.State.RETIRED).filter(merged_into__isnull=True)
    return list(there.order_by("-messages_count", "pk").only("pk", "name", "own_name")[:most])


def resolve(values: Iterable[str]) -> tuple[int, ...]:
    """The numbers of topics that a filter names; one that was merged leads to the one it went into.

    A value is a number, or the name of a topic that is there; one that says nothing known becomes -1, which no
    message has, and "without a topic" is 0.
    """
    found: set[int] = set()
    numbers: set[int] = set()
    for value in values:
        number = short_topic(value)
        if value == NONE:
            found.add(0)
        elif number.isdecimal():
            numbers.add(int(number))
        else:
            found |= _named(value) or {-1}
    return tuple(sorted(found | _roots(numbers)))


def _roots(numbers: set[int]) -> set[int]:
    """Where the messages of these topics are now."""
    for _step in range(STEPS):
        merged = Topic.objects.filter(pk__in=sorted(numbers)[:AT_ONCE], merged_into__isnull=False)
        into = dict(merged.values_list("pk", "merged_into_id"))
        if not into:
            break
        numbers = (numbers - into.keys()) | {pk for pk in into.values() if pk is not None}
    return numbers


def _named(value: str) -> set[int]:
    there = Topic.objects.exclude(state=Topic.State.RETIRED)
    own = set(there.filter(own_name__iexact=value).values_list("pk", flat=True)[:100])
    return own or set(there.filter(own_name="", name__iexact=value).values_list("pk", flat=True)[:100])
