"""The words that messages were written with, so that misspellings can be asked of the word index.

SQLite's index can list its words; PostgreSQL's cannot, and misspellings are then looked for message by message.
"""

from __future__ import annotations

from django.db import connections

from crowdalogue.text.matching import alike
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
    wrong = slips(word)
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        cursor.execute(
            "SELECT term FROM temp.crowdalogue_vocabulary "
            "WHERE term >= %s AND term < %s AND length(term) BETWEEN %s AND %s",
            [word[0], chr(ord(word[0]) + 1), len(word) - wrong, len(word) + wrong],
        )
        found = [term for (term,) in cursor if term != word and alike(term, word)]
    return [word, *found] if len(found) < MOST else None
