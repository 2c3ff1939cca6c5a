"""What people decided about topics through a fit that found them anew: pure, on a few messages."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.analyze import topic_kept

EAST, NORTH = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def vectors(text: str) -> np.ndarray:
    return np.stack([EAST if c == "e" else NORTH for c in text])


def test_what_broke_off_a_shaped_topic_goes_back() -> None:
    found, before = ints(0, 0, 0, 1, 1, 1), ints(7, 7, 7, 7, 7, -1)
    kept = topic_kept.keep(found, [7, None], before, ints(*[-1] * 6), {7: EAST}, vectors("eeennn"))
    assert kept.place.tolist() == [0] * 6
    assert (kept.ids, dict(kept.into)) == ((7, None), {1: 0})
    free = topic_kept.keep(found, [7, None], before, ints(*[-1] * 6), {}, vectors("eeennn"))
    assert free.place.tolist() == found.tolist()


def test_something_new_is_not_swallowed_for_a_few_old_messages() -> None:
    found, before = ints(0, 0, 1, 1, 1, 1), ints(7, 7, 7, -1, -1, -1)
    kept = topic_kept.keep(found, [7, None], before, ints(*[-1] * 6), {7: EAST}, vectors("eennnn"))
    assert kept.place.tolist() == found.tolist()


def test_shaped_topics_that_were_thrown_together_keep_their_messages() -> None:
    found, before = ints(*[0] * 6), ints(7, 7, 8, 8, -1, -1)
    kept = topic_kept.keep(found, [7], before, ints(*[-1] * 6), {7: EAST, 8: NORTH}, vectors("eennen"))
    assert kept.ids == (7, 8)
    assert kept.place.tolist() == [0, 0, 1, 1, 0, 1]  # new messages go to the nearer


def test_a_message_is_where_a_person_placed_it() -> None:
    found, before = ints(0, 0, 1, 1), ints(7, 7, 8, 8)
    kept = topic_kept.keep(found, [7, 8], before, ints(-1, 8, -1, 9), {}, vectors("eenn"))
    assert kept.ids == (7, 8, 9)
    assert kept.place.tolist() == [0, 1, 1, 2]


def test_a_shaped_topic_without_messages_stays() -> None:
    kept = topic_kept.keep(ints(0), [None], ints(-1), ints(-1), {5: EAST}, vectors("e"))
    assert (kept.ids, kept.place.tolist()) == ((None, 5), [0])


@given(st.data())
def test_nobody_is_lost_and_what_was_placed_stays(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 30))
    count = data.draw(st.integers(1, 5))
    found = np.array(data.draw(st.lists(st.integers(0, count - 1), min_size=n, max_size=n)), np.int64)
    olds = st.integers(-1, 6)
    before = np.array(data.draw(st.lists(olds, min_size=n, max_size=n)), np.int64)
    placed = np.array(data.draw(st.lists(olds, min_size=n, max_size=n)), np.int64)
    before = np.where(placed >= 0, placed, before)
    known = data.draw(st.permutations(range(7)))[:count]
    ids = [id if data.draw(st.booleans()) else None for id in known]
    shaped = {id: EAST if id % 2 else NORTH for id in range(7) if data.draw(st.booleans())}
    spread = np.stack([EAST if i % 2 else NORTH for i in range(n)])
    kept = topic_kept.keep(found, ids, before, placed, shaped, spread)
    assert ((kept.place >= 0) & (kept.place < len(kept.ids))).all()
    assert set(shaped) <= set(kept.ids)
    named = [id for id in kept.ids if id is not None]
    assert len(named) == len(set(named))
    assert not set(np.unique(kept.place).tolist()) & set(kept.into)
    for i in np.flatnonzero(placed >= 0).tolist():
        assert kept.ids[kept.place[i]] == placed[i]
