"""Rows as columns: immutable Parquet files and one manifest that lists which of them to read.

A table is a few *base* parts, sorted by key and disjoint, and newer *delta* parts. A delta says "these keys
now look like this" (or are gone), and the newest version of a key wins. Nothing is ever changed in place:

- a part is written under a new name, brought to disk, and only then named in the manifest;
- the manifest is replaced by rename, so a reader sees the old list or the new one, never a mixture;
- a part that left the list stays on disk for a minute, for those still reading it.

A crash at any moment therefore leaves the last manifest and perhaps a file nobody lists, which is swept away.
One writer at a time holds an advisory lock that the system releases when its process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
import uuid
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FORMAT = 8  # of the files and the manifest; another number means: build again
TARGET_ROWS = 250_000  # of a base part: what one rewrite holds in memory
ROW_GROUP = 125_000
MAX_DELTAS = 12  # then they are merged into one
MAX_DELTA_ROWS = 60_000  # then they are folded into the base
SMALL_DELTA_ROWS = 2_000  # or, of a small table, sooner: from these on, at a tenth of the base
KEEP_RETIRED_S = 60.0


class Busy(Exception):
    """Another process or thread is writing the columns just now."""


@dataclass(frozen=True)
class Spec:
    """A table: its columns, and the one that says which rows replace which."""

    name: str
    key: str
    schema: pa.Schema

    @property
    def delta_schema(self) -> pa.Schema:
        return self.schema.append(pa.field("version", pa.int64())).append(pa.field("deleted", pa.bool_()))


@dataclass(frozen=True)
class Part:
    """One file. `low` and `high` are its smallest and largest key; `stale`: a delta replaces some of its rows."""

    file: str
    rows: int
    low: int
    high: int
    stale: bool = False


@dataclass
class Table:
    base: list[Part] = field(default_factory=list)
    delta: list[Part] = field(default_factory=list)


@dataclass
class Manifest:
    """What to read, and how far the writer has come (`marks`). `version` grows with every change."""

    store: str = ""
    version: int = 0
    as_of: str = ""  # ISO time up to which everything is in; empty until first built
    tables: dict[str, Table] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)  # what the numbers in columns of words stand for, from 1
    marks: dict[str, Any] = field(default_factory=dict)
    retired: list[tuple[str, float]] = field(default_factory=list)

    def table(self, name: str) -> Table:
        return self.tables.setdefault(name, Table())

    def files(self) -> set[str]:
        listed = {p.file for t in self.tables.values() for p in (*t.base, *t.delta)}
        return listed | {name for name, _ in self.retired}


def read_manifest(folder: Path) -> Manifest | None:
    """The current manifest, or None where there is none or it is of another format."""
    try:
        given = json.loads((folder / "manifest.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    if given.get("format") != FORMAT:
        return None
    tables = {
        name: Table([Part(**p) for p in t["base"]], [Part(**p) for p in t["delta"]])
        for name, t in given["tables"].items()
    }
    retired = [(name, at) for name, at in given["retired"]]
    return Manifest(given["store"], given["version"], given["as_of"], tables, given["words"], given["marks"], retired)


@contextmanager
def writing(folder: Path) -> Iterator[Writer]:
    """The right to write, for the length of a `with`. Raises Busy at once if somebody else has it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy from None
        yield Writer(folder)
    finally:
        os.close(descriptor)


class Writer:
    """Adds parts and replaces the manifest. Only `writing` makes one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # --- files

    def write(self, spec: Spec, rows: pa.Table) -> Part:
        """Bring rows to disk as a new part. It counts only once a committed manifest lists it."""
        keys = rows[spec.key].to_numpy()
        name = f"{spec.name}-{uuid.uuid4().hex}.parquet"
        path = self.folder / name
        with path.open("wb") as file:
            pq.write_table(rows, file, row_group_size=ROW_GROUP, compression="zstd", compression_level=1)
            file.flush()
            os.fsync(file.fileno())
        return Part(name, len(keys), int(keys.min()), int(keys.max()))

    def commit(self, manifest: Manifest) -> None:
        """Make the manifest the one everybody reads."""
        manifest.version += 1
        content = json.dumps({"format": FORMAT, **asdict(manifest)}).encode()
        temporary = self.folder / "manifest.new"
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.folder / "manifest.json")
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sweep(self, manifest: Manifest, *, now: float | None = None) -> int:
        """Delete what left the list a minute ago, and what a crash left behind. Returns how many files went."""
        now = time.time() if now is None else now
        old = {name for name, at in manifest.retired if now - at >= KEEP_RETIRED_S}
        keep = manifest.files() - old
        gone = 0
        for path in self.folder.glob("*.parquet"):
            if path.name in keep:
                continue
            if path.name in old or now - path.stat().st_mtime >= KEEP_RETIRED_S:
                path.unlink(missing_ok=True)
                gone += 1
        manifest.retired = [(name, at) for name, at in manifest.retired if name not in old]
        return gone

    # --- tables

    def add_base(self, manifest: Manifest, spec: Spec, rows: pa.Table) -> None:
        """Rows whose keys lie above every key so far, as when a table is first built."""
        if len(rows):
            manifest.table(spec.name).base.append(self.write(spec, rows))

    def add_delta(self, manifest: Manifest, spec: Spec, rows: pa.Table, gone: list[int]) -> None:
        """What some keys now look like; every earlier row of these keys, and of those `gone`, no longer counts."""
        table = manifest.table(spec.name)
        delta = _as_delta(spec, rows, gone, manifest.version + 1)
        if not len(delta):
            return
        table.delta.append(self.write(spec, delta))
        keys = np.unique(delta[spec.key].to_numpy())
        table.base = [_marked(part, keys) for part in table.base]

    def settle(self, manifest: Manifest, spec: Spec) -> bool:
        """Keep reading quick: merge many deltas into one, or fold them into the base. True if anything was done."""
        table = manifest.table(spec.name)
        rows = sum(part.rows for part in table.delta)
        if rows > min(MAX_DELTA_ROWS, max(SMALL_DELTA_ROWS, sum(part.rows for part in table.base) // 10)):
            self.fold(manifest, spec)
        elif len(table.delta) > MAX_DELTAS:
            merged = _newest(spec, self._load(spec, table.delta))
            self._retire(manifest, table.delta)
            table.delta = [self.write(spec, merged)]
        else:
            return False
        return True

    def fold(self, manifest: Manifest, spec: Spec) -> None:
        """Rewrite the base parts that deltas touch, one at a time, and append what is new."""
        table = manifest.table(spec.name)
        if not table.delta:
            return
        newest = _newest(spec, self._load(spec, table.delta))
        owners = _owners(table.base, newest[spec.key].to_numpy())
        base: list[Part] = []
        for index, part in enumerate(table.base):
            mine = newest.filter(pa.array(owners == index))
            base += self._rewritten(manifest, spec, part, mine) if len(mine) else [replace(part, stale=False)]
        base += self._fresh(spec, newest.filter(pa.array(owners == len(table.base))))
        self._retire(manifest, table.delta)
        table.base, table.delta = base, []

    def _rewritten(self, manifest: Manifest, spec: Spec, part: Part, newer: pa.Table) -> list[Part]:
        old = pq.read_table(self.folder / part.file, schema=spec.schema)
        keep = ~np.isin(old[spec.key].to_numpy(), newer[spec.key].to_numpy())
        rows = pa.concat_tables([old.filter(pa.array(keep)), _alive(spec, newer)])
        self._retire(manifest, [part])
        return self._cut(spec, rows)

    def _fresh(self, spec: Spec, newer: pa.Table) -> list[Part]:
        return self._cut(spec, _alive(spec, newer))

    def _cut(self, spec: Spec, rows: pa.Table) -> list[Part]:
        """Sorted parts of at most about TARGET_ROWS, never two with the same key."""
        rows = rows.sort_by(spec.key).combine_chunks()
        keys = rows[spec.key].to_numpy()
        parts, start = [], 0
        while start < len(keys):
            end = min(start + TARGET_ROWS, len(keys))
            if end < len(keys):
                end = int(np.searchsorted(keys, keys[end - 1], side="right"))
            parts.append(self.write(spec, rows.slice(start, end - start)))
            start = end
        return parts

    def _load(self, spec: Spec, parts: list[Part]) -> pa.Table:
        return pa.concat_tables([pq.read_table(self.folder / p.file, schema=spec.delta_schema) for p in parts])

    def _retire(self, manifest: Manifest, parts: list[Part]) -> None:
        now = time.time()
        manifest.retired += [(part.file, now) for part in parts]


def _as_delta(spec: Spec, rows: pa.Table, gone: list[int], version: int) -> pa.Table:
    n = len(rows)
    kept = rows.append_column("version", pa.array(np.full(n, version))).append_column("deleted", pa.array([False] * n))
    if not gone:
        return kept.cast(spec.delta_schema)
    columns = {name: pa.nulls(len(gone), spec.schema.field(name).type) for name in spec.schema.names}
    columns[spec.key] = pa.array(gone, pa.int64())
    columns["version"] = pa.array(np.full(len(gone), version))
    columns["deleted"] = pa.array([True] * len(gone))
    return pa.concat_tables([kept.cast(spec.delta_schema), pa.table(columns, schema=spec.delta_schema)])


def _marked(part: Part, keys: Any) -> Part:
    if part.stale:
        return part
    at = int(np.searchsorted(keys, part.low))
    return replace(part, stale=True) if at < len(keys) and keys[at] <= part.high else part


def _newest(spec: Spec, delta: pa.Table) -> pa.Table:
    """Of every key only the rows of its newest version, the gone ones included."""
    keys = delta[spec.key].to_numpy()
    versions = delta["version"].to_numpy()
    _, place = np.unique(keys, return_inverse=True)
    top = np.zeros(int(place.max()) + 1, dtype=np.int64)
    np.maximum.at(top, place, versions)
    return delta.filter(pa.array(versions == top[place]))


def _alive(spec: Spec, delta: pa.Table) -> pa.Table:
    deleted = delta["deleted"].to_numpy()
    return delta.filter(pa.array(~deleted)).select(spec.schema.names).cast(spec.schema)


def _owners(base: list[Part], keys: Any) -> Any:
    """Index of the base part that takes each key: the last that begins at or below it, the first for smaller ones.
    Keys above a full last part get len(base): they begin a new one."""
    if not base:
        return np.zeros(len(keys), dtype=np.int64)
    lows = [part.low for part in base]
    owners = np.maximum(np.array([bisect_right(lows, int(k)) - 1 for k in keys], dtype=np.int64), 0)
    if base[-1].rows >= TARGET_ROWS * 3 // 4:
        owners[keys > base[-1].high] = len(base)
    return owners


SQL_TYPES = {
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.int16(): "SMALLINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.string(): "VARCHAR",
    pa.timestamp("us", "UTC"): "TIMESTAMPTZ",
    pa.list_(pa.int64()): "BIGINT[]",
}


def select(folder: Path, manifest: Manifest, spec: Spec) -> str:
    """SQL (DuckDB) for the rows that count, over the manifest's files only.

    Base parts that no delta touches are read as they are, so the price of late changes does not grow with the table.
    """
    table = manifest.table(spec.name)
    columns = ", ".join(f'"{name}"' for name in spec.schema.names)
    deltas = _files(folder, table.delta)
    pieces = []
    if whole := [p for p in table.base if not p.stale]:
        pieces.append(f"SELECT {columns} FROM read_parquet({_files(folder, whole)})")  # noqa: S608 - our own names
    if stale := [p for p in table.base if p.stale]:
        pieces.append(
            f"SELECT {columns} FROM read_parquet({_files(folder, stale)}) AS b ANTI JOIN "  # noqa: S608
            f'(SELECT "{spec.key}" AS k FROM read_parquet({deltas})) AS d ON b."{spec.key}" = d.k'
        )
    if len(table.delta) == 1:
        pieces.append(f"SELECT {columns} FROM read_parquet({deltas}) WHERE NOT deleted")  # noqa: S608
    elif table.delta:
        pieces.append(
            f"SELECT {columns} FROM (SELECT *, rank() OVER "  # noqa: S608
            f'(PARTITION BY "{spec.key}" ORDER BY version DESC) AS newest_first FROM read_parquet({deltas})) '
            "WHERE newest_first = 1 AND NOT deleted"
        )
    return " UNION ALL ".join(pieces) or _nothing(spec)


def _files(folder: Path, parts: list[Part]) -> str:
    names = (str(folder / part.file).replace("'", "''") for part in parts)
    return "[" + ", ".join(f"'{name}'" for name in names) + "]"


def _nothing(spec: Spec) -> str:
    typed = ", ".join(f'CAST(NULL AS {SQL_TYPES[f.type]}) AS "{f.name}"' for f in spec.schema)
    return f"SELECT {typed} WHERE false"
