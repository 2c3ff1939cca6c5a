"""What commands print."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from crowdalogue.cli.output import Progress, as_json, cell, duration, print_table


def test_json_is_one_line() -> None:
    line = as_json({"at": datetime(2026, 3, 1, tzinfo=UTC), "text": "a\nü"})
    assert "\n" not in line
    assert json.loads(line) == {"at": "2026-03-01T00:00:00+00:00", "text": "a\nü"}


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"brand": "A", "n_in": 1200}, {"brand": "Bee", "n_in": None}])
    assert capsys.readouterr().out.splitlines() == ["brand   n in", "A      1,200", "Bee        –"]
    print_table([])
    assert "Nothing" in capsys.readouterr().out


def test_cells() -> None:
    assert [cell(v) for v in (None, True, 1.5, 2.0, 1234, "x", [1])] == ["–", "yes", "1.5", "2", "1,234", "x", "[1]"]


def test_durations() -> None:
    assert [duration(s) for s in (5, 200, 7500)] == ["5 s", "3 min", "2 h 5 min"]


def test_no_progress_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("rows")
    progress(1, 2)
    progress.end()
    assert capsys.readouterr().err == ""


def test_progress_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    progress = Progress("rows")
    progress(1000, 5000)
    progress(5000, 5000)
    progress.end()
    assert "1,000 of about 5,000 rows" in capsys.readouterr().err
