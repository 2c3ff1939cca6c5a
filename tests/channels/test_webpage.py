"""What the widget and the form share: sites, questions, words per language, proofs, deliveries."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels import webpage
from crowdalogue.channels.base import NotUnderstood, Raw, Refused
from crowdalogue.errors import Failure

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "a secret of the shop, long enough"


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("https://www.example.com", "https://www.example.com"),
        ("HTTPS://WWW.Example.com:443/shop?x=1", "https://www.example.com"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://*.example.com", "https://*.example.com"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_sites_are_written_as_browsers_do(line: str, origin: str) -> None:
    assert webpage.origins_of(f"\n {line} \n{line}") == (origin,)


@pytest.mark.parametrize(
    "line",
    [
        "www.example.com",
        "*",
        "https://",
        "ftp://example.com",
        "https://a b.example",
        "https://*",
        "https://a.*.example",
        "null",
        "https://x:99999",
    ],
)
def test_what_is_no_site_is_named(line: str) -> None:
    with pytest.raises(Failure, match="is no site"):
        webpage.origins_of(line)


@pytest.mark.parametrize(
    ("origin", "fits"),
    [
        ("https://www.example.com", True),
        ("https://shop.example.org", True),
        ("https://a.b.example.org", True),
        ("https://example.org", False),
        ("https://.example.org", False),
        ("http://shop.example.org", False),
        ("https://evilexample.org", False),
        ("https://www.example.com.evil.test", False),
        ("https://www.example.com:8443", False),
        ("null", False),
        ("", False),
    ],
)
def test_which_sites_may_use_it(origin: str, fits: bool) -> None:
    allowed = webpage.origins_of("https://www.example.com\nhttps://*.example.org")
    assert webpage.origin_fits(origin, allowed) is fits


def test_questions_of_a_setting() -> None:
    asked = webpage.questions_of("Name\n E-mail*\n\nOrder number *\nname\n" + "\n".join(f"More {n}" for n in range(9)))
    assert [(q.name, q.label, q.needed) for q in asked[:3]] == [
        ("name", "", False),
        ("email", "", True),
        ("q3", "Order number", True),
    ]
    assert len(asked) == webpage.MAX_QUESTIONS
    assert len({q.name for q in asked}) == len(asked)


def test_a_text_for_each_language() -> None:
    text = "Hello.\nde = Guten Tag.\nde = Wie können wir helfen?\nWe are here."
    assert webpage.said_in(text, "de") == "Guten Tag.\nWie können wir helfen?"
    assert webpage.said_in(text, "fr") == "Hello.\nWe are here."
    assert webpage.said_in(None, "en") == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"origins": ""}, "No site"),
        ({"colour": "red"}, "colour"),
        ({"secret": "short"}, "secret"),
        ({"questions": "a\nb\nc\nd\ne\nf\ng\nh\ni"}, "too many"),
        ({"smtp_host": "smtp.example.com"}, "address answers come from"),
    ],
)
def test_settings_that_cannot_work(change: dict[str, Any], says: str) -> None:
    right = {"origins": "https://example.com", "colour": "#2c50bf", "secret": SECRET}
    webpage.check_page(right)
    webpage.check_mail(right)
    with pytest.raises(Failure, match=says):
        webpage.check_page(right | change)
        webpage.check_mail(right | change)


def test_only_the_site_itself_can_vouch() -> None:
    right = webpage.proof(SECRET, "c-7", "mara@example.com")
    assert len(right) == 64
    assert webpage.proven(SECRET, "c-7", "mara@example.com", right)
    assert not webpage.proven(SECRET, "c-8", "mara@example.com", right)
    assert not webpage.proven(SECRET, "c-7\nmara@example.com", "", right)
    assert not webpage.proven(SECRET, "c-7", "mara@example.com", "é" * 64)
    assert not webpage.proven("", "c-7", "", webpage.proof("", "c-7", ""))
    assert not webpage.proven(SECRET, "", "", webpage.proof(SECRET, "", ""))


def test_a_delivery_of_ours_is_signed() -> None:
    raw = webpage.sealed(SECRET, {"id": "1", "text": "ä"}, NOW, "a key")
    assert raw.key == "a key"
    webpage.PageChannel({"secret": SECRET}).verify(raw, NOW)
    with pytest.raises(Refused):
        webpage.PageChannel({"secret": SECRET + "x"}).verify(raw, NOW)
    assert webpage.items_of(raw) == [{"id": "1", "text": "ä"}]


def test_files_come_out_as_they_went_in() -> None:
    item = {"files": [{"name": "a.png", "media_type": "image/png", "content": base64.b64encode(b"\x89PNG").decode()}]}
    (file,) = webpage.files_in(item)
    assert (file.name, file.media_type, file.content) == ("a.png", "image/png", b"\x89PNG")
    with pytest.raises(NotUnderstood, match="base64"):
        webpage.files_in({"files": [{"name": "a", "content": "é"}]})


def test_only_what_is_vouched_for_counts_as_verified() -> None:
    said = {"email": "Mara@Example.com", "customer_id": "c-7", "vouched_email": True, "language": "de"}
    assert webpage.facts_of(said) == {"email": "mara@example.com", "language": "de"}
    assert webpage.facts_of({**said, "vouched": True}) == {
        "email": "mara@example.com",
        "email_verified": True,
        "customer_id": "c-7",
        "language": "de",
    }


def test_answers_to_own_questions_stand_in_the_heading() -> None:
    item = {"answers": [{"question": "Order number", "answer": "48213"}, {"question": "", "answer": "x"}]}
    assert webpage.subject_of(item) == "Order number: 48213"
    assert webpage.extra_of(item)["answers"] == {"Order number": "48213"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(st.dictionaries(st.sampled_from(["files", "answers", "page", "email", "at", "items", "language"]), JSON))
def test_nothing_in_a_delivery_breaks_the_reader(item: dict[str, Any]) -> None:
    for read in (webpage.files_in, webpage.extra_of, webpage.facts_of, webpage.subject_of, webpage.sent_at):
        try:
            json.dumps(read(item), default=str)
        except NotUnderstood as fault:
            assert fault.text
    try:
        webpage.items_of(Raw(json.dumps(item).encode()))
    except NotUnderstood as fault:
        assert fault.text
