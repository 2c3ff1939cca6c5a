"""How rows of the store become columns: which there are, and how they are fetched in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from crowdalogue.models import Conversation, Message, MessageCategory, Wait, WatchHit
from crowdalogue.relate import given
from crowdalogue.relate.columns import Spec

AT_ONCE = 5_000  # numbers in one question: SQLite takes 32,766
TIME = pa.timestamp("us", "UTC")
WORD = pa.int16()  # place in the list of words; 0 is none. Counting numbers is three times as quick as counting words

MESSAGES = Spec(
    "messages",
    "id",
    pa.schema(
        [
            ("id", pa.int64()),
            ("conversation", pa.int64()),
            ("brand", pa.int32()),
            ("channel", WORD),
            ("direction", WORD),
            ("kind", WORD),
            ("public", pa.bool_()),
            ("sent_at", TIME),
            ("quarter", pa.int32()),  # quarter hours since 1970: every zone's days and hours are made of them
            ("author", pa.int64()),  # the person; a handle without one counts as one author, as a negative number
            ("agent", pa.int64()),
            ("copies", pa.int64()),  # near-duplicate group: id of its first message
            ("language", WORD),
            ("sentiment", WORD),
            ("intent", WORD),
            ("urgency", WORD),
            ("needs_answer", pa.bool_()),
            ("apart", WORD),  # spam, troll, bot, echo; 0 where it is not kept apart
            ("taken_back", pa.bool_()),  # deleted where it was said
            ("overheard", pa.bool_()),  # said in public and not to us
            ("rating", pa.float64()),  # as given; see relate.given for the share
            ("rating_max", pa.float64()),
            ("rating_share", pa.float64()),
            ("verified_purchase", pa.bool_()),
            ("product", pa.string()),
            ("release", pa.string()),  # of the product; `version` and `deleted` are names of deltas
            ("place", pa.string()),  # the message's own, else the author's
            ("followers", pa.int64()),  # of the author, as known when the row was last written
            ("author_verified", pa.bool_()),
            ("topic", pa.int32()),  # null where it has none
            ("country", WORD),  # where it speaks of or comes from, as the reading found; 0 where that is not known
            ("hearsay", WORD),  # first_hand, hearsay; 0 where neither
            ("categories", pa.list_(pa.int64())),  # taught ones that it is in; null where in none
            ("watches", pa.list_(pa.int64())),  # whose hit it is, those judged wrong left out; null where of none
        ]
    ),
)
CONVERSATIONS = Spec(
    "conversations",
    "id",
    pa.schema(
        [
            ("id", pa.int64()),
            ("brand", pa.int32()),
            ("channel", WORD),
            ("state", WORD),
            ("owner", pa.int64()),
            ("person", pa.int64()),
            ("opened_by_customer", pa.bool_()),
            ("first_at", TIME),
            ("last_at", TIME),
            ("messages", pa.int32()),
            ("tags", pa.list_(pa.int64())),
        ]
    ),
)
WAITS = Spec(
    "waits",
    "conversation",
    pa.schema(
        [
            ("conversation", pa.int64()),
            ("brand", pa.int32()),
            ("channel", WORD),
            ("number", pa.int32()),
            ("first", pa.bool_()),
            ("opened_by_customer", pa.bool_()),
            ("started_at", TIME),
            ("quarter", pa.int32()),
            ("due_at", TIME),
            ("answered_at", TIME),
            ("calendar_s", pa.int64()),
            ("business_s", pa.int64()),
            ("waived", pa.bool_()),
        ]
    ),
)
SPECS = (MESSAGES, CONVERSATIONS, WAITS)

MESSAGE_VALUES = (
    "id",
    "conversation_id",
    "conversation__brand_id",
    "channel",
    "direction",
    "kind",
    "public",
    "sent_at",
    "handle_id",
    "handle__person_id",
    "user_id",
    "reading__duplicate_of",
    "reading__language",
    "reading__sentiment",
    "reading__intent",
    "reading__urgency",
    "reading__needs_answer",
    "apart",
    "deleted_at",
    "extra_text",
    "facts_text",
    "about__topic_id",
    "reading__country",
    "reading__hearsay",
    "reading__product",
)
CONVERSATION_VALUES = (
    "id",
    "brand_id",
    "kind",
    "state",
    "owner_id",
    "person_id",
    "opened_by_customer",
    "first_at",
    "last_at",
    "messages_count",
)
WAIT_VALUES = (
    "conversation_id",
    "conversation__brand_id",
    "conversation__kind",
    "number",
    "first",
    "conversation__opened_by_customer",
    "started_at",
    "due_at",
    "answered_at",
    "calendar_s",
    "business_s",
    "waived",
)


class Words:
    """The list of words that columns name by their place. It only ever grows, so a place keeps its meaning."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.places = {word: place for place, word in enumerate(words, 1)}

    def encode(self, values: Iterable[str | None]) -> pa.Array:
        return pa.array([self._place(value) if value else 0 for value in values], WORD)

    def _place(self, word: str) -> int:
        if word not in self.places:
            self.words.append(word)
            self.places[word] = len(self.words)
        return self.places[word]


def fetch(spec: Spec, which: Q, words: Words, *, limit: int | None = None) -> pa.Table:
    """Messages or conversations in order of their number, at most `limit`, as a table of the spec's schema."""
    return (_fetch_messages if spec is MESSAGES else _fetch_conversations)(which, words, limit)


def _fetch_messages(which: Q, words: Words, limit: int | None) -> pa.Table:
    # JSON comes as the text it is stored as: see relate.given.
    texts = {"extra_text": Cast("extra", TextField()), "facts_text": Cast("handle__facts", TextField())}
    rows = Message.objects.filter(which).order_by("id").annotate(**texts).values_list(*MESSAGE_VALUES)[:limit]
    found = _columns(rows, len(MESSAGE_VALUES))
    (ids, conversation, brand, channel, direction, kind, public, sent_at, handle, person, user) = found[:11]
    copies, language, sentiment, intent, urgency, needs_answer, apart, deleted_at, extra, facts, *newer = found[11:]
    topic, country, hearsay, product = newer
    sent = pa.array(sent_at, TIME)
    authors = [p if p is not None else (-h if h is not None else None) for p, h in zip(person, handle, strict=True)]
    columns = [
        ids,
        conversation,
        _or_none(brand),
        words.encode(channel),
        words.encode(direction),
        words.encode(kind),
        public,
        sent,
        _quarters(sent),
        authors,
        user,
        [c if c is not None else i for c, i in zip(copies, ids, strict=True)],
        *(words.encode(column) for column in (language, sentiment, intent, urgency)),
        needs_answer,
        words.encode(apart),
        [at is not None for at in deleted_at],
        [k == "overheard" for k in kind],
        *_given(extra, facts, product),
        topic,
        words.encode(country),
        words.encode(hearsay),
        _categories(ids),
        _watches(ids),
    ]
    return _table(MESSAGES, columns)


def _given(extra: Sequence[str | None], facts: Sequence[str | None], read: Sequence[str | None]) -> list[Sequence[Any]]:
    """The columns from `rating` to `author_verified`; a product is the one the source names, else the one read."""
    authors = {text: given.author(text) for text in set(facts)}
    said = [given.said(text) for text in extra]
    rating, most, share, bought, named, version, place = zip(*said, strict=True) if said else ((),) * 7
    product = [own or found for own, found in zip(named, read, strict=True)]
    of = [authors[text] for text in facts]
    places = [own or author.place for own, author in zip(place, of, strict=True)]
    return [rating, most, share, bought, product, version, places, [a.followers for a in of], [a.verified for a in of]]


def _categories(ids: Sequence[int]) -> list[list[int] | None]:
    """The categories that each of these messages is in, which stand in order of their number."""
    if not ids:
        return []
    among = Q(message__in=ids) if len(ids) <= AT_ONCE else Q(message__gte=ids[0], message__lte=ids[-1])
    found: dict[int, list[int]] = {}
    inside = MessageCategory.objects.filter(among, yes=True).values_list("message_id", "category_id")
    for message, category in inside.iterator(chunk_size=20_000):
        found.setdefault(message, []).append(category)
    return [sorted(found[i]) if i in found else None for i in ids]


def _watches(ids: Sequence[int]) -> list[list[int] | None]:
    """The watches that caught each of these messages, which stand in order of their number."""
    if not ids:
        return []
    among = Q(message__in=ids) if len(ids) <= AT_ONCE else Q(message__gte=ids[0], message__lte=ids[-1])
    hits = WatchHit.objects.filter(among).filter(Q(right=None) | Q(right=True)).values_list("message_id", "watch_id")
    found: dict[int, list[int]] = {}
    for message, watch in hits.iterator(chunk_size=20_000):
        found.setdefault(message, []).append(watch)
    return [sorted(found[i]) if i in found else None for i in ids] if found else [None] * len(ids)


def _fetch_conversations(which: Q, words: Words, limit: int | None) -> pa.Table:
    rows = Conversation.objects.filter(which).order_by("id").values_list(*CONVERSATION_VALUES)[:limit]
    ids, brand, kind, state, *rest = _columns(rows, len(CONVERSATION_VALUES))
    return _table(CONVERSATIONS, [ids, _or_none(brand), words.encode(kind), words.encode(state), *rest, _tags(ids)])


def _tags(ids: Sequence[int]) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    if ids:
        through = Conversation.tags.through.objects.filter(
            conversation_id__gte=min(ids), conversation_id__lte=max(ids)
        ).values_list("conversation_id", "tag_id")
        for conversation, tag in through.iterator(chunk_size=20_000):
            found.setdefault(conversation, []).append(tag)
    return [sorted(found.get(i, [])) for i in ids]


def fetch_these(spec: Spec, keys: Sequence[int], words: Words) -> pa.Table:
    """The rows of these keys, in order; keys that are not there are left out."""
    field = "conversation_id__in" if spec is WAITS else "id__in"
    ordered = sorted(keys)
    pieces = (Q(**{field: ordered[at : at + AT_ONCE]}) for at in range(0, len(ordered), AT_ONCE))
    tables = [fetch_waits(piece, words) if spec is WAITS else fetch(spec, piece, words) for piece in pieces]
    return pa.concat_tables([spec.schema.empty_table(), *tables])


def fetch_waits(which: Q, words: Words) -> pa.Table:
    """Waits in order of conversation and number."""
    rows = Wait.objects.filter(which).order_by("conversation_id", "number").values_list(*WAIT_VALUES)
    ids, brand, kind, number, first, opened, started_at, *rest = _columns(rows, len(WAIT_VALUES))
    started = pa.array(started_at, TIME)
    columns = [ids, _or_none(brand), words.encode(kind), number, first, opened, started, _quarters(started), *rest]
    return _table(WAITS, columns)


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[Any]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _or_none(brands: Iterable[int | None]) -> list[int]:
    return [brand or 0 for brand in brands]


def _quarters(times: pa.Array) -> pa.Array:
    return pc.cast(pc.floor(pc.divide(pc.cast(times, pa.int64()), 900e6)), pa.int32())


def _table(spec: Spec, columns: list[Any]) -> pa.Table:
    arrays = [c if isinstance(c, pa.Array) else pa.array(c, f.type) for c, f in zip(columns, spec.schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=spec.schema)
