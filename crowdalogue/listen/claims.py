"""Claims meet at addresses: every handle remembers who says that it is theirs, and how.

An address that is only claimed (typed, signed with, on an order) becomes a handle too, marked `facts["said"]`, with its
first claimant; it goes to whoever proves it or writes from it (listen/people.py). So claims meet whichever came first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from crowdalogue.listen import evidence
from crowdalogue.listen.dossiers import CUSTOMER, NAMES, PAGE, Dossier
from crowdalogue.listen.evidence import Clue, Tie
from crowdalogue.models import Handle
from crowdalogue.models.bulk import chunks, insert_many, make, update_many

MOST_CLAIMS = 16  # remembered on one address
OWNED = (evidence.VERIFIED, evidence.SAME)  # words that make an address somebody's
Key = tuple[str, str]
Claim = tuple[Dossier, Handle, Clue]


def remember(dossiers: dict[int, Dossier]) -> dict[int, Handle]:
    """Write every clue on the handle of its address. Returns these handles, and those of the batch, by id."""
    wanted: dict[Key, list[Claim]] = defaultdict(list)
    for dossier in dossiers.values():
        for handle, clue in dossier.clues:
            if len(clue.value) <= 320:
                wanted[clue.kind, clue.value].append((dossier, handle, clue))
    claimed = {h.pk: h for d in dossiers.values() for h in d.handles if h.facts.get("claims")}
    if not wanted:
        return claimed
    with transaction.atomic():
        rows = handles_of(wanted)
        changed = [row for key, row in sorted(rows.items()) if note(row, wanted[key])]
        update_many(Handle, ["facts", "person"], changed)
    claimed.update((row.pk, row) for row in rows.values())
    return claimed


def handles_of(wanted: dict[Key, list[Claim]]) -> dict[Key, Handle]:
    """The handle of each address, locked; made with its surest claimant where nobody has it. Ours are left out."""
    found = locked(wanted)
    made = []
    for kind, value in sorted(key for key in wanted if key not in found):
        dossier, _, clue = max(wanted[kind, value], key=lambda claim: claim[2].confidence)
        facts = {} if clue.evidence in OWNED or kind == CUSTOMER else {"said": True}
        made.append(make(Handle, kind=kind, address=value, person_id=dossier.person, facts=facts))
    if made:
        insert_many(Handle, made, ignore_conflicts=True)  # another worker may make the same ones
        found.update(locked((h.kind, h.address) for h in made))
    return {key: row for key, row in found.items() if not row.ours and row.brand_id is None}


def locked(keys: Iterable[Key]) -> dict[Key, Handle]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, value in sorted(keys):
        by_kind[kind].append(value)
    found: dict[Key, Handle] = {}
    for kind, values in by_kind.items():
        for part in chunks(values):
            rows = Handle.objects.select_for_update(of=("self",)).filter(kind=kind, address__in=part).order_by("pk")
            found.update(((h.kind, h.address), h) for h in rows)
    return found


def note(row: Handle, claims: Sequence[Claim]) -> bool:
    """Remember who claims this address, the surest word of each. True where that is news."""
    known: dict[str, list[Any]] = dict(row.facts.get("claims", {}))
    facts = dict(row.facts)
    person = row.person_id
    for dossier, handle, clue in claims:
        name = str(handle.pk)
        if name not in known and len(known) >= MOST_CLAIMS:
            continue
        if name not in known or known[name][1] < clue.confidence:
            known[name] = [clue.evidence, clue.confidence, clue.why]
        if clue.evidence in OWNED and facts.pop("said", False):
            person = dossier.person  # until now somebody had only named it
        if row.kind == CUSTOMER and clue.evidence == evidence.VERIFIED:
            facts["verified"] = True
    facts["claims"] = known
    if facts == row.facts and person == row.person_id:
        return False
    row.facts, row.person_id = facts, person
    return True


def meet(dossiers: dict[int, Dossier], rows: dict[int, Handle]) -> None:
    """Whoever has an address and all who claim it are tied, as surely as each of them is."""
    wanted = sorted({int(name) for row in rows.values() for name in row.facts.get("claims", {})})
    claimants: dict[int, Handle] = {}
    for part in chunks(wanted):
        claimants.update((h.pk, h) for h in Handle.objects.filter(pk__in=part, person__isnull=False))
    names = names_of({h.person_id for h in [*claimants.values(), *rows.values()] if h.person_id})
    for row in rows.values():
        if row.person_id is not None and not row.ours:
            tie_claimants(row, claimants, names, dossiers)


def tie_claimants(
    row: Handle, claimants: dict[int, Handle], names: dict[int, list[str]], dossiers: dict[int, Dossier]
) -> None:
    claims = [(claimants[int(k)], *v) for k, v in row.facts.get("claims", {}).items() if int(k) in claimants]
    persons = sorted({pk for pk in (row.person_id, *(h.person_id for h, *_ in claims)) if pk})
    people = evidence.different_people([names.get(pk, []) for pk in persons])
    held = holds(row, claims)
    for handle, kind, confidence, why in claims:
        if handle.person_id is None or row.person_id is None or handle.person_id == row.person_id:
            continue
        sure, said = confidence * held, why
        if row.kind == PAGE and links_back(row, handle, claims):
            sure, said = evidence.SURE["link_back"], f"links to {row.address}, which links back"
        sure = evidence.damped(sure, verified=kind in OWNED, people=people, claims=len(claims))
        if sure > 0:
            tie_both(dossiers, handle.person_id, row.person_id, Tie(kind, sure, said, f"{row.kind}:{row.address}"))


def holds(row: Handle, claims: Sequence[tuple[Any, ...]]) -> float:
    """How surely the person of this handle has it: fully, unless they only said so."""
    if not row.facts.get("said"):
        return 1.0
    return max((confidence for h, _, confidence, _ in claims if h.person_id == row.person_id), default=0.5)


def links_back(row: Handle, handle: Handle, claims: Sequence[tuple[Any, ...]]) -> bool:
    """Whether the profile behind this page links to the page of the one who links to it."""
    own = evidence.page_of(evidence.text_of(handle.facts, "url"))
    return bool(own) and any(own in evidence.links_of(h.facts) for h, *_ in claims if h.person_id == row.person_id)


def tie_both(dossiers: dict[int, Dossier], one: int, other: int, tie: Tie) -> None:
    """The tie stands in the dossier of whichever of the two is in this batch."""
    if one in dossiers:
        dossiers[one].ties[other].append(tie)
    elif other in dossiers:
        dossiers[other].ties[one].append(tie)


def names_of(persons: Iterable[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for part in chunks(sorted(persons)):
        rows = Handle.objects.filter(person__in=part).exclude(name="").order_by("pk").values_list("person_id", "name")
        for person, name in rows:
            if person is not None and len(found[person]) < NAMES:
                found[person].append(name)
    return found
