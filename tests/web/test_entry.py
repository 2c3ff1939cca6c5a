"""A call or a visit by hand becomes a message of a person; the same form twice is one entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from crowdalogue.models import Message, User

GIVEN = {
    "kind": "phone",
    "name": "Per Sandell",
    "phone": "+1 555 010 0199",
    "text": "He asks for an invoice",
    "direction": "in",
}
Browser = Callable[..., Client]


def test_a_call_is_kept_once(helper: User, client_for: Browser) -> None:
    client = client_for(helper)
    key = client.get("/new/").context["form"]["key"].value()
    for _ in range(2):
        answer = client.post("/new/", {**GIVEN, "key": key})
        assert answer.status_code == 302
    message = Message.objects.get()
    assert answer["Location"] == f"/inbox/{message.conversation_id}/"
    assert message.user == helper and message.channel == "phone" and message.text == GIVEN["text"]
    person: Any = message.conversation.person
    assert person.name == "Per Sandell" and person.handles.get().address == "+15550100199"


def test_a_known_person_is_filled_in(helper: User, client_for: Browser, written: Callable[..., Any]) -> None:
    row = written(name="Mara Lindqvist")
    page = client_for(helper).get(f"/new/?person={row.person_id}").content.decode()
    assert 'value="Mara Lindqvist"' in page and 'value="mara@example.com"' in page
    assert client_for(helper).get("/new/?person=99999").status_code == 404
    assert client_for(helper).get("/new/?person=x").status_code == 200


def test_what_is_wrong_is_said_and_the_rest_kept(helper: User, client_for: Browser) -> None:
    answer = client_for(helper).post("/new/", {**GIVEN, "key": "k" * 12, "text": "", "at": "2999-01-01T10:00"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "still to come" in page and 'value="Per Sandell"' in page
    assert not Message.objects.exists()


def test_an_analyst_enters_nothing(analyst: User, client_for: Browser) -> None:
    assert client_for(analyst).post("/new/", GIVEN).status_code == 403
