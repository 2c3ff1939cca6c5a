"""What messages say word by word, as vectors: near for the same words, whatever the order, and bounded."""

from __future__ import annotations

import numpy as np

from crowdalogue.analyze import topic_words

THINGS = [f"thing{chr(97 + i)}{chr(97 + j)}" for i in range(16) for j in range(16)]


def said(seed: int = 0) -> list[str]:
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(THINGS[k * 64 : k * 64 + 64], 8)) for k in range(4) for _ in range(100)]


def test_the_same_words_are_near() -> None:
    texts = said()
    found = topic_words.vectors(texts)
    assert found is not None and found.shape == (400, topic_words.WIDTH)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-3)
    alike = found @ found.T
    kind = np.repeat(np.arange(4), 100)
    same = kind[:, None] == kind[None, :]
    assert alike[same].mean() > alike[~same].mean() + 0.1


def test_the_order_of_texts_does_not_matter() -> None:
    texts = said(1)
    order = np.random.default_rng(2).permutation(len(texts))
    one, other = topic_words.vectors(texts), topic_words.vectors([texts[i] for i in order])
    assert one is not None and other is not None
    # The directions are the same but for those that hold nearly nothing: what counts is who is near whom.
    near = np.abs((one @ one.T)[np.ix_(order, order)] - other @ other.T)
    assert near.mean() < 0.05
    again = topic_words.vectors(texts)
    assert again is not None and (again == one).all()


def test_too_little_to_say() -> None:
    assert topic_words.vectors([]) is None
    assert topic_words.vectors(["hello there"] * 500) is None
    assert topic_words.vectors([f"word{i}" for i in range(500)]) is None


def test_texts_without_common_words_and_very_long_ones() -> None:
    texts = [*said(3), "", "🙂", "alone", "x" * 100_000, "long text " * 10_000]
    found = topic_words.vectors(texts)
    assert found is not None and np.isfinite(found).all()
    assert np.abs(found[400:403]).max() == 0
