"""Attachments and mails as they were sent: shown or saved, but nothing of theirs runs here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from crowdalogue import flow
from crowdalogue.channels.base import Attachment
from crowdalogue.errors import Failure
from crowdalogue.listen import links
from crowdalogue.listen.attachments import path_of
from crowdalogue.models import Account, User
from crowdalogue.web import files, visitors
from tests.outside import Outside, says

Written = Callable[..., Any]
Browser = Callable[..., Client]


def with_file(
    written: Written, name: str, kind: str, content: bytes = b"<script>alert(1)</script>", **more: Any
) -> Any:
    row = written(attachments=(Attachment(name, kind, content, **more),))
    return row.messages.get().attachments.get()


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("a.png", "image/png", True),
        ("a.svg", "image/svg+xml", False),
        ("a.html", "text/html", False),
        ("a.pdf", "application/pdf", False),
    ],
)
def test_only_known_pictures_are_shown_in_place(
    helper: User, client_for: Browser, written: Written, name: str, kind: str, shown: bool
) -> None:
    row = with_file(written, name, kind)
    answer: Any = client_for(helper).get(f"/inbox/file/{row.pk}/")
    assert answer.status_code == 200 and b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"].startswith("inline" if shown else "attachment")
    assert answer["Content-Type"] == (kind if shown else "application/octet-stream")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_name_cannot_break_out_of_its_header(helper: User, client_for: Browser, written: Written) -> None:
    row = with_file(written, 'x"\r\nSet-Cookie: a=b\r\n.txt', "text/plain")
    answer = client_for(helper).get(f"/inbox/file/{row.pk}/")
    assert "Set-Cookie: a" not in answer.headers and "\n" not in answer["Content-Disposition"]


def test_a_file_that_is_gone_says_where_to_look(helper: User, client_for: Browser, written: Written) -> None:
    row = with_file(written, "a.pdf", "application/pdf", b"unique content of this test")
    path_of(row.digest).unlink()
    answer = client_for(helper).get(f"/inbox/file/{row.pk}/")
    assert answer.status_code == 404 and "backup" in answer.content.decode()


def test_a_stranger_gets_no_file(stranger: User, client_for: Browser, written: Written) -> None:
    row = with_file(written, "a.png", "image/png")
    assert client_for(stranger).get(f"/inbox/file/{row.pk}/").status_code == 403
    assert client_for(stranger).get(f"/inbox/message/{row.message_id}/html/").status_code == 403


def test_a_mail_is_shown_in_a_frame_that_can_do_nothing(helper: User, client_for: Browser, written: Written) -> None:
    row = written(html='<p style="color:red">Hello</p><img data-src="https://example.com/pixel.png">')
    message = row.messages.get()
    client = client_for(helper)
    page = client.get(f"/inbox/{row.pk}/").content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page and "<p style" not in page
    assert "Load pictures from outside" in page
    plain = client.get(f"/inbox/message/{message.pk}/html/")
    policy = plain["Content-Security-Policy"]
    assert "script-src 'none'" in policy and "sandbox" in policy and "https:" not in policy
    assert ' src="https://' not in plain.content.decode()
    asked = client.get(f"/inbox/message/{message.pk}/html/?pictures=1")
    assert ' src="https://example.com/pixel.png"' in asked.content.decode()
    assert "img-src data: https: http:" in asked["Content-Security-Policy"]


def test_pictures_inside_the_mail_are_put_into_it(helper: User, client_for: Browser, written: Written) -> None:
    row = written(
        html='<p>See</p><img src="cid:one@x"><img src="cid:two@x"><img src="cid:lost@x">',
        attachments=(
            Attachment("1.png", "image/png", b"\x89PNG", "one@x", True),
            Attachment("2.svg", "image/svg+xml", b"<svg onload=alert(1)>", "two@x", True),
        ),
    )
    page = client_for(helper).get(f"/inbox/message/{row.messages.get().pk}/html/").content.decode()
    assert 'src="data:image/png;base64,iVBORw=="' in page or "data:image/png;base64,iVBO" in page
    assert "cid:" not in page and "svg" not in page


# --- files that a provider fetches

PNG = b"\x89PNG\r\n\x1a\n the picture of this test"


@pytest.fixture
def at_large(settings: Any) -> Iterator[None]:
    """An install with an address on the internet, where nobody asked for a file yet."""
    settings.URL, settings.ALLOWED_HOSTS = "https://care.example.com", ["*"]
    visitors.OFTEN.forget()
    yield
    visitors.OFTEN.forget()


@pytest.fixture
def phone(account: Callable[..., Account]) -> Account:
    return account(
        "sms", settings={"account_sid": "AC1", "number": "+15550100000"}, secrets={"auth_token": "a token of the shop"}
    )


def send(user: User, conversation: Any, *parts: Attachment) -> Any:
    reply = flow.answer(user, conversation, "Here it is.", key="answer-key-1", files=parts)
    flow.deliver()
    reply.refresh_from_db()
    return reply


def test_a_provider_fetches_the_file_of_an_answer(
    helper: User, written: Written, phone: Account, outside: Outside, at_large: None
) -> None:
    outside.on("POST", "/Messages.json", says({"sid": "MM1", "status": "queued"}, 201))
    asked = written(account=phone, address="+15550100199")
    reply = send(
        helper, asked, Attachment("lamp.png", "image/png", PNG), Attachment("a.html", "text/html", b"<script>")
    )
    assert reply.state == "sent", reply.reason
    picture, page = parse_qs(outside.calls[0].body.decode())["MediaUrl"]
    assert picture.startswith("https://care.example.com/file/") and "lamp" not in picture
    got: Any = Client().get(urlsplit(picture).path, secure=True)
    assert got.status_code == 200 and b"".join(got.streaming_content) == PNG
    assert (got["Content-Type"], got["Content-Disposition"]) == ("image/png", 'inline; filename="lamp.png"')
    assert got["Cache-Control"] == "private, no-store" and not got.cookies
    run: Any = Client().get(urlsplit(page).path, secure=True)
    assert run["Content-Type"] == "application/octet-stream" and run["Content-Disposition"].startswith("attachment")
    assert (
        run["Content-Security-Policy"] == "default-src 'none'; sandbox" and run["X-Content-Type-Options"] == "nosniff"
    )
    assert Client().head(urlsplit(picture).path, secure=True).status_code == 200
    assert Client().post(urlsplit(picture).path, secure=True).status_code == 405


def test_what_no_link_opens(helper: User, written: Written, at_large: None, caplog: pytest.LogCaptureFixture) -> None:
    theirs = with_file(written, "secret.png", "image/png", PNG)
    for path in (
        urlsplit(links.public(theirs)).path,
        "/file/",
        "/file/1/",
        "/file/1-1-1/",
        "/file/x-y-z/",
        "/file/%C3/",
    ):
        got = Client().get(path, secure=True)
        assert got.status_code == 404 and b"secret" not in got.content, "what customers sent has no public address"
    assert "secret.png" not in caplog.text


def test_a_link_is_used_a_few_times_only(
    helper: User,
    written: Written,
    phone: Account,
    outside: Outside,
    at_large: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "FETCHED", 3)
    monkeypatch.setattr(files, "TRIED", 5)
    outside.on("POST", "/Messages.json", says({"sid": "MM1", "status": "queued"}, 201))
    reply = send(helper, written(account=phone, address="+15550100199"), Attachment("lamp.png", "image/png", PNG))
    path = urlsplit(links.public(reply.message.attachments.get())).path
    assert [Client().get(path, secure=True).status_code for _ in range(4)] == [200, 200, 200, 429]
    answers = [Client().get(f"/file/1-1-{n}/", secure=True) for n in range(2)]
    assert [a.status_code for a in answers] == [404, 429] and int(answers[1]["Retry-After"]) > 0


def test_at_home_the_agent_is_told_why_and_what_to_do(
    helper: User, written: Written, phone: Account, outside: Outside, settings: Any
) -> None:
    settings.URL = "http://127.0.0.1:8000"
    asked = written(account=phone, address="+15550100199")
    part = Attachment("lamp.png", "image/png", PNG)
    with pytest.raises(Failure, match=r"cannot reach http://127.0.0.1:8000.*Set CROWDALOGUE_URL"):
        flow.answer(helper, asked, "Here it is.", key="answer-key-0", files=(part,))
    settings.URL = "https://care.example.com"
    reply = flow.answer(helper, asked, "Here it is.", key="answer-key-1", files=(part,))
    settings.URL = "http://127.0.0.1:8000"  # moved back in between
    flow.deliver()
    reply.refresh_from_db()
    assert reply.state == "failed" and "Set CROWDALOGUE_URL" in reply.reason and not outside.calls


def test_the_demo_sends_nothing_and_needs_no_address(
    helper: User, written: Written, account: Callable[..., Account], settings: Any
) -> None:
    settings.URL = "http://127.0.0.1:8000"
    shown = account("sms", settings={"account_sid": "AC1", "number": "+15550100000"}, demo=True)
    reply = send(helper, written(account=shown, address="+15550100199"), Attachment("lamp.png", "image/png", PNG))
    assert reply.state == "sent"
