"""How well the product found out about the demo company what its generator knows: who is who."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from crowdalogue.channels import open_channel
from crowdalogue.demo.loader import truth_path
from crowdalogue.errors import Failure
from crowdalogue.models import Handle, Merge, Person, Resemblance
from crowdalogue.relate.statistics import wilson

Pair = tuple[int, int]


def identity() -> dict[str, Any]:
    """Precision and recall over pairs of addresses that are one person: those joined, against those that are.

    An address two people share is either's. Raises `Failure` where the demo company is not loaded.
    """
    if not truth_path().exists():
        raise Failure("There is nothing to compare with. Load the demo company first: crowdalogue demo load")
    truth = json.loads(truth_path().read_text())["addresses"]
    owners, persons = known_handles(truth)
    true = pairs_of(by_owner(owners))
    joined = pairs_of(by_person(persons))
    right = joined & true
    waiting = Person.objects.filter(demo=True, looked_at__isnull=True, merged_into__isnull=True).count()
    return {
        "addresses": len(owners),
        "customers_with_several": sum(len(v) > 1 for v in by_owner(owners).values()),
        "pairs_true": len(true),
        "pairs_joined": len(joined),
        "precision": share(len(right), len(joined)),
        "precision_interval": wilson_of(len(right), len(joined)),
        "recall": share(len(right), len(true)),
        "recall_interval": wilson_of(len(right), len(true)),
        "merges": Merge.objects.filter(undone_at__isnull=True, user__isnull=True, kept__demo=True).count(),
        "suggested": suggested(owners),
        "not_yet_looked_at": waiting,
    }


def known_handles(truth: Mapping[str, Iterable[list[str]]]) -> tuple[dict[int, set[str]], dict[int, int]]:
    """Handle -> its true owners, and handle -> the person it was given."""
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for who, addresses in truth.items():
        for kind, address in addresses:
            wanted[kind, open_channel(kind).normalise(address)].add(who)
    owners: dict[int, set[str]] = {}
    persons: dict[int, int] = {}
    rows = Handle.objects.filter(person__demo=True).values_list("pk", "kind", "address", "person_id")
    for pk, kind, address, person in rows.iterator():
        if person is not None and (kind, address) in wanted:
            owners[pk], persons[pk] = wanted[kind, address], person
    return owners, persons


def by_owner(owners: Mapping[int, set[str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for handle, people in owners.items():
        for who in people:
            found[who].append(handle)
    return found


def by_person(persons: Mapping[int, int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for handle, person in persons.items():
        found[person].append(handle)
    return found


def pairs_of(groups: Mapping[Any, list[int]]) -> set[Pair]:
    return {pair for group in groups.values() for pair in combinations(sorted(group), 2)}


def suggested(owners: Mapping[int, set[str]]) -> dict[str, Any]:
    """Questions still open, and how often the answer would be yes."""
    people: dict[int, set[str]] = defaultdict(set)
    for pk, person in Handle.objects.filter(person__demo=True).values_list("pk", "person_id").iterator():
        if person is not None and pk in owners:
            people[person] |= owners[pk]
    rows = Resemblance.objects.filter(
        state=Resemblance.State.OPEN, one__merged_into__isnull=True, other__merged_into__isnull=True
    ).values_list("one_id", "other_id")
    told = [bool(people[one] & people[other]) for one, other in rows if people[one] and people[other]]
    return {"open": len(told), "right": share(sum(told), len(told))}


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def wilson_of(part: int, whole: int) -> list[float] | None:
    if not whole:
        return None
    low, high = wilson(part, whole) or (0.0, 1.0)
    return [round(low, 4), round(high, 4)]
