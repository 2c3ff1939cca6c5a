"""Lists of people from a file."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.errors import Failure
from crowdalogue.listen import lists, merging
from crowdalogue.models import Account, Handle, Person, Standing

pytestmark = pytest.mark.django_db


def test_people_are_found_however_they_are_named(account: Callable[..., Account]) -> None:
    for kind, address in (("email", "ada@example.com"), ("phone", "+15550100199"), ("social", "@otter")):
        flow.file(account(kind), [Incoming(f"m-{kind}", Author(address), "Hello")])
    content = (
        "\ufeffE-mail,Phone,User name,Kind,Why\r\n"
        "Ada@Example.com,,,VIP,gold\r\n"
        ",+1 (555) 010-0199,,advocate,praises\r\n"
        ",,otter,influencer,writes\r\n"
    ).encode()
    taken = lists.take(content)
    assert (taken.rows, taken.given, taken.new_people, taken.failed) == (3, 3, 0, 0)
    kinds = {row.person.handles.get().address: (row.kind, row.source, row.reason) for row in Standing.objects.all()}
    assert kinds == {
        "ada@example.com": ("vip", "list", "gold"),
        "+15550100199": ("advocate", "list", "praises"),
        "@otter": ("influencer", "list", "writes"),
    }
    assert lists.take(content).given == Standing.objects.count() == 3


def test_whoever_never_wrote_is_remembered(account: Callable[..., Account]) -> None:
    taken = lists.take(b"email;name\nada@example.com;Ada Pellow\n", kind="vip", reason="gold")
    assert taken.new_people == 1
    flow.file(account("email"), [Incoming("m1", Author("ada@example.com", "Ada"), "Hello")])
    person = Handle.objects.get(address="ada@example.com").person
    assert person is not None
    assert person.standings.get().reason == "gold"


def test_a_merged_person_is_who_they_became() -> None:
    lists.take(b"email\na@example.com\nb@example.com\n", kind="vip")
    one, other = Person.objects.order_by("id")
    merging.merge(one, other, why="person", reason="same")
    lists.take(b"email\nb@example.com\n", kind="detractor")
    assert Standing.objects.get(kind="detractor").person == one


def test_rows_that_say_too_little(account: Callable[..., Account]) -> None:
    flow.file(account("social"), [Incoming("m1", Author("@otter"), "Hello")])
    flow.file(account("review"), [Incoming("m1", Author("otter"), "Hello")])
    Handle.objects.create(kind="email", address="us@example.com", ours=True)
    content = (
        b"email,handle,channel,kind\ninfo@example.com,,,vip\n,nobody,,vip\n,otter,,vip\n,otter,review,vip\n,,,vip\n"
    )
    content += b"us@example.com,,,vip\nada@example.com,,,king\n"
    taken = lists.take(content)
    assert (taken.rows, taken.given, taken.failed) == (7, 1, 6)
    said = dict(taken.wrong)
    assert "no e-mail address of one person" in said[2]
    assert "Nobody goes by" in said[3]
    assert "Several people go by" in said[4]
    assert "says nothing" in said[6]
    assert "address of our own" in said[7]
    assert "no standing king" in said[8]


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "No column says who"), (b"name,kind\nAda,vip\n", "No column says who"), (b"x" * 5_000_001, "larger than")],
)
def test_what_is_no_list(content: bytes, why: str) -> None:
    with pytest.raises(Failure, match=why):
        lists.take(content, kind="vip")
    with pytest.raises(Failure, match="no standing"):
        lists.take(b"email\na@example.com\n", kind="king")
    assert not Standing.objects.exists()


@given(st.binary(max_size=400))
@settings(suppress_health_check=list(HealthCheck), max_examples=60)
def test_any_bytes_are_a_list_or_a_failure(content: bytes) -> None:
    for start in (b"", b"email,kind\n"):
        try:
            assert all(isinstance(row, dict) for row in lists.read(start + content))
        except Failure as failure:
            assert failure.text
