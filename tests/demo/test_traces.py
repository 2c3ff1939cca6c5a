"""What people of the demo company leave of themselves, and what they do not."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest

from crowdalogue.demo import people, traces
from crowdalogue.demo.generator import Demo, generate

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo() -> Demo:
    return generate(7, NOW, 0.2)


def test_the_truth_is_nowhere_in_what_is_loaded(demo: Demo) -> None:
    ids = {customer.id for customer in demo.customers}
    for record in demo.records:
        assert not ids & {str(v) for v in record.facts.values()}
    for talk in demo.talks:
        for item in talk.items:
            assert not ids & {str(v) for v in (*item.author.facts.values(), *item.extra.values())}


def test_the_same_seed_leaves_the_same_traces(demo: Demo) -> None:
    again = generate(7, NOW, 0.2)
    assert again.talks == demo.talks
    assert again.records == demo.records
    assert again.truth == demo.truth


def test_some_leave_nothing_and_some_the_wrong_thing(demo: Demo) -> None:
    by_mail = {c.addresses["email"]: c.id for c in demo.customers}
    facts = Counter[str]()
    wrong = 0
    for talk in demo.talks:
        if talk.kind == "webchat" and talk.topic != "spam":
            given = talk.items[0].author.facts if not talk.items[0].author.ours else {}
            facts["signed in" if "customer_id" in given else "typed" if "email" in given else "nothing"] += 1
            wrong += by_mail.get(str(given.get("email")), talk.customer.id) != talk.customer.id
    assert min(facts.values()) > 0.05 * sum(facts.values())
    assert 0 < wrong < 0.05 * sum(facts.values())


def test_families_share_a_telephone() -> None:
    customers = people.make_customers(Random(1), 4000)
    traces.share_telephones(1, customers)
    shared = [n for n in Counter(c.addresses["phone"] for c in customers).values() if n > 1]
    assert 10 < len(shared) < 500
    assert max(shared) == 2


def test_numbers_are_written_in_several_ways() -> None:
    assert {traces.spelled("+15550100199", turn) for turn in range(3)} == {
        "+1 555 010 0199",
        "+1 (555) 010-0199",
        "+15550100199",
    }


def test_every_address_is_in_the_truth(demo: Demo) -> None:
    truth = demo.truth["addresses"]
    for talk in demo.talks:
        if talk.customer.id in truth:
            assert [talk.kind, talk.customer.addresses[talk.kind]] in truth[talk.customer.id]
    for record in demo.records:
        if record.contact is not None and record.customer in truth:
            assert list(record.contact) in truth[record.customer]
