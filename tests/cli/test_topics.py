"""topics: through the real command, without a store."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crowdalogue.cli.topics import topics
from tests.cli.conftest import Done, call, refusal

ABOUT = {
    "parcel": "where is my {} parcel|the {} parcel never came|my {} parcel is late|parcel with {} not delivered",
    "password": "I forgot my {} password|password for {} does not work|reset the {} password|new {} password please",
    "refund": "refund for the {}|I want a {} refund|the {} refund has not arrived|how long does a {} refund take",
}
THINGS = ("blue", "red", "green", "big", "small", "old", "new", "Monday", "Friday", "Sunday", "May", "June", "April")


def rows() -> list[tuple[str, str]]:
    made = [
        (kind, form.format(thing)) for kind, forms in ABOUT.items() for form in forms.split("|") for thing in THINGS
    ]
    random.Random(4).shuffle(made)
    return made


def write(path: Path, header: list[str], lines: list[list[str]]) -> Path:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *lines])
    return path


def objects(done: Done) -> list[dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_row_has_a_topic(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    said = rows()
    file = write(tmp_path / "m.csv", ["id", "text"], [[f"m-{i}", text] for i, (_, text) in enumerate(said)])
    found = objects(crowdalogue("topics", file, "--json", "--hierarchy"))
    assert [r["id"] for r in found] == [f"m-{i}" for i in range(len(said))]
    kinds = {r["topic"]: {k for (k, _), o in zip(said, found, strict=True) if o["topic"] == r["topic"]} for r in found}
    assert sum(len(k) == 1 for k in kinds.values()) >= 0.8 * len(kinds)
    assert len({r["name"] for r in found}) == len(kinds)
    assert {"group", "group_name"} <= set(found[0])


def test_order_of_rows_does_not_matter(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    said = [text for _, text in rows()]
    one = objects(crowdalogue("topics", write(tmp_path / "a.csv", ["text"], [[t] for t in said]), "--json"))
    other = objects(crowdalogue("topics", write(tmp_path / "b.csv", ["text"], [[t] for t in said[::-1]]), "--json"))
    assert [r["id"] for r in one] == list(range(1, len(said) + 1))
    assert [r["name"] for r in one] == [r["name"] for r in other[::-1]]


@pytest.fixture
def alone() -> Callable[..., Result]:
    """The command in this process: the real one, without the seconds that a new process takes."""
    return lambda *words: CliRunner().invoke(topics, [str(w) for w in words])


@pytest.mark.parametrize(
    ("texts", "remark"),
    [
        ([], "no rows"),
        (["hello"], "Only 1 different messages"),
        (["", ""], '2 of 2 rows have no text. They make the topic "no words"'),
        ([f"message {'abcdefghij'[i]} of ten" for i in range(10)], "Only 10 different messages"),
        (["same"] * 1_000, "Only 1 different messages"),
        (["long words " * 10_000] * 3, "Only 1 different messages"),
    ],
)
def test_next_to_nothing(alone: Callable[..., Result], tmp_path: Path, texts: list[str], remark: str) -> None:
    file = write(tmp_path / "m.csv", ["text", "other"], [[text, "-"] for text in texts])
    done = alone(file, "--json")
    assert done.exit_code == 0 and len(done.stdout.splitlines()) == len(texts)
    assert remark in done.stderr
    assert alone(file).exit_code == 0


def test_ten_odd_messages(alone: Callable[..., Result], tmp_path: Path) -> None:
    """Nothing, blanks, one emoji, 200,000 characters, five languages."""
    odd = ["", "  ", "🙂", "parcel late " * 17_000, "Where is my parcel?", "My parcel never came"]
    odd += ["¿Dónde está mi paquete?", "Wo ist mein Paket?", "Var är mitt paket?", "Où est mon colis ?"]
    done = alone(write(tmp_path / "m.csv", ["text"], [[text] for text in odd]), "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    names = [row["name"] for row in found]
    assert names[:3] == ["no words", "no words", "🙂"]
    assert "parcel" in names[3] and names[3] == names[4] == names[5]
    assert "no words" not in names[3:] and names[2] not in names[3:]
    assert "Only 9 different messages" in done.stderr and "2 of 10 rows have no text" in done.stderr


def test_the_topics_of_the_store(fresh_environment: dict[str, str]) -> None:
    def crowdalogue(*words: str) -> Done:
        return call(fresh_environment, *words)

    assert "There are no topics yet" in refusal(crowdalogue("topics"))
    empty = json.loads(crowdalogue("topics", "--json").stdout)
    assert empty == {"found_at": None, "messages": 0, "topics": []}
    code = (
        "import django; django.setup(); from crowdalogue.models import Topic;"
        "kept = Topic.objects.create(name='late, parcel', own_name='Late', words=[['late', 3.0, 2]], messages_count=2,"
        " group='parcel', centroid=b'');"
        "Topic.objects.create(name='parcels', state='retired', merged_into=kept, centroid=b'')"
    )
    environment = {**fresh_environment, "DJANGO_SETTINGS_MODULE": "crowdalogue.settings"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, timeout=150).returncode == 0
    (late,) = json.loads(crowdalogue("topics", "--json").stdout)["topics"]
    assert (late["topic"], late["customers_words"], late["words"], late["messages"]) == (
        *("Late", "late, parcel", ["late"], 2),
    )
    listed = crowdalogue("topics", "--resting").stdout
    assert "Late" in listed and f"merged into {late['id']}" in listed


def test_refusals(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", ["words"], [["hello"]])
    assert "has no column text" in refusal(crowdalogue("topics", file))
    (tmp_path / "l.csv").write_bytes("text\nschön\n".encode("latin-1"))
    assert "UTF-8" in refusal(crowdalogue("topics", tmp_path / "l.csv"))
