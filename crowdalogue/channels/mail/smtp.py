"""Sending: one mail to one server, and exactly what is known afterwards."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import aiosmtplib

from crowdalogue.errors import Failure, SendError

__all__ = ["Relay", "check", "deliver"]

CONNECT_SECONDS = 20.0
ANSWER_SECONDS = 60.0
CONTENT_SECONDS = 300.0  # servers may look long at the content before they answer (RFC 5321 asks for patience)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Relay:
    """The server that takes our mails. `security`: "tls", "starttls" or "none". No user: no sign-in."""

    host: str
    port: int
    security: str
    user: str = ""
    secret: str = ""
    content_seconds: float = CONTENT_SECONDS


def deliver(relay: Relay, sender: str, recipient: str, content: bytes) -> str:
    """Send once; the server's words of acceptance. Raises `SendError`."""
    return _run(_deliver(relay, sender, recipient, content))


def check(relay: Relay) -> None:
    """Connect and sign in, send nothing. Raises `Failure`."""
    _run(_check(relay))


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, also where the caller's thread has an event loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _connect(relay: Relay) -> aiosmtplib.SMTP:
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        use_tls=relay.security == "tls",
        start_tls=relay.security == "starttls",
        timeout=CONNECT_SECONDS,
    )
    await client.connect()
    try:
        client.timeout = ANSWER_SECONDS
        if relay.user:
            await client.login(relay.user, relay.secret)
    except BaseException:
        client.close()
        raise
    return client


async def _check(relay: Relay) -> None:
    try:
        client = await _connect(relay)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        text, permanent = _connect_words(relay, error)
        raise Failure(text, permanent=permanent) from error
    await _leave(client)


async def _deliver(relay: Relay, sender: str, recipient: str, content: bytes) -> str:
    try:
        client = await _connect(relay)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        text, permanent = _connect_words(relay, error)
        raise SendError(text, permanent=permanent) from error
    try:
        await _address(client, sender, recipient)
        said = await _content(client, content, relay.content_seconds)
    except BaseException:
        client.close()
        raise
    await _leave(client)
    return said


async def _address(client: aiosmtplib.SMTP, sender: str, recipient: str) -> None:
    """Name sender and recipient; a refusal is certain, a lost connection can be tried again."""
    international = not (sender + recipient).isascii()
    if international and not client.supports_extension("SMTPUTF8"):
        raise SendError(
            f"The mail server cannot send to {recipient}: it takes no such letters. Ask for another address.",
            permanent=True,
        )
    options = ["SMTPUTF8"] if international else None
    encoding = "utf-8" if international else "ascii"
    try:
        await client.mail(sender, options=options, encoding=encoding)
        await client.rcpt(recipient, encoding=encoding)
    except aiosmtplib.SMTPRecipientRefused as error:
        raise _refused(error, f"The mail server does not take mail to {recipient}", "Check the address.") from error
    except aiosmtplib.SMTPSenderRefused as error:
        raise _refused(
            error, f"The mail server does not let {sender} send", "Check the sender's address in the settings."
        ) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise SendError("The connection to the mail server was lost before the mail was sent.") from error


async def _content(client: aiosmtplib.SMTP, content: bytes, seconds: float) -> str:
    """Hand over the mail. Once its content is on the way, only the server's answer says whether it has it."""
    begun = False
    protocol: Any = client.protocol
    write = protocol.write

    def watched(data: bytes) -> None:
        nonlocal begun
        begun = begun or data != b"DATA\r\n"
        write(data)

    protocol.write = watched
    try:
        _code, said = await client.data(content, timeout=seconds)
    except aiosmtplib.SMTPDataError as error:
        raise _refused(error, "The mail server refused the mail", "Shorten it or change what it names.") from error
    except (aiosmtplib.SMTPException, OSError, asyncio.CancelledError) as error:
        if not begun:
            raise SendError("The connection to the mail server was lost before the mail was sent.") from error
        raise SendError(
            "The connection to the mail server was cut while the mail was handed over. It may have been sent. "
            "Look into the customer's answer or the sent mails before sending it again.",
            uncertain=True,
        ) from error
    return str(said)


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye; whatever happens now, the mail is sent."""
    try:
        await client.quit(timeout=5)
    except (aiosmtplib.SMTPException, OSError):
        client.close()


def _refused(error: Any, what: str, remedy: str) -> SendError:
    said = " ".join(str(error.message).split())[:200]
    if 400 <= error.code < 500:
        return SendError(f"{what} for now: {error.code} {said}. It is tried again by itself.")
    return SendError(f"{what}: {error.code} {said}. {remedy}", permanent=True)


def _connect_words(relay: Relay, error: Exception) -> tuple[str, bool]:
    """(cause and remedy, whether trying again unchanged cannot help)."""
    where = f"{relay.host}, port {relay.port}"
    cause = error
    while cause.__cause__ is not None and isinstance(cause.__cause__, Exception):
        cause = cause.__cause__
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        if 400 <= error.code < 500 and error.code != 432:
            return "The outgoing mail server is busy and let nobody in. It is tried again by itself.", False
        return "The outgoing mail server refused the password. Enter a new app password.", True
    if isinstance(error, aiosmtplib.SMTPNotSupported) or "not supported" in str(error):
        return (
            f"The mail server {relay.host} does not offer this sign-in or encryption. Choose another encryption.",
            True,
        )
    if isinstance(cause, socket.gaierror | ValueError):  # a name that is none, or cannot be one
        return f"The outgoing mail server {relay.host} was not found. Check its name.", False
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"The certificate of {relay.host} is not valid for this name. Check the server's name.", True
    if isinstance(cause, ssl.SSLError) or "ssl" in str(error).casefold():
        return f"No encrypted connection to {where}. Check the port and the encryption setting.", True
    if isinstance(error, TimeoutError):
        return f"The outgoing mail server at {where} did not answer in time. It is tried again by itself.", False
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= 500:
        said = " ".join(str(error.message).split())[:200]
        return f"The outgoing mail server turned us away: {error.code} {said}. Ask its operator.", True
    return (
        f"The outgoing mail server at {where} takes no connections. It may be down; it is tried again by itself. "
        "Check name and port if it never worked.",
        False,
    )
