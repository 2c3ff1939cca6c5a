"""Boards by the API: own and shared ones, in their order, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable

from crowdalogue.models import Board, User
from tests.api.conftest import Program, refused


def test_own_and_shared_boards(program: Callable[..., Program], analyst: User, owner: User, stranger: User) -> None:
    mine = Board.objects.create(name="Mine", user=analyst)
    mine.views.create(query="measure=answered&by=channel", place=2)
    mine.views.create(query="measure=negative&by=week", title="Mood", place=1)
    shared = Board.objects.create(name="Monday", user=owner, shared=True)
    hidden = Board.objects.create(name="Hidden", user=owner)
    caller = program(analyst)
    listed = caller.everything("/boards", limit=1)
    assert [(b["name"], b["views"], b["owner"]) for b in listed] == [
        ("Monday", 0, str(owner)),
        ("Mine", 2, str(analyst)),
    ]
    whole = caller.get(f"/boards/{mine.pk}").json()
    assert [(v["title"], v["query"]) for v in whole["views"]] == [
        ("Mood", "measure=negative&by=week"),
        ("", "measure=answered&by=channel"),
    ]
    assert caller.get(f"/boards/{shared.pk}").json()["shared"] is True
    refused(caller.get(f"/boards/{hidden.pk}"), 404)
    refused(program(stranger).get("/boards"), 403)
