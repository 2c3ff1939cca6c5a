from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.analyze.document import READ_CHARACTERS, Document
from crowdalogue.analyze.steps.cut import cut, cut_text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120))
def test_places_hold_for_the_text_as_it_was_written(text: str) -> None:
    found = cut_text(text)
    assert len(found.low) == len(text)
    assert len(found.words) == len(found.spans)
    for word, (start, end) in zip(found.words, found.spans, strict=True):
        assert found.low[start:end] == word
        assert word


def test_words_keep_their_apostrophe_and_lose_their_marks() -> None:
    assert cut_text("I’m at Bob's #Kettle_sale, 20% off!").words == [
        "i'm",
        "at",
        "bob's",
        "kettle",
        "sale",
        "20",
        "off",
    ]


def test_it_is_cut_once_and_only_as_far_as_steps_read() -> None:
    document = Document("1", "word " * 30_000)
    assert cut(document) is cut(document)
    assert len(cut(document).low) == READ_CHARACTERS
