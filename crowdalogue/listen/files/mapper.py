"""From a file's row to an `Incoming`, as the confirmed mapping says. Made for many rows: decided once, then run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from crowdalogue.channels.base import Author, Incoming, Kind
from crowdalogue.listen.files.columns import (
    NO,
    OURS_IF_TRUE,
    PUBLIC_KINDS,
    YES,
    as_text,
    direction_of,
    kind_of,
    plain,
)
from crowdalogue.listen.files.dates import Dates, likely
from crowdalogue.text.table import restored

LONGEST_FACT = 2000  # characters of one further fact
LONGEST_BRAND = 120


class NotFiled(Exception):
    """A row that cannot be a message, with the reason for the person who will mend the file."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a row is recognised by: its id (empty: none) and a digest of all its cells."""

    id: str
    digest: bytes

    @property
    def number(self) -> int:
        """64 bits that stand for the id, or for the content where there is none."""
        name = hashlib.blake2b(self.id.encode("utf-8", "replace"), digest_size=8).digest() if self.id else self.digest
        return int.from_bytes(name[:8], "big")

    @property
    def content(self) -> int:
        return int.from_bytes(self.digest[8:], "big")


class Mapper:
    """Reads rows of one file. `now` is the time of import, against which dates are judged."""

    def __init__(self, columns: Sequence[str], mapping: dict[str, Any], now: datetime) -> None:
        fields = mapping["fields"]
        place = {name: i for i, name in enumerate(columns)}
        self.columns = list(columns)
        self.now = now
        self.at = {field: place[name] for field, name in fields.items() if name in place}
        self.dates = Dates(ZoneInfo(mapping.get("timezone") or "UTC"), mapping.get("order") or "dmy")
        self.default_kind = mapping.get("channel") or "import"
        self.brand = mapping.get("brand") or ""
        self.tweets = mapping.get("shape") == "tweets"
        self.export = mapping.get("shape") == "export"
        self.neutralised = self.export and mapping.get("form", {}).get("format") == "csv"
        # Text was decoded and freed of NUL as it was read; JSON and Parquet can still hold what no store takes.
        self.rough = mapping.get("form", {}).get("format") != "csv"
        self.kinds: dict[str, str] = {}
        self.directions: dict[str, str] = {}
        self.ours_if_true = bool(OURS_IF_TRUE.search(plain(fields.get("direction", ""))))
        self.best = mapping.get("rating_max")
        types = mapping.get("extras") or {}
        self.extras = [(name, place[name], types[name] == "number") for name in types if name in place]

    def key(self, row: Sequence[Any]) -> Key:
        place = self.at.get("id")
        name = (self.text(row, "id") if self.export or self.rough else row[place]) if place is not None else ""
        name = name if self.export else identity(name)
        try:
            joined = "\x1f".join(row)
        except TypeError:  # cells of JSON and Parquet are more than text
            joined = json.dumps(row, default=str, sort_keys=True)
        return Key(name, hashlib.blake2b(joined.encode("utf-8", "replace"), digest_size=16).digest())

    def account(self, row: Sequence[Any]) -> tuple[str, str]:
        """The kind of account and, where the row says one, its name."""
        place = self.at.get("channel")
        cell = as_text(row[place]) if place is not None else ""
        kind = self.kinds.get(cell)
        if kind is None:
            kind = self.kinds[cell] = kind_of(cell) if cell.strip() else self.default_kind
        place = self.at.get("account")
        return kind, self.text(row, "account").strip() if place is not None else ""

    def read(self, row: Sequence[Any], key: Key, ordinal: int = 0) -> Incoming:
        """The message. `ordinal` counts equal rows without an id, so that each stays one message.

        Raises `NotFiled` with the reason.
        """
        text, subject = self.text(row, "text"), self.text(row, "subject")
        if not text.strip():
            text, subject = subject, ""
        if not text.strip():
            raise NotFiled("It has no text.")
        direction = self.direction(row)
        ours = direction != "in"
        external_id = key.id or f"row-{key.digest[:12].hex()}" + (f"-{ordinal + 1}" if ordinal else "")
        parent, thread = self.text(row, "parent"), self.text(row, "thread")
        extra = self.further(row)
        if direction == "note":
            extra["internal"] = True  # only colleagues ever saw it, and so it stays
        sent_at = self.time(row, extra)
        kind, _ = self.account(row)
        if brand := self.text(row, "brand") or self.brand:
            extra["brand"] = brand = brand[:LONGEST_BRAND]
        return Incoming(
            external_id=external_id,
            author=self.who(row, ours, brand, thread or external_id),
            text=text,
            sent_at=sent_at,
            subject=subject,
            parents=self.parents(parent),
            threads=self.names_of(thread),
            kind=self.message_kind(row),
            language=self.text(row, "language"),
            url=self.link(row),
            public=self.is_public(row, kind),
            extra=extra,
        )

    def text(self, row: Sequence[Any], field: str) -> str:
        place = self.at.get(field)
        if place is None:
            return ""
        cell = row[place]
        if self.rough:
            cell = storable(as_text(cell))
        if self.export:  # ours, to the letter
            return restored(as_text(cell)) if self.neutralised else as_text(cell)
        return cell.strip() if cell.__class__ is str else as_text(cell).strip()

    def parents(self, cell: str) -> tuple[str, ...]:
        if self.export or not cell:
            return (cell,) if cell else ()
        return tuple(identity(part) for part in cell.split(","))

    def names_of(self, thread: str) -> tuple[str, ...]:
        if not thread:
            return ()
        # An export names a conversation by the tag it has in its outgoing mail: where it still exists, it is found.
        return (thread, f"tag:{thread}") if self.export else (thread,)

    def direction(self, row: Sequence[Any]) -> str:
        place = self.at.get("direction")
        if place is None:
            return "in"
        cell = as_text(row[place])
        found = self.directions.get(cell)
        if found is None:
            found = direction_of(cell, self.ours_if_true)
            if len(self.directions) < 1000:
                self.directions[cell] = found
        if not found:
            said = f"says {cell.strip()[:40]!r}" if cell.strip() else "is empty"
            raise NotFiled(f"Its direction {said}. Write in for a customer's message and out for ours.")
        return found

    def time(self, row: Sequence[Any], extra: dict[str, Any]) -> datetime | None:
        """When it was sent; None, with a remark in `extra`, where the file gives no time to believe."""
        place = self.at.get("sent_at")
        if place is None:
            return None
        when = self.dates.read(row[place])
        if when is not None and likely(when, self.now):
            return when
        cell = as_text(row[place]).strip()[:60]
        why = "lies in the future" if when and when > self.now else "is too long ago" if when else "is no time we know"
        extra["remark"] = f"The file's time {cell!r} {why}; the time of import is used." if cell else "No time given."
        return None

    def who(self, row: Sequence[Any], ours: bool, brand: str, anonymous: str) -> Author:
        address, name = self.text(row, "author"), self.text(row, "author_name")
        place = self.text(row, "place")
        facts = {"place": place} if place else {}
        if ours:
            if self.tweets:
                return Author(address, name or address, True, self.brand or address[:LONGEST_BRAND])
            return Author(address or brand or "us", name or address, True, brand, facts)
        if address:
            return Author(address, name or ("" if "@" in address else address), False, "", facts)
        return Author(f"unknown-{anonymous}", name or "Unknown", False, "", facts)

    def message_kind(self, row: Sequence[Any]) -> Kind:
        cell = self.text(row, "kind")
        return Kind(cell) if cell in ("automatic", "bounce") else Kind.MESSAGE

    def link(self, row: Sequence[Any]) -> str:
        url = self.text(row, "url")
        return url if url.startswith(("http://", "https://")) else ""

    def is_public(self, row: Sequence[Any], kind: str) -> bool:
        cell = self.text(row, "public").casefold()
        return cell in YES if cell in YES or cell in NO else kind in PUBLIC_KINDS

    def further(self, row: Sequence[Any]) -> dict[str, Any]:
        """Columns that are no field of ours, kept typed under their own names; the rating under `rating`."""
        extra: dict[str, Any] = {}
        for name, place, is_number in self.extras:
            cell = row[place]
            if cell is None or cell == "":
                continue
            extra[name] = number(cell) if is_number else fact(cell)
        if "rating" in self.at and (cell := self.text(row, "rating")):
            extra["rating"] = number(cell)
            if self.best and isinstance(extra["rating"], int | float):
                extra.setdefault("rating_max", self.best)
        if "extra" in self.at:
            extra.update(unpack(row[self.at["extra"]]))
        if len(row) > len(self.columns) and row[-1]:  # keys of JSON met after the sample
            extra.update({k: fact(v) for k, v in row[-1].items() if v not in (None, "")})
        return extra


def storable(text: str) -> str:
    """Without NUL characters and halves of characters, which no store takes."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def identity(cell: Any) -> str:
    """An id as text. Tables that went through a number column write 17 as 17.0."""
    name = as_text(cell).strip()
    return name[:-2] if name.endswith(".0") and name[:-2].isdigit() else name


def number(cell: Any) -> Any:
    if isinstance(cell, int | float):
        return cell
    text = as_text(cell).strip().replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        return text[:LONGEST_FACT]
    return int(value) if value.is_integer() and "." not in text else value


def fact(cell: Any) -> Any:
    if isinstance(cell, bool | int | float):
        return cell
    if isinstance(cell, dict | list):
        text = json.dumps(cell, default=str)
        return json.loads(text) if len(text) <= LONGEST_FACT else text[:LONGEST_FACT]
    return as_text(cell).strip()[:LONGEST_FACT]


def unpack(cell: Any) -> dict[str, Any]:
    if isinstance(cell, str):
        try:
            cell = json.loads(cell or "{}")
        except ValueError:
            return {"extra": cell[:LONGEST_FACT]}
    return dict(cell) if isinstance(cell, dict) else {}


class Seen:
    """How often each 64-bit key came before: eight bytes a key, however many.

    New keys gather in a set and are now and then sorted into an array that is searched in one go.
    """

    def __init__(self, gather: int = 200_000) -> None:
        self.gather = gather
        self.old = np.empty(0, np.uint64)
        self.recent: set[int] = set()
        self.again: dict[int, int] = {}

    def ordinals(self, keys: Sequence[int]) -> list[int]:
        """0 where a key is new, 1 where it came once before, and so on; in order, within `keys` too."""
        result = []
        for key, known in zip(keys, self.known(keys), strict=True):
            if known or key in self.recent:
                self.again[key] = self.again.get(key, 0) + 1
                result.append(self.again[key])
            else:
                self.recent.add(key)
                result.append(0)
        if len(self.recent) >= self.gather:
            self.old = np.sort(np.concatenate([self.old, np.fromiter(self.recent, np.uint64)]), kind="stable")
            self.recent = set()
        return result

    def known(self, keys: Sequence[int]) -> list[bool]:
        if not len(self.old) or not keys:
            return [False] * len(keys)
        wanted = np.array(keys, np.uint64)
        places = np.minimum(np.searchsorted(self.old, wanted), len(self.old) - 1)
        known: list[bool] = (self.old[places] == wanted).tolist()
        return known
