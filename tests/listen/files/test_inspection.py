"""What is said of a file before anything is filed."""

from __future__ import annotations

from pathlib import Path

import pytest

from crowdalogue.listen.files.inspection import inspect
from crowdalogue.models import Import, Message

pytestmark = pytest.mark.django_db


def test_doubts_are_said_and_nothing_is_filed(tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    path.write_text("text,size\nhello there,4\n,5\n")
    look = inspect(path)
    said = " ".join(look.problems)
    assert look.sentence == "These look like messages."
    assert "They get the time of import" in said and "a person of its own" in said
    assert "1 of the first 2 rows cannot be filed" in said
    assert [row["text"] for row in look.preview] == ["hello there"]
    assert look.samples["size"] == ["4", "5"]
    assert not Message.objects.exists() and not Import.objects.exists()


def test_what_a_person_chose_overrules_what_was_recognised(tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    path.write_text("text,other\nhello there,the real words\n")
    look = inspect(path, mapping={"fields": {"text": "other"}, "channel": "forum"})
    assert look.preview[0]["text"] == "the real words" and look.preview[0]["channel"] == "forum"
    assert look.mapping["extras"] == {"text": "text"}
