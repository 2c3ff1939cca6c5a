"""Who is who and who stands where: what people decide, and what the worker finds out."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from crowdalogue import live
from crowdalogue.errors import Failure
from crowdalogue.listen import identity, lists, merging, standing
from crowdalogue.listen.identity import Recognised
from crowdalogue.listen.lists import Taken
from crowdalogue.models import Handle, Merge, Person, Resemblance, Standing, User


def recognise(limit: int = identity.AT_ONCE) -> Recognised:
    """Weigh what is new about at most `limit` persons. `looked` 0: nobody waits."""
    return identity.recognise(limit)


def as_it_is(person: Person) -> Person:
    """Who this person is by now: somebody may have merged them since they were read."""
    return merging.root_of(Person.objects.get(pk=person.pk))


def join(user: User, kept: Person, gone: Person, reason: str = "") -> Merge:
    """A person says that these two are one. Raises `Failure`."""
    said = reason.strip() or f"Merged by {user}"
    return merging.merge(as_it_is(kept), as_it_is(gone), why="person", reason=said, user=user)


def part(user: User, merge: Merge) -> Merge:
    """Undo a merge: both are as they were."""
    return merging.undo(merge, user)


def split(user: User, handle: Handle) -> Person:
    """This address is somebody else's. Raises `Failure` for a person's only address."""
    return merging.split(handle, user)


def decide(user: User, question: Resemblance, same: bool) -> Resemblance:
    """A person answers whether two are one. The answer stands; a question decided before stays as it was decided."""
    with transaction.atomic():
        row: Resemblance = Resemblance.objects.select_for_update(of=("self",)).get(pk=question.pk)
        if row.state != Resemblance.State.OPEN:
            return row
        one, other = merging.root_of(row.one), merging.root_of(row.other)
        row.state = Resemblance.State.MERGED if same else Resemblance.State.APART
        row.user, row.at = user, timezone.now()
        row.save(update_fields=["state", "user", "at"])
        if same and one.pk != other.pk:
            merging.merge(
                min(one, other, key=lambda p: p.pk),
                max(one, other, key=lambda p: p.pk),
                why=row.evidence,
                reason=f"{row.reason}; confirmed by {user}"[:300],
                confidence=row.confidence,
                user=user,
            )
        live.announce("person", row.one_id, row.other_id)
    return row


def reopen(user: User, question: Resemblance) -> Resemblance:
    """Take an answer back: the question is open again, and a merge it led to is undone."""
    with transaction.atomic():
        row: Resemblance = Resemblance.objects.select_for_update(of=("self",)).get(pk=question.pk)
        if row.state == Resemblance.State.MERGED:
            pair = (row.one_id, row.other_id)
            merge = Merge.objects.filter(kept__in=pair, gone__in=pair, undone_at__isnull=True).first()
            if merge is None:
                raise Failure("The two were merged with others since. Undo it on the person's page.")
            merging.undo(merge, user)
        Resemblance.objects.filter(pk=row.pk).update(state=Resemblance.State.OPEN, user=None)
        row.refresh_from_db()
    return row


def give_standing(user: User, person: Person, kind: str, reason: str) -> Standing:
    """Set by a person; no rule changes it. Raises `Failure`."""
    with transaction.atomic():
        return standing.give(as_it_is(person), kind, reason, user=user)


def take_standing(user: User, person: Person, kind: str) -> bool:
    """Taken away by a person; the rule does not give it again."""
    with transaction.atomic():
        return standing.take(as_it_is(person), kind, user)


def take_list(user: User | None, content: bytes, *, kind: str = "", reason: str = "") -> Taken:
    """Everybody on a CSV list gets their standing. Raises `Failure` for a file that is no list."""
    return lists.take(content, user=user, kind=kind, reason=reason)
