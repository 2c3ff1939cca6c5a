"""Deciding who is who: questions, merges by hand, undoing, parting, standings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crowdalogue.models import Handle, Merge, Person, Resemblance, Standing, User

Written = Callable[..., Any]
Browser = Callable[..., Client]


@pytest.fixture
def two(written: Written) -> tuple[Person, Person]:
    return written(name="Mara Lindqvist").person, written(name="Tobias Renner").person


@pytest.fixture
def question(two: tuple[Person, Person]) -> Resemblance:
    return Resemblance.objects.create(
        one=two[0], other=two[1], evidence="order", reason="Named order 7", confidence=0.9
    )


def test_a_question_is_answered_and_taken_back(helper: User, client_for: Browser, question: Resemblance) -> None:
    client = client_for(helper)
    page = client.get("/people/same/").content.decode()
    for said in ("Named order 7", "Mara Lindqvist", "Tobias Renner", 'data-key="y"', 'data-key="x"', 'data-key="j"'):
        assert said in page, said
    client.post(f"/people/same/{question.pk}/", {"answer": "same"})
    merge = Merge.objects.get()
    assert (merge.user, merge.kept, merge.gone) == (helper, question.one, question.other)
    assert "Nothing to decide" in client.get("/people/same/").content.decode()
    client.post(f"/people/same/{question.pk}/reopen/")
    merge.refresh_from_db()
    assert merge.undone_at is not None
    assert client.get("/people/same/").context["row"] == question
    client.post(f"/people/same/{question.pk}/", {"answer": "apart"})
    question.refresh_from_db()
    assert question.state == Resemblance.State.APART
    assert client.get("/people/same/").context["row"] is None


def test_a_question_may_wait(helper: User, client_for: Browser, question: Resemblance, written: Written) -> None:
    other = written(name="Third One").person
    sure = Resemblance.objects.create(one=question.one, other=other, evidence="order", reason="b", confidence=0.94)
    client = client_for(helper)
    first = client.get("/people/same/")
    assert first.context["row"] == sure
    second = client.get("/people/same/", {"skip": first.context["skip"]})
    assert second.context["row"] == question
    last = client.get("/people/same/", {"skip": second.context["skip"]})
    assert "left for later" in last.content.decode()


def test_two_are_merged_by_hand_and_undone(helper: User, client_for: Browser, two: tuple[Person, Person]) -> None:
    mara, tobias = two
    client = client_for(helper)
    client.post(f"/people/{mara.pk}/merge/", {"with": "tobias@example.com"})
    row = Merge.objects.get()
    assert (row.kept, row.gone, row.user, row.evidence) == (mara, tobias, helper, "person")
    client.post(f"/people/merge/{row.pk}/undo/")
    assert Handle.objects.get(address="tobias@example.com").person == tobias
    for wrong in ("", "nobody@example.com", "mara@example.com"):
        page = client.post(f"/people/{mara.pk}/merge/", {"with": wrong}, follow=True).content.decode()
        assert "Nobody else was found" in page, wrong
    assert Merge.objects.count() == 1


def test_an_address_is_parted(helper: User, client_for: Browser, two: tuple[Person, Person]) -> None:
    mara, tobias = two
    client = client_for(helper)
    handle = Handle.objects.get(address="tobias@example.com")
    assert "only address" in client.post(f"/people/address/{handle.pk}/split/", follow=True).content.decode()
    client.post(f"/people/{mara.pk}/merge/", {"with": str(tobias.pk)})
    client.post(f"/people/address/{handle.pk}/split/")
    handle.refresh_from_db()
    assert handle.person not in (mara, tobias)


def test_a_standing_by_hand(helper: User, client_for: Browser, two: tuple[Person, Person]) -> None:
    mara, _ = two
    client = client_for(helper)
    client.post(f"/people/{mara.pk}/standing/", {"kind": "vip", "reason": "First customer"})
    row = Standing.objects.get()
    assert (row.kind, row.source, row.reason, row.user) == ("vip", "person", "First customer", helper)
    client.post(f"/people/{mara.pk}/standing/", {"do": "take", "kind": "vip"})
    assert not Standing.objects.filter(kind="vip").exists()
    page = client.post(f"/people/{mara.pk}/standing/", {"kind": "king"}, follow=True).content.decode()
    assert "There is no standing king" in page


@pytest.mark.parametrize(
    "path", ["/people/{0}/merge/", "/people/{0}/standing/", "/people/same/{1}/", "/people/same/{1}/reopen/"]
)
def test_who_only_reads_decides_nothing(
    analyst: User, stranger: User, client_for: Browser, question: Resemblance, path: str
) -> None:
    path = path.format(question.one_id, question.pk)
    for user in (analyst, stranger):
        assert client_for(user).post(path, {"answer": "same", "kind": "vip"}).status_code == 403
    assert client_for(analyst).get("/people/same/").status_code == 200
    assert client_for(stranger).get("/people/same/").status_code == 403
