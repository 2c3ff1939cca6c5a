"""One's own tokens by the API."""

from __future__ import annotations

from collections.abc import Callable

from crowdalogue.models import Audit, Token, User
from tests.api.conftest import Program, refused


def test_make_list_and_end(program: Callable[..., Program], helper: User, owner: User) -> None:
    caller = program(helper)
    made = caller.post("/tokens", {"name": "nightly"})
    assert made.status_code == 201
    second = program(key=made.json()["token"])
    assert second.get("/me").json()["email"] == helper.email
    listed = caller.get("/tokens").json()["items"]
    assert [t["name"] for t in listed] == ["nightly", "test"]
    assert "token" not in listed[0] and "digest" not in listed[0]
    refused(program(owner).delete(f"/tokens/{made.json()['id']}"), 404)  # nobody ends another's
    assert caller.delete(f"/tokens/{made.json()['id']}").json()["ended_at"]
    refused(second.get("/me"), 401)
    assert set(Audit.objects.values_list("deed", flat=True)) == {"made_token", "ended_token"}
    refused(caller.post("/tokens", {"name": ""}), 422)


def test_only_the_digest_is_kept(program: Callable[..., Program], helper: User) -> None:
    key = program(helper).post("/tokens", {"name": "x"}).json()["token"]
    assert not any(key in str(value) for row in Token.objects.values() for value in row.values())
