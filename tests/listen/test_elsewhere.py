"""Replies to mails that a form or a chat sent: they come back to a mailbox, and join what they answer."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels import webpage
from crowdalogue.channels.base import Raw
from crowdalogue.models import Account, Conversation, Message, Reply, ThreadRef, User
from tests import servers

SECRET = "a secret of the shop, long enough"
pytestmark = pytest.mark.django_db


class Post:
    """A real SMTP server that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(email.message_from_bytes(envelope.content, EmailMessage))
        return "250 taken"


@pytest.fixture
def post() -> Iterator[Post]:
    taken = Post()
    server = Controller(taken, hostname="127.0.0.1", port=servers.free_port())
    server.start()
    taken.port = server.port  # type: ignore[attr-defined]
    yield taken
    server.stop()


@pytest.fixture
def mailbox(account: Callable[..., Account]) -> Account:
    return account("email", settings={"from_address": "care@example.com"})


def page(account: Callable[..., Account], post: Post, kind: str) -> Account:
    settings = {
        "origins": "https://www.example.com",
        "from_address": "care@example.com",
        "smtp_host": "127.0.0.1",
        "smtp_port": post.port,  # type: ignore[attr-defined]
        "smtp_security": "none",
    }
    return account(kind, settings=settings, secrets={"secret": SECRET})


def ask(account: Account, **given: str) -> Conversation:
    item = {"event": "message", "id": "question-1", "text": "Where is it?", **given}
    flow.receive(account, webpage.sealed(SECRET, item, timezone.now()))
    return Conversation.objects.get(account=account)


def answer(conversation: Conversation, user: User, key: str = "answer-key-1") -> Reply:
    reply = flow.answer(user, conversation, "It comes tomorrow.", key=key)
    flow.deliver()
    reply.refresh_from_db()
    assert reply.state == "sent", reply.reason
    return reply


def arrives(mailbox: Account, name: str, sender: str, *parents: str, **headers: str) -> Message:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, headers.pop("to", "care@example.com"), "Re: your question"
    mail["Message-ID"] = f"<{name}@mail.example.com>"
    if parents:
        mail["In-Reply-To"] = parents[0]
        mail["References"] = " ".join(reversed(parents))
    for key, value in headers.items():
        mail[key] = value
    mail.set_content("It did not come.")
    flow.receive(mailbox, Raw(mail.as_bytes()), trusted=True)
    return Message.objects.get(account=mailbox, external_id=f"{name}@mail.example.com")


def test_a_reply_to_a_forms_answer_joins_it_and_is_answered_by_mail_again(
    account: Callable[..., Account], mailbox: Account, post: Post, helper: User
) -> None:
    asked = ask(page(account, post, "webform"), email="mara@example.com")
    answer(asked, helper)
    reply = arrives(mailbox, "r1", "Mara <Mara@example.com>", post.mails[0]["Message-ID"])
    assert (reply.conversation, reply.account, reply.channel) == (asked, mailbox, "email")
    asked.refresh_from_db()
    assert asked.waiting_since is not None, "they wait again"
    assert Conversation.objects.count() == 1
    assert not ThreadRef.objects.filter(account=mailbox).exists()

    answer(asked, helper, "answer-key-2")
    assert parseaddr(post.mails[1]["To"])[1] == "mara@example.com"
    assert post.mails[1]["In-Reply-To"] == "<r1@mail.example.com>"
    # And by the name of their own mail, which the mailbox knows by now.
    assert arrives(mailbox, "r2", "mara@example.com", "<r1@mail.example.com>").conversation == asked


def test_a_reply_to_a_chat_left_as_mail_joins_it_and_the_next_answer_is_mailed_too(
    account: Callable[..., Account], mailbox: Account, post: Post, helper: User
) -> None:
    chat = page(account, post, "webchat")
    asked = ask(chat, visitor="visitor-0123456789ab", answer_to="Mara@example.com")
    first = answer(asked, helper)
    assert first.provider_id == post.mails[0]["Message-ID"].strip("<>")
    assert arrives(mailbox, "r1", "mara@example.com", post.mails[0]["Message-ID"]).conversation == asked
    second = answer(asked, helper, "answer-key-2")
    assert parseaddr(post.mails[1]["To"])[1] == "mara@example.com", "to the address, not to the visitor"
    assert second.message.external_id == "out:visitor-0123456789ab:answer-key-2", "the visitor's page shows it as well"


def test_who_has_no_part_in_it_begins_a_conversation_and_keeps_nobody_from_it(
    account: Callable[..., Account], mailbox: Account, post: Post, helper: User
) -> None:
    asked = ask(page(account, post, "webform"), email="mara@example.com")
    answer(asked, helper)
    ours = post.mails[0]["Message-ID"]
    stranger = arrives(mailbox, "s1", "sten@example.com", ours)
    assert stranger.conversation != asked
    assert arrives(mailbox, "s2", "Mailer <sten@example.com>", "<s1@mail.example.com>").conversation != asked
    assert arrives(mailbox, "r1", "mara@example.com", ours).conversation == asked, "after a stranger named it too"


def test_whoever_they_copied_in_takes_part(
    account: Callable[..., Account], mailbox: Account, post: Post, helper: User
) -> None:
    asked = ask(page(account, post, "webform"), email="mara@example.com")
    answer(asked, helper)
    ours = post.mails[0]["Message-ID"]
    arrives(mailbox, "r1", "mara@example.com", ours, Cc="Kaj <kaj@example.com>")
    assert arrives(mailbox, "k1", "kaj@example.com", ours).conversation == asked


@pytest.mark.parametrize("name", ["<answer-key-1@elsewhere.example>", "<answer-key-9@example.com>", "<x@example.com>"])
def test_a_name_that_is_not_ours_joins_nothing(
    account: Callable[..., Account], mailbox: Account, post: Post, helper: User, name: str
) -> None:
    asked = ask(page(account, post, "webform"), email="mara@example.com")
    answer(asked, helper)
    assert arrives(mailbox, "r1", "mara@example.com", name).conversation != asked


def test_the_tag_of_a_conversation_of_another_mailbox_joins_it(
    account: Callable[..., Account], mailbox: Account, post: Post, helper: User
) -> None:
    asked = ask(page(account, post, "webform"), email="mara@example.com")
    to = f"care+c-{asked.key}@example.com"
    assert arrives(mailbox, "s1", "sten@example.com", to=to).conversation != asked
    assert arrives(mailbox, "r1", "mara@example.com", to=to).conversation == asked


def test_what_had_waited_for_their_reply_joins_too(
    account: Callable[..., Account], mailbox: Account, post: Post, helper: User
) -> None:
    asked = ask(page(account, post, "webform"), email="mara@example.com")
    answer(asked, helper)
    late = arrives(mailbox, "r2", "mara@example.com", "<r1@mail.example.com>")
    assert late.conversation != asked
    tag = late.conversation.key
    arrives(mailbox, "r1", "mara@example.com", post.mails[0]["Message-ID"])
    late.refresh_from_db()
    assert late.conversation == asked
    assert Conversation.objects.count() == 1
    to = f"care+c-{tag}@example.com"
    assert arrives(mailbox, "r3", "mara@example.com", to=to).conversation == asked, "by the tag of what was joined"


def test_a_bounce_of_a_forms_answer_is_told_where_it_was_sent(
    account: Callable[..., Account], mailbox: Account, post: Post, helper: User
) -> None:
    asked = ask(page(account, post, "webform"), email="mara@example.com")
    reply = answer(asked, helper)
    bounce = arrives(
        mailbox,
        "b1",
        "mailer-daemon@mail.example.com",
        post.mails[0]["Message-ID"],
        **{"Return-Path": "<>", "X-Failed-Recipients": "mara@example.com"},
    )
    reply.refresh_from_db()
    assert (bounce.kind, bounce.conversation, reply.state) == ("bounce", asked, "failed")
