"""Web chat: our own widget on the company's site. Visitors write through web/chat.py, whose deliveries are read here.

A visitor is an address of ours (visitor-... or, where the site vouches for who it is, customer-...). An answer has
nowhere to be sent: it is named for its visitor, and the open page reads it from then on.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any

from crowdalogue.channels import webpage
from crowdalogue.channels.base import Author, Field, Incoming, Outgoing, Sent
from crowdalogue.channels.payload import word
from crowdalogue.errors import NotUnderstood

VISITOR = re.compile(r"(?:visitor|customer)-[0-9a-z]{12}")
MESSAGE_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def external_id(visitor: str, message: str) -> str:
    """What a visitor's message is called. Nobody can take the name of another's."""
    return f"in:{visitor}:{message}"


def answer_prefix(visitor: str) -> str:
    """How the names of all answers to this visitor begin; nobody else reads them."""
    return f"out:{visitor}:"


def thread(visitor: str) -> str:
    return f"visitor:{visitor}"


class Webchat(webpage.PageChannel):
    kind = "webchat"
    label = "Web chat"
    icon = "i-chat"
    writer = ("visitor", "visitor-" + hashlib.sha256(b"sample").hexdigest()[:12])
    receipts = True
    longest = 8000
    tried = "a real Chromium, on a page of another origin with a strict policy"
    guide = (
        "A chat in the corner of your site, served from here: one line in your pages, no other company, no cookies. "
        "Customers see answers as soon as they are sent, and find the talk again when they come back."
    )
    steps = (
        "Name the sites it may stand on, and save.",
        "Copy the line from this channel's page into the pages of your site, before </body>.",
        "Where your site sends a Content-Security-Policy, allow our address in script-src and connect-src.",
        "For customers who are signed in on your site, let its server sign who they are with the secret; "
        "docs/webchat.md shows how.",
    )
    fields = (
        webpage.ORIGINS,
        Field("title", "Title", f"Above the chat. {webpage.PER_LANGUAGE}", "lines", False, "Chat with us"),
        Field("colour", "Colour", "Of buttons and of what the customer wrote, such as #2c50bf.", default="#2c50bf"),
        Field("greeting", "Greeting", f"Shown before the first message. {webpage.PER_LANGUAGE}", "lines", False),
        webpage.QUESTIONS,
        webpage.LANGUAGE,
        Field(
            "away",
            "Out of hours",
            "The hours are those of the promise for web chat, under Settings, Promises.",
            kind="choice",
            default="chat",
            choices=(("chat", "Chat goes on, with a note"), ("form", "A form asks for an e-mail address too")),
        ),
        Field(
            "away_text",
            "Note out of hours",
            f"Empty: we say when you are back. {webpage.PER_LANGUAGE}",
            "lines",
            False,
        ),
        webpage.FILES,
        webpage.SECRET,
        *(
            replace(f, hint=f"{f.hint} For what was written out of hours.".strip()) if f.name == "smtp_host" else f
            for f in webpage.MAIL_FIELDS
        ),
    )

    def message(self, item: dict[str, Any]) -> Incoming:
        visitor, message = word(item, "visitor", needed=True), word(item, "id", needed=True)
        if not VISITOR.fullmatch(visitor):
            raise NotUnderstood('"visitor" is no visitor of ours.')
        if not MESSAGE_ID.fullmatch(message):
            raise NotUnderstood('"id" must have 8 to 64 letters, digits or dashes.')
        return Incoming(
            external_id=external_id(visitor, message),
            author=Author(visitor, word(item, "name")[:200], facts=webpage.facts_of(item)),
            threads=(thread(visitor),),
            extra={"visitor": visitor, **webpage.extra_of(item)},
            **webpage.said_by(item),
        )

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        """From now on the visitor's page shows it. Written out of hours with an address: it is mailed there too."""
        address = str(outgoing.about.get("answer_to") or "")
        said = ""
        if address and webpage.mails(self.settings):
            said = webpage.mail(self.settings, outgoing, address)
        return Sent(answer_prefix(outgoing.to.address) + outgoing.key, provider_id=said)
