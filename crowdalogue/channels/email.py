"""E-mail: a mailbox read by IMAP, answers sent by SMTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from crowdalogue.channels.base import (
    Channel,
    Fetched,
    Field,
    Item,
    NotUnderstood,
    Outgoing,
    Raw,
    SendError,
    Sent,
)
from crowdalogue.channels.mail import smtp
from crowdalogue.channels.mail.compose import compose, envelope_address, message_id
from crowdalogue.channels.mail.imap import Mailbox, Server
from crowdalogue.channels.mail.incoming import Ourselves, arrival, normalised, read_mail
from crowdalogue.errors import Failure

__all__ = ["Email"]

SECURITY = (
    ("tls", "Encrypted (TLS)"),
    ("starttls", "Encrypted after connecting (STARTTLS)"),
    ("none", "Not encrypted, for a server in your own network"),
)


class Email(Channel):
    """One mailbox. `parse` needs no connection; `fetch` and `wait` share one that `close` ends."""

    kind = "email"
    label = "E-mail"
    icon = "i-mail"
    handles = "email"
    polls = True
    replies = True
    backfills = True
    media = "both"
    receipts = True  # bounces and delivery reports
    tried = "Dovecot 2.3 (IMAP with IDLE, LMTP) and an SMTP server"
    guide = (
        "Connect the mailbox customers write to. Most providers ask for an app password instead of your own: "
        "make one in the security settings of the mailbox. Mails stay where they are and are not marked as read."
    )
    fields = (
        Field("from_address", "Address", "The address customers write to and answers come from.", kind="email"),
        Field("sender_name", "Sender name", "Shown beside the address, for example your company.", required=False),
        Field("imap_host", "Incoming server", "For example imap.example.com."),
        Field("imap_port", "Incoming port", "Usually 993.", kind="number", default=993),
        Field("imap_security", "Incoming encryption", kind="choice", default="tls", choices=SECURITY),
        Field("imap_user", "User name", "Often the address itself.", required=False),
        Field("imap_secret", "Password", "An app password where the provider has them.", kind="secret"),
        Field("imap_folder", "Folder", "Where new mails arrive.", default="INBOX"),
        Field(
            "mark_seen", "Mark fetched mails as read", "In the mailbox itself.", "flag", required=False, default=False
        ),
        Field("smtp_host", "Outgoing server", "For example smtp.example.com."),
        Field("smtp_port", "Outgoing port", "Usually 465 or 587.", kind="number", default=465),
        Field("smtp_security", "Outgoing encryption", kind="choice", default="tls", choices=SECURITY),
        Field("smtp_user", "Outgoing user name", "Empty: the one for incoming mail.", required=False),
        Field("smtp_secret", "Outgoing password", "Empty: the one for incoming mail.", "secret", required=False),
        Field(
            "plus_addressing",
            "The mailbox takes plus addresses",
            "Mail to help+word@example.com arrives at help@example.com. Answers then find their conversation "
            "even if a mail program drops the thread.",
            "flag",
            required=False,
            default=False,
        ),
    )

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self._mailbox: Mailbox | None = None

    # Coming in

    def parse(self, raw: Raw) -> list[Item]:
        """The mail, and what it reports about one of ours. Raises `NotUnderstood` only where there is no mail."""
        if "x-unread-uid" in raw.headers:
            raise NotUnderstood(
                f"The mail server could not hand over mail number {raw.headers['x-unread-uid']}. "
                "Look for it in the mailbox; it may be damaged there."
            )
        if not raw.body.strip():
            raise NotUnderstood("The delivery is empty. Nothing was lost; there was no mail in it.")
        arrived = arrival(raw.headers.get("x-arrived", ""))
        size = raw.headers.get("x-full-size", "")
        return read_mail(raw.body, self._ourselves(), datetime.now(UTC), arrived, int(size) if size.isdecimal() else 0)

    def normalise(self, address: str) -> str:
        """Lower case, international domains as ASCII."""
        return normalised(address)

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """Mails after the cursor {"uidvalidity", "uid"}, oldest first; empty: from the mailbox's beginning."""
        return self._box().fetch(cursor, limit)

    def wait(self, cursor: Mapping[str, Any], seconds: float) -> Iterator[None]:
        """Yield as soon as the mailbox says that something arrived (IMAP IDLE)."""
        return self._box().wait(cursor, seconds)

    def close(self) -> None:
        """End the connection that `fetch` and `wait` keep."""
        if self._mailbox is not None:
            self._mailbox.close()

    # Going out

    def identify(self, key: str) -> str:
        """The Message-ID an answer with this key will carry, so that its own echo is recognised at once."""
        sender = envelope_address(self._text("from_address"))
        return message_id(key, sender) if sender else ""

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. The Message-ID comes from `outgoing.key`, so a retry is the same mail."""
        sender, recipient = envelope_address(self._text("from_address")), envelope_address(outgoing.to.address)
        if not sender:
            raise SendError("The sender's address is not valid. Correct it in the settings.", permanent=True)
        if not recipient:
            raise SendError("This is not an e-mail address. Correct the customer's address.", permanent=True)
        content = compose(
            outgoing if outgoing.sender_name else _named(outgoing, self._text("sender_name")),
            self._ourselves(),
            sender,
            bool(self.settings.get("plus_addressing")),
            datetime.now(UTC),
        )
        said = smtp.deliver(self._relay(), sender, recipient, content)
        return Sent(message_id(outgoing.key, sender), provider_id=said[:200])

    def check(self) -> None:
        """Sign in to both servers."""
        if not envelope_address(self._text("from_address")):
            raise Failure("The address is not an e-mail address. Correct it.")
        for name, label in (("imap_host", "incoming"), ("smtp_host", "outgoing")):
            if not self._text(name):
                raise Failure(f"The name of the {label} server is missing. Enter it, such as mail.example.com.")
        self._new_mailbox().check()
        smtp.check(self._relay())

    # Settings

    def _text(self, name: str) -> str:
        return str(self.settings.get(name) or "").strip()

    def _secret(self, name: str) -> str:
        return str(self.settings.get(name) or "")

    def _ourselves(self) -> Ourselves:
        secret = self._secret("smtp_secret") or self._secret("imap_secret")
        return Ourselves(normalised(self._text("from_address")), self._text("brand"), secret.encode())

    def _box(self) -> Mailbox:
        if self._mailbox is None:
            self._mailbox = self._new_mailbox()
        return self._mailbox

    def _new_mailbox(self) -> Mailbox:
        return Mailbox(
            Server(
                host=self._text("imap_host"),
                port=_port(self.settings.get("imap_port"), 993),
                security=self._text("imap_security") or "tls",
                user=self._text("imap_user") or self._text("from_address"),
                secret=self._secret("imap_secret"),
                folder=self._text("imap_folder") or "INBOX",
                mark_seen=bool(self.settings.get("mark_seen")),
            )
        )

    def _relay(self) -> smtp.Relay:
        user = self._text("smtp_user") or self._text("imap_user") or self._text("from_address")
        secret = self._secret("smtp_secret") or self._secret("imap_secret")
        return smtp.Relay(
            host=self._text("smtp_host"),
            port=_port(self.settings.get("smtp_port"), 465),
            security=self._text("smtp_security") or "tls",
            user=user if secret else "",
            secret=secret,
        )


def _port(value: Any, default: int) -> int:
    try:
        port = int(value)
    except (TypeError, ValueError):
        return default
    return port if 0 < port < 65536 else default


def _named(outgoing: Outgoing, name: str) -> Outgoing:
    return replace(outgoing, sender_name=name)
