"""Messages, conversations and waits as columns, kept a few seconds behind the store by the worker.

`refresh` is called every few seconds. It first builds everything in steps that are saved, then follows
what changed: messages by their `changed_at`, conversations by their messages and by what was announced about
them, and now and then it counts a stretch of rows to find what was deleted. Texts are never copied here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from django.conf import settings
from django.db import connection
from django.db.models import Q

from crowdalogue.models import Conversation, LiveEvent, Message
from crowdalogue.relate.columns import (
    TARGET_ROWS,
    Busy,
    Manifest,
    Spec,
    Writer,
    read_manifest,
    select,
    writing,
)
from crowdalogue.relate.rows import CONVERSATIONS, MESSAGES, SPECS, WAITS, Words, fetch, fetch_these, fetch_waits

BATCH = 50_000
# A row may be committed this long after the time it carries, so the last half minute is looked at again each time.
OVERLAP = timedelta(seconds=30)


@dataclass(frozen=True)
class Refreshed:
    """What one call did. `done` is False while there is more to do, or somebody else is at it (`busy`)."""

    rows: int = 0
    done: bool = False
    busy: bool = False
    seconds: float = 0.0


def folder() -> Path:
    return Path(settings.HOME) / "columns"


def as_of() -> datetime | None:
    """Up to when everything is in the columns; None before they are first built."""
    manifest = read_manifest(folder())
    if manifest is None or not manifest.as_of or manifest.store != store():
        return None
    return datetime.fromisoformat(manifest.as_of)


def refresh(budget_s: float = 5.0, *, thorough: bool = False) -> Refreshed:
    """Bring the columns up to date, stopping after about `budget_s` seconds at a point it goes on from.

    `thorough` looks for deleted rows everywhere, not only in the stretch whose turn it is.
    Safe to call from anywhere at any time: only one caller works, the others return at once with `busy`.
    """
    began = time.monotonic()
    try:
        with writing(folder()) as writer:
            run = _Run(writer, began + budget_s)
            done = run.everything(thorough)
            return Refreshed(run.rows, done, False, time.monotonic() - began)
    except Busy:
        return Refreshed(busy=True)


def catch_up(within_s: float) -> bool:
    """Bring in everything committed before this call, or wait for whoever is at it. False if time ran out."""
    asked, until = datetime.now(UTC), time.monotonic() + within_s
    while (left := until - time.monotonic()) > 0:
        if refresh(left).done:
            return True
        if (fresh := as_of()) and fresh >= asked:
            return True
        time.sleep(min(0.2, left))
    return False


def rebuild() -> Refreshed:
    """Forget the columns and build them anew from the store, however long it takes."""
    try:
        with writing(folder()) as writer:
            manifest = read_manifest(folder()) or Manifest()
            writer.commit(_begin(manifest))
    except Busy:
        return Refreshed(busy=True)
    return refresh(budget_s=float("inf"))


def store() -> str:
    """Which store the columns were made from; another one has other rows under the same numbers."""
    s = connection.settings_dict
    return "|".join(str(s[k]) for k in ("ENGINE", "NAME", "HOST", "PORT"))


def _begin(old: Manifest) -> Manifest:
    now = datetime.now(UTC)
    retired = [*old.retired]
    for table in old.tables.values():
        retired += [(part.file, time.time()) for part in (*table.base, *table.delta)]
    marks = {"messages": 0, "conversations": 0, "since": (now - OVERLAP).isoformat(), "building": True}
    return Manifest(store=store(), version=old.version, words=old.words, marks=marks, retired=retired)


# What was seen in the overlap, so that it is not written again and again. Losing it costs one repeated write.
_seen: dict[str, dict[int, datetime]] = {}
_turn: dict[str, int] = {}
_looked: dict[str, float] = {}  # when deleted rows were last looked for, by folder
LOOK_EVERY_S = 15.0


class _Run:
    """One call of `refresh`, while it holds the lock."""

    def __init__(self, writer: Writer, until: float) -> None:
        self.writer = writer
        self.until = until
        self.rows = 0
        self.noticed: dict[int, datetime] = {}
        manifest = read_manifest(writer.folder)
        self.manifest = manifest if manifest and manifest.store == store() else _begin(manifest or Manifest())
        self.words = Words(self.manifest.words)

    def everything(self, thorough: bool) -> bool:
        marks = self.manifest.marks
        if marks.get("building"):
            if not (self.build(CONVERSATIONS) and self.build(MESSAGES)):
                return False
            marks["building"] = False
        done = self.follow()
        looked = _looked.get(str(self.writer.folder), 0.0)
        if done and (thorough or time.monotonic() - looked > LOOK_EVERY_S):
            self.look_for_deleted(thorough)
            _looked[str(self.writer.folder)] = time.monotonic()
        self.tidy()
        return done

    def commit(self) -> None:
        """Save the list; only then does what is in it count as seen to."""
        self.writer.commit(self.manifest)
        self.seen().update(self.noticed)
        self.noticed.clear()

    def seen(self) -> dict[int, datetime]:
        return _seen.setdefault(str(self.writer.folder) + self.manifest.store, {})

    def late(self) -> bool:
        return time.monotonic() >= self.until

    # --- first build: by number, in parts that are saved one by one

    def build(self, spec: Spec) -> bool:
        tables: list[pa.Table] = []
        waits: list[pa.Table] = []
        while True:
            after = self.manifest.marks[spec.name]
            rows = fetch(spec, Q(id__gt=after), self.words, limit=BATCH)
            if len(rows):
                tables.append(rows)
                highest = rows["id"][-1].as_py()
                if spec is CONVERSATIONS:
                    waits.append(fetch_waits(Q(conversation_id__gt=after, conversation_id__lte=highest), self.words))
                self.manifest.marks[spec.name] = highest
            finished = len(rows) < BATCH
            if finished or self.late() or sum(map(len, tables)) >= TARGET_ROWS:
                self._save_base(spec, tables, waits)
                tables, waits = [], []
            if finished or self.late():
                return finished

    def _save_base(self, spec: Spec, tables: list[pa.Table], waits: list[pa.Table]) -> None:
        if not tables:
            return
        rows = pa.concat_tables(tables)
        self.writer.add_base(self.manifest, spec, rows)
        if waits:
            self.writer.add_base(self.manifest, WAITS, pa.concat_tables(waits))
        self.rows += len(rows)
        self.commit()

    # --- afterwards: what changed

    def follow(self) -> bool:
        """Write what changed since the mark. True once nothing is left."""
        marks = self.manifest.marks
        seen = self.seen()
        now = datetime.now(UTC)
        since = datetime.fromisoformat(marks["since"])
        announced = self._announced(seen, since)
        for ids in _changed_messages(since - OVERLAP, seen):
            rows = fetch_these(MESSAGES, [i for i, _ in ids], self.words)
            self._write(MESSAGES, rows, [])
            self._write_conversations(np.unique(rows["conversation"].to_numpy()).tolist())
            self.noticed.update(ids)
            marks["since"] = max(since, ids[-1][1]).isoformat()
            self.commit()
            if self.late():
                return False
        for start in range(0, len(announced), 5_000):
            self._write_conversations(announced[start : start + 5_000])
        newest = max((datetime.fromisoformat(marks["since"]), now - timedelta(seconds=1)))
        marks["since"] = min(newest, now).isoformat()
        for key in [k for k, at in seen.items() if at < newest - 2 * OVERLAP]:
            del seen[key]
        self.manifest.as_of = now.isoformat()
        return True

    def _announced(self, seen: dict[int, datetime], since: datetime) -> list[int]:
        """Conversations something was announced about (closed, tagged, given a brand), not yet seen to."""
        events = LiveEvent.objects.filter(kind="conversation", at__gte=since - OVERLAP).values_list(
            "id", "object_id", "at"
        )
        found: set[int] = set()
        for event, conversation, at in events.iterator(chunk_size=5_000):
            if -event not in seen:  # events share the memory of messages under negative numbers
                self.noticed[-event] = at
                found.add(conversation)
        return sorted(found)

    def _write(self, spec: Spec, rows: pa.Table, gone: list[int]) -> None:
        if len(rows) or gone:
            self.writer.add_delta(self.manifest, spec, rows, gone)
            self.writer.settle(self.manifest, spec)
            self.rows += len(rows) + len(gone)

    def _write_conversations(self, ids: list[int]) -> None:
        """Conversations with their waits; a conversation that is gone, or waits no more, takes its rows along."""
        if not ids:
            return
        rows = fetch_these(CONVERSATIONS, ids, self.words)
        self._write(CONVERSATIONS, rows, sorted(set(ids) - set(rows["id"].to_pylist())))
        waits = fetch_these(WAITS, ids, self.words)
        self._write(WAITS, waits, sorted(set(ids) - set(waits["conversation"].to_pylist())))

    # --- what was deleted leaves no trace in the store, so it is found by counting

    def look_for_deleted(self, thorough: bool) -> None:
        for spec in (MESSAGES, CONVERSATIONS):
            stretches = _stretches(self.manifest, spec)
            if not stretches:
                continue
            turn = _turn.get(spec.name, 0)
            _turn[spec.name] = turn + 1
            for low, high in stretches if thorough else [stretches[turn % len(stretches)]]:
                self._compare(spec, low, high)

    def _compare(self, spec: Spec, low: int, high: int) -> None:
        have = _keys(self.writer.folder, self.manifest, spec, low, high)
        model = Message if spec is MESSAGES else Conversation
        stretch = model.objects.filter(id__gte=low, id__lte=high)
        if stretch.count() == len(have):
            return
        there = np.fromiter(stretch.values_list("id", flat=True).iterator(chunk_size=20_000), dtype=np.int64)
        gone = np.setdiff1d(have, there).tolist()
        missing = np.setdiff1d(there, have).tolist()
        for start in range(0, len(missing), BATCH):
            some = missing[start : start + BATCH]
            if spec is MESSAGES:
                self._write(MESSAGES, fetch_these(MESSAGES, some, self.words), [])
            else:
                self._write_conversations(some)
        if gone:
            self._write(spec, spec.schema.empty_table(), gone)
            if spec is CONVERSATIONS:
                self._write(WAITS, WAITS.schema.empty_table(), gone)

    def tidy(self) -> None:
        for spec in SPECS:
            self.writer.settle(self.manifest, spec)
        # The list first, the files afterwards: a crash in between leaves files nobody lists.
        self.commit()
        if self.writer.sweep(self.manifest):
            self.commit()


def _changed_messages(after: datetime, seen: dict[int, datetime]) -> Iterator[list[tuple[int, datetime]]]:
    """Batches of (id, changed_at) in order of change, without those already seen to."""
    last = 0
    while True:
        page = list(
            Message.objects.filter(changed_at__gte=after)
            .filter(Q(changed_at__gt=after) | Q(id__gt=last))
            .order_by("changed_at", "id")
            .values_list("id", "changed_at")[:BATCH]
        )
        if fresh := [(i, at) for i, at in page if seen.get(i) != at]:
            yield fresh
        if len(page) < BATCH:
            return
        last, after = page[-1]


def _stretches(manifest: Manifest, spec: Spec) -> list[tuple[int, int]]:
    """Ranges of keys that together hold every row: one for each base part, one for what lies above."""
    table = manifest.table(spec.name)
    highs = [p.high for p in table.base]
    top = max([*highs, *(p.high for p in table.delta)], default=-1)
    if top < 0:
        return []
    ends = [*highs, top] if not highs or top > highs[-1] else highs
    return [(before + 1, end) for before, end in zip([-1, *ends[:-1]], ends, strict=True)]


def _keys(at: Path, manifest: Manifest, spec: Spec, low: int, high: int) -> Any:
    with duckdb.connect(config={"threads": 1}) as base:
        sql = f"SELECT id FROM ({select(at, manifest, spec)}) WHERE id BETWEEN {low} AND {high}"  # noqa: S608
        return base.execute(sql).fetchnumpy()["id"].astype(np.int64)
