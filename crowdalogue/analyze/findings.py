"""Messages on their way through the steps: claimed in batches, read, and what was found written once.

The row is the job: a message without `read_at` waits; `claimed_at` is the claim of a reader, which runs out.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import F, Min, Q, prefetch_related_objects

from crowdalogue.analyze import pipeline
from crowdalogue.analyze.document import NOTHING, Document, Finding
from crowdalogue.analyze.known import known
from crowdalogue.analyze.steps import duplicate, embedding
from crowdalogue.models import Band, Embedding, Message, Reading
from crowdalogue.models.bulk import chunks, insert_many, update_many

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
ATTEMPTS = 3
COLUMNS = ("language", "sentiment", "intent", "urgency")
# Steps that leave nothing in most messages, and the columns for them; a product's is its name.
SOMETIMES = {"place": "country", "hearsay": "hearsay"}
# Steps whose `extra` is kept: what each span is, and how it is known.
DETAILED = ("personal_data", "products", "place", "machine_written", "aspects")
MOST_WORDS = {"personal_data": 40}
SURE_NO_ANSWER = 0.9
REMEMBERED = timedelta(days=60)  # how long copies are looked for


def claim(limit: int, now: datetime) -> list[Message]:
    """Up to `limit` messages that nobody has read or is reading, oldest row first. At most three attempts each."""
    free = Q(read_at__isnull=True) & (Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - LEASE))
    with transaction.atomic():
        rows = Message.objects.filter(free, read_attempts__lt=ATTEMPTS).order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        ids = list(rows.values_list("id", flat=True)[:limit])
        if not ids:
            return []
        Message.objects.filter(id__in=ids).update(claimed_at=now, read_attempts=F("read_attempts") + 1)
    return list(Message.objects.filter(id__in=ids).order_by("id"))


def give_up(now: datetime, limit: int = 200) -> list[int]:
    """Messages whose readers died three times: marked as read with nothing found, so that nothing waits for ever."""
    lost = list(
        Message.objects.filter(read_at__isnull=True, read_attempts__gte=ATTEMPTS, claimed_at__lt=now - LEASE)
        .order_by("id")
        .values_list("id", flat=True)[:limit]
    )
    if lost:
        log.error("%d messages could not be read in %d attempts and are left without findings", len(lost), ATTEMPTS)
        with transaction.atomic():
            failed = {"failed": {"reading": "The reader stopped three times at this message."}}
            Reading.objects.bulk_create(
                [Reading(message_id=pk, version=pipeline.VERSION, findings=failed, at=now) for pk in lost],
                ignore_conflicts=True,
            )
            Message.objects.filter(id__in=lost).update(read_at=now, changed_at=now)
    return lost


def document_of(message: Message) -> Document:
    return Document(
        id=str(message.pk),
        text=message.text,
        subject=message.subject,
        channel=message.channel,
        public=message.public,
        inbound=message.direction == Message.Direction.IN,
        sent_at=message.sent_at,
    )


def read(messages: Sequence[Message], *, embed: bool = True) -> list[Document]:
    """Everything the steps find in these messages. No rows are changed, so it needs no transaction."""
    prefetch_related_objects(list(messages), "handle")
    company = known()
    documents = [document_of(m) for m in messages]
    for message, document in zip(messages, documents, strict=True):
        document.facts, document.known = facts_of(message), company
    return pipeline.read(documents, embed=embed)


def facts_of(message: Message) -> dict[str, Any]:
    """What the source says of a message and its author beside the words (see `Document.facts`)."""
    author = message.handle
    told = author.facts if author is not None else {}
    facts = {
        "place": message.extra.get("place") or told.get("place"),
        "phone": author.address if author is not None and author.kind == "phone" else None,
        "automatic": message.kind == "automatic",
        "bot": told.get("bot") is True,
    }
    return {name: value for name, value in facts.items() if value}


def write(messages: Sequence[Message], documents: Sequence[Document], now: datetime) -> list[Reading]:
    """Write what was found, once per message. Call inside a transaction; a second writer changes nothing."""
    still = set(
        Message.objects.filter(id__in=[m.pk for m in messages], read_at__isnull=True).values_list("id", flat=True)
    )
    pairs = [(m, d) for m, d in zip(messages, documents, strict=True) if m.pk in still]
    earlier = find_earlier(pairs)
    readings = [reading_of(m, d, earlier, now) for m, d in pairs]
    insert_many(Reading, readings, ignore_conflicts=True)
    insert_many(
        Embedding,
        [
            Embedding(message=m, vector=d.embedding.astype("<f2").tobytes(), version=embedding.VERSION)
            for m, d in pairs
            if d.embedding is not None and np.any(d.embedding)
        ],
        ignore_conflicts=True,
    )
    # A copy is found by its first message's bands; its own would only make a much repeated text dear.
    bands = [Band(band=b, message=m) for m, d in pairs if m.pk not in earlier for b in d.signature]
    insert_many(Band, bands, ignore_conflicts=True)
    for part in chunks(still):
        Message.objects.filter(id__in=part).update(read_at=now, claimed_at=None, changed_at=now)
    return readings


def reading_of(message: Message, document: Document, earlier: dict[int, int], now: datetime) -> Reading:
    found = document.findings
    needs = found.get("needs_answer")
    return Reading(
        message=message,
        version=pipeline.VERSION,
        findings=plain(found, document.failed),
        **{name: found[name].label for name in COLUMNS if name in found},
        **{column: found[name].label for name, column in SOMETIMES.items() if name in found},
        product=product_of(found.get("products")),
        needs_answer=asks(needs) if message.text.strip() else None,  # a picture alone may ask for anything
        duplicate_of=earlier.get(message.pk),
        at=now,
    )


def product_of(products: Finding | None) -> str | None:
    """The name of the product that a message surely names; None where it names none, or cannot be told which."""
    sure = [str(p["name"]) for p in products.extra["named"] if "id" in p] if products is not None else []
    return sure[0][:120] if sure else None


def asks(needs: Finding | None) -> bool | None:
    """Whether a message wants an answer; None where the step is not sure enough to let anybody go unanswered."""
    if needs is None:
        return None
    if needs.label == "yes":
        return True
    return False if needs.confidence >= SURE_NO_ANSWER else None


def plain(found: dict[str, Finding], failed: dict[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {
        name: {
            "label": f.label,
            "confidence": round(float(f.confidence), 4),
            "words": [list(w) for w in f.words[: MOST_WORDS.get(name, 12)]],
            "version": f.version,
            **({"extra": f.extra} if name in DETAILED and f.extra else {}),
        }
        for name, f in found.items()
        if name != "duplicate"
    }
    if failed:
        kept["failed"] = dict(failed)
    return kept


def find_earlier(pairs: Sequence[tuple[Message, Document]]) -> dict[int, int]:
    """For each copy the id of the first message of its group: in this batch, or found by shared bands."""
    leaders = {m.pk: int(d.findings["duplicate"].extra["of"]) for m, d in pairs if "duplicate" in d.findings}
    first: dict[int, int] = {}
    for part in chunks({b for _, d in pairs for b in d.signature}):
        rows = Band.objects.filter(band__in=part).values("band").annotate(first=Min("message_id"))
        first.update(rows.values_list("band", "first"))
    wanted: dict[int, list[int]] = {}
    for message, document in pairs:
        near = sorted({first[b] for b in document.signature if first.get(b, message.pk) < message.pk})
        if near:
            wanted[message.pk] = near
    texts = texts_of({m for near in wanted.values() for m in near})
    whole = {m.pk: d.whole for m, d in pairs}
    outside: dict[int, int] = {}
    for pk, near in wanted.items():
        match = next((n for n in near if n in texts and duplicate.copies(texts[n][0], whole[pk])), None)
        if match is not None:
            outside[pk] = texts[match][1] or match
    return {
        pk: outside.get(leader, outside.get(pk, leader))
        for pk, leader in leaders.items()
        if leader != pk or pk in outside
    }


def texts_of(ids: set[int]) -> dict[int, tuple[str, int | None]]:
    found: dict[int, tuple[str, int | None]] = {}
    for part in chunks(ids):
        rows = Message.objects.filter(id__in=part).annotate(first=F("reading__duplicate_of"))
        for message in rows:
            found[message.pk] = (document_of(message).whole, message.first)
    return found


def correct(reading: Reading, step: str, label: str) -> str:
    """Put a person's label in place of what was found; returns what it was. Call inside a transaction."""
    was = (reading.findings.get(step) or {}).get("label", "")
    reading.findings[step] = {"label": label, "confidence": 1.0, "words": [], "version": "person", "was": was}
    if step in COLUMNS:
        setattr(reading, step, label)
    elif step == "needs_answer":
        reading.needs_answer = label == "yes"
    elif step in SOMETIMES:
        setattr(reading, SOMETIMES[step], None if label == NOTHING else label)
    update_many(Reading, ["findings", *COLUMNS, *SOMETIMES.values(), "needs_answer"], [reading])
    return str(was)


def forget_bands(now: datetime, limit: int = 5000) -> int:
    """Copies are looked for among the last sixty days only: drop the oldest bands. Ids grow with time of arrival."""
    oldest = list(Band.objects.order_by("message_id").values_list("message_id", flat=True)[:limit])
    if not oldest or Message.objects.filter(pk=oldest[-1], received_at__gte=now - REMEMBERED).exists():
        return 0
    return Band.objects.filter(message_id__lte=oldest[-1]).delete()[0]
