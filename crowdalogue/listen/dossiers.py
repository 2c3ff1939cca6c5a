"""What is known of each person of a batch: their addresses, and clues in facts, words and the business's records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet

from crowdalogue.listen import evidence
from crowdalogue.listen.evidence import Clue, Tie
from crowdalogue.models import BusinessRecord, Handle, Message
from crowdalogue.models.bulk import chunks

MESSAGES = 40  # newest of one handle that are read
HANDLES = 60  # of one person
RECORDS = 40  # newest of one person
NAMES = 12
SMALL = 50  # owners asked for with one query
CUSTOMER, PAGE = "customer", "page"  # kinds of handles that are a customer number, a profile's page
ASKED = ("store", "survey")  # there people are found by the number or address they give
PUBLIC = frozenset(  # where people go by pen names
    {"review", "social", "x", "bluesky", "mastodon", "reddit", "youtube", "instagram", "rss", "discourse", "discord"}
)


COLUMNS = (
    *("text", "extra", "channel", "sent_at", "public", "external_id", "account_id", "handle_id"),
    *("reading__intent", "reading__sentiment"),
)


@dataclass
class Dossier:
    """What is known of one person, and what ties them to others."""

    person: int
    handles: list[Handle] = field(default_factory=list)
    said: list[Message] = field(default_factory=list)  # of each handle the newest
    clues: list[tuple[Handle, Clue]] = field(default_factory=list)
    ties: dict[int, list[Tie]] = field(default_factory=lambda: defaultdict(list))  # with another person

    @property
    def spoken(self) -> list[Handle]:
        """Handles somebody writes from, and not only numbers and addresses that were named."""
        return [h for h in self.handles if h.kind not in (CUSTOMER, PAGE) and not h.facts.get("said")]

    @property
    def names(self) -> list[str]:
        return [h.name for h in self.handles if h.name][:NAMES]

    @property
    def public(self) -> bool:
        return bool(self.spoken) and all(h.kind in PUBLIC for h in self.spoken)


def open_dossiers(ids: Iterable[int]) -> dict[int, Dossier]:
    found = {pk: Dossier(pk) for pk in ids}
    for part in chunks(found):
        for handle in Handle.objects.filter(person__in=part).order_by("pk"):
            dossier = found[handle.person_id or 0]
            if len(dossier.handles) < HANDLES:
                dossier.handles.append(handle)
    return found


def read_words(dossiers: dict[int, Dossier]) -> None:
    """Clues in the facts of every handle, and in what was said from it."""
    named: list[tuple[Dossier, Handle, str, Message]] = []
    inward = Message.objects.filter(direction=Message.Direction.IN).select_related("reading").only(*COLUMNS)
    spoken = [handle.pk for dossier in dossiers.values() for handle in dossier.spoken]
    said = newest_of(inward, "handle_id", "-sent_at", spoken, MESSAGES)
    for dossier in dossiers.values():
        for handle in dossier.spoken:
            dossier.clues += [(handle, clue) for clue in own_clues(handle)]
            for message in said.get(handle.pk, ()):
                dossier.said.append(message)
                for clue in evidence.from_message(message.text, message.extra, channel=message.channel):
                    if clue.kind == "order":
                        named.append((dossier, handle, clue.value, message))
                    elif clue.value != handle.address:
                        dossier.clues.append((handle, clue))
    match_orders(named)


def newest_of(rows: QuerySet[Any], column: str, order: str, owners: Sequence[int], most: int) -> dict[int, list[Any]]:
    """Of each owner the newest rows, at most `most`: many owners with one query where none of them has very many."""
    found: dict[int, list[Any]] = defaultdict(list)
    for part in chunks(owners, SMALL):
        some = list(rows.filter(**{f"{column}__in": part}).order_by(column, order)[: SMALL * most])
        if len(some) == SMALL * most:
            some = [row for pk in part for row in rows.filter(**{column: pk}).order_by(order)[:most]]
        for row in some:
            mine = found[getattr(row, column)]
            if len(mine) < most:
                mine.append(row)
    return found


def own_clues(handle: Handle) -> Iterable[Clue]:
    """What the channel says of its author, the number they go by, their page where it links to others."""
    yield from (c for c in evidence.from_facts(handle.facts) if (c.kind, c.value) != (handle.kind, handle.address))
    if handle.kind in ASKED:
        for kind in ("phone", "email"):
            if value := evidence.address(kind, handle.address):
                yield Clue(kind, value, evidence.SAME, evidence.SURE["same"], f"is known by {value} there too")
    page = evidence.page_of(evidence.text_of(handle.facts, "url"))
    if page and evidence.links_of(handle.facts):
        yield Clue(PAGE, page, evidence.SAME, evidence.SURE["link"], f"writes at {page}")


def match_orders(named: Sequence[tuple[Dossier, Handle, str, Message]]) -> None:
    """Numbers that are orders of the business tie whoever named them to whoever ordered."""
    records: dict[str, BusinessRecord] = {}
    for part in chunks({number for _, _, number, _ in named}):
        for record in BusinessRecord.objects.filter(kind__in=("order", "shipment", "return"), external_id__in=part):
            records.setdefault(record.external_id, record)
    for dossier, handle, number, message in named:
        found = records.get(number)
        if found is None:
            continue
        tie = evidence.order_tie(number, found.product, found.at, message.text, message.extra, message.sent_at)
        if tie is None or found.person_id == dossier.person:
            continue
        if found.person_id is not None:
            dossier.ties[found.person_id].append(tie)
            continue
        for clue in evidence.from_record(found.kind, number, found.facts):
            dossier.clues.append((handle, replace(clue, confidence=tie.confidence, why=tie.why)))


def read_records(dossiers: dict[int, Dossier]) -> None:
    """What the business noted with somebody's orders is theirs too."""
    known = [pk for pk, dossier in dossiers.items() if dossier.spoken]
    orders = newest_of(BusinessRecord.objects.filter(kind="order"), "person_id", "-at", known, RECORDS)
    for pk, records in orders.items():
        dossier = dossiers[pk]
        seen = {(h.kind, h.address) for h in dossier.spoken}
        for record in records:
            for clue in evidence.from_record(record.kind, record.external_id, record.facts):
                if (clue.kind, clue.value) not in seen:
                    seen.add((clue.kind, clue.value))
                    dossier.clues.append((dossier.spoken[0], clue))
