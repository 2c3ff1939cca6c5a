"""Pages: nothing twice, nothing left out, whatever happens between two pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crowdalogue.api import cursors
from crowdalogue.errors import Refused
from crowdalogue.models import Conversation, User
from tests.api.conftest import Program, refused

PATHS = ("/messages", "/messages?order=oldest", "/conversations?queue=all", "/conversations?queue=team", "/persons")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_all_pages_are_the_whole(
    program: Callable[..., Program], say: Callable[..., Conversation], owner: User, path: str, limit: int
) -> None:
    for i in range(7):
        say(address=f"c{i}@example.com")
    found = [item["id"] for item in program(owner).everything(path, limit)]
    assert len(found) == len(set(found)) == 7


@pytest.mark.parametrize("path", PATHS)
def test_new_rows_do_not_move_pages(
    program: Callable[..., Program], say: Callable[..., Conversation], owner: User, path: str
) -> None:
    for i in range(5):
        say(address=f"c{i}@example.com")
    caller, mark = program(owner), "&" if "?" in path else "?"
    first = caller.get(f"{path}{mark}limit=2").json()
    seen = [item["id"] for item in first["items"]]
    say(address="late@example.com")
    while first["next"]:
        first = caller.get(f"{path}{mark}limit=2&cursor={first['next']}").json()
        seen += [item["id"] for item in first["items"]]
    assert len(seen) == len(set(seen))
    assert len(seen) >= 5


@pytest.mark.parametrize("cursor", ["1", "nonsense", "eyJhIjoxfQ:1:x", "%00", "ü", "a" * 500])
@pytest.mark.parametrize("path", ["/messages", "/conversations", "/search?q=parcel", "/tokens"])
def test_made_up_cursors_are_refused(program: Callable[..., Program], owner: User, path: str, cursor: str) -> None:
    mark = "&" if "?" in path else "?"
    assert "Begin again" in refused(program(owner).get(f"{path}{mark}cursor={cursor}"), 422)


def test_a_cursor_belongs_to_its_list() -> None:
    cursor = cursors.write("persons", 7)
    assert cursors.read("persons", cursor) == 7
    with pytest.raises(Refused):
        cursors.read("messages", cursor)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
def test_limits_have_bounds(program: Callable[..., Program], owner: User, limit: str) -> None:
    response = program(owner).get(f"/messages?limit={limit}")
    refused(response, 422)
    assert response.json()["error"]["fields"][0]["field"] == "limit"
