"""Placing decides before anything changes: no rows are written here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crowdalogue.channels.base import Author, Incoming
from crowdalogue.listen.threads import place
from crowdalogue.models import Account, ThreadRef
from tests.said import write

pytestmark = pytest.mark.django_db


def item(name: str, *parents: str, threads: tuple[str, ...] = ()) -> Incoming:
    return Incoming(name, Author("mara"), name, parents=parents, threads=threads)


def test_a_chain_within_a_batch_is_one_thread_and_waits_for_its_root(account: Callable[..., Account]) -> None:
    placed = place(account("social"), [item("c", "b"), item("b", "a"), item("z")])
    assert [[i.external_id for i in t.items] for t in placed.threads] == [["c", "b"], ["z"]]
    assert set(placed.refs) == {"a"}
    assert not ThreadRef.objects.exists()


def test_the_nearest_known_parent_decides(account: Callable[..., Account]) -> None:
    channel = account("social")
    one = write(channel, "one", "one")
    write(channel, "two", "two")
    placed = place(channel, [item("x", "unknown", "one", "two")])
    assert [t.id for t in placed.threads] == [one.pk]
    assert placed.merges == []


def test_a_chat_is_one_conversation_by_its_name(account: Callable[..., Account]) -> None:
    channel = account("social")
    first = write(channel, "hello", "m1", threads=("chat:7",))
    placed = place(channel, [item("m2", threads=("chat:7",))])
    assert placed.threads[0].id == first.pk


def test_what_is_awaited_elsewhere_joins_two_threads(account: Callable[..., Account]) -> None:
    channel = account("social")
    late = write(channel, "late", "c", parents=("b",))
    early = write(channel, "early", "a")
    placed = place(channel, [item("b", "a")])
    [(gone, kept)] = placed.merges
    assert {gone.id, kept.id} == {late.pk, early.pk}
    assert kept.id == min(late.pk, early.pk)
