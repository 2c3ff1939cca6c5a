"""Two people at one conversation know of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from crowdalogue.models import User
from crowdalogue.web import presence


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_colleagues_see_who_reads_and_who_writes(
    helper: User, owner: User, client_for: Callable[..., Client], written: Callable[..., Any]
) -> None:
    row, other = written(name="A"), written(name="B")
    one, two = client_for(helper), client_for(owner)
    assert one.post(f"/inbox/{row.pk}/here/").json() == {"words": "", "writing": False}
    assert two.post(f"/inbox/{row.pk}/here/", {"writing": "1"}).json()["words"] == "Hana Helper is reading this too."
    told = one.post(f"/inbox/{row.pk}/here/").json()
    assert told == {"words": "Olga Owner is writing an answer.", "writing": True}
    assert one.post(f"/inbox/{other.pk}/here/").json()["words"] == ""
    two.post(f"/inbox/{row.pk}/here/", {"leave": "1"})
    assert one.post(f"/inbox/{row.pk}/here/").json()["words"] == ""


def test_who_is_silent_is_gone() -> None:
    presence.arrive(1, 7, "Hana", True, 1000.0)
    assert presence.arrive(1, 8, "Olga", False, 1000.0 + presence.SILENT_S - 1) == {7: ("Hana", True, 1000.0)}
    assert presence.arrive(1, 9, "Mani", False, 1000.0 + presence.SILENT_S + 1).keys() == {8}


def test_words_for_several() -> None:
    several = {1: ("B", True, 0.0), 2: ("A", True, 0.0), 3: ("C", False, 0.0)}
    assert presence.words(several) == "A and B are writing an answer. C is reading this too."


def test_a_stranger_is_nobody_here(
    stranger: User, client_for: Callable[..., Client], written: Callable[..., Any]
) -> None:
    assert client_for(stranger).post(f"/inbox/{written().pk}/here/").status_code == 403
