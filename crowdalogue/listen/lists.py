"""Lists of people that come as a file: who is a VIP, an influencer, an advocate, a detractor, and why.

A CSV with a column that says who (email, phone, handle, or customer) and, perhaps, kind, reason and name. Somebody
known by an e-mail address, a number or a customer number who never wrote is remembered, so that their first message
is recognised; a user name is looked up only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.db import transaction

from crowdalogue.channels.base import Author
from crowdalogue.errors import Failure
from crowdalogue.listen import evidence, standing
from crowdalogue.listen.dossiers import CUSTOMER
from crowdalogue.listen.merging import root_of
from crowdalogue.listen.people import Directory
from crowdalogue.models import Handle, Person, User

LARGEST = 5_000_000  # bytes
MOST = 50_000  # rows
AT_ONCE = 200  # rows in one transaction
SHOWN = 100  # rows that were not understood and are listed

# Heads of columns as people write them.
HEADS = {
    "email": "email",
    "e-mail": "email",
    "mail": "email",
    "e-mail address": "email",
    "email address": "email",
    "phone": "phone",
    "telephone": "phone",
    "mobile": "phone",
    "number": "phone",
    "phone number": "phone",
    "handle": "handle",
    "user": "handle",
    "username": "handle",
    "user name": "handle",
    "profile": "handle",
    "customer": "customer",
    "customer number": "customer",
    "customer id": "customer",
    "customer_id": "customer",
    "channel": "channel",
    "kind": "kind",
    "standing": "kind",
    "list": "kind",
    "reason": "reason",
    "why": "reason",
    "note": "reason",
    "name": "name",
}
WHO = ("email", "phone", "customer", "handle")


@dataclass
class Taken:
    """What an import of a list did. `wrong` names rows by number with the reason, at most `SHOWN`."""

    rows: int = 0
    given: int = 0
    new_people: int = 0
    failed: int = 0
    wrong: list[tuple[int, str]] = field(default_factory=list)


def take(content: bytes, *, user: User | None = None, kind: str = "", reason: str = "") -> Taken:
    """Give everybody on the list their standing; `kind` and `reason` where the file does not say.

    Raises `Failure` for a file that is no such list, before anything is written.
    """
    rows = list(read(content))
    if kind and kind not in standing.KINDS:
        raise Failure(f"There is no standing {kind}. There are: {', '.join(standing.KINDS)}.")
    taken = Taken()
    for start in range(0, len(rows), AT_ONCE):
        with transaction.atomic():
            for number, row in enumerate(rows[start : start + AT_ONCE], start + 2):  # the head is line 1
                taken.rows += 1
                give(number, {"kind": kind, "reason": reason, **{k: v for k, v in row.items() if v}}, user, taken)
    return taken


def read(content: bytes) -> Iterator[dict[str, str]]:
    if len(content) > LARGEST:
        raise Failure(f"The file is larger than {LARGEST // 1_000_000} MB. Split it, then import the parts.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    first = text.split("\n", 1)[0]
    mark = max(",;\t", key=first.count)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        heads = [HEADS.get(" ".join(h.casefold().split()), "") for h in next(lines, [])]
        if not set(heads) & set(WHO):
            raise Failure("No column says who. Name one in the first line: email, phone, customer or handle.")
        for count, line in enumerate(lines, 1):
            if count > MOST:
                raise Failure(f"The list has more than {MOST:,} rows. Split it, then import the parts.")
            if any(cell.strip() for cell in line):
                yield {h: cell.strip()[:320] for h, cell in zip(heads, line, strict=False) if h}
    except csv.Error as wrong:
        raise Failure(f"The file is no CSV that can be read ({wrong}). Save it as CSV, then try again.") from None


def give(number: int, row: Mapping[str, str], user: User | None, taken: Taken) -> None:
    try:
        person = find(row, taken)
        standing.give(person, row["kind"].casefold(), row["reason"], user=user, source=standing.LIST)
        taken.given += 1
    except Failure as failure:
        taken.failed += 1
        if len(taken.wrong) < SHOWN:
            taken.wrong.append((number, failure.text))


def find(row: Mapping[str, str], taken: Taken) -> Person:
    """The person a row names; made where an address is good enough to know them by later."""
    for kind in ("email", "phone", CUSTOMER):
        if value := row.get(kind, ""):
            if address := evidence.address(kind, value):
                return person_at(kind, address, row.get("name", ""), taken)
            raise Failure(f"{value[:80]} is no {'e-mail address' if kind == 'email' else 'number'} of one person.")
    if value := row.get("handle", ""):
        rows = Handle.objects.filter(address__in=spellings(value), person__isnull=False)
        if channel := row.get("channel", ""):
            rows = rows.filter(kind=channel.casefold())
        found = {root_of(h.person).pk: root_of(h.person) for h in rows.select_related("person")[:50] if h.person}
        if len(found) == 1:
            return next(iter(found.values()))
        several = "Several people go by" if found else "Nobody goes by"
        raise Failure(f"{several} {value[:80]}. Say which with an e-mail address, a number or a column channel.")
    raise Failure("The row says nothing of who it is.")


def spellings(handle: str) -> list[str]:
    plain = handle.strip().casefold()
    return [plain, "@" + plain.lstrip("@"), plain.lstrip("@")]


def person_at(kind: str, address: str, name: str, taken: Taken) -> Person:
    handle = Handle.objects.filter(kind=kind, address=address, person__isnull=False).select_related("person").first()
    if handle is not None and handle.person is not None:
        return root_of(handle.person)
    directory = Directory(kind)
    directory.meet([(address, Author(address, name))])
    person = directory[address].person
    if person is None:
        raise Failure(f"{address} is an address of our own.")
    taken.new_people += directory.new_persons
    return person
