"""The hosted form: works without script, sends once, loses nothing that was typed, and says where the answer comes."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crowdalogue.models import Account, Conversation, Delivery, Hours, Message, Target
from crowdalogue.web import form, visitors, welcome

SECRET = "a secret of the shop, long enough"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


@pytest.fixture(autouse=True)
def at_ease(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tests write faster than people."""
    monkeypatch.setattr(form, "QUICKEST_S", -1)
    visitors.OFTEN.forget()
    yield
    visitors.OFTEN.forget()


@pytest.fixture
def hosted(account: Callable[..., Account], company: Any) -> Account:
    given = {
        "origins": "https://www.example.com\nhttps://*.example.org",
        "title": "Write to us\nde = Schreiben Sie uns",
        "greeting": "We read <everything>.",
        "colour": "#ffcc00",
        "questions": "Order number*",
    }
    return account("webform", settings=given, secrets={"secret": SECRET})


class Reader:
    """A browser without script."""

    def __init__(self, account: Account) -> None:
        self.address = f"/form/{account.key}/"
        self.http = Client(enforce_csrf_checks=True)

    def open(self, **headers: str) -> str:
        got = self.http.get(self.address, headers=headers)
        assert got.status_code == 200
        found = re.search(r'name="token" value="([^"]+)"', got.content.decode())
        assert found
        self.token = html.unescape(found[1])
        return got.content.decode()

    def send(self, **given: Any) -> Any:
        usual = {
            "token": self.token,
            "name": "Mara",
            "email": "mara@example.com",
            "q1": "48213",
            "text": "Where is it?",
        }
        return self.http.post(self.address, {**usual, **given})


@pytest.fixture
def reader(hosted: Account) -> Reader:
    found = Reader(hosted)
    found.open()
    return found


def test_a_message_is_filed_under_its_address_and_the_answer_is_announced(reader: Reader) -> None:
    got = reader.send()
    assert got.status_code == 200
    assert not got.cookies
    page = got.content.decode()
    assert "We have your message" in page
    assert re.search(r"The answer goes to mara@example.com, by \w+ \d+ \w+, \d\d:\d\d \(UTC\)", page)
    message = Message.objects.get()
    assert (message.text, message.subject) == ("Where is it?", "Order number: 48213")
    assert message.handle is not None
    assert (message.handle.kind, message.handle.address, message.handle.name) == ("email", "mara@example.com", "Mara")
    assert json.loads(bytes(Delivery.objects.get().body))["answers"] == [
        {"question": "Order number", "answer": "48213"}
    ]


def test_sent_twice_is_once_but_other_words_are_another_message(reader: Reader) -> None:
    reader.send()
    reader.send()
    assert Message.objects.count() == 1
    reader.send(text="And my refund?")
    assert Message.objects.count() == 2
    reader.open()
    reader.send()
    assert Conversation.objects.count() == 3, "the same words in another form are said again"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"email": ""}, "Please fill this in."),
        ({"email": "mara"}, "Write an address such as"),
        ({"q1": " "}, "Please fill this in."),
        ({"text": ""}, "Please fill this in."),
        ({"text": "x" * 10_001}, "This is too long."),
        ({"website": "https://spam.example"}, "Leave this field empty."),
        ({"token": "nonsense"}, "Nothing is lost"),
        ({"token": ""}, "Nothing is lost"),
        ({"file": SimpleUploadedFile("a.exe", b"MZ00")}, "Files of this kind cannot be sent."),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else "",
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(reader: Reader, given: dict[str, Any], says: str) -> None:
    got = reader.send(**given)
    assert got.status_code in (422, 415)
    page = got.content.decode()
    assert says in page
    assert 'role="alert"' in page
    if "text" not in given:
        assert "Where is it?" in page
    assert Message.objects.count() == 0
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    assert reader.send(token=html.unescape(found[1])).status_code == 200
    assert Message.objects.count() == 1


def test_too_quick_is_a_program_unless_it_is_sent_again(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "QUICKEST_S", 60)
    got = reader.send()
    assert got.status_code == 422
    assert "very quick" in got.content.decode()
    monkeypatch.setattr(form, "QUICKEST_S", -1)
    assert reader.send().status_code == 200


def test_a_form_of_another_account_or_yesterday_is_asked_again(
    reader: Reader, account: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Reader(account("webform", settings={"origins": "https://www.example.com"}, secrets={"secret": SECRET}))
    other.open()
    assert reader.send(token=other.token).status_code == 422
    monkeypatch.setattr(form, "OPEN_S", -1)
    assert reader.send().status_code == 422


def test_a_file_comes_with_it(reader: Reader) -> None:
    assert reader.send(file=SimpleUploadedFile("lamp.png", PNG)).status_code == 200
    file = Message.objects.get().attachments.get()
    assert (file.name, file.media_type, file.size) == ("lamp.png", "image/png", len(PNG))


def test_too_many_are_asked_to_wait(reader: Reader) -> None:
    statuses = [reader.send(text=f"number {n}").status_code for n in range(11)]
    assert statuses == [200] * 10 + [429]


def test_it_may_be_a_part_of_the_allowed_sites_only(hosted: Account) -> None:
    policy = Client().get(f"/form/{hosted.key}/").headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://www.example.com https://*.example.org" in policy
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_languages(hosted: Account) -> None:
    reader = Reader(hosted)
    assert 'lang="de"' in reader.open(**{"Accept-Language": "de-AT,de;q=0.9"})
    assert "Schreiben Sie uns" in reader.http.get(reader.address + "?lang=de").content.decode()
    arabic = reader.http.get(reader.address + "?lang=ar").content.decode()
    assert 'dir="rtl"' in arabic
    assert "&lt;everything&gt;" in arabic
    page = reader.http.post(reader.address + "?lang=de", {"token": reader.token}).content.decode()
    assert "Bitte ausfüllen." in page


def test_out_of_hours_the_answer_is_promised_for_when_the_team_is_back(reader: Reader, hosted: Account) -> None:
    hours = Hours.objects.create(name="Care", timezone="Europe/Berlin", week=[[]] * 7)
    hours.week[0] = [["09:00", "09:01"]]
    hours.save()
    Target.objects.create(kind="webform", first_minutes=1, hours=hours)
    Account.objects.update(settings={**hosted.settings, "away_text": "We are away on Sundays."})
    assert "We are away on Sundays." in reader.open() or visitors_open()
    page = reader.send().content.decode()
    assert re.search(r"by Monday \d+ \w+, 09:01 \(Europe/Berlin\)", page)


def visitors_open() -> bool:
    """The one minute of the week in which this team is there."""
    return welcome.presence(Account.objects.get()).open


def test_the_colour_has_ink_that_can_be_read(hosted: Account) -> None:
    sheet = Client().get(f"/form/{hosted.key}/style.css")
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert "#ffcc00" in sheet.content.decode()
    assert "color: #000000" in sheet.content.decode()


def test_unknown_and_paused(hosted: Account) -> None:
    assert Client().get("/form/nothing/").status_code == 404
    assert Client().get("/form/nothing/style.css").content == b""
    Account.objects.update(state=Account.State.PAUSED)
    assert Client().get(f"/form/{hosted.key}/").status_code == 503
