"""Merges and their undoing: whatever is done in whatever order, what was somebody's is theirs again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from crowdalogue.channels.base import Author, Incoming
from crowdalogue.errors import Failure
from crowdalogue.flow import file
from crowdalogue.listen import merging
from crowdalogue.models import (
    Account,
    BusinessRecord,
    Conversation,
    Handle,
    Merge,
    Message,
    Person,
    Resemblance,
    Standing,
)

PEOPLE = 5


def make_people() -> list[Person]:
    """Five persons with addresses, conversations, records and standings; some conversations are oddly filed."""
    account = Account.objects.create(kind="email", name="Care")
    made = []
    for n in range(PEOPLE):
        for box in range(1 + n % 2):
            author = Author(f"p{n}box{box}@example.com", "Ada Example" if n % 2 else "", facts={"place": f"town {n}"})
            file(account, [Incoming(f"m{n}-{box}-{i}", author, "Hello") for i in range(2)])
        handle = Handle.objects.get(address=f"p{n}box0@example.com")
        person = handle.person
        assert person is not None
        Handle.objects.filter(address=f"p{n}box1@example.com").update(person=person)
        Conversation.objects.filter(handle__address=f"p{n}box1@example.com").update(person=person)
        BusinessRecord.objects.create(kind="order", external_id=f"O{n}", person=person, at=timezone.now())
        Standing.objects.create(person=person, kind="vip" if n < 3 else "advocate", source="list", reason="says so")
        made.append(person)
    # A conversation of one person with the address of another, as a merged conversation may leave it.
    odd = Conversation.objects.filter(person=made[0]).earliest("id")
    Conversation.objects.filter(pk=odd.pk).update(handle=made[1].handles.earliest("id"))
    bare = Conversation.objects.filter(person=made[2]).earliest("id")
    Conversation.objects.filter(pk=bare.pk).update(handle=None)
    return made


def owned() -> dict[str, Any]:
    """Everything that belongs to somebody, whose it is, and who the persons are."""
    return {
        "handles": dict(Handle.objects.values_list("pk", "person")),
        "conversations": dict(Conversation.objects.values_list("pk", "person")),
        "records": dict(BusinessRecord.objects.values_list("pk", "person")),
        "standings": dict(Standing.objects.values_list("pk", "person")),
        "persons": {p.pk: (p.name, p.facts, p.merged_into_id) for p in Person.objects.all()},
    }


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "merge", "undo"]), st.integers(0, 9), st.integers(0, 9)), max_size=14
)


class UndoIsExact(TestCase):
    @given(steps=STEPS, order=st.randoms(use_true_random=False))
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    def test_any_order_of_merges_and_undos_gives_everything_back(self, steps: list[Step], order: Any) -> None:
        people = make_people()
        before = owned()
        for what, one, other in steps:
            if what == "merge":
                a, b = people[one % PEOPLE], people[other % PEOPLE]
                try:
                    merging.merge(a, b, why="person", reason="test")
                except Failure:
                    continue
            elif rows := list(Merge.objects.filter(undone_at__isnull=True).order_by("id")):
                merging.undo(rows[one % len(rows)])
            self.roots_own_everything()
            Resemblance.objects.all().delete()  # so that what was parted may be merged again by evidence
        left = list(Merge.objects.filter(undone_at__isnull=True))
        order.shuffle(left)
        for row in left:
            merging.undo(row)
            self.roots_own_everything()
        assert owned() == before

    def roots_own_everything(self) -> None:
        """Only a merged person's standing that the kept one has as well stays behind."""
        gone = set(Person.objects.filter(merged_into__isnull=False).values_list("pk", flat=True))
        for model in (Handle, Conversation, BusinessRecord):
            assert not model.objects.filter(person__in=gone).exists()


@pytest.fixture
def two(db: None, account: Any) -> tuple[Person, Person]:
    box = account("email")
    for name in ("ada", "otis"):
        file(box, [Incoming(f"{name}1", Author(f"{name}@example.com", f"{name.title()} Example"), "Hello")])
    return Person.objects.get(name="Ada Example"), Person.objects.get(name="Otis Example")


def test_what_comes_later_stays_with_its_address(two: tuple[Person, Person], account: Any) -> None:
    ada, otis = two
    row = merging.merge(ada, otis, why="person", reason="the same")
    box = Account.objects.get()
    file(box, [Incoming("otis2", Author("otis@example.com"), "Me again")])
    BusinessRecord.objects.create(
        kind="order", external_id="O1", person=ada, at=timezone.now(), facts={"email": "otis@example.com"}
    )
    BusinessRecord.objects.create(
        kind="order", external_id="O2", person=ada, at=timezone.now(), facts={"email": "ada@example.com"}
    )
    later = Message.objects.get(external_id="otis2")
    assert later.conversation.person == ada
    merging.undo(row)
    later.refresh_from_db()
    assert later.handle is not None
    assert later.handle.person == later.conversation.person == otis
    assert Conversation.objects.filter(person=ada).count() == 1
    assert BusinessRecord.objects.get(external_id="O1").person == otis
    assert BusinessRecord.objects.get(external_id="O2").person == ada


def test_what_somebody_changed_meanwhile_is_kept(two: tuple[Person, Person]) -> None:
    ada, otis = two
    Person.objects.filter(pk=ada.pk).update(name="quiet_otter7", facts={"plan": "A"})
    Person.objects.filter(pk=otis.pk).update(facts={"place": "Dunmoor", "plan": "B"})
    row = merging.merge(ada, otis, why="person", reason="the same")
    ada.refresh_from_db()
    assert (ada.name, ada.facts) == ("Otis Example", {"plan": "A", "place": "Dunmoor"})
    Person.objects.filter(pk=ada.pk).update(name="Ada, calls herself otter", facts={"plan": "A", "place": "Wexcombe"})
    merging.undo(row)
    ada.refresh_from_db()
    assert (ada.name, ada.facts) == ("Ada, calls herself otter", {"plan": "A", "place": "Wexcombe"})
    assert merging.undo(row).undone_at == Merge.objects.get().undone_at


def test_evidence_never_joins_what_a_person_parted(two: tuple[Person, Person]) -> None:
    ada, otis = two
    merging.undo(merging.merge(ada, otis, why="order", reason="named order 1"))
    with pytest.raises(Failure, match="two people"):
        merging.merge(ada, otis, why="order", reason="named order 2")
    third = Person.objects.create(name="Third")
    merging.merge(third, otis, why="order", reason="named order 3")
    with pytest.raises(Failure, match="two people"):
        merging.merge(ada, third, why="order", reason="named order 4")


def test_two_signed_in_customers_are_never_joined_by_evidence(two: tuple[Person, Person], helper: Any) -> None:
    ada, otis = two
    Handle.objects.create(kind="customer", address="K1", person=ada, facts={"verified": True})
    Handle.objects.create(kind="customer", address="K2", person=otis, facts={"verified": True})
    with pytest.raises(Failure, match="different customers"):
        merging.merge(ada, otis, why="order", reason="named order 2")
    assert merging.merge(ada, otis, why="person", reason="two accounts", user=helper).user == helper


def test_an_address_parted_by_hand_stays_parted(two: tuple[Person, Person], helper: Any) -> None:
    ada, otis = two
    row = merging.merge(ada, otis, why="order", reason="named order 1")
    handle = Handle.objects.get(address="otis@example.com")
    new = merging.split(handle, helper)
    assert new.name == "Otis Example"
    assert Conversation.objects.get(person=new).handle == handle
    merging.undo(row)
    handle.refresh_from_db()
    assert handle.person == new
    assert not otis.handles.exists()
    with pytest.raises(Failure, match="only address"):
        merging.split(handle, helper)


def test_a_merged_person_is_not_merged_again(two: tuple[Person, Person]) -> None:
    ada, otis = two
    merging.merge(ada, otis, why="person", reason="the same")
    third = Person.objects.create(name="Third")
    with pytest.raises(Failure, match="meanwhile"):
        merging.merge(third, otis, why="person", reason="the same")
    with pytest.raises(Failure, match="one person already"):
        merging.merge(ada, ada, why="person", reason="the same")


def test_what_a_filer_wrote_at_that_moment_follows(two: tuple[Person, Person]) -> None:
    ada, otis = two
    merging.merge(ada, otis, why="person", reason="the same")
    Conversation.objects.filter(handle__address="otis@example.com").update(person=otis)  # as if filed just before
    assert merging.sweep(timedelta(minutes=1)) == 1
    assert Conversation.objects.filter(person=ada).count() == 2
