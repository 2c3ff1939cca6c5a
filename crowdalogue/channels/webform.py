"""Web form: a page of ours without script that takes a message and says when and where the answer comes.

Posted through web/form.py, whose deliveries are read here. The answer goes out by e-mail, to the address given.
"""

from __future__ import annotations

from typing import Any

from crowdalogue.channels import webpage
from crowdalogue.channels.base import Author, Field, Incoming, Outgoing, Sent
from crowdalogue.channels.mail.compose import envelope_address, message_id
from crowdalogue.channels.mail.incoming import normalised
from crowdalogue.channels.payload import word
from crowdalogue.errors import NotUnderstood


class Webform(webpage.PageChannel):
    kind = "webform"
    label = "Web form"
    icon = "i-form"
    handles = "email"
    writer = ("email", "test@example.com")
    tried = "our own page in a real Chromium, also inside a page of another origin; answers through a real SMTP server"
    guide = (
        "A page where customers write to you without a chat and without an account, also as a part of your own pages. "
        "It needs no script and sets no cookie. Answers go out by e-mail."
    )
    steps = (
        "Name the sites it may be a part of, and save.",
        "Link to the address on this channel's page, or copy the line that puts the form into a page of yours.",
        "Enter an outgoing mail server, so that answers can be sent from here.",
    )
    fields = (
        webpage.ORIGINS,
        Field("title", "Title", f"Above the form. {webpage.PER_LANGUAGE}", "lines", False, "Write to us"),
        Field("colour", "Colour", "Of the button, such as #2c50bf.", default="#2c50bf"),
        Field("greeting", "Introduction", f"Above the first field. {webpage.PER_LANGUAGE}", "lines", False),
        webpage.QUESTIONS,
        webpage.LANGUAGE,
        Field(
            "away_text",
            "Note out of hours",
            f"Empty: only when the answer comes is said. {webpage.PER_LANGUAGE}",
            "lines",
            False,
        ),
        webpage.FILES,
        webpage.SECRET,
        *webpage.MAIL_FIELDS,
    )

    def normalise(self, address: str) -> str:
        return normalised(address)

    def message(self, item: dict[str, Any]) -> Incoming:
        address = envelope_address(word(item, "email", needed=True))
        if not address:
            raise NotUnderstood('"email" is no e-mail address.')
        return Incoming(
            external_id="form:" + word(item, "id", needed=True)[:200],
            author=Author(address, word(item, "name")[:200], facts=webpage.facts_of(item)),
            extra=webpage.extra_of(item),
            **webpage.said_by(item),
        )

    # --- answers

    def identify(self, key: str) -> str:
        sender = envelope_address(str(self.settings.get("from_address") or ""))
        return message_id(key, sender) if sender else ""

    def send(self, outgoing: Outgoing) -> Sent:
        """By e-mail, once; the Message-ID comes from the key. Raises `SendError`."""
        return Sent(webpage.mail(self.settings, outgoing, outgoing.to.address))
