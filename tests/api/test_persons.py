"""Persons by the API."""

from __future__ import annotations

from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from crowdalogue.listen import merging
from crowdalogue.models import BusinessRecord, Conversation, Standing, User
from tests.api.conftest import Program, refused


def test_persons(program: Callable[..., Program], say: Callable[..., Conversation], analyst: User) -> None:
    row = say(address="Ada@Example.com", name="Ada Ex")
    say(address="bob@example.com", name="Bob")
    caller = program(analyst)
    one = caller.get(f"/persons/{row.person_id}").json()
    (handle,) = one["handles"]
    assert (handle["kind"], handle["address"], handle["name"]) == ("email", "ada@example.com", "Ada Ex")
    assert (one["merged_into"], one["standings"], handle["said"]) == (None, [], False)
    assert [p["name"] for p in caller.get("/persons").json()["items"]] == ["Bob", "Ada Ex"]
    assert [p["name"] for p in caller.get("/persons?handle=ADA@example.com").json()["items"]] == ["Ada Ex"]
    assert caller.get("/persons?handle=ada@example.com&kind=phone").json()["items"] == []
    refused(caller.get("/persons/99999"), 404)


Make = Callable[..., Program]
Say = Callable[..., Conversation]


def test_who_is_calling(program: Make, say: Say, analyst: User, stranger: User) -> None:
    row = say(address="+15550100199", kind="phone", name="Ada Ex")
    BusinessRecord.objects.create(kind="order", external_id="BC-1", person=row.person, at=timezone.now())
    caller = program(analyst)
    for asked in ("5550100199", "BC-1", "ada"):
        (found,) = caller.get(f"/persons/find?q={asked}").json()
        assert found["person"]["id"] == row.person_id, asked
    assert caller.get("/persons/find?q=nobody").json() == []
    refused(program(stranger).get("/persons/find?q=ada"), 403)


def test_the_time_line_in_pages(program: Make, say: Say, analyst: User) -> None:
    row = say("one")
    for n in range(4):
        say(f"more {n}")
    BusinessRecord.objects.create(
        kind="order", external_id="BC-1", person=row.person, at=timezone.now(), amount="9.50", currency="EUR"
    )
    caller = program(analyst)
    lines = caller.everything(f"/persons/{row.person_id}/timeline")
    assert [line["kind"] for line in lines] == ["orders"] + ["said"] * 5
    assert (lines[0]["number"], lines[0]["amount"], lines[0]["what"]) == ("BC-1", "9.50", "order")
    assert {line["text"] for line in lines[1:]} == {"one", *(f"more {n}" for n in range(4))}
    assert [x["kind"] for x in caller.everything(f"/persons/{row.person_id}/timeline?kind=orders")] == ["orders"]
    refused(caller.get(f"/persons/{row.person_id}/timeline?cursor=x"), 422)
    refused(caller.get("/persons/99999/timeline"), 404)


def test_a_merged_person_says_who_they_became(program: Make, say: Say, analyst: User) -> None:
    ada, bob = say(address="ada@example.com").person, say(address="bob@example.com").person
    assert ada is not None
    assert bob is not None
    merging.merge(ada, bob, why="person", reason="the same")
    caller = program(analyst)
    assert caller.get(f"/persons/{bob.pk}").json()["merged_into"] == ada.pk
    assert len(caller.get(f"/persons/{ada.pk}").json()["handles"]) == 2
    assert len(caller.get("/persons").json()["items"]) == 1


def test_standings(program: Make, say: Say, helper: User, analyst: User) -> None:
    row = say()
    caller = program(helper)
    path = f"/persons/{row.person_id}/standings/vip"
    given = caller.call("put", path, {"reason": "First customer"}).json()
    assert (given["kind"], given["source"], given["reason"]) == ("vip", "person", "First customer")
    assert len(caller.get("/persons?standing=vip").json()["items"]) == 1
    assert caller.delete(path).json()["standings"] == []
    refused(caller.call("put", f"/persons/{row.person_id}/standings/king", {}), 422)
    refused(program(analyst).call("put", path, {}), 403)


def test_a_list(program: Make, manager: User, helper: User) -> None:
    def send(user: User, content: bytes) -> object:
        made = program(user)
        return made.client.post(
            "/api/v1/persons/standings/import",
            {"file": SimpleUploadedFile("l.csv", content), "kind": "vip", "reason": "Invited"},
            headers={"Authorization": f"Bearer {made.key}"},
        )

    told = send(manager, b"email\nada@example.com\nnobody\n").json()  # type: ignore[attr-defined]
    assert (told["rows"], told["given"], told["failed"], told["new_people"]) == (2, 1, 1, 1)
    assert told["wrong"][0]["line"] == 3
    assert Standing.objects.get().reason == "Invited"
    refused(send(manager, b"what\n1\n"), 422)
    refused(send(helper, b"email\n"), 403)
