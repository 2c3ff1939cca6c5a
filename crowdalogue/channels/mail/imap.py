"""The mailbox: one connection kept open, read by UID, woken by IDLE. Errors are worded for people."""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError

from crowdalogue.channels.base import Fetched, Raw
from crowdalogue.errors import Failure

__all__ = ["Mailbox", "Server"]

CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0
LARGEST_MAIL = 60 * 1024 * 1024  # of a larger one only the headers are fetched
BATCH_BYTES = 16 * 1024 * 1024  # asked for in one command
FETCH_BYTES = 48 * 1024 * 1024  # handed over at once
IDLE_SECONDS = 9 * 60.0  # servers and routers forget an idle connection after ten minutes or more
POLL_SECONDS = 30.0  # between looks, where the server cannot push
SIZE, BODY, HEADER, ARRIVED = b"RFC822.SIZE", b"BODY[]", b"BODY[HEADER]", b"INTERNALDATE"
LOST = (imaplib.IMAP4.abort, OSError, EOFError, UnicodeError)  # the last: a host name that cannot be one


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mailbox is and how to enter. `security`: "tls", "starttls" or "none"."""

    host: str
    port: int
    security: str
    user: str
    secret: str
    folder: str = "INBOX"
    mark_seen: bool = False


class Mailbox:
    """One folder of one mailbox. Not for several threads at once."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._client: IMAPClient | None = None
        self._uidvalidity = 0
        self._waiting: list[int] = []  # UIDs known to be there and not yet handed over
        self._last = 0  # highest UID handed over

    def close(self) -> None:
        client, self._client = self._client, None
        self._waiting = []
        if client is not None:
            with contextlib.suppress(IMAPClientError, *LOST):
                client.shutdown()

    def check(self) -> None:
        """Log in and open the folder. Raises `Failure`."""
        self.close()
        with self._worded():
            self._open()
        self.close()

    def fetch(self, cursor: Mapping[str, Any], limit: int) -> Fetched:
        """Up to `limit` mails after the cursor {"uidvalidity", "uid"}, oldest first. Raises `Failure`."""
        kept = self._client is not None
        with self._worded():
            try:
                return self._fetch(cursor, limit)
            except LOST:
                if not kept:
                    raise
                # The kept connection may have been dead for hours: once more with a new one.
                self.close()
                return self._fetch(cursor, limit)

    def wait(self, cursor: Mapping[str, Any], seconds: float) -> Iterator[None]:
        """Yield when mails may have arrived; return after about `seconds`. Lost connections are made again."""
        end = time.monotonic() + seconds
        pause = 1.0
        while (left := end - time.monotonic()) > 0:
            try:
                arrived = self._arrived(cursor, left)
                pause = 1.0
            except LOST:
                self.close()
                time.sleep(min(pause, max(0.0, end - time.monotonic())))
                pause = min(pause * 2, 60.0)
                continue
            except IMAPClientError as error:
                self.close()
                raise self._failure(error) from error
            if arrived:
                yield

    # Connection

    def _open(self) -> IMAPClient:
        if self._client is not None:
            return self._client
        server = self.server
        context = ssl.create_default_context()
        client = IMAPClient(
            server.host,
            port=server.port,
            ssl=server.security == "tls",
            ssl_context=context if server.security == "tls" else None,
            timeout=SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        )
        try:
            if server.security == "starttls":
                client.starttls(context)
            if (server.user + server.secret).isascii():
                client.login(server.user, server.secret)
            else:  # LOGIN knows no other letters
                client.plain_login(server.user, server.secret)
            selected = client.select_folder(server.folder, readonly=not server.mark_seen)
        except BaseException:
            with contextlib.suppress(IMAPClientError, *LOST):
                client.shutdown()
            raise
        self._client = client
        uidvalidity = int(selected.get(b"UIDVALIDITY", 0))
        self._last = self._last if uidvalidity == self._uidvalidity else 0
        self._uidvalidity = uidvalidity
        self._waiting = []
        return client

    @contextlib.contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except (IMAPClientError, *LOST) as error:
            self.close()
            raise self._failure(error) from error

    def _failure(self, error: BaseException) -> Failure:
        server = self.server
        where = f"{server.host}, port {server.port}"
        said = str(error).casefold()
        if "plaintext" in said or "privacyrequired" in said:
            return Failure(f"{server.host} takes passwords only over an encrypted connection. Choose an encryption.")
        if isinstance(error, LoginError) and not isinstance(error, imaplib.IMAP4.abort):
            if "temporar" in said or "unavailable" in said or "too many" in said:
                return Failure("The mailbox is busy and let nobody in. It is tried again by itself.", permanent=False)
            return Failure("The mailbox refused the password. Enter a new app password.")
        if isinstance(error, socket.gaierror | UnicodeError):
            return Failure(f"The mail server {server.host} was not found. Check its name.", permanent=False)
        if isinstance(error, ssl.SSLCertVerificationError):
            return Failure(
                f"The certificate of {server.host} is not valid for this name. Check the server's name, "
                "or ask its operator to renew the certificate.",
            )
        if isinstance(error, ssl.SSLError):
            return Failure(f"No encrypted connection to {where}. Check the port and the encryption setting.")
        if isinstance(error, TimeoutError):
            return Failure(
                f"The mail server at {where} did not answer in time. It is tried again by itself; "
                "if this goes on, check the server's name and port.",
                permanent=False,
            )
        if isinstance(error, ConnectionRefusedError):
            return Failure(
                f"The mail server at {where} takes no connections. It may be down; it is tried again by itself. "
                "Check the port if it never worked.",
                permanent=False,
            )
        if isinstance(error, LOST):
            return Failure(
                f"The connection to the mail server at {where} was lost. It is tried again by itself.", permanent=False
            )
        if "nonexistent" in said or "select failed" in said or "doesn't exist" in said or "unknown mailbox" in said:
            return Failure(f"The mailbox has no folder named {server.folder}. Choose a folder that exists.")
        if isinstance(error, CapabilityError) or "starttls" in said:
            return Failure(f"The mail server {server.host} does not offer STARTTLS. Choose another encryption.")
        return Failure(
            "The mail server refused to hand over mails. It is tried again by itself; "
            "if this goes on, ask the server's operator.",
            permanent=False,
        )

    # Fetching

    def _fetch(self, cursor: Mapping[str, Any], limit: int) -> Fetched:
        client = self._open()
        after = self._after(cursor)
        if not self._waiting or self._waiting[0] <= after:
            self._waiting = [uid for uid in self._waiting if uid > after] or self._search(client, after)
        wanted = self._waiting[: max(1, limit)]
        if not wanted:
            self._last = after
            return Fetched((), {"uidvalidity": self._uidvalidity, "uid": after}, left=0)
        taken, deliveries = self._take(wanted)
        self._waiting = [uid for uid in self._waiting if uid > taken]
        self._last = taken
        left = len(self._waiting)
        return Fetched(tuple(deliveries), {"uidvalidity": self._uidvalidity, "uid": taken}, more=left > 0, left=left)

    def _after(self, cursor: Mapping[str, Any]) -> int:
        """The UID to go on after; 0 where the mailbox numbers its mails anew (repeats do no harm)."""
        if int(cursor.get("uidvalidity") or 0) != self._uidvalidity:
            return 0
        return int(cursor.get("uid") or 0)

    @staticmethod
    def _search(client: IMAPClient, after: int) -> list[int]:
        client.noop()  # only then a server must tell a kept connection what is new
        # `n:*` always names the last mail, even where its number is below n.
        return sorted(uid for uid in client.search(["UID", f"{after + 1}:*"]) if uid > after)

    def _take(self, uids: list[int]) -> tuple[int, list[Raw]]:
        """Mails of these UIDs in order: (last UID dealt with, deliveries). Bounded in bytes."""
        sizes = self._sizes(uids)
        deliveries: list[Raw] = []
        batch: list[int] = []
        batch_bytes = total = 0
        last = uids[0]
        for uid in uids:
            size = sizes.get(uid, 0)
            if total and total + size > FETCH_BYTES:
                break
            total += min(size, LARGEST_MAIL)
            if batch and batch_bytes + size > BATCH_BYTES:
                deliveries += self._bodies(batch, sizes)
                batch, batch_bytes = [], 0
            batch.append(uid)
            batch_bytes += size
            last = uid
        deliveries += self._bodies(batch, sizes)
        return last, deliveries

    def _sizes(self, uids: list[int]) -> dict[int, int]:
        try:
            found = self._open().fetch(uids, [SIZE])
        except LOST:
            raise
        except IMAPClientError:
            return {}
        return {uid: int(facts.get(SIZE) or 0) for uid, facts in found.items()}

    def _bodies(self, uids: list[int], sizes: dict[int, int]) -> list[Raw]:
        """The mails themselves; where one cannot be read, the others still are."""
        large = {uid for uid in uids if sizes.get(uid, 0) > LARGEST_MAIL}
        whole = [uid for uid in uids if uid not in large]
        found: dict[int, Raw] = {}
        try:
            found = self._ask(whole, BODY, sizes)
        except (IMAPClientError, *LOST):
            self._reopen()
            for uid in whole:
                found |= self._one(uid, BODY, sizes)
        for uid in large:
            found |= self._one(uid, HEADER, sizes)
        self._mark_seen(list(found))
        return [found[uid] for uid in uids if uid in found]

    def _one(self, uid: int, what: bytes, sizes: dict[int, int]) -> dict[int, Raw]:
        """One mail, tried twice; then a note in its place, so that it is not silently missing."""
        for _attempt in range(2):
            try:
                return self._ask([uid], what, sizes)
            except (IMAPClientError, *LOST):
                self._reopen()
        return {uid: Raw(b"", {"x-unread-uid": str(uid)}, key=f"unread:{self._uidvalidity}:{uid}")}

    def _reopen(self) -> None:
        """A sound connection to the same folder, or the error that says there is none."""
        if self._client is not None:
            try:
                self._client.noop()
                return
            except (IMAPClientError, *LOST):
                pass
        before, waiting = self._uidvalidity, self._waiting
        self.close()
        self._open()
        if self._uidvalidity != before:
            raise imaplib.IMAP4.abort("the mailbox was renumbered")
        self._waiting = waiting

    def _ask(self, uids: list[int], what: bytes, sizes: dict[int, int]) -> dict[int, Raw]:
        if not uids:
            return {}
        peek = what.replace(b"BODY[", b"BODY.PEEK[")
        found = self._open().fetch(uids, [peek, ARRIVED])
        out = {}
        for uid, facts in found.items():
            body = facts.get(what)
            if uid in uids and body is not None:
                size = sizes.get(uid, 0) if what == HEADER else 0
                out[uid] = Raw(bytes(body), _facts(facts.get(ARRIVED), size))
        return out

    def _mark_seen(self, uids: list[int]) -> None:
        if self.server.mark_seen and uids:
            with contextlib.suppress(IMAPClientError):
                self._open().add_flags(uids, [b"\\Seen"], silent=True)

    # Waiting

    def _arrived(self, cursor: Mapping[str, Any], seconds: float) -> bool:
        """Wait at most `seconds`: is there something new? Looks first, since IDLE tells only what comes later."""
        client = self._open()
        after = max(self._after(cursor), self._last)
        if self._search(client, after):
            return True
        if not client.has_capability("IDLE"):
            time.sleep(min(seconds, POLL_SECONDS))
            return bool(self._search(client, after))
        client.idle()
        told = False
        try:
            end = time.monotonic() + min(seconds, IDLE_SECONDS)
            while not told and (left := end - time.monotonic()) > 0:
                lines = client.idle_check(timeout=left)
                if not lines and time.monotonic() < end - 0.1:
                    # Silence before its time is how IMAPClient reports a closed line.
                    raise imaplib.IMAP4.abort("the connection was closed while waiting")
                told = any(_is_arrival(line) for line in lines)
        finally:
            with contextlib.suppress(*LOST):
                client.idle_done()
        return told


def _is_arrival(line: Any) -> bool:
    return isinstance(line, tuple) and len(line) > 1 and line[1] in (b"EXISTS", b"RECENT")


def _facts(arrived: Any, size: int) -> dict[str, str]:
    facts = {}
    if isinstance(arrived, datetime):
        # IMAPClient gives local time without a zone.
        facts["x-arrived"] = arrived.astimezone(UTC).isoformat()
    if size:
        facts["x-full-size"] = str(size)
    return facts
