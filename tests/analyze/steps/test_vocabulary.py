"""Units: what words become beside a negation or a turn, where they stand, and the hashes of their letters."""

from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.steps.vocabulary import BUCKETS, REMEMBERED, Vocabulary
from crowdalogue.analyze.steps.words import batch_of, units_of

READY = Vocabulary()


def units(*texts: str) -> list[list[tuple[str, str]]]:
    """For each text its units and the words that they stand on."""
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    batch = batch_of(units_of(documents))
    names = {number: name for name, number in batch.vocabulary.numbers.items()}
    found: list[list[tuple[str, str]]] = [[] for _ in texts]
    for i, owner, start, stop in zip(batch.ids, batch.owner, batch.starts, batch.stops, strict=True):
        found[owner].append((names[int(i)], texts[owner][start:stop] if start >= 0 else ""))
    return found


def names(text: str) -> list[str]:
    return [name for name, words in units(text)[0] if words]


def test_a_negation_reaches_three_words_and_ends_at_a_stop() -> None:
    assert names("not a very good idea") == ["not", "¬a", "¬very", "¬good", "idea"]
    assert names("never. Good")[2] == "good"
    assert names("It's not, ever 12 good") == ["it's", "not", ",", "ever", "§number2", "good"]


def test_what_follows_a_turn_is_marked_to_the_end_of_its_text() -> None:
    texts = units("nice but slow", "nice")
    assert [name for name, words in texts[0] if words] == ["nice", "but", ">slow"]
    assert texts[1][0] == ("nice", "nice")
    assert names("not but good") == ["not", "¬but", ">good"]


def test_signs_and_phrases_have_their_places() -> None:
    found = units("Well done @some_shop :) https://example.com soooo good!!")[0]
    assert ("§name", "@some_shop") in found
    assert ("§link", "https://example.com") in found
    assert ("soo", "soooo") in found
    assert ("!!", "!!") in found
    assert ("#=praised", "Well done") in found
    assert ("^well", "") in found


def test_texts_read_together_are_read_as_alone() -> None:
    texts = ["not good", "", "but fine?", "_", "WE ARE NOT AMUSED!"]
    assert units(*texts) == [units(text)[0] for text in texts]


def test_some_documents_of_a_batch_make_a_batch_of_their_own() -> None:
    documents = [Document(str(i), text) for i, text in enumerate(["not good", "well done", "hm"])]
    whole = units_of(documents)
    part = batch_of([whole[2], whole[0]])
    fresh = batch_of(units_of([Document("a", "hm"), Document("b", "not good")]))
    assert part.ids.tolist() == fresh.ids.tolist()
    assert part.pairs.tolist() == fresh.pairs.tolist()


@given(st.text(alphabet=st.characters(categories=["Ll"]), min_size=1, max_size=24))
def test_a_words_letters_are_hashed_one_group_after_the_other(word: str) -> None:
    number = READY.number(word)
    marked = f"<{word}>"
    groups = [marked[i : i + size] for size in (3, 4, 5) for i in range(len(marked) - size + 1) if size < len(marked)]
    hashes = [crc32(feature.encode()) & (BUCKETS - 1) for feature in (word, *("~" + group for group in groups))]
    assert list(READY.text[number]) == hashes
    buckets, counts = READY.features("text", number, number + 1)
    assert buckets.tolist() == hashes
    assert counts.tolist() == [len(hashes)]


def test_a_vocabulary_says_when_it_has_grown_too_large() -> None:
    vocabulary = Vocabulary()
    assert not vocabulary.full()
    vocabulary.forms_of([str(n) for n in range(2 * REMEMBERED + 1)])
    assert vocabulary.full()
    assert len(vocabulary) == len(Vocabulary.CUES)
