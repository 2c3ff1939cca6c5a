import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.quality import evaluate
from crowdalogue.analyze.steps import duplicate

TEXT = "The lift at Central has been out of order for three weeks and nobody tells us when it will be repaired"


def _groups(*texts: str) -> list[str]:
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    duplicate.run(documents)
    return [d.findings["duplicate"].label for d in documents]


@pytest.mark.parametrize(
    "copy",
    [
        TEXT.upper() + "!!!",
        "RT @commuter: " + TEXT,
        TEXT + " https://example.com/123",
        "@CityTram " + TEXT,
        TEXT.replace("nobody", "noone"),
        TEXT.replace("three weeks", "3 weeks"),
        "  ".join(TEXT.split()) + " 😡",
    ],
)
def test_copies_with_small_edits_are_one_group(copy: str) -> None:
    first, second = _groups(TEXT, copy)
    assert first == second
    assert duplicate.copies(TEXT, copy)


def test_other_texts_about_the_same_are_not() -> None:
    other = "For three weeks now the lift at Central does not work. When will somebody repair it?"
    assert len(set(_groups(TEXT, other))) == 2
    assert not duplicate.copies(TEXT, other)


def test_short_answers_are_nobodys_copies() -> None:
    assert len(set(_groups("thank you!", "Thank you", "", "", "ok"))) == 5
    document = Document("1", "thank you!")
    duplicate.run([document])
    assert document.signature == ()
    assert not duplicate.copies("thank you!", "Thank you")


def test_the_group_names_its_first_and_its_size() -> None:
    documents = [
        Document(str(i), t) for i, t in enumerate([TEXT, "something else entirely, about bread and butter", TEXT])
    ]
    duplicate.run(documents)
    finding = documents[2].findings["duplicate"]
    assert finding.extra == {"of": "0", "size": 2}
    assert finding.value == 1.0
    assert documents[1].findings["duplicate"].extra == {"of": "1", "size": 1}


def test_copies_in_different_batches_share_a_key() -> None:
    one, other = Document("1", TEXT), Document("2", TEXT.replace("nobody", "noone") + " @CityTram")
    duplicate.run([one, Document("3", "the quick brown fox jumps over the lazy dog again")])
    duplicate.run([Document("4", "a completely different message about a hotel room"), other])
    assert set(one.signature) & set(other.signature)


def test_a_key_depends_on_the_text_alone() -> None:
    alone, among = Document("1", TEXT), Document("2", TEXT)
    duplicate.run([alone])
    duplicate.run(
        [Document(str(i), f"message number {i} about matter {i * 7} of the day") for i in range(50)] + [among]
    )
    assert alone.signature == among.signature


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_similarity_is_symmetric_and_one_for_the_same(one: str, other: str) -> None:
    assert duplicate.similarity(one, other) == duplicate.similarity(other, one)
    assert duplicate.similarity(one, one) in (0.0, 1.0)


def test_precision_and_recall_on_edited_examples() -> None:
    scored = evaluate("duplicate")
    assert scored["precision"] >= 0.99
    assert scored["recall"] >= 0.93
