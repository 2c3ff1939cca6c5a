"""The words that messages were written with, so that misspellings can be asked of the word index.

SQLite's index can list its words; PostgreSQL's cannot, and misspellings are then looked for message by message.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from time import monotonic

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from crowdalogue.models import Message
from crowdalogue.text.matching import alike
from crowdalogue.text.query import words_of
from crowdalogue.text.watching import slips

MOST = 300  # spellings of one word; a word with more is looked for message by message
_TABLE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.crowdalogue_vocabulary USING fts5vocab('main', 'crowdalogue_words', 'row')"
)


def spellings(word: str, using: str = "default") -> list[str] | None:
    """The words of the index that may be this one misspelt, and the word itself. None where the store cannot say, or
    where they are too many."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        return None
    listed = beginning_alike(connection, word, slips(word))
    found = [term for term, _ in listed if term != word and alike(term, word)]
    return [word, *found] if len(found) < MOST else None


def beginning_alike(connection: BaseDatabaseWrapper, word: str, wrong: int) -> list[tuple[str, int]]:
    """Words of SQLite's index with this one's first letter, at most `wrong` letters longer or shorter, and how many
    messages have each."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        cursor.execute(
            "SELECT term, doc FROM temp.crowdalogue_vocabulary "
            "WHERE term >= %s AND term < %s AND length(term) BETWEEN %s AND %s",
            [word[0], chr(ord(word[0]) + 1), len(word) - wrong, len(word) + wrong],
        )
        return list(cursor.fetchall())


# --- what somebody may have meant

SAMPLE = 20_000  # newest messages that stand for all where the store cannot list its words
KEPT = 600.0  # seconds a sample counts as new
LONGEST = 2000  # characters read of one message of the sample


def nearby(word: str, using: str = "default") -> dict[str, int]:
    """Words that were written of which this one may be a misspelling, and how many messages have each."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        known = sampled(using, int(monotonic() // KEPT))
        return {term: count for term, count in known.items() if term[0] == word[0] and alike(word, term)}
    most = slips(word) + 1  # the right word may be longer, and allows for more than this one does
    return {term: count for term, count in beginning_alike(connection, word, most) if alike(word, term)}


@lru_cache(maxsize=1)
def sampled(using: str, period: int) -> dict[str, int]:
    """Words of the newest messages, and how many of these have each."""
    known: Counter[str] = Counter()
    newest = Message.objects.using(using).order_by("-pk").values_list("text", flat=True)[:SAMPLE]
    for text in newest.iterator(chunk_size=2000):
        known.update(set(words_of(text[:LONGEST])))
    return dict(known)
