import numpy as np

from crowdalogue.text.encoder import WIDTH, encode
from crowdalogue.text.layers import PARTS, encode_layers


def test_the_first_part_is_the_sentence_vector_and_every_part_is_of_length_one() -> None:
    texts = ["Where is my order?", "", "Thanks", "Where is my order?"]
    found = encode_layers(texts)
    assert found.shape == (4, PARTS * WIDTH)
    # Rows are computed in batches, where int8 rounding depends a little on the company.
    assert np.abs(found[:, :WIDTH] - encode(texts)).max() < 0.05
    assert np.allclose(np.linalg.norm(found.reshape(4, PARTS, WIDTH), axis=2), 1, atol=1e-5)
    assert np.array_equal(found[0], found[3])
