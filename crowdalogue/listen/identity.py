"""Many addresses, one person: the evidence about a batch of persons is gathered, weighed and acted upon.

Safe beside itself: a person is claimed by a conditional update, and a claim left by a dead worker runs out. Whatever
is new about somebody sets `Person.looked_at` to null (listen/people.py), so nobody is looked at without need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from crowdalogue.errors import Failure
from crowdalogue.listen import claims, evidence, merging, standing
from crowdalogue.listen.dossiers import Dossier, open_dossiers, read_records, read_words
from crowdalogue.listen.evidence import Tie, Verdict
from crowdalogue.models import Person, Resemblance
from crowdalogue.models.bulk import chunks

AT_ONCE = 200  # persons in one batch
LEASE = timedelta(minutes=5)
# A person at work is marked with the time of the claim a century ago: `looked_at` is the only column there is for it.
CENTURY = timedelta(days=36525)


@dataclass
class Recognised:
    looked: int = 0
    merged: int = 0
    suggested: int = 0


def recognise(limit: int = AT_ONCE) -> Recognised:
    """Weigh what is known of persons who have something new, at most `limit`: who they are, and where they stand.

    `looked` 0: nobody waits.
    """
    mark, ids = claim(min(limit, AT_ONCE), timezone.now())
    if not ids:
        merging.sweep()
        return Recognised()
    dossiers = open_dossiers(ids)
    read_words(dossiers)
    read_records(dossiers)
    claims.meet(dossiers, claims.remember(dossiers))
    standing.update(dossiers)
    done = decide(dossiers)
    done.looked = len(ids)
    Person.objects.filter(pk__in=ids, looked_at=mark).update(looked_at=timezone.now())
    return done


def look_again() -> int:
    """Everybody is weighed anew, such as after orders were imported. Returns how many."""
    return Person.objects.filter(merged_into__isnull=True, looked_at__isnull=False).update(looked_at=None)


def claim(limit: int, at: datetime) -> tuple[datetime, list[int]]:
    """Persons nobody else is at, marked as ours. Returns the mark and their ids."""
    mark = at.replace(microsecond=at.microsecond // 1000 * 1000) - CENTURY
    waiting = Person.objects.filter(merged_into__isnull=True)
    if connection.vendor == "postgresql":
        waiting = waiting.select_for_update(skip_locked=True)
    with transaction.atomic():
        # Two questions, for each of which an index has the answer in order; of both in one neither store finds that.
        new = waiting.filter(looked_at__isnull=True).order_by("pk")
        left = waiting.filter(looked_at__lt=mark - LEASE).order_by("looked_at", "pk")
        ids = list(new.values_list("pk", flat=True)[:limit])
        ids += list(left.values_list("pk", flat=True)[: limit - len(ids)]) if len(ids) < limit else []
        Person.objects.filter(pk__in=ids).update(looked_at=mark)
    return mark, ids


# --- what follows


def decide(dossiers: dict[int, Dossier]) -> Recognised:
    """Merge what is sure, suggest what is likely; the surest first, and the older person stays."""
    done = Recognised()
    became: dict[int, int] = {}
    unsure = []
    for low, high, verdict in weighed(dossiers):
        one, other = end_of(became, low), end_of(became, high)
        if one == other:
            continue
        if verdict.confidence >= evidence.AUTO:
            if join(min(one, other), max(one, other), verdict):
                became[max(one, other)] = min(one, other)
                done.merged += 1
        else:
            unsure.append((one, other, verdict))
    done.suggested = suggest((end_of(became, a), end_of(became, b), v) for a, b, v in unsure)
    return done


def weighed(dossiers: dict[int, Dossier]) -> list[tuple[int, int, Verdict]]:
    """Every pair that something ties, the surest first."""
    ties: dict[tuple[int, int], list[Tie]] = {}
    for dossier in dossiers.values():
        for other, some in dossier.ties.items():
            ties.setdefault((min(dossier.person, other), max(dossier.person, other)), []).extend(some)
    everybody = dossiers | open_dossiers({pk for pair in ties for pk in pair if pk not in dossiers})
    found = []
    for (low, high), some in ties.items():
        verdict = weigh(everybody[low], everybody[high], some)
        if verdict is not None and verdict.confidence >= evidence.SUGGEST:
            found.append((low, high, verdict))
    return sorted(found, key=lambda pair: (-pair[2].confidence, pair[0], pair[1]))


def weigh(one: Dossier, other: Dossier, ties: Sequence[Tie]) -> Verdict | None:
    names = evidence.compare_all(one.names, other.names)
    return evidence.weigh(ties, names, public=one.public or other.public)


def end_of(became: dict[int, int], pk: int) -> int:
    while pk in became:
        pk = became[pk]
    return pk


def join(kept: int, gone: int, verdict: Verdict) -> bool:
    """Merge; False where it may not be, or where somebody else was quicker."""
    rows = Person.objects.in_bulk([kept, gone])
    if len(rows) < 2:
        return False
    try:
        merging.merge(
            rows[kept], rows[gone], why=verdict.evidence, reason=verdict.reason, confidence=verdict.confidence
        )
    except Failure:
        return False
    return True


def suggest(pairs: Iterable[tuple[int, int, Verdict]]) -> int:
    """Ask a person; what was decided before is not asked again. Returns how many questions are new."""
    wanted: dict[tuple[int, int], Verdict] = {}
    for one, other, verdict in pairs:
        if one != other:
            wanted.setdefault((min(one, other), max(one, other)), verdict)
    new = 0
    for (low, high), verdict in wanted.items():
        said = {"evidence": verdict.evidence, "reason": verdict.reason, "confidence": verdict.confidence}
        row, made = Resemblance.objects.get_or_create(one_id=low, other_id=high, defaults=said)
        new += made
        if not made and row.state == Resemblance.State.OPEN and row.confidence != verdict.confidence:
            Resemblance.objects.filter(pk=row.pk, state=Resemblance.State.OPEN).update(**said)
    return new


def stir(handles: Iterable[int | None]) -> None:
    """Something new is known of whoever has these handles: they are looked at again."""
    ids = {pk for pk in handles if pk is not None}
    persons = (
        Person.objects.filter(handles__in=ids, looked_at__isnull=False).order_by("pk").values_list("pk", flat=True)
    )
    for part in chunks(list(persons.distinct())):
        Person.objects.filter(pk__in=part).update(looked_at=None)
