"""Topics side by side: counted by hand, and the change against the stretch before against simulated counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from crowdalogue.models import Topic, TopicMessage
from crowdalogue.relate import topics
from tests.relate.seen import NOW, scope


def topic(name: str) -> Topic:
    made: Topic = Topic.objects.create(name=name, centroid=b"")
    return made


@pytest.mark.django_db
def test_the_overview_counts_what_is_there(make: Any) -> None:
    parcels, passwords = topic("parcels"), topic("passwords")
    _person, mara = make.person()
    for back, about, more in (
        *((d, parcels, {"handle": mara, "sentiment": "negative"}) for d in range(12)),
        *((d + 28, parcels, {}) for d in range(4)),
        *((d, passwords, {"sentiment": "positive"}) for d in (0, 0, 1)),
        (2, None, {}),
    ):
        message = make.message(at=NOW - timedelta(days=back), **more)
        if about:
            TopicMessage.objects.create(message=message, topic=about)
    found = topics.overview(scope())
    assert (found.n, found.without, found.more, found.step, len(found.steps)) == (16, 1, 0, "day", 28)
    first, second = found.lines
    assert (first.id, first.name, first.n, first.authors) == (parcels.pk, "parcels", 12, 1)
    assert first.share == 12 / 16 and first.share_low < 0.75 < first.share_high
    assert first.negative is not None and (first.negative["hits"], first.negative["n"]) == (12, 12)
    assert first.trend == (0,) * 16 + (1,) * 12
    assert first.since == (NOW - timedelta(days=31)).date()
    assert first.change is not None and first.change.before == 4
    assert (second.n, second.change) == (3, topics.Change(0))
    assert topics.overview(scope(), most=1).more == 1
    assert topics.overview(scope("period=all")).lines[0].change is None
    assert topics.overview(scope("period=90d")).step == "week"
    one = topics.one(scope(), passwords.pk)
    assert one is not None and (one.n, one.share) == (3, 3 / 16)
    assert topics.one(scope("sentiment=negative"), passwords.pk) is None
    assert topics.overview(scope("channel=sms")).lines == ()


def test_too_little_to_tell() -> None:
    assert topics.change([1] * 4, [1] * 4).ratio is None
    assert topics.change([0] * 28, [5] * 28).ratio is None  # it was not there before: new, not more
    assert topics.change([40], [80]).ratio is None
    assert topics.change([1] * 28, [0] * 28).clear == "down"
    assert topics.change([2] * 28, [6] * 28).clear == "up"
    assert topics.change([5] * 28, [5] * 28).clear == ""


def test_a_day_that_is_not_over_does_not_look_like_less() -> None:
    half = topics.change([10] * 7, [10] * 6 + [5], 6.5)
    assert half.ratio == pytest.approx(1, abs=0.02)


@given(
    st.lists(st.integers(0, 50), min_size=28, max_size=28),
    st.lists(st.integers(0, 50), min_size=28, max_size=28),
)
def test_the_interval_holds_the_ratio(before: list[int], after: list[int]) -> None:
    found = topics.change(before, after)
    if found.ratio is not None:
        assert found.low is not None and found.high is not None
        assert 0 < found.low <= found.ratio <= found.high


@pytest.mark.parametrize("freedom", [3, 4, 6, 12, 54])
def test_the_quantile_is_students(freedom: int) -> None:
    assert topics._student(freedom) == pytest.approx(student.ppf(0.975, freedom), rel=0.012)


@pytest.mark.parametrize(("mean", "burst"), [(1.0, 0.0), (8.0, 0.0), (8.0, 0.5)])
def test_intervals_cover(mean: float, burst: float) -> None:
    """Of counts by day, even ones and ones that vary as Gamma with this share of variance, seen 28 days twice."""
    generator = np.random.default_rng(7)
    true, hit, said = 1.3, 0, 0
    for _run in range(2_000):
        rates = np.array([mean] * 28 + [mean * true] * 28)
        if burst:
            rates = rates * generator.gamma(1 / burst, burst, 56)
        counts = generator.poisson(rates).tolist()
        found = topics.change(counts[:28], counts[28:])
        if found.low is not None and found.high is not None:
            said += 1
            hit += found.low <= true <= found.high
    print(f"mean {mean}, burst {burst}: covered {hit / said:.3f} of {said}")
    assert said > 1_900
    assert 0.935 <= hit / said <= 0.985
