"""Questions over the newest list of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ibis import _

from crowdalogue.relate import columns, engine, facts
from tests.relate.seen import shown

pytestmark = pytest.mark.django_db


def test_nothing_at_all_is_an_answer_too(db: None) -> None:
    assert facts.as_of() is None
    assert engine.one(lambda t: t.messages.agg(n=_.count())) == {"n": 0}
    facts.refresh()
    assert facts.as_of() is not None
    assert shown() == {}


def test_a_reader_that_slept_too_long_reads_the_new_list(make: Any, own_columns: Path) -> None:
    make.message()
    facts.refresh()
    assert len(shown()) == 1
    manifest = columns.read_manifest(own_columns)
    assert manifest is not None
    # The files go while the reader still holds the old list.
    (part,) = manifest.table("messages").base
    (own_columns / part.file).rename(own_columns / "messages-moved.parquet")
    moved = columns.replace(part, file="messages-moved.parquet")
    manifest.table("messages").base = [moved]
    real, calls = columns.read_manifest, []

    def stale_then_new(folder: Path) -> Any:
        calls.append(folder)
        if len(calls) == 2:
            with columns.writing(folder) as writer:
                writer.commit(manifest)
        return real(folder)

    columns.read_manifest = stale_then_new  # type: ignore[assignment]
    try:
        assert len(engine.run(lambda t: t.messages)) == 1
    finally:
        columns.read_manifest = real
    assert len(calls) == 2


def test_what_was_asked_before_is_counted_anew_when_a_row_changes(make: Any) -> None:
    make.message()
    facts.refresh()

    def ask() -> int:
        return int(engine.run(lambda t: t.messages.agg(n=_.count()), key="n")[0]["n"])

    assert ask() == 1 and ask() == 1
    make.message()
    assert ask() == 1, "not counted yet"
    facts.refresh()
    assert ask() == 2


def test_no_answer_is_without_end(make: Any) -> None:
    for _n in range(4):
        make.message()
    facts.refresh()
    assert len(engine.run(lambda t: t.messages, limit=3)) == 3


def test_it_reads_its_own_folder_and_nothing_else(make: Any, tmp_path: Path) -> None:
    make.message()
    facts.refresh()
    shown()
    elsewhere = tmp_path / "secret.csv"
    elsewhere.write_text("a\n1\n")
    with pytest.raises(Exception, match=r"(?i)permission|disabled"):
        engine._local.backend.con.sql(f"SELECT * FROM read_csv('{elsewhere}')").fetchall()
