"""Learning a category: from two examples, from contradictions, from ten thousand, and back from bytes."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.analyze import categories
from crowdalogue.analyze.categories import Head, Lesson
from crowdalogue.errors import Failure

WIDTH = 384


def texts(n: int, about: int, seed: int = 0, near: float = 0.7) -> np.ndarray:
    """Unit vectors that lie around one of some directions, as near each other as sentences on one matter are."""
    middle = np.random.default_rng(1000 + about).normal(size=WIDTH)
    rows = near * middle / np.linalg.norm(middle) + np.random.default_rng([seed, about]).normal(size=(n, WIDTH)) / 28
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def others(n: int, seed: int = 5) -> np.ndarray:
    return np.concatenate([texts(n // 10, about, seed) for about in range(10, 20)])


def lesson(yes: np.ndarray, no: np.ndarray, background: np.ndarray | None = None, **more: np.ndarray) -> Lesson:
    truth = np.array([True] * len(yes) + [False] * len(no), dtype=bool)
    rows = np.concatenate([yes, no]) if len(no) else yes
    return Lesson(rows, truth, np.zeros(len(rows)), others(200) if background is None else background, **more)


def nothing() -> np.ndarray:
    return np.empty((0, WIDTH), np.float32)


def test_two_examples_and_the_name_are_enough_to_begin_with() -> None:
    head = categories.learn(lesson(texts(2, 1), nothing(), named=texts(1, 1, seed=9)[0])).head
    assert (head.confidence(texts(50, 1, seed=3)) >= head.threshold).mean() > 0.9
    assert (head.confidence(others(100, seed=6)) >= head.threshold).mean() < 0.02
    assert not head.checked


def test_the_name_is_evidence() -> None:
    """Two examples of one side of a matter, and a name of the other: with the name, the other side is surer."""
    plain = categories.learn(lesson(texts(2, 1), nothing())).head
    with_name = categories.learn(lesson(texts(2, 1), nothing(), named=texts(1, 2)[0])).head
    other = texts(40, 2, seed=4)
    assert with_name.confidence(other).mean() > plain.confidence(other).mean() + 0.1


def test_unlabelled_messages_that_look_like_it_do_not_count_against_it() -> None:
    mixed = np.concatenate([others(160), texts(40, 1, seed=8)])
    head = categories.learn(lesson(texts(10, 1), nothing(), mixed)).head
    assert (head.confidence(texts(50, 1, seed=3)) >= head.threshold).mean() > 0.8  # with them, 0.04


@pytest.mark.parametrize(
    ("yes", "background", "words"), [(0, True, "what is in"), (3, False, "Every example says yes")]
)
def test_what_cannot_be_learned_is_said(yes: int, background: bool, words: str) -> None:
    no = nothing() if yes else others(20)
    with pytest.raises(Failure, match=words):
        categories.learn(lesson(texts(yes, 1), no, others(50) if background else nothing()))


def test_all_yes_is_learned_against_what_nobody_labelled() -> None:
    head = categories.learn(lesson(texts(12, 1), nothing())).head
    assert (head.confidence(others(100, seed=6)) >= head.threshold).mean() < 0.02


def test_the_same_texts_both_ways_are_said_to_be_unsure() -> None:
    rows = texts(8, 1)
    head = categories.learn(lesson(rows, rows)).head
    assert abs(float(np.median(head.confidence(rows))) - 0.5) < 0.3


def test_held_out_scores_are_of_fits_that_did_not_see_them() -> None:
    """Labels by chance: a fit knows them by heart, held-out scores do not."""
    rng = np.random.default_rng(2)
    rows = texts(60, 1, near=0.0)
    truth = rng.random(60) < 0.5
    told = Lesson(rows, truth, np.zeros(60), nothing())
    learned = categories.learn(told)
    assert ((learned.head.confidence(rows) >= 0.5) == truth).mean() > 0.95
    assert ((learned.held >= 0) == truth).mean() < 0.75


def test_threshold_and_confidence_follow_labels_drawn_at_random() -> None:
    rows = np.concatenate([texts(60, 1, near=0.35), texts(140, 1, seed=2, near=0.12)])
    truth = np.array([True] * 60 + [False] * 140)
    head = categories.learn(Lesson(rows, truth, np.ones(200), others(200))).head
    assert head.checked
    sure = head.confidence(np.concatenate([texts(300, 1, seed=5, near=0.35), texts(700, 1, seed=6, near=0.12)]))
    real = np.array([True] * 300 + [False] * 700)
    assert abs(float(sure.mean()) - 0.3) < 0.08
    caught = sure >= head.threshold
    assert 2 * (caught & real).sum() / (caught.sum() + real.sum()) > 0.85
    assert 0 < head.unsure < head.threshold


@pytest.mark.prove
def test_ten_thousand_examples_take_seconds_of_the_processor() -> None:
    yes, no = texts(5_000, 1, near=0.3), others(5_000, seed=8)
    began = time.process_time()
    head = categories.learn(lesson(yes, no, others(2_000))).head
    spent = time.process_time() - began
    print(f"10,000 examples: {spent:.1f} CPU-s")
    assert spent < 60
    assert (head.confidence(texts(100, 1, seed=9, near=0.3)) >= head.threshold).mean() > 0.9


def test_the_same_lesson_gives_the_same_head() -> None:
    one, two = (categories.learn(lesson(texts(9, 1), others(20))).head for _ in range(2))
    assert categories.pack(one, "v") == categories.pack(two, "v")


def test_a_head_comes_back_from_bytes_exactly() -> None:
    head = categories.learn(lesson(texts(9, 1), others(20))).head
    back = categories.unpack(categories.pack(head, "v"))
    assert np.array_equal(back.direction, head.direction)
    assert (back.bias, back.slope, back.shift, back.threshold) == (head.bias, head.slope, head.shift, head.threshold)


@given(st.data())
def test_bytes_cut_short_or_made_up_are_refused(data: st.DataObject) -> None:
    whole = categories.pack(Head(np.ones(WIDTH, np.float32), 0.0), "v")
    cut = data.draw(st.one_of(st.integers(0, len(whole) - 1).map(lambda n: whole[:n]), st.binary(max_size=200)))
    with pytest.raises(Failure, match="learn again"):
        categories.unpack(cut)


def test_all_heads_judge_by_one_product_as_each_alone() -> None:
    made = [categories.learn(lesson(texts(5, about), others(20))).head for about in (1, 2, 3)]
    rows = np.concatenate([texts(5, 1, seed=7), others(20, seed=9)])
    together = categories.judge(made, rows)
    assert together.shape == (25, 3)
    for at, head in enumerate(made):
        assert np.allclose(together[:, at], head.confidence(rows), atol=1e-5)
    assert categories.judge([], rows).shape == (25, 0)
