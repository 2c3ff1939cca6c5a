"""Attachments and mails as they were sent: shown or saved, but nothing of theirs runs here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crowdalogue.channels.base import Attachment
from crowdalogue.listen.attachments import path_of
from crowdalogue.models import User

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
