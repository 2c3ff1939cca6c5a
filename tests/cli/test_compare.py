"""`crowdalogue compare` as a command of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Done, last_json, refusal


def test_compare_two_channels_of_an_imported_file(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    rows = [
        {"id": f"cmp-{kind}-{n}", "channel": kind, "author": f"{kind}{n}@example.com", "text": f"{text} {n}"}
        for n in range(25)
        for kind, text in (("sms", "battery dies"), ("discord", "lovely colour"))
    ]
    file = tmp_path / "two.jsonl"
    file.write_text("\n".join(json.dumps({**row, "sent_at": "2026-03-02T10:00:00Z"}) for row in rows))
    done = crowdalogue("import", file, "--json")
    assert done.returncode == 0, done.stderr
    found = last_json(crowdalogue("compare", "channel=sms", "channel=discord", "--json"))
    assert (found["one"]["authors"], found["two"]["authors"]) == (25, 25)
    words = {row["value"]: row for row in found["rows"] if row["stands"]}
    assert words["battery dies"]["k1"] == 25 and words["battery dies"]["k2"] == 0
    told = crowdalogue("compare", "channel=sms", "channel=discord")
    assert told.returncode == 0 and "battery dies" in told.stdout and "differences stand" in told.stdout
    assert "Too few to say" in crowdalogue("compare", "channel=nothing", "").stdout


def test_a_wrong_filter_is_said_in_a_line(crowdalogue: Callable[..., Done]) -> None:
    assert "Period cannot be" in refusal(crowdalogue("compare", "period=soon", ""))
