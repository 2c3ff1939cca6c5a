"""Many rows at once end as the ORM would have written them, on either store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.models import Account, Delivery, Person, Tag
from crowdalogue.models.bulk import chunks, insert_many, make, pick, pick_rows, update_many


@given(st.lists(st.integers()), st.integers(min_value=1, max_value=7))
def test_chunks_lose_nothing_and_keep_the_order(values: list[int], size: int) -> None:
    parts = list(chunks(values, size))
    assert [v for part in parts for v in part] == values
    assert all(1 <= len(part) <= size for part in parts)


@pytest.mark.django_db
def test_updates_reach_their_rows_only() -> None:
    people = [Person.objects.create(name=f"p{n}", facts={"n": n}) for n in range(5)]
    for person in people[:3]:
        person.name, person.facts = person.name.upper(), {"was": person.facts["n"]}
    update_many(Person, ["name"], people[:3])
    assert [(p.name, p.facts) for p in Person.objects.order_by("id")] == [
        ("P0", {"n": 0}),
        ("P1", {"n": 1}),
        ("P2", {"n": 2}),
        ("p3", {"n": 3}),
        ("p4", {"n": 4}),
    ]
    update_many(Person, ["name"], [])


@pytest.mark.django_db
def test_inserted_rows_have_ids_and_every_kind_of_value(account: Callable[..., Account]) -> None:
    at = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)
    home = account()
    rows = [
        Delivery(account=home, key=f"k{n}", body=bytes([0, n, 255]), headers={"a": ["ü", None, n]}, received_at=at)
        for n in range(3)
    ]
    with transaction.atomic():
        insert_many(Delivery, rows)
    assert len({row.pk for row in rows}) == 3
    for n, row in enumerate(Delivery.objects.order_by("key")):
        assert row.pk == rows[n].pk
        assert (bytes(row.body), row.headers, row.received_at) == (bytes([0, n, 255]), {"a": ["ü", None, n]}, at)
    assert Delivery.objects.create(account=home, key="later", body=b"").pk > max(row.pk for row in rows)


@pytest.mark.django_db
def test_repeats_may_be_ignored() -> None:
    Tag.objects.create(name="refund")
    with transaction.atomic():
        insert_many(Tag, [Tag(name="refund"), Tag(name="late")], ignore_conflicts=True)
    assert set(Tag.objects.values_list("name", flat=True)) == {"refund", "late"}


@pytest.mark.django_db(transaction=True)
def test_ids_are_reserved_inside_a_transaction_only() -> None:
    with pytest.raises(RuntimeError):
        insert_many(Tag, [Tag(name="late")])


@pytest.mark.django_db
def test_picked_rows_and_columns_are_those_the_orm_finds() -> None:
    with transaction.atomic():
        made = [make(Person, name=f"P{n % 3}", facts={"n": n}) for n in range(9)]
        insert_many(Person, made)
    assert sorted(pick(Person, ("name", "id"), name=["P1", "P2"])) == sorted(
        Person.objects.filter(name__in=["P1", "P2"]).values_list("name", "id")
    )
    assert [row.facts for row in pick_rows(Person, id=made[4].pk, name="P1")] == [{"n": 4}]
    assert pick(Person, ("id",), id=[]) == []
    assert pick(Person, ("id",), limit=2, name="P0") != []
    assert len(pick(Person, ("id",), limit=2, name="P0")) == 2
