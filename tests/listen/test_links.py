"""A link opens one file for a while, and nothing else whatever is changed in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.listen import attachments, links
from crowdalogue.models import Account, Attachment, Message
from tests.said import write


@pytest.fixture
def sent(account: Callable[..., Account], settings: Any) -> Attachment:
    settings.URL = "https://care.example.com"
    asked = write(account("social"))
    at = timezone.now()
    ours = Message.objects.create(
        account=asked.account, external_id="out", conversation=asked, direction="out", channel="social", sent_at=at
    )
    return Attachment.objects.create(
        message=ours, name="a.png", media_type="image/png", size=3, digest=attachments.keep(b"one")
    )


def token(row: Attachment, **more: Any) -> str:
    return links.public(row, **more).rstrip("/").rpartition("/")[2]


def test_a_link_opens_its_file_until_it_ends(sent: Attachment) -> None:
    at = timezone.now()
    given = token(sent, at=at)
    assert links.opened(given, at) == sent
    assert links.opened(given, at + links.LIFE - timedelta(seconds=2)) == sent
    assert links.opened(given, at + links.LIFE + timedelta(seconds=2)) is None


def test_nothing_in_a_link_can_be_changed(sent: Attachment, settings: Any) -> None:
    at = timezone.now()
    pk, ends, mark = token(sent, at=at).split("-")
    other = Attachment.objects.create(
        message=sent.message, name="b.png", media_type="image/png", size=3, digest=attachments.keep(b"two")
    )
    changed = (f"{other.pk}-{ends}-{mark}", f"{pk}-{int(ends) + 1}-{mark}", f"{pk}-{ends}-{mark[:-1]}", f"{pk}-{ends}-")
    assert [links.opened(one, at) for one in changed] == [None] * 4
    settings.SECRET_KEY = "another install's key"
    assert links.opened(f"{pk}-{ends}-{mark}", at) is None


def test_only_files_of_answers_have_one(sent: Attachment) -> None:
    Message.objects.update(direction="in")
    assert links.opened(token(sent), timezone.now()) is None


@given(st.text(max_size=200) | st.from_regex(r"[0-9²]{1,30}-[0-9]{1,30}-[0-9a-f]{0,80}", fullmatch=True))
def test_nonsense_opens_nothing(text: str) -> None:
    # Without a store: what has no valid shape or has ended is told before anything is looked up.
    if text.count("-") >= 2 and text.split("-")[0].isdecimal() and text.isascii():
        text = text.split("-")[0] + "-1-" + text.split("-", 2)[2]
    assert links.opened(text, timezone.now()) is None


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://care.example.com", True),
        ("http://93.184.216.34:8000", True),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
        ("http://192.168.1.4", False),
        ("http://localhost:8000", False),
        ("http://crowdalogue:8000", False),
        ("https://care.office.local", False),
    ],
)
def test_providers_reach_only_the_internet(address: str, fine: bool) -> None:
    if fine:
        links.check_reachable(address)
        return
    with pytest.raises(links.NotFetchable, match="Set CROWDALOGUE_URL") as caught:
        links.check_reachable(address)
    assert address in caught.value.text
