from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.base import Attachment, Author, Incoming, Outgoing
from crowdalogue.channels.mail.compose import answered_subject, compose, envelope_address, message_id
from crowdalogue.channels.mail.incoming import Ourselves, read_mail

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
US = Ourselves("help@example.com", "", b"secret")
ANN = Author("ann@example.org", "Ann Miller")


def outgoing(**more: object) -> Outgoing:
    facts: dict[str, object] = {"key": "k1", "to": ANN, "text": "Dear Ann,\n\nit is on its way.", "subject": "Order"}
    return Outgoing(**(facts | more))  # type: ignore[arg-type]


def sent(plus: bool = False, **more: object) -> tuple[bytes, EmailMessage]:
    raw = compose(outgoing(**more), US, "help@example.com", plus, NOW)
    return raw, cast(EmailMessage, email.message_from_bytes(raw, policy=email.policy.default))


def test_a_threaded_answer() -> None:
    raw, mail = sent(parents=("m3@x", "m2@x", "m1@x"), sender_name="Help, Northwind")
    assert mail["From"] == '"Help, Northwind" <help@example.com>'
    assert mail["To"] == "Ann Miller <ann@example.org>"
    assert mail["Subject"] == "Re: Order"
    assert mail["Message-ID"] == "<k1@example.com>"
    assert mail["In-Reply-To"] == "<m3@x>"
    assert mail["References"] == "<m1@x> <m2@x> <m3@x>"
    assert mail["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert mail["Reply-To"] is None
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert all(len(line) < 999 for line in raw.split(b"\r\n"))


def test_both_texts() -> None:
    _, mail = sent(text="Grüße & <b>\nhttps://example.com/a?b=1&c=2.\n\nFrom here")
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and rich is not None
    assert plain.get_content().replace("\r\n", "\n") == "Grüße & <b>\nhttps://example.com/a?b=1&c=2.\n\nFrom here\n"
    assert "<p>Grüße &amp; &lt;b&gt;<br>" in rich.get_content()
    assert '<a href="https://example.com/a?b=1&amp;c=2">' in rich.get_content()


def test_the_address_tag_only_where_the_mailbox_takes_it() -> None:
    assert sent(plus=True, thread="abcd")[1]["Reply-To"] == "help+c-abcd@example.com"
    assert sent(plus=False, thread="abcd")[1]["Reply-To"] is None


def test_the_same_key_is_the_same_mail() -> None:
    assert sent()[1]["Message-ID"] == sent()[1]["Message-ID"]
    assert message_id("a b\r\n<c>", "help@example.com") == "a-b---c-@example.com"


def test_long_references_are_folded_never_encoded() -> None:
    ids = tuple(f"{'x' * 150}{n}@mail.example.org" for n in range(60))
    raw, mail = sent(parents=ids)
    assert b"=?" not in raw.split(b"\r\n\r\n")[0]
    named = str(mail["References"]).split()
    assert len(named) == 20
    assert named[-1] == f"<{ids[0]}>"
    assert named[0] == f"<{ids[-1]}>"


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_nothing_typed_adds_a_header(subject: str, name: str, other: str) -> None:
    evil = "\r\nBcc: eve@example.net\r\n\r\n"
    raw, mail = sent(
        subject=subject + evil,
        sender_name=name + evil,
        to=Author("ann@example.org", other + evil),
        attachments=(Attachment(other + evil, "text/plain" + evil, b"x", name + evil),),
        parents=(f"a@b{evil}", "c@d"),
    )
    names = {key.casefold() for key in mail}
    assert "bcc" not in names
    assert not any(line.lower().startswith(b"bcc:") for line in raw.split(b"\r\n"))
    assert [a.addr_spec for a in mail["To"].addresses] == ["ann@example.org"]
    assert mail["References"] == "<c@d>"


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), max_size=200))
def test_text_and_subject_come_back_as_they_went(text: str) -> None:
    raw, _ = sent(text=text, subject=text)
    found = read_mail(raw, Ourselves(), NOW)[0]
    assert isinstance(found, Incoming)
    assert (found.text + found.quoted).split() == text.replace("\u2028", " ").replace("\u2029", " ").split() or (
        sorted("".join((found.text + found.quoted).split())) == sorted("".join(text.split()))
    )
    assert found.subject.split() == text.split()


def test_files() -> None:
    raw, mail = sent(
        attachments=(
            Attachment("Größe.pdf", "application/pdf", b"%PDF\x00\xff"),
            Attachment("a.eml", "message/rfc822", b"Subject: x\n\ny"),
            Attachment("pic.png", "image/png", b"P" * 500, content_id="img1", inline=True),
        )
    )
    files = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in mail.iter_attachments()]
    assert files == [
        ("Größe.pdf", "application/pdf", b"%PDF\x00\xff"),
        ("a.eml", "application/octet-stream", b"Subject: x\n\ny"),
        ("pic.png", "image/png", b"P" * 500),
    ]
    found = read_mail(raw, Ourselves(), NOW)[0]
    assert isinstance(found, Incoming)
    assert [a.name for a in found.attachments] == ["Größe.pdf", "a.eml", "pic.png"]


def test_our_marks_make_it_ours_when_it_comes_back() -> None:
    found = read_mail(sent()[0], US, NOW)[0]
    assert isinstance(found, Incoming)
    assert found.author.ours
    assert found.external_id == "k1@example.com"
    assert found.kind == "automatic"


@pytest.mark.parametrize(
    ("address", "envelope"),
    [
        ("ann@example.org", "ann@example.org"), ("ann@müller.example", "ann@xn--mller-kva.example"),
        ("josé@example.org", "josé@example.org"), ("no address", ""), ("a@b c@d", ""), ("@example.org", ""),
        ("ann@", ""), ("a@b>\r\nRCPT TO:<c@d", ""), ("a,b@example.org", ""),
    ],
)  # fmt: skip
def test_envelope_addresses(address: str, envelope: str) -> None:
    assert envelope_address(address) == envelope


def test_subjects_get_one_re() -> None:
    parents = ("a@b",)
    assert answered_subject(outgoing(subject="Order", parents=parents)) == "Re: Order"
    assert answered_subject(outgoing(subject="AW: Order", parents=parents)) == "AW: Order"
    assert answered_subject(outgoing(subject="Order")) == "Order"
