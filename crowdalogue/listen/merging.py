"""Two persons become one, and two again: exactly as they were.

A merge is an edge of a forest: the person that goes points to the one that stays, and `Merge.before` lists what was
the gone one's own, not what it had from merges of its own. Undoing takes the edge away and brings home what the gone
person and all merged into it owned, so merges may be undone in any order. What came later follows its handle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils.timezone import now

from crowdalogue import live
from crowdalogue.errors import Failure
from crowdalogue.listen import evidence
from crowdalogue.models import BusinessRecord, Conversation, Handle, Merge, Message, Person, Resemblance, Standing, User
from crowdalogue.models.bulk import chunks

DEEPEST = 100  # persons from a gone one to the one that stayed
APART = Resemblance.State.APART
CUSTOMER = "customer"  # the kind of handle that is a customer number


def root_of(person: Person) -> Person:
    """The person this one became, itself where it is still its own."""
    for _ in range(DEEPEST):
        if person.merged_into is None:
            return person
        person = person.merged_into
    return person


def merge(
    kept: Person, gone: Person, *, why: str, reason: str, confidence: float = 1.0, user: User | None = None
) -> Merge:
    """Everything of `gone` becomes `kept`'s. Raises `Failure` where one of them was merged already, or where
    evidence alone would join what a person said is two, or two signed-in customers."""
    with transaction.atomic():
        kept, gone = lock(kept, gone)
        if kept.pk == gone.pk:
            raise Failure("This is one person already.")
        if kept.merged_into_id or gone.merged_into_id:
            raise Failure("One of the two was merged with somebody else meanwhile. Open the page again.")
        if user is None and (stop := obstacle(kept, gone)):
            raise Failure(stop)
        touch(gone.pk)
        before = move_all(kept, gone)
        before.update(complete(kept, gone))
        row = Merge.objects.create(
            kept=kept,
            gone=gone,
            evidence=why[:24],
            reason=reason[:300],
            confidence=confidence,
            before=before,
            user=user,
        )
        Person.objects.filter(pk=gone.pk).update(merged_into=kept)
        settle(kept, gone, user, Resemblance.State.MERGED)
        Person.objects.filter(pk=kept.pk).update(looked_at=None)
        if user is not None:  # what evidence joins by the thousand is seen when a page is opened
            live.announce("person", kept.pk, gone.pk)
    return row


def lock(one: Person, other: Person) -> tuple[Person, Person]:
    """Both rows as they are now, locked in one order everywhere."""
    rows = {
        p.pk: p for p in Person.objects.select_for_update(of=("self",)).filter(pk__in=(one.pk, other.pk)).order_by("pk")
    }
    if one.pk not in rows or other.pk not in rows:
        raise Failure("One of the two is not here any more.")
    return rows[one.pk], rows[other.pk]


def obstacle(kept: Person, gone: Person) -> str:
    """Why evidence alone may not join these two; empty where it may."""
    numbers: dict[int, set[str]] = {kept.pk: set(), gone.pk: set()}
    for row in Handle.objects.filter(person__in=numbers, kind=CUSTOMER)[:100]:
        if row.facts.get("verified"):  # our own sign-in vouched for it
            numbers[row.person_id or 0].add(row.address)
    if all(numbers.values()) and not numbers[kept.pk] & numbers[gone.pk]:
        return "They signed in as different customers."
    parted = Resemblance.objects.filter(state=APART)
    if not parted.exists():
        return ""
    mine, theirs = family(kept.pk), family(gone.pk)
    if parted.filter(Q(one__in=mine, other__in=theirs) | Q(one__in=theirs, other__in=mine)).exists():
        return "A person said that these are two people."
    return ""


def family(pk: int) -> list[int]:
    """A person and everybody merged into them, directly or not."""
    found, new = [pk], [pk]
    while new:
        new = list(Person.objects.filter(merged_into__in=new).values_list("pk", flat=True))
        found += new
    return found


# --- what moves


def belongings() -> Iterable[tuple[type[models.Model], str]]:
    """Tables whose rows belong to a person, found by their foreign keys, and what one person has only one of."""
    apart = (Person, Merge, Resemblance, Conversation)
    for relation in Person._meta.related_objects:
        model = relation.related_model
        if isinstance(model, type) and model not in apart and relation.field.many_to_one:
            yield model, relation.field.name


def move_all(kept: Person, gone: Person) -> dict[str, Any]:
    """Move everything of `gone` and tell what was its own."""
    under = active(family(gone.pk))
    before: dict[str, Any] = {"rows": {}}
    for model, field in belongings():
        label = model.__name__
        rows = model._default_manager.filter(**{field: gone})
        if model is Standing:
            rows = rows.exclude(kind__in=kept.standings.values_list("kind", flat=True))
        listed = {pk for m in under for pk in m.before.get("rows", {}).get(label, ())}
        all_ids = list(rows.order_by("pk").values_list("pk", flat=True))
        if own := [pk for pk in all_ids if pk not in listed]:
            before["rows"][label] = own
        reassign(model, field, all_ids, kept.pk)
    before.update(move_conversations(kept, gone, before["rows"].get("Handle", []), under))
    newest = BusinessRecord.objects.order_by("-pk").values_list("pk", flat=True).first()
    before["last_record"] = newest or 0
    return before


def move_conversations(kept: Person, gone: Person, handles: Sequence[int], under: Sequence[Merge]) -> dict[str, Any]:
    """Conversations follow their handle; listed are those that do not.

    `stay` are conversations with a handle of the gone person that were somebody else's before.
    """
    mine = Conversation.objects.filter(person=gone)
    listed = {pk for m in under for pk in m.before.get("conversations", ())}
    stays = {pk for m in under for pk in m.before.get("stay", ())}
    every = {pk for m in under for pk in m.before.get("rows", {}).get("Handle", ())} | set(handles)
    odd = set(
        mine.exclude(handle__in=every).values_list("pk", flat=True) if every else mine.values_list("pk", flat=True)
    )
    stay = set(Conversation.objects.filter(handle__in=list(handles)).exclude(person=gone).values_list("pk", flat=True))
    if stays:
        odd |= set(mine.filter(pk__in=stays).values_list("pk", flat=True))
    if listed:
        stay |= set(mine.filter(pk__in=listed).values_list("pk", flat=True))
    mine.update(person=kept)
    return {"conversations": sorted(odd - listed), "stay": sorted(stay)}


def reassign(model: type[models.Model], field: str, ids: Iterable[int], person: int) -> None:
    for part in chunks(ids):
        model._default_manager.filter(pk__in=part).update(**{f"{field}_id": person})


def active(persons: Sequence[int]) -> list[Merge]:
    """Merges in force by which these persons went."""
    return list(Merge.objects.filter(kept__in=persons, undone_at__isnull=True))


def complete(kept: Person, gone: Person) -> dict[str, Any]:
    """The name and facts `kept` lacks; told so that they can be taken back."""
    told: dict[str, Any] = {}
    if weak(kept.name) and not weak(gone.name):
        told["name"] = [kept.name, gone.name]
        kept.name = gone.name
    added = {k: v for k, v in gone.facts.items() if k not in kept.facts}
    if added:
        told["facts"] = added
        kept.facts = {**kept.facts, **added}
    if told:
        Person.objects.filter(pk=kept.pk).update(name=kept.name, facts=kept.facts)
    return told


def weak(name: str) -> bool:
    """A nickname, an address or a first name alone is given up for a full name."""
    found = evidence.name_of(name)
    return found is None or len(found[1]) < 2


def settle(one: Person, other: Person, user: User | None, state: str) -> None:
    """What was suggested about the two is decided."""
    low, high = sorted((one.pk, other.pk))
    Resemblance.objects.filter(one_id=low, other_id=high).update(state=state, user=user, at=now())


# --- back again


def undo(row: Merge, user: User | None = None) -> Merge:
    """The two are as they were, and are not joined again by evidence. Undoing twice is nothing."""
    with transaction.atomic():
        row = Merge.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if row.undone_at is not None:
            return row
        gone = row.gone
        stayed = root_of(row.kept)
        lock(stayed, gone)
        Merge.objects.filter(pk=row.pk).update(undone_at=now(), undone_by=user)
        Person.objects.filter(pk=gone.pk).update(merged_into=None, looked_at=None)
        bring_home([row, *active(family(gone.pk))], stayed.pk, gone)
        take_back(row)
        Person.objects.filter(pk=stayed.pk).update(looked_at=None)
        keep_apart(row.kept, gone, user, "A merge of these two was undone.")
        touch(stayed.pk, gone.pk)
        live.announce("person", stayed.pk, gone.pk)
    row.refresh_from_db()
    return row


def bring_home(merges: Sequence[Merge], stayed: int, gone: Person) -> None:
    """Everything these merges list goes from `stayed` to `gone`, and what came later to its handles."""
    for model, field in belongings():
        ids = {pk for m in merges for pk in m.before.get("rows", {}).get(model.__name__, ())}
        for part in chunks(sorted(ids)):
            here = model._default_manager.filter(pk__in=part)
            if model is Standing:  # one that the person in between could not pass on is still there
                here = here.exclude(kind__in=list(gone.standings.values_list("kind", flat=True)))
            else:
                here = here.filter(**{f"{field}_id": stayed})
            here.update(**{f"{field}_id": gone.pk})
    handles = [pk for m in merges for pk in m.before.get("rows", {}).get("Handle", ())]
    listed = {pk for m in merges for pk in m.before.get("conversations", ())}
    stay = {pk for m in merges for pk in m.before.get("stay", ())} - listed
    here = Conversation.objects.filter(person_id=stayed)
    for part in chunks(handles):
        ids = set(here.filter(handle__in=part).values_list("pk", flat=True)) - stay
        reassign(Conversation, "person", sorted(ids), gone.pk)
    for part in chunks(sorted(listed)):
        here.filter(pk__in=part).update(person_id=gone.pk)
    bring_later_records(handles, stayed, gone, min(m.before.get("last_record", 0) for m in merges))


def bring_later_records(handles: Sequence[int], stayed: int, gone: Person, after: int) -> None:
    """Records that came since go with the address they were made with."""
    known = set(Handle.objects.filter(pk__in=handles[:500]).values_list("address", flat=True))
    later = BusinessRecord.objects.filter(person_id=stayed, pk__gt=after).order_by("pk")[:2000]
    ids = [r.pk for r in later if known & {evidence.address(k, str(r.facts.get(k, ""))) for k in ("email", "phone")}]
    reassign(BusinessRecord, "person", ids, gone.pk)


def take_back(row: Merge) -> None:
    """The name and facts the kept person got, unless somebody changed them since."""
    kept = Person.objects.get(pk=row.kept_id)
    was, became = row.before.get("name", (None, None))
    if became is not None and kept.name == became:
        kept.name = was
    added = row.before.get("facts", {})
    kept.facts = {k: v for k, v in kept.facts.items() if k not in added or added[k] != v}
    kept.save(update_fields=["name", "facts"])


def keep_apart(one: Person, other: Person, user: User | None, reason: str) -> None:
    low, high = sorted((one.pk, other.pk))
    Resemblance.objects.update_or_create(
        one_id=low,
        other_id=high,
        defaults={"state": APART, "user": user, "at": now()},
        create_defaults={"state": APART, "user": user, "evidence": "person", "reason": reason, "confidence": 0.0},
    )


def split(handle: Handle, user: User | None = None) -> Person:
    """This address is somebody else's: a new person with what was said from it. Raises `Failure` for the only one."""
    with transaction.atomic():
        handle = Handle.objects.select_for_update(of=("self",)).get(pk=handle.pk)
        person = handle.person
        if person is None or person.handles.count() < 2:
            raise Failure("This is the only address of this person, so there is nobody to part it from.")
        lock(person, person)
        new = Person.objects.create(name=handle.name or handle.address[:200], facts={}, demo=person.demo)
        Handle.objects.filter(pk=handle.pk).update(person=new)
        conversations = Conversation.objects.filter(person=person, handle=handle)
        moved = set(conversations.values_list("pk", flat=True))
        conversations.update(person=new)
        forget_in_merges(person, handle.pk, moved)
        keep_apart(person, new, user, f"{handle.address[:200]} was parted by hand.")
        touch(person.pk, new.pk)
        live.announce("person", person.pk, new.pk)
    return new


def touch(*persons: int) -> None:
    """What these people said has another author in the columns now."""
    # In two steps: as one, the update joins messages with themselves, which PostgreSQL does row by row before it has
    # statistics (after an import, for example).
    handles = list(Handle.objects.filter(person__in=persons).values_list("pk", flat=True))
    for part in chunks(handles):
        Message.objects.filter(handle__in=part).update(changed_at=now())


def forget_in_merges(person: Person, handle: int, conversations: set[int]) -> None:
    """What was parted by hand is not brought back by undoing a merge from before."""
    for row in active(family(person.pk)):
        rows = row.before.get("rows", {})
        if handle in rows.get("Handle", ()):
            rows["Handle"] = [pk for pk in rows["Handle"] if pk != handle]
        row.before["conversations"] = [pk for pk in row.before.get("conversations", ()) if pk not in conversations]
        row.save(update_fields=["before"])


def sweep(since: timedelta = timedelta(minutes=15)) -> int:
    """Conversations and addresses a filer wrote to a person at the very moment it was merged follow it."""
    moved = 0
    recent = Merge.objects.filter(at__gte=now() - since, undone_at__isnull=True).values_list("gone_id", flat=True)
    for part in chunks(recent[:20_000]):
        late = [*Handle.objects.filter(person__in=part)[:2000], *Conversation.objects.filter(person__in=part)[:2000]]
        for row in late:
            if row.person is not None:
                row.person = root_of(row.person)
                row.save(update_fields=["person"])
                moved += 1
    return moved
