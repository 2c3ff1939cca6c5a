"""The word index of both stores: how it is made, kept in step, and asked. The only SQL about words.

SQLite: contentless FTS5 tables fed by triggers, so that whatever writes a row also writes its words.
PostgreSQL: stored generated tsvector columns with GIN indexes, which no writer can forget either.

Beside its words a message is indexed under marks: channel, direction, year and month of sending. They make a
filter part of the look-up, where checking rows one by one would read millions for a rare channel.
On PostgreSQL a mark also names the block of ids a message is in: a GIN index has no order, and so the newest
matches of a common word are found block by block and not by collecting all matches and sorting them.
"""

# ruff: noqa: S608  (names come from the tables in this file, values are parameters)

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections

from crowdalogue.text.query import Term, fold

BLOCK_BITS = 15  # ids in one block of PostgreSQL's marks: 32,768
LONGEST_TEXT = 150_000  # characters indexed of one message; a tsvector ends at 1 MB
_SUFFIXES = range(4, 16)  # a phone number is found by its digits from any place, four or more


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the index is asked: words, and marks of which each group must be met by one."""

    wanted: tuple[tuple[Term, ...], ...] = ()
    unwanted: tuple[Term, ...] = ()
    marks: tuple[tuple[str, ...], ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.wanted or self.marks)


# --- making it


def _digits(column: str) -> str:
    for sign in "+ -().":
        column = f"replace({column}, '{sign}', '')"
    return column


def _sqlite_message(row: str) -> str:
    month = f"(CAST(substr({row}.sent_at, 1, 4) AS INTEGER) * 12 + CAST(substr({row}.sent_at, 6, 2) AS INTEGER) - 1)"
    return (
        f"{row}.id, {row}.subject || ' ' || substr({row}.text, 1, {LONGEST_TEXT}), "
        f"'k' || {row}.channel || ' d' || {row}.direction || ' y' || substr({row}.sent_at, 1, 4) || ' m' || {month}"
    )


def _sqlite_handle(row: str) -> str:
    digits = _digits(f"{row}.address")
    ends = " || ' ' || ".join(f"substr({digits}, -{n})" for n in _SUFFIXES)
    number = f"CASE WHEN {digits} GLOB '[0-9][0-9][0-9][0-9]*' AND {digits} NOT GLOB '*[^0-9]*' THEN {ends} ELSE '' END"
    return f"{row}.id * 2, {row}.address || ' ' || {row}.name || ' ' || {number}"


def _sqlite_person(row: str) -> str:
    return f"{row}.id * 2 + 1, {row}.name"


# table, its index, the index's columns, the row's values, columns that change them
_SQLITE = (
    ("message", "words", "words, marks", _sqlite_message, ("subject", "text", "channel", "direction", "sent_at")),
    ("handle", "names", "words", _sqlite_handle, ("address", "name")),
    ("person", "names", "words", _sqlite_person, ("name",)),
)
_TABLES = {
    "words": "words, marks, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2'",
    # Names are looked up while they are typed, so their beginnings are indexed too.
    "names": "words, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2', prefix='2 3'",
}


# While many rows are written at once: of each table, the id above which rows are indexed at the end (`at_once`).
_LATER = "CREATE TABLE IF NOT EXISTS crowdalogue_later (source TEXT PRIMARY KEY, after INTEGER NOT NULL) WITHOUT ROWID"


def _sqlite_tables() -> list[str]:
    made = [f"CREATE VIRTUAL TABLE IF NOT EXISTS crowdalogue_{n} USING fts5({o})" for n, o in _TABLES.items()]
    return [_LATER, *made]


def _sqlite_triggers() -> dict[str, str]:
    """Name and statement, as SQLite itself keeps it."""
    made: dict[str, str] = {}
    for table, index, columns, values, watched in _SQLITE:
        fts, source = f"crowdalogue_{index}", f"crowdalogue_{table}"
        put = f"INSERT INTO {fts}(rowid, {columns}) VALUES ({values('new')});"
        drop = f"INSERT INTO {fts}({fts}, rowid, {columns}) VALUES ('delete', {values('old')});"
        differs = " OR ".join(f"old.{c} IS NOT new.{c}" for c in ("id", *watched))
        now, was = (
            f"NOT EXISTS (SELECT 1 FROM crowdalogue_later WHERE source = '{table}' AND after < {row}.id)"
            for row in ("new", "old")
        )
        bodies = {
            "in": f"AFTER INSERT ON {source} WHEN {now} BEGIN {put} END",
            "out": f"AFTER DELETE ON {source} WHEN {was} BEGIN {drop} END",
            "new": f"AFTER UPDATE OF id, {', '.join(watched)} ON {source} WHEN ({differs}) AND {was} "
            f"BEGIN {drop} {put} END",
        }
        made.update((f"{source}_words_{kind}", body) for kind, body in bodies.items())
    return {name: f"CREATE TRIGGER {name} {body}" for name, body in made.items()}


def _make_triggers(cursor: Any) -> bool:
    """Make the triggers that are missing or of another version. Returns whether one was missing."""
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    there = dict(cursor.fetchall())
    wanted = _sqlite_triggers()
    for name, statement in wanted.items():
        if there.get(name) != statement:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(statement)
    return not wanted.keys() <= there.keys()


@contextmanager
def at_once(using: str = "default") -> Iterator[None]:
    """Index the rows that are made inside together, at the end, which is several times as quick as row by row: each
    statement of a transaction makes FTS5 write out what it gathered. Use it inside the transaction of the rows."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        yield
        return
    if not connection.in_atomic_block:
        raise RuntimeError("at_once leaves rows out of the index for a while, which needs a transaction")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM crowdalogue_later LIMIT 1")
        if cursor.fetchone():  # inside another one, which will do it
            yield
            return
        for table, *_ in _SQLITE:
            cursor.execute(
                "INSERT INTO crowdalogue_later(source, after) "
                "VALUES (%s, coalesce((SELECT seq FROM sqlite_sequence WHERE name = %s), 0))",
                [table, f"crowdalogue_{table}"],
            )
        yield
        for table, index, columns, values, _ in _SQLITE:
            cursor.execute(
                f"INSERT INTO crowdalogue_{index}(rowid, {columns}) SELECT {values('t')} FROM crowdalogue_{table} AS t "
                f"WHERE t.id > (SELECT after FROM crowdalogue_later WHERE source = '{table}')"
            )
        cursor.execute("DELETE FROM crowdalogue_later")


_PUNCTUATION = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'" + "\u00a0¡·«»¿‘’‚“”„†•…–—′″‹›€"


def _fold_function(collation: str) -> str:
    """The text as words with blanks between: PostgreSQL's own reading of addresses, numbers and hyphens differs
    from what people search for, and from the other store. Accents go; most texts have none and are left alone."""
    return f"""CREATE OR REPLACE FUNCTION crowdalogue_fold(t text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $fold$
    SELECT lower(translate(
        CASE WHEN octet_length(t) = char_length(t) THEN left(t, {LONGEST_TEXT})
        ELSE regexp_replace(normalize(left(t, {LONGEST_TEXT}), NFD), U&'[\\0300-\\036F]', '', 'g') END,
        $p${_PUNCTUATION}$p$, '{" " * len(_PUNCTUATION)}') {collation}) $fold$"""


_POSTGRES_FUNCTIONS = (
    f"""CREATE OR REPLACE FUNCTION crowdalogue_ends(t text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $ends$
    SELECT CASE WHEN translate(t, '+ -().', '') ~ '^[0-9]{{4,}}$' THEN array_to_tsvector(ARRAY(
        SELECT DISTINCT right(translate(t, '+ -().', ''), n)
        FROM generate_series({_SUFFIXES.start}, {_SUFFIXES.stop - 1}) AS n)) ELSE ''::tsvector END $ends$""",
)
_YEAR = "extract(year FROM sent_at AT TIME ZONE 'UTC')::int"
_MONTH = "(extract(month FROM sent_at AT TIME ZONE 'UTC')::int - 1)"
_POSTGRES_COLUMNS = {
    "message": "to_tsvector('simple', crowdalogue_fold(subject || ' ' || text)) || array_to_tsvector(ARRAY["
    f"'~k' || channel, '~d' || direction, '~y' || {_YEAR}, '~m' || ({_YEAR} * 12 + {_MONTH}), "
    f"'~b' || (id >> {BLOCK_BITS})])",
    "handle": "to_tsvector('simple', crowdalogue_fold(address || ' ' || name)) || crowdalogue_ends(address)",
    "person": "to_tsvector('simple', crowdalogue_fold(name))",
}


def _postgres_statements(collation: str) -> list[str]:
    made = [_fold_function(collation), *_POSTGRES_FUNCTIONS]
    for table, expression in _POSTGRES_COLUMNS.items():
        name = f"crowdalogue_{table}"
        made += [
            f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS words tsvector GENERATED ALWAYS AS ({expression}) STORED",
            f"CREATE INDEX IF NOT EXISTS {name}_words ON {name} USING gin (words)",
        ]
    return made


def after_migrate(sender: object, using: str, **kwargs: object) -> None:
    """On SQLite a migration that rebuilds a table takes its triggers along: make them again, and the index anew."""
    connection = connections[using]
    if connection.vendor == "postgresql" or "crowdalogue_message" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _sqlite_tables():
            cursor.execute(statement)
        torn = _make_triggers(cursor)
    if torn:
        rebuild(using)


def _collation(cursor: Any) -> str:
    """A database made without a locale knows capitals of ASCII only; ICU, where it is built in, knows all."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') AND datctype IN ('C', 'POSIX') "
        "FROM pg_database WHERE datname = current_database()"
    )
    return ' COLLATE "und-x-icu"' if cursor.fetchone()[0] else ""


def make(using: str = "default") -> None:
    """Make the index and what keeps it in step, where they are missing. A new index holds the rows already there."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for statement in _postgres_statements(_collation(cursor)):
                cursor.execute(statement)
            return
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'crowdalogue_words'")
        fresh = cursor.fetchone() is None
        for statement in _sqlite_tables():
            cursor.execute(statement)
        _make_triggers(cursor)
        if fresh:
            _fill_sqlite(cursor)


def _fill_sqlite(cursor: Any) -> None:
    for table, index, columns, values, _ in _SQLITE:
        cursor.execute(
            f"INSERT INTO crowdalogue_{index}(rowid, {columns}) SELECT {values('t')} FROM crowdalogue_{table} AS t"
        )


def rebuild(using: str = "default") -> None:
    """Index every row anew; PostgreSQL's columns are always right, so nothing is done there."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        return
    with connection.cursor() as cursor:
        for index in _TABLES:
            cursor.execute(f"INSERT INTO crowdalogue_{index}(crowdalogue_{index}) VALUES ('delete-all')")
        _fill_sqlite(cursor)


def drop(using: str = "default") -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in _POSTGRES_COLUMNS:
                cursor.execute(f"ALTER TABLE crowdalogue_{table} DROP COLUMN IF EXISTS words")
            cursor.execute("DROP FUNCTION IF EXISTS crowdalogue_fold(text), crowdalogue_ends(text)")
            return
        for table, *_ in _SQLITE:
            for trigger in ("in", "out", "new"):
                cursor.execute(f"DROP TRIGGER IF EXISTS crowdalogue_{table}_words_{trigger}")
        for index in _TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS crowdalogue_{index}")
        cursor.execute("DROP TABLE IF EXISTS crowdalogue_later")


# --- asking it


def match_sqlite(lookup: Lookup) -> str:
    """An FTS5 expression. Every word is quoted, so nothing typed is read as syntax."""
    groups = [" OR ".join(_quoted(term) for term in group) for group in lookup.wanted]
    words = [f"{{words}} : ({group})" for group in groups]
    marks = ["{marks} : (" + " OR ".join(f'"{m}"' for m in group) + ")" for group in lookup.marks]
    expression = " AND ".join(words + marks)
    for term in lookup.unwanted:
        expression = f"({expression}) NOT ({{words}} : ({_quoted(term)}))"
    return expression


def _quoted(term: Term) -> str:
    return '"' + " ".join(term.words) + '"' + ("*" if term.prefix else "")


def match_postgres(lookup: Lookup) -> tuple[str, list[str]]:
    """A tsquery expression of SQL and its parameters."""
    parts: list[str] = []
    parameters: list[str] = []
    for group in lookup.wanted:
        asked = [_tsquery(term) for term in group]
        parts.append("(" + " || ".join(sql for sql, _ in asked) + ")")
        parameters += [value for _, value in asked]
    for marks in lookup.marks:
        parts.append("%s::tsquery")
        parameters.append(" | ".join(_lexeme("~" + mark) for mark in marks))
    for term in lookup.unwanted:
        sql, value = _tsquery(term)
        parts.append(f"!! {sql}")
        parameters.append(value)
    return " && ".join(parts), parameters


def _tsquery(term: Term) -> tuple[str, str]:
    """The store itself splits what was typed, as it split the texts; a beginning has to be spelled out."""
    if not term.prefix:
        return "phraseto_tsquery('simple', crowdalogue_fold(%s))", term.text
    return "%s::tsquery", " <-> ".join(_lexeme(word) for word in term.words) + ":*"


def _lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def newest(lookup: Lookup, before: int, limit: int, using: str = "default") -> list[int]:
    """Ids of matching messages under `before`, newest first, at most `limit`."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            return _newest_postgres(cursor, lookup, before, limit)
        cursor.execute(
            "SELECT rowid FROM crowdalogue_words WHERE crowdalogue_words MATCH %s AND rowid < %s "
            "ORDER BY rowid DESC LIMIT %s",
            [match_sqlite(lookup), before, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def _newest_postgres(cursor: Any, lookup: Lookup, before: int, limit: int) -> list[int]:
    cursor.execute("SELECT min(id), max(id) FROM crowdalogue_message")
    lowest, highest = cursor.fetchone()
    if highest is None:
        return []
    expression, parameters = match_postgres(lookup)
    found: list[int] = []
    top, width = min(before, highest + 1), 1
    while len(found) < limit and top > lowest:
        last = (top - 1) >> BLOCK_BITS
        first = max(0, last - width + 1)
        blocks = " | ".join(f"'~b{block}'" for block in range(first, last + 1))
        cursor.execute(
            # Materialized: else the planner may walk the ids backwards and test each message's words.
            f"WITH hits AS MATERIALIZED (SELECT id FROM crowdalogue_message "
            f"WHERE words @@ ({expression} && %s::tsquery) "
            f"AND id < %s AND id >= %s) SELECT id FROM hits ORDER BY id DESC LIMIT %s",
            [*parameters, blocks, top, first << BLOCK_BITS, limit - len(found)],
        )
        got = [row[0] for row in cursor.fetchall()]
        found += got
        top = first << BLOCK_BITS
        width = width * 4 if not got else width * 2 if len(got) < limit // 4 else width
    return found


def among(lookup: Lookup, ids: Sequence[int], using: str = "default") -> list[int]:
    """Those of a few message ids that match, newest first."""
    if not ids:
        return []
    connection = connections[using]
    listed = ", ".join(str(int(i)) for i in ids)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            expression, parameters = match_postgres(lookup)
            sql = f"SELECT id FROM crowdalogue_message WHERE id IN ({listed}) AND words @@ ({expression})"
        else:
            parameters = [match_sqlite(lookup)]
            sql = f"SELECT rowid FROM crowdalogue_words WHERE crowdalogue_words MATCH %s AND rowid IN ({listed})"
        cursor.execute(sql, parameters)
        return sorted((row[0] for row in cursor.fetchall()), reverse=True)


def named(words: Sequence[str], limit: int, using: str = "default") -> tuple[list[int], list[int]]:
    """Ids of handles and of persons whose address, number or name has words beginning so, newest first."""
    words = [word for word in (fold(w).replace('"', "") for w in words) if word]
    if not words:
        return [], []
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute(
                "SELECT rowid FROM crowdalogue_names WHERE crowdalogue_names MATCH %s ORDER BY rowid DESC LIMIT %s",
                [" AND ".join(f'"{w}"*' for w in words), limit],
            )
            rows = [row[0] for row in cursor.fetchall()]
            return [r // 2 for r in rows if r % 2 == 0], [r // 2 for r in rows if r % 2]
        query = " & ".join(_lexeme(w) + ":*" for w in words)
        found = []
        for table in ("handle", "person"):
            cursor.execute(
                f"SELECT id FROM crowdalogue_{table} WHERE words @@ %s::tsquery ORDER BY id DESC LIMIT %s",
                [query, limit],
            )
            found.append([row[0] for row in cursor.fetchall()])
        return found[0], found[1]
