"""Messages out of the store: every one once, what a spreadsheet must not run neutralised."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.errors import Failure
from crowdalogue.listen import exports
from crowdalogue.models import Account, Conversation, User


@pytest.fixture
def filed(account: Callable[..., Account], helper: User) -> Conversation:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    items = [
        Incoming("1", Author("ada@example.com", "Ada"), "=SUM(A1)", sent_at=at, threads=("t",), extra={"n": 1}),
        Incoming("2", Author("us", ours=True, brand="Northwind"), "Hi 👩‍🚀", sent_at=at.replace(day=2), threads=("t",)),
    ]
    flow.file(account("x"), items)
    row = Conversation.objects.get()
    flow.note(helper, row, "not for others", key="note-0001")
    return row


def test_rows(filed: Conversation) -> None:
    rows = list(exports.rows(exports.Choice()))
    assert [(r["id"], r["direction"], r["author"]) for r in rows] == [
        ("1", "in", "ada@example.com"),
        ("2", "out", "us"),
    ]
    assert [r["id"] for r in exports.rows(exports.Choice(since=datetime(2026, 3, 2, tzinfo=UTC)))] == ["2"]
    assert [r["id"] for r in exports.rows(exports.Choice(until=datetime(2026, 3, 2, tzinfo=UTC)))] == ["1"]
    assert list(exports.rows(exports.Choice(channel="email"))) == []
    assert len(list(exports.rows(exports.Choice(brand="Northwind")))) == 2


def test_files(filed: Conversation, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    for ending in ("csv", "jsonl", "parquet"):
        assert exports.write(tmp_path / f"out.{ending}", exports.Choice()) == 2
    with (tmp_path / "out.csv").open(newline="") as stream:
        assert next(csv.DictReader(stream))["text"] == "'=SUM(A1)"
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert lines[0]["extra"] == {"n": 1}
    assert pq.read_table(tmp_path / "out.parquet").column("text").to_pylist() == ["=SUM(A1)", "Hi 👩‍🚀"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.csv", "out.jsonl", "out.parquet"]


def test_an_unknown_ending_is_refused(db: None, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="ending"):
        exports.write(tmp_path / "out.xml", exports.Choice())
    assert list(tmp_path.iterdir()) == []
