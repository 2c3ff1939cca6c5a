"""A public address of one file of an answer, for providers that fetch files instead of taking them.

The address is the file's number, when the link ends, and an HMAC over both and the file's content, made with the
install's secret key: nobody can guess another file's, lengthen the time, or list anything. Only files of answers that
were written here can be fetched; what customers sent has no such address.
"""

from __future__ import annotations

import hmac
import ipaddress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.timezone import now

from crowdalogue.errors import Failure
from crowdalogue.models import Attachment, Message

LIFE = timedelta(hours=6)  # providers fetch within minutes; a message may wait for hours in a queue of theirs
LONGEST = 120
SALT = "crowdalogue.file-link"
PLACE = "/file/"
AT_HOME = (".local", ".internal", ".lan", ".home", ".localhost", ".test", ".invalid")


class NotFetchable(Failure):
    """Providers cannot fetch files from here, and what to do."""


def public(row: Attachment, at: datetime | None = None) -> str:
    """The address under which this file can be fetched without signing in, for `LIFE`. Raises `NotFetchable`."""
    check_reachable()
    ends = int(((at or now()) + LIFE).timestamp())
    return f"{settings.URL}{PLACE}{row.pk}-{ends}-{_mark(row.pk, ends, row.digest)}/"


def opened(token: str, at: datetime) -> Attachment | None:
    """The file of a link's last part; None where it is not ours, has ended, or its file is none of an answer's."""
    parts = token.split("-", 2) if len(token) <= LONGEST and token.isascii() else []
    if len(parts) != 3 or not (parts[0].isdecimal() and parts[1].isdecimal()):
        return None
    pk, ends = int(parts[0]), int(parts[1])
    if pk >= 1 << 63 or ends < at.timestamp():
        return None
    row = Attachment.objects.filter(pk=pk, message__direction=Message.Direction.OUT).first()
    # The same work for a file that does not exist, so that time tells nothing.
    right = hmac.compare_digest(_mark(pk, ends, row.digest if row else ""), parts[2])
    return row if right and row is not None and row.digest else None


def _mark(pk: int, ends: int, digest: str) -> str:
    return salted_hmac(SALT, f"{pk}.{ends}.{digest}", algorithm="sha256").hexdigest()


def check_reachable(address: str | None = None) -> None:
    """Raise `NotFetchable` where the install's own address is one that no provider can reach."""
    address = settings.URL if address is None else address
    host = (urlsplit(address).hostname or "").rstrip(".").casefold()
    if not is_public(host):
        raise NotFetchable(
            f"Files are fetched from here by the provider, and it cannot reach {address}, the address of this install. "
            "Set CROWDALOGUE_URL to the address it has on the internet and start it again, or send a link in the text.",
            permanent=True,
        )


def is_public(host: str) -> bool:
    """Whether a host is, by its name, one of the internet: no name of one machine, house or office."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(AT_HOME)
