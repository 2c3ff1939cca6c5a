"""The search page: messages with the words marked, people of that name, and what is wrong with a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from crowdalogue import flow
from crowdalogue.models import User


def test_what_was_said_is_found_and_marked(
    helper: User, client_for: Callable[..., Client], written: Callable[..., Any]
) -> None:
    row = written("The battery <dies> after eight minutes", name="Mara Lindqvist")
    written("Where is my parcel", name="Tobias Renner")
    client = client_for(helper)
    page = client.get("/search/?q=battery").content.decode()
    assert "<mark>battery</mark> &lt;dies&gt;" in page and f"/inbox/{row.pk}/#m" in page and "parcel" not in page
    assert "/people/" in client.get("/search/?q=Mara").content.decode()
    assert 'value="battery"' in page  # the box keeps what was typed


def test_nothing_typed_and_nothing_found_say_what_to_do(helper: User, client_for: Callable[..., Client]) -> None:
    client = client_for(helper)
    assert "Type what you look for" in client.get("/search/").content.decode()
    page = client.get("/search/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "No message has these words" in page and "<script>alert" not in page


def test_a_stranger_finds_nothing(stranger: User, client_for: Callable[..., Client]) -> None:
    assert client_for(stranger).get("/search/?q=a").status_code == 403


def test_other_words_stand_beside_and_by_meaning(
    helper: User, client_for: Callable[..., Client], written: Callable[..., Any]
) -> None:
    written("I want my money back for these shoes", name="Mara Lindqvist")
    written("The refund came at once", name="Tobias Renner")
    while flow.process():
        pass
    client = client_for(helper)
    page = client.get("/search/?q=refund").content.decode()
    assert "In other words" in page and page.index("The <mark>refund</mark>") < page.index("In other words")
    assert page.index("In other words") < page.index("I want my money back")
    by_meaning = client.get("/search/?q=reimbursement&by=meaning").content.decode()
    assert "I want my money back" in by_meaning and "nearest in meaning" in by_meaning
    assert "Nothing is near in meaning" in client.get("/search/?q=photosynthesis&by=meaning").content.decode()


def test_a_slip_of_the_finger_is_mended_and_told(
    helper: User, client_for: Callable[..., Client], written: Callable[..., Any]
) -> None:
    written("The battery dies after eight minutes", name="Mara Lindqvist")
    page = client_for(helper).get("/search/?q=battrey").content.decode()
    assert "These have <b>battery</b>" in page and "<mark>battery</mark>" in page
