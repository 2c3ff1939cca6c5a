"""Search by the API."""

from __future__ import annotations

from collections.abc import Callable

from crowdalogue import flow
from crowdalogue.models import Conversation, User
from tests.api.conftest import Program, refused


def test_search(program: Callable[..., Program], say: Callable[..., Conversation], helper: User) -> None:
    for i in range(3):
        say(f"The parcel number {i} is late", address=f"c{i}@example.com", name=f"Cy {i}")
    say("Something else")
    caller = program(helper)
    hits = caller.everything("/search?q=parcel", 2)
    assert [h["message"]["author"]["address"] for h in hits] == [f"c{i}@example.com" for i in (2, 1, 0)]
    start, end = hits[0]["spans"][0]
    assert hits[0]["excerpt"][start:end] == "parcel"
    assert [p["name"] for p in caller.get("/search/persons?q=cy").json()["items"]] == ["Cy 0", "Cy 1", "Cy 2"] or len(
        caller.get("/search/persons?q=cy").json()["items"]
    ) == 3
    refused(caller.get("/search"), 422)
    refused(caller.get("/search?q="), 422)
    assert caller.get("/search?q=%00%22").status_code == 200


def test_by_meaning(program: Callable[..., Program], say: Callable[..., Conversation], helper: User) -> None:
    say("I want my money back for these shoes")
    say("The garden is lovely")
    while flow.process():
        pass
    caller = program(helper)
    found = caller.get("/search?q=refund&by=meaning").json()
    assert [hit["excerpt"] for hit in found["items"]] == ["I want my money back for these shoes"]
    assert caller.get("/search?q=refund").json()["items"] == []
    refused(caller.get("/search?q=refund&by=magic"), 422)
