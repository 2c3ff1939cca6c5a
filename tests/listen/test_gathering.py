"""Work of several threads at the same time is done together, and each gets its own result or error."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest
from django.db import OperationalError

from crowdalogue.listen.gathering import Gathering, Place


def together(gathering: Gathering[int, int], tasks: Sequence[int]) -> dict[int, int | Exception]:
    """What each of `tasks` gave, done by a thread each while the first one works."""
    found: dict[int, int | Exception] = {}

    def one(task: int) -> None:
        try:
            found[task] = gathering.do(task)
        except (ValueError, OperationalError) as error:
            found[task] = error

    threads = [threading.Thread(target=one, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    return found


def slow(batches: list[list[int]], fails: Callable[[int], Exception | None] = lambda task: None) -> Gathering[int, int]:
    def work(tasks: Sequence[int]) -> list[int]:
        batches.append(list(tasks))
        time.sleep(0.05)
        for task in tasks:
            if error := fails(task):
                raise error
        return [task * 10 for task in tasks]

    return Gathering(work, most=20)


def test_alone_it_is_done_at_once() -> None:
    batches: list[list[int]] = []
    gathering = slow(batches)
    assert [gathering.do(1), gathering.do(2)] == [10, 20]
    assert batches == [[1], [2]]


def test_what_comes_meanwhile_is_done_together_and_everybody_gets_their_own() -> None:
    batches: list[list[int]] = []
    found = together(slow(batches), range(50))
    assert found == {n: n * 10 for n in range(50)}
    assert sorted(task for batch in batches for task in batch) == list(range(50))
    assert len(batches) < 12
    assert max(map(len, batches)) <= 20


def test_one_at_fault_is_told_and_stops_nobody_else() -> None:
    found = together(slow([], lambda task: ValueError(str(task)) if task == 7 else None), range(15))
    assert isinstance(found.pop(7), ValueError)
    assert found == {n: n * 10 for n in range(15) if n != 7}


def test_when_the_store_is_away_all_hear_it_at_once_and_it_goes_on_later() -> None:
    batches: list[list[int]] = []
    away = [True]
    gathering = slow(batches, lambda task: OperationalError("away") if away[0] else None)
    found = together(gathering, range(15))
    assert all(isinstance(error, OperationalError) for error in found.values())
    assert len(batches) < 6
    away[0] = False
    assert gathering.do(3) == 30


def test_what_stops_a_thread_leaves_the_next_its_turn() -> None:
    gathering = slow([], lambda task: None)

    def stopped(tasks: Sequence[int]) -> list[int]:
        raise SystemExit

    working, gathering.work = gathering.work, stopped
    with pytest.raises(SystemExit):
        gathering.do(1)
    gathering.work = working
    assert gathering.do(2) == 20


def told_of(gathering: Gathering[int, int], tasks: Sequence[int]) -> dict[int, int | Exception]:
    """What each of `tasks` gave, handed in by this thread, which waits for none of them."""
    found: dict[int, int | Exception] = {}
    all_told = threading.Event()

    def told(place: Place[int, int]) -> None:
        try:
            found[place.task] = place.outcome()
        except (ValueError, OperationalError) as error:
            found[place.task] = error
        if len(found) == len(tasks):
            all_told.set()

    for task in tasks:
        gathering.hand_in(task, told)
    assert not found  # each takes a moment, and nobody waited for it
    assert all_told.wait(10)
    return found


def test_who_cannot_wait_is_told() -> None:
    batches: list[list[int]] = []
    gathering = slow(batches, lambda task: ValueError(str(task)) if task == 7 else None)
    found = told_of(gathering, range(50))
    assert isinstance(found.pop(7), ValueError)
    assert found == {n: n * 10 for n in range(50) if n != 7}
    assert told_of(gathering, [60]) == {60: 600}


def test_who_waits_and_who_is_told_gather_together() -> None:
    batches: list[list[int]] = []
    gathering = slow(batches)
    found: dict[int, int | Exception] = {}
    waiting = threading.Thread(target=lambda: found.update(together(gathering, range(100, 130))))
    waiting.start()
    found |= told_of(gathering, range(50))
    waiting.join(10)
    assert found == {n: n * 10 for n in [*range(50), *range(100, 130)]}
    assert len(batches) < 15
    assert max(map(len, batches)) <= 20
