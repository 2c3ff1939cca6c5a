import numpy as np

from crowdalogue.text.encoder import WIDTH, encode, forget
from crowdalogue.text.layers import AROUND, PARTS, _nearness, _turns, encode_around, encode_layers


def test_the_first_part_is_the_sentence_vector_and_every_part_is_of_length_one() -> None:
    texts = ["Where is my order?", "", "Thanks", "Where is my order?"]
    forget()  # what other tests had it compute in other company: int8 rounding depends on that, most for few words
    found = encode_layers(texts)
    assert found.shape == (4, PARTS * WIDTH)
    assert (found[:, :WIDTH] * encode(texts)).sum(axis=1).min() > 0.97
    assert np.allclose(np.linalg.norm(found.reshape(4, PARTS, WIDTH), axis=2), 1, atol=1e-5)
    assert np.array_equal(found[0], found[3])


def test_what_stands_around_other_words_is_another_vector_of_the_same_text() -> None:
    text = "The soup was lovely but the waiter was rude"
    soup, waiter, whole, none = encode_around([text] * 3 + [""], [(4, 8), (28, 34), None, (0, 3)])
    assert soup.shape == ((PARTS + AROUND) * WIDTH,)
    assert np.allclose(soup[: PARTS * WIDTH], waiter[: PARTS * WIDTH], atol=1e-5)
    assert np.abs(soup[PARTS * WIDTH :] - waiter[PARTS * WIDTH :]).max() > 0.02
    # Where no words are named, the means are those of the whole.
    assert np.allclose(whole[PARTS * WIDTH : (PARTS + 1) * WIDTH], whole[2 * WIDTH : 3 * WIDTH], atol=1e-4)
    assert np.isfinite(none).all()


def test_what_lies_beyond_a_turn_of_thought_counts_less() -> None:
    words = ["[CLS]", "rude", "staff", "but", "soup", "lovely", "[SEP]"]
    offsets = [(0, 0), (0, 4), (5, 10), (11, 14), (15, 19), (20, 26), (0, 0)]
    near = _nearness(offsets, (15, 19), _turns(words))
    assert near.argmax() == 4
    assert near[5] > 2 * near[2] > near[1] > 0
    assert np.isclose(near.sum(), 1)
    level = _nearness(offsets, (15, 19), np.zeros(7, dtype=np.float32))
    assert np.isclose(level[5], level[3])
