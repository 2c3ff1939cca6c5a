"""Orders and what becomes of them, as the business knows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from crowdalogue.demo import orders, people, story
from crowdalogue.demo.orders import Order

START = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def bought() -> list[Order]:
    random = Random(1)
    return orders.make_orders(random, people.make_customers(random, 500), 6000, START)


def test_times_follow_each_other(bought: list[Order]) -> None:
    for order in bought:
        assert order.at < order.shipped < order.delivered
        assert order.shipped < order.promised
        assert order.late == (order.delivered > order.promised) or order.delivered - order.promised < timedelta(days=2)
        assert order.returned is None or order.returned > order.delivered
    assert len({order.number for order in bought}) == len(bought)


def test_reasons_are_true(bought: list[Order]) -> None:
    for order in bought:
        assert not order.leaks or order.lot == story.DEFECT.lot
        if order.why_returned == "leaks":
            assert order.leaks
        assert bool(order.why_returned) == (order.returned is not None)


def test_records_tell_only_what_has_happened(bought: list[Order]) -> None:
    order = next(o for o in bought if o.returned)
    assert order.returned is not None
    kinds = [[r.kind for r in orders.records_of(order, now)] for now in (order.at, order.shipped, order.returned)]
    assert kinds == [["order"], ["order", "shipment"], ["order", "shipment", "return"]]
    packing, back = (orders.records_of(order, t)[0].state for t in (order.at, order.returned))
    assert (packing, back) == ("packing", "returned")
    waiting = next(o for o in bought if o.late)
    overdue = orders.records_of(waiting, waiting.promised + timedelta(minutes=1))[1]
    assert overdue.state in ("late", "delivered")
