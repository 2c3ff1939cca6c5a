"""Ids stay; splits, merges, newcomers and goners are told."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.analyze.continuity import Change, match

AXES = np.eye(8, dtype=np.float32)


def spread(*sizes: int, start: int = 0) -> dict[int, int]:
    topics = [topic for topic, size in enumerate(sizes) for _ in range(size)]
    return {start + message: topic for message, topic in enumerate(topics)}


def kept(today: dict[int, int], ids: dict[int, int]) -> dict[int, int]:
    return {message: ids[topic] for message, topic in today.items()}


def test_the_same_in_another_order() -> None:
    today = spread(30, 20, 10)
    before = kept(today, {0: 71, 1: 5, 2: 33})
    found = match(before, {71: AXES[0], 5: AXES[1], 33: AXES[2]}, today, AXES[:3])
    assert (found.ids, found.changes) == ((71, 5, 33), ())


def test_split_keeps_the_larger_part() -> None:
    before = dict.fromkeys(range(50), 4)
    found = match(before, {4: AXES[0]}, spread(30, 20), AXES[:2])
    assert found.ids == (4, None)
    assert found.changes == (Change("split", 1, 4),)


def test_merge_keeps_the_larger_one() -> None:
    before = kept(spread(30, 20), {0: 8, 1: 9})
    found = match(before, {8: AXES[0], 9: AXES[1]}, spread(50), AXES[:1])
    assert found.ids == (8,)
    assert found.changes == (Change("merged", 0, 9),)


def test_new_and_gone() -> None:
    before = kept(spread(30, 20), {0: 8, 1: 9})
    today = dict.fromkeys(range(30), 0) | dict.fromkeys(range(100, 140), 1)
    found = match(before, {8: AXES[0], 9: AXES[1]}, today, AXES[[0, 5]])
    assert found.ids == (8, None)
    assert set(found.changes) == {Change("new", 1, None), Change("gone", None, 9)}


def test_without_shared_messages_the_place_decides() -> None:
    near = AXES[:1] + 0.1 * AXES[1:2]
    found = match(spread(10), {0: AXES[0]}, spread(10, start=500), near / np.linalg.norm(near))
    assert found.ids == (0,)


def test_first_day_and_last() -> None:
    assert [c.kind for c in match({}, {}, spread(3, 3), AXES[:2]).changes] == ["new", "new"]
    assert [c.kind for c in match(spread(3), {0: AXES[0]}, {}, AXES[:0]).changes] == ["gone"]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=60))
def test_one_to_one_and_nothing_is_forgotten(rows: list[tuple[int, int]]) -> None:
    places = sorted({new for _, new in rows})
    before = {m: 10 + old for m, (old, _) in enumerate(rows)}
    today = {m: places.index(new) for m, (_, new) in enumerate(rows)}
    known = {topic: AXES[topic - 10] for topic in before.values()}
    found = match(before, known, today, AXES[: len(places)])
    ids = [i for i in found.ids if i is not None]
    assert len(ids) == len(set(ids))
    assert set(ids) | {c.old for c in found.changes if c.kind in ("merged", "gone")} == set(known)
    assert {i for i, id in enumerate(found.ids) if id is None} == {
        c.topic for c in found.changes if c.kind in ("new", "split")
    }
