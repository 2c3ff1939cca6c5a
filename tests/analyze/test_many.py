"""Two linear models over rows of our own making, as the classifier's reader would give them."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from crowdalogue.analyze import many

RNG = np.random.default_rng(4)


def _rows(numbers: np.ndarray, clear: float = 1.0, size: int = 3) -> many.Rows:
    """Vectors and sparse rows in which each label shows; a row of -1 shows nothing."""
    mark = np.zeros((len(numbers), size), dtype=np.float32)
    inside = numbers >= 0
    mark[inside, numbers[inside]] = clear
    vectors = mark + RNG.normal(size=mark.shape).astype(np.float32) * 0.5
    words = (mark > 0) & (RNG.random(mark.shape) < 0.8)
    return vectors.astype(np.float32), csr_array(words.astype(np.float32))


def test_meaning_and_wording_together_know_more_than_either() -> None:
    numbers = RNG.integers(0, 3, 3_000)
    order = RNG.permutation(3_000)
    model, held, truth = many.learn(_rows(numbers), numbers, 3, order)
    assert len(held) == len(truth) == 300
    asked = RNG.integers(0, 3, 2_000)
    rows = _rows(asked)
    meant, worded = model.apart(rows)
    assert meant is not None
    right = {"meaning": meant, "wording": worded, "both": model(rows)}
    share = {name: float((scores.argmax(axis=1) == asked).mean()) for name, scores in right.items()}
    assert share["both"] > max(share["meaning"], share["wording"]) + 0.02


def test_without_vectors_the_wording_answers() -> None:
    numbers = RNG.integers(0, 3, 600)
    rows = (None, _rows(numbers)[1])
    model, _, _ = many.learn(rows, numbers, 3, RNG.permutation(600))
    assert (model(rows).argmax(axis=1) == numbers).mean() > 0.8


def test_two_labels_and_rows_that_belong_to_neither() -> None:
    numbers = np.repeat([0, 1, -1], 300)
    model, held, truth = many.learn(_rows(numbers, 2.0), numbers, 2, RNG.permutation(900))
    top = held.max(axis=1)
    assert (truth < 0).any()
    assert top[truth >= 0].mean() > top[truth < 0].mean() + 0.3
    assert model(_rows(np.array([0, 1]), 3.0)).argmax(axis=1).tolist() == [0, 1]


def test_a_label_that_is_found_too_seldom_is_raised() -> None:
    truth = np.repeat([0, 1, 2], [500, 400, 300])
    scores = np.eye(3, dtype=np.float32)[truth] + RNG.normal(size=(1_200, 3)).astype(np.float32)
    scores[:, 2] -= 0.8
    added = many.evened(scores, truth)
    assert added[2] - added[0] == pytest.approx(0.8, abs=0.35)


def test_where_few_are_held_nothing_is_raised() -> None:
    truth = np.repeat([0, 1], [500, many.ENOUGH - 1])
    assert not many.evened(RNG.normal(size=(len(truth), 2)).astype(np.float32), truth).any()
