"""Where expressions run: Ibis on DuckDB over the files the manifest lists. Reads only.

    rows = engine.run(lambda t: t.messages.group_by("channel").agg(n=_.count()))

One DuckDB serves the process, within one limit of memory; each thread has its own connection to it.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import ibis

from crowdalogue.relate import columns, facts
from crowdalogue.relate.rows import SPECS

Expression: TypeAlias = Any  # Ibis comes without types
MOST_ROWS = 10_000  # of any answer: whatever asks for more wants a page at a time
MOST_KEPT = 1_000  # rows of an answer that is kept for the next asker
MEMORY = "1GB"


@dataclass(frozen=True)
class Tables:
    """The tables of relate.rows as Ibis expressions, all from one manifest."""

    messages: Expression
    conversations: Expression
    waits: Expression


class _Local(threading.local):
    backend: Any = None
    place: tuple[int, str] = (0, "")
    tables: Tables | None = None

    def __init__(self) -> None:
        self.views: dict[str, str] = {}


_local = _Local()
_lock = threading.Lock()
_roots: dict[tuple[int, str], duckdb.DuckDBPyConnection] = {}


def run(
    build: Callable[[Tables], Expression],
    *,
    limit: int = MOST_ROWS,
    key: Hashable = None,
    values: tuple[tuple[int, int], ...] = (),
) -> list[dict[str, Any]]:
    """Rows of the expression that `build` makes from the tables, at most `limit`.

    `values` puts numbers in the places that stand for them in the expression (see `relate.scope`). `key` stands for
    everything else that `build` depends on besides the data: with it the expression is put into SQL only once
    (Ibis takes longer for that than DuckDB for the counting) and, while no file changed, counted once.
    A file that vanished because this process slept for over a minute is not an error: the new list is read, once.
    """
    key = (key, limit) if key is not None else None
    for attempt in (1, 2):
        try:
            tables = _tables()
            data = (_local.place, tuple(_local.views.values()))
            if key is not None and (known := _answers.get((key, values))) and known[0] == data:
                kept: list[dict[str, Any]] = known[1]
                return kept
            sql = _filled(_sql(build, tables, limit, key), values)
            rows: list[dict[str, Any]] = _local.backend.con.sql(sql).to_arrow_table().to_pylist()
            if key is not None and len(rows) <= MOST_KEPT:
                _answers.put((key, values), (data, rows))
            return rows
        except duckdb.IOException:
            _local.views.clear()
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


def one(build: Callable[[Tables], Expression]) -> dict[str, Any]:
    """The single row of an aggregation."""
    return run(build, limit=1)[0]


def words() -> list[str]:
    """What the numbers in columns of words stand for: the first word is 1, and 0 is none."""
    return _manifest(facts.folder()).words


def _sql(build: Callable[[Tables], Expression], tables: Tables, limit: int, key: Hashable) -> str:
    if key is not None and (sql := _compiled.get(key)):
        return str(sql)
    sql = _local.backend.compile(build(tables).limit(limit))
    if key is not None:
        _compiled.put(key, sql)
    return str(sql)


def _filled(sql: str, values: tuple[tuple[int, int], ...]) -> str:
    for place, value in values:
        sql = sql.replace(str(place), str(value))
    return sql


class _Kept:
    """The last few hundred of something, shared by all threads."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.lock = threading.Lock()
        self.items: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        with self.lock:
            if key in self.items:
                self.items.move_to_end(key)
            return self.items.get(key)

    def put(self, key: Hashable, value: Any) -> None:
        with self.lock:
            self.items[key] = value
            self.items.move_to_end(key)
            while len(self.items) > self.size:
                self.items.popitem(last=False)

    def clear(self) -> None:
        with self.lock:
            self.items.clear()


_compiled = _Kept(1_000)
_answers = _Kept(300)


def _tables() -> Tables:
    """The tables as views over the files of the newest manifest, made anew only when that lists others."""
    folder = facts.folder()
    manifest = _manifest(folder)
    place = (os.getpid(), str(folder))
    if _local.place != place:
        _local.backend = ibis.duckdb.from_connection(_root(folder).cursor())
        _local.place, _local.views, _local.tables = place, {}, None
    wanted = {spec.name: columns.select(folder, manifest, spec) for spec in SPECS}
    for name, sql in wanted.items():
        if _local.views.get(name) != sql:
            _local.backend.con.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {sql}')
            _local.views[name] = sql
    if _local.tables is None:
        _local.tables = Tables(**{spec.name: _local.backend.table(spec.name) for spec in SPECS})
    return _local.tables


def _manifest(folder: Path) -> columns.Manifest:
    manifest = columns.read_manifest(folder)
    return manifest if manifest and manifest.store == facts.store() else columns.Manifest()


def _root(folder: Path) -> duckdb.DuckDBPyConnection:
    """The process's DuckDB for a folder: it may read there and nowhere else."""
    key = (os.getpid(), str(folder))
    with _lock:
        if key not in _roots:
            base = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "temp_directory": str(folder / "spill")})
            base.execute("SET TimeZone = 'UTC'")
            base.execute("SET parquet_metadata_cache = true")
            base.execute("SET allowed_directories = [" + "'" + str(folder).replace("'", "''") + "/']")
            base.execute("SET enable_external_access = false")
            _roots[key] = base
        return _roots[key]


def forget_answers() -> None:
    """Count everything anew: for whoever measures how long that takes."""
    _answers.clear()
