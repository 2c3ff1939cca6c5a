"""Numbers against the same numbers counted by hand in plain Python."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from crowdalogue.relate import measures
from crowdalogue.relate.statistics import wilson
from tests.relate.seen import NOW, scope

pytestmark = pytest.mark.django_db


def test_answered_share_leaves_out_what_can_still_be_answered_in_time(make: Any) -> None:
    for answer_s, due in ((60, 30), (7200, 30), (None, 30), (None, None)):
        talk = make.conversation(at=NOW - timedelta(hours=5))
        due_at = talk.first_at + timedelta(minutes=due) if due else None
        make.message(talk, at=talk.first_at)
        make.wait(talk, at=talk.first_at, answer_s=answer_s, due_at=due_at)
    in_time = make.conversation(at=NOW)
    make.message(in_time)
    make.wait(in_time, due_at=NOW + timedelta(minutes=20))
    unwanted = make.conversation()
    make.wait(unwanted, waived=True)
    shown = scope()
    row = measures.figure(shown, "answered")
    assert (row["n"], row["hits"], row["value"]) == (4, 2, 0.5)
    assert (row["low"], row["high"]) == wilson(2, 4)
    assert row["few"]
    kept = measures.figure(shown, "kept")
    assert (kept["n"], kept["hits"]) == (3, 1)
    # What a number links to holds as many messages as it counts.
    for wait, n in (("decided", 4), ("promised", 3), ("kept", 1), ("broken", 2), ("unanswered", 2), ("started", 5)):
        assert measures.figure(scope(f"wait={wait}"), "messages")["n"] == n, wait


def test_first_response_with_an_interval_of_order_statistics(make: Any) -> None:
    seconds = [7, 30, 60, 61, 120, 240, 241, 300, 600, 900, 1200, 3000, 3001, 8000, 90_000]
    for s in seconds:
        make.wait(make.conversation(), answer_s=s)
    make.wait(make.conversation())  # never answered: no time yet
    make.wait(make.conversation(opened_by_customer=False), answer_s=1)  # ours was first
    second = make.conversation()
    make.wait(second, answer_s=50)
    make.wait(second, answer_s=1)  # not a first response
    values = sorted([*seconds, 50])
    row = measures.figure(scope(), "first_response")
    assert (row["n"], row["value"]) == (16, np.median(values))
    assert (row["low"], row["high"]) == (values[3], values[12])
    p90 = measures.figure(scope(), "first_response_p90")
    assert p90["value"] == pytest.approx(np.percentile(values, 90))
    assert (p90["low"], p90["high"]) == (None, None)
    assert measures.figure(scope(), "first_response_business")["value"] is None


def test_mentions_texts_and_authors_are_three_numbers(make: Any) -> None:
    person, handle = make.person()
    first = make.message(handle=handle)
    make.message(handle=handle, reading={"duplicate_of": first.pk})
    make.message(handle=make.person("Noor")[1], reading={"duplicate_of": first.pk})
    make.message(handle=handle)
    counts = [measures.figure(scope(), name)["n"] for name in ("messages", "texts", "authors")]
    assert counts == [4, 2, 2]
    assert measures.figure(scope(f"author={person.pk}"), "messages")["n"] == 3
