"""What a message names and how that is felt, on messages that nothing was trained on."""

import csv
from pathlib import Path
from zlib import crc32

import pytest

from crowdalogue.analyze import training
from crowdalogue.analyze.document import Document
from crowdalogue.analyze.pipeline import read
from crowdalogue.analyze.steps import aspects
from crowdalogue.analyze.steps.cut import cut_text

LABELLED = [
    ("The receptionist was lovely, but the bathroom was filthy.", {"service": "positive", "place": "negative"}),
    ("Great price and fast delivery, thank you!", {"price": "positive", "delivery": "positive"}),
    ("You charged me twice and nobody sends the refund.", {"billing": "negative"}),
    ("The app keeps crashing when I log in, it is awful", {"app": "negative"}),
    ("Der Kellner war unfreundlich und das Essen kalt.", {"service": "negative", "quality": "negative"}),
    ("Le livreur a jeté mon colis par-dessus le portail, c'est une honte.", {"delivery": "negative"}),
    ("Is the blue one back in stock?", {"stock": "neutral"}),
]


@pytest.mark.parametrize(("text", "expected"), LABELLED)
def test_each_aspect_is_named_and_felt(text: str, expected: dict[str, str]) -> None:
    finding = read([Document("1", text)])[0].findings["aspects"]
    found = {one["aspect"]: one["polarity"] for one in finding.extra["named"]}
    assert found == expected
    assert finding.label == finding.extra["named"][0]["aspect"]
    assert all(0 <= start < end <= len(text) for start, end in finding.words)
    assert all(text[slice(*one["words"])] for one in finding.extra["named"])


def test_nothing_named_leaves_nothing() -> None:
    documents = [
        Document("1", "hello"),
        Document("2", ""),
        Document("3", "The price is too high", inbound=False),
        Document("4", "@RoomService hello"),
    ]
    assert not any("aspects" in d.findings for d in read(documents, embed=False))


def test_a_word_stands_in_one_list_only_and_lists_are_lower_case() -> None:
    known = [word for words in aspects.LISTS.values() for word in set(words)]
    assert sorted(known) == sorted(set(known)), {w for w in known if known.count(w) > 1}
    assert all(word == word.lower() for word in known)
    assert set(aspects.STEP.labels) == set(aspects.LISTS)


def test_a_clause_ends_where_the_thought_turns() -> None:
    text = "Lovely staff, but the pool was closed. We left."
    assert aspects.clause_of(text, (7, 12)) == "Lovely staff"
    assert aspects.clause_of(text, (22, 26)) == "the pool was closed"
    assert aspects.clause_of("pool", (0, 4)) == "pool"


def test_long_and_odd_texts_stay_bounded() -> None:
    texts = ["price " * 20_000, "😀", "\u202eprice", "\x00\x01 refund", "é" * 5000]
    documents = read([Document(str(i), text) for i, text in enumerate(texts)], embed=False)
    assert len(documents[0].findings["aspects"].words) <= aspects.MOST_SPANS
    assert [d.failed for d in documents] == [{}] * len(texts)


def test_our_labelled_aspects_stand_in_their_texts() -> None:
    for row in training.examples():
        for part in filter(None, row["aspects"].split("|")):
            aspect, polarity, words = part.split(":", 2)
            assert aspect in aspects.LISTS, row["id"]
            assert polarity in ("positive", "neutral", "negative"), row["id"]
            assert words in row["text"], row["id"]


def test_most_of_what_is_named_was_meant() -> None:
    # The lists were written with half of the businesses in view; these are the others (docs/models/aspects.md).
    right = told = 0
    for row in training.examples():
        if crc32(row["business"].encode()) % 2:
            meant = {part.split(":")[0] for part in row["aspects"].split("|") if part}
            found = {one.aspect for one in aspects.named(cut_text(row["text"]))}
            right, told = right + len(found & meant), told + len(found)
    assert told > 500
    assert right / told > 0.5


def test_the_columns_of_every_file_are_the_same() -> None:
    wanted = "id,text,language,channel,business,sentiment,intent,needs_answer,urgency,emotion,journey,toxicity,hearsay"
    for path in sorted(Path(training.EXAMPLES).glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            assert next(csv.reader(file)) == [*wanted.split(","), "aspects"], path.name
