"""Where expressions run: Ibis on DuckDB over the files the manifest lists. Reads only.

    rows = engine.run(lambda t: t.messages.group_by("channel").agg(n=_.count()))

One DuckDB serves the process, within one limit of memory; each thread has its own connection to it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import ibis

from crowdalogue.relate import columns, facts
from crowdalogue.relate.rows import SPECS

Expression: TypeAlias = Any  # Ibis comes without types
MOST_ROWS = 10_000  # of any answer: whatever asks for more wants a page at a time
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
    views: dict[str, str]
    tables: Tables | None = None


_local = _Local()
_lock = threading.Lock()
_roots: dict[tuple[int, str], duckdb.DuckDBPyConnection] = {}


def run(build: Callable[[Tables], Expression], *, limit: int = MOST_ROWS) -> list[dict[str, Any]]:
    """Rows of the expression that `build` makes from the tables, at most `limit`.

    A file that vanished because this process slept for over a minute is not an error: the new list is read, once.
    """
    for attempt in (1, 2):
        try:
            expression = build(_tables())
            answer: list[dict[str, Any]] = _local.backend.to_pyarrow(expression.limit(limit)).to_pylist()
            return answer
        except duckdb.IOException:
            _local.views.clear()
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


def one(build: Callable[[Tables], Expression]) -> dict[str, Any]:
    """The single row of an aggregation."""
    return run(build, limit=1)[0]


def _tables() -> Tables:
    """The tables as views over the files of the newest manifest, made anew only when that lists others."""
    folder = facts.folder()
    manifest = columns.read_manifest(folder)
    if manifest is None or manifest.store != facts.store():
        manifest = columns.Manifest()
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
