"""Who is who, decided by programs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crowdalogue.models import Conversation, Handle, Merge, Person, Resemblance, User
from tests.api.conftest import Program, refused

Make = Callable[..., Program]


@pytest.fixture
def two(say: Callable[..., Conversation]) -> tuple[Person, Person]:
    found = [say(address=f"{name}@example.com", name=name).person for name in ("Ada", "Bob")]
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1]


def test_a_merge_and_its_undoing(program: Make, helper: User, two: tuple[Person, Person]) -> None:
    ada, bob = two
    caller = program(helper)
    made = caller.post("/identity/merges", {"kept": ada.pk, "gone": bob.pk, "reason": "The same voice"}).json()
    assert (made["kept"], made["gone"], made["by"], made["reason"]) == (ada.pk, bob.pk, helper.pk, "The same voice")
    assert [m["id"] for m in caller.get(f"/identity/merges?person={bob.pk}").json()["items"]] == [made["id"]]
    assert "one person already" in refused(caller.post("/identity/merges", {"kept": ada.pk, "gone": bob.pk}), 422)
    for _ in range(2):
        assert caller.post(f"/identity/merges/{made['id']}/undo").json()["undone_at"]
    assert Handle.objects.get(address="bob@example.com").person == bob
    refused(caller.post("/identity/merges", {"kept": ada.pk, "gone": 99999}), 404)


def test_questions(program: Make, helper: User, two: tuple[Person, Person]) -> None:
    row = Resemblance.objects.create(one=two[0], other=two[1], evidence="order", reason="Named order 7", confidence=0.9)
    caller = program(helper)
    (shown,) = caller.get("/identity/questions").json()["items"]
    assert (shown["reason"], shown["confidence"], shown["state"]) == ("Named order 7", 0.9, "open")
    path = f"/identity/questions/{row.pk}"
    assert caller.post(f"{path}/decide", {"same": True}).json()["state"] == "merged"
    assert caller.post(f"{path}/decide", {"same": True}).status_code == 200
    refused(caller.post(f"{path}/decide", {"same": False}), 409)
    assert Merge.objects.filter(undone_at__isnull=True).count() == 1
    assert caller.post(f"{path}/reopen").json()["state"] == "open"
    assert Merge.objects.filter(undone_at__isnull=True).count() == 0
    assert caller.post(f"{path}/decide", {"same": False}).json()["state"] == "apart"
    assert caller.get("/identity/questions").json()["items"] == []


def test_an_address_is_parted(program: Make, helper: User, two: tuple[Person, Person]) -> None:
    ada, bob = two
    caller = program(helper)
    handle = Handle.objects.get(address="bob@example.com")
    assert "only address" in refused(caller.post(f"/identity/handles/{handle.pk}/split"), 422)
    caller.post("/identity/merges", {"kept": ada.pk, "gone": bob.pk})
    new = caller.post(f"/identity/handles/{handle.pk}/split").json()
    assert new["id"] not in (ada.pk, bob.pk)
    assert [h["address"] for h in new["handles"]] == ["bob@example.com"]


def test_who_only_reads_decides_nothing(program: Make, analyst: User, two: tuple[Person, Person]) -> None:
    caller = program(analyst)
    refused(caller.post("/identity/merges", {"kept": two[0].pk, "gone": two[1].pk}), 403)
    refused(caller.post("/identity/questions/1/decide", {"same": True}), 403)
    assert caller.get("/identity/questions").status_code == 200
    refused(program().get("/identity/merges"), 401)
