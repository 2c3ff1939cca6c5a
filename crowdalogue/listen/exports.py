"""Messages out of the store into a file that can be imported again."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crowdalogue.errors import Failure
from crowdalogue.models import Message
from crowdalogue.text.table import write_csv

COLUMNS = (
    *("id", "channel", "account", "brand", "conversation", "parent", "direction", "kind", "author", "author_name"),
    *("sent_at", "subject", "text", "language", "sentiment", "intent", "topic", "url", "public", "extra"),
)
BATCH = 2000


@dataclass(frozen=True)
class Choice:
    """Which messages; empty means all. Times are aware; `until` is left out itself."""

    since: datetime | None = None
    until: datetime | None = None
    channel: str = ""
    brand: str = ""


def day(given: datetime | None) -> datetime | None:
    """A day as somebody typed it, in UTC."""
    return given.replace(tzinfo=UTC) if given else None


Change = Callable[[Message, dict[str, Any]], dict[str, Any]]


def rows(chosen: Choice, change: Change | None = None, related: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """The messages in the order they were filed, in constant memory. Internal notes stay inside.

    `change` gives another row for a message, such as one with what is personal hidden; `related` is what it reads.
    """
    found = Message.objects.exclude(direction=Message.Direction.NOTE).select_related(
        "account", "handle__brand", "conversation__brand", "reading", "about__topic", "user", *related
    )
    if chosen.since:
        found = found.filter(sent_at__gte=chosen.since)
    if chosen.until:
        found = found.filter(sent_at__lt=chosen.until)
    if chosen.channel:
        found = found.filter(channel=chosen.channel)
    if chosen.brand:
        found = found.filter(conversation__brand__name=chosen.brand)
    last = 0
    while batch := list(found.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        yield from (change(message, row(message)) if change else row(message) for message in batch)


def row(message: Message) -> dict[str, Any]:
    handle, brand = message.handle, message.conversation.brand
    if message.direction == Message.Direction.OUT and handle is not None and handle.brand is not None:
        brand = handle.brand  # who spoke, in a conversation that may be about another
    reading, about = getattr(message, "reading", None), getattr(message, "about", None)
    return {
        "id": message.external_id,
        "channel": message.channel,
        "account": message.account.name,
        "brand": brand.name if brand else "",
        "conversation": message.conversation.key,
        "parent": message.parent,
        "direction": message.direction,
        "kind": message.kind,
        "author": handle.address if handle else "",
        "author_name": handle.name if handle else "",
        "sent_at": message.sent_at.isoformat(),
        "subject": message.subject,
        "text": message.text,
        "language": reading.language if reading else "",
        "sentiment": reading.sentiment if reading else "",
        "intent": reading.intent if reading else "",
        "topic": str(about.topic) if about else "",
        "url": message.url,
        "public": message.public,
        "extra": json.dumps(message.extra, ensure_ascii=False),
    }


def write(
    file: Path,
    chosen: Choice,
    *,
    progress: Callable[[int], None] | None = None,
    change: Change | None = None,
    related: tuple[str, ...] = (),
) -> int:
    """Write to a file, format by its ending, or CSV to stdout for `-`. Returns how many messages. Raises `Failure`."""
    counted = count(rows(chosen, change, related), progress)
    if str(file) == "-":
        return write_csv(([r[c] for c in COLUMNS] for r in counted), COLUMNS, sys.stdout)
    writers = {".csv": to_csv, ".jsonl": to_lines, ".parquet": to_parquet}
    writer = writers.get(file.suffix.lower())
    if writer is None:
        raise Failure(f"{file.name} has no ending that says how to write it. End it in .csv, .jsonl or .parquet.")
    part = file.with_name(f".{file.name}.part")
    try:
        written = writer(part, counted)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return written


def count(found: Iterator[dict[str, Any]], progress: Callable[[int], None] | None) -> Iterator[dict[str, Any]]:
    for number, one in enumerate(found, 1):
        yield one
        if progress and number % 1000 == 0:
            progress(number)


def to_csv(file: Path, found: Iterator[dict[str, Any]]) -> int:
    with file.open("w", encoding="utf-8", newline="") as stream:
        return write_csv(([r[c] for c in COLUMNS] for r in found), COLUMNS, stream)


def to_lines(file: Path, found: Iterator[dict[str, Any]]) -> int:
    number = 0
    with file.open("w", encoding="utf-8") as stream:
        for number, one in enumerate(found, 1):  # noqa: B007
            stream.write(json.dumps({**one, "extra": json.loads(one["extra"])}, ensure_ascii=False) + "\n")
    return number


def to_parquet(file: Path, found: Iterator[dict[str, Any]]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.bool_() if name == "public" else pa.string()) for name in COLUMNS])
    number = 0
    with pq.ParquetWriter(file, schema) as writer:
        batch: list[dict[str, Any]] = []
        for one in found:
            batch.append(one)
            if len(batch) == BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                number += len(batch)
                batch = []
        writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    return number + len(batch)
