from crowdalogue.analyze import copied
from crowdalogue.analyze.document import Document

TEXT = "The lift at Central has been out of order for three weeks and nobody tells us when it will be repaired"


def test_copies_are_found_across_batches_and_short_texts_never() -> None:
    others = [f"message number {i} about matter {i * 7} of the day" for i in range(9)]
    texts = [TEXT, *others, "thank you!", TEXT.replace("nobody", "noone"), "thank you!", f"RT @me: {TEXT}"]
    assert copied.groups_of(texts, batch=3) == [*range(11), 0, 12, 0]


def test_a_group_keeps_its_name() -> None:
    groups = copied.Groups()
    [(first, name)] = groups.add([Document("a", TEXT)])
    assert groups.add([Document("b", "something else"), Document("c", TEXT.upper())])[1] == (first, name)


def test_what_is_taken_for_a_copy_of_another_counts_against_precision() -> None:
    scored = copied.scored([TEXT, TEXT, TEXT, "a completely different message about a hotel room"], list("aabb"))
    assert (scored["precision"], scored["recall"]) == (0.5, 0.5)
    assert scored["precision_interval"][0] < 0.5 < scored["precision_interval"][1]
