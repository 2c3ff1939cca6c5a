"""The demo company as it is made: its size, its patterns, its truth, and that it reads like people."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from crowdalogue.channels.base import Kind
from crowdalogue.demo import company, story
from crowdalogue.demo.generator import Demo, generate

NOW = datetime(2026, 5, 20, 15, 0, tzinfo=UTC)
EVER = re.compile(r"\b\d{3}[- ]\d{3,4}")


@pytest.fixture(scope="module")
def demo() -> Demo:
    return generate(7, NOW)


def day_of(when: datetime) -> int:
    start = (NOW - timedelta(days=story.DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (when - start).days


def test_size(demo: Demo) -> None:
    assert 18_500 <= demo.messages <= 21_500
    assert {talk.account for talk in demo.talks} == {*story.KINDS, "listening"}
    assert {record.kind for record in demo.records} == {"order", "shipment", "return", "ticket"}
    products = {record.product for record in demo.records if record.kind == "order"}
    assert products == set(company.BY_NAME)
    assert len(products) == 10


def test_ninety_days_ending_now(demo: Demo) -> None:
    times = [item.sent_at for talk in demo.talks for item in talk.items]
    assert max(times) <= NOW
    assert max(times) > NOW - timedelta(minutes=5)
    assert 88 <= (max(times) - min(times)).days <= 90
    assert all(a.start <= b.start for a, b in zip(demo.talks, demo.talks[1:], strict=False))


def test_the_same_seed_is_the_same_company() -> None:
    one, two, other = (generate(seed, NOW, 0.03) for seed in (3, 3, 4))
    assert [t.items for t in one.talks] == [t.items for t in two.talks]
    assert (one.records, one.truth) == (two.records, two.truth)
    assert [t.items for t in one.talks] != [t.items for t in other.talks]


def test_every_message_has_a_name_of_its_own(demo: Demo) -> None:
    names = [(talk.account, item.external_id) for talk in demo.talks for item in talk.items]
    assert len(names) == len(set(names))
    for talk in demo.talks:
        times = [item.sent_at for item in talk.items]
        assert times == sorted(times), talk.items[0].external_id


def test_texts_are_whole_and_hardly_ever_the_same(demo: Demo) -> None:
    copies = set(demo.truth["reposts"])
    texts = Counter[str]()
    for talk in demo.talks:
        for item in talk.items:
            assert item.text.strip()
            assert "[" not in item.text and "]" not in item.text, item.text
            assert not re.search(r"<[a-z_]+>", item.text + item.subject), item.text
            if item.external_id not in copies:
                texts[item.text] += 1
    assert sum(count - 1 for count in texts.values()) / texts.total() < 0.08
    theirs = Counter(i.text for t in demo.talks for i in t.items if not i.author.ours and i.external_id not in copies)
    assert sum(count - 1 for count in theirs.values()) / theirs.total() < 0.08


def test_nobody_is_real(demo: Demo) -> None:
    for customer in demo.customers:
        assert re.fullmatch(r"[^@\s]+@(mail\.)?example\.(com|net|org)", customer.addresses["email"])
        assert customer.addresses["phone"].startswith("+1555")
    assert len({c.addresses["email"] for c in demo.customers}) == len(demo.customers)
    links = {m[0] for t in demo.talks for i in t.items for m in re.finditer(r"\S+\.(?:com|net|org|example)\b", i.text)}
    assert all("example" in link for link in links), links


def test_several_languages_mostly_english(demo: Demo) -> None:
    spoken = Counter(talk.customer.language for talk in demo.talks)
    assert 0.7 < spoken["en"] / spoken.total() < 0.92
    assert set(spoken) == {"en", "de", "fr", "es", "sv"}
    assert min(spoken.values()) > 100


def test_quiet_nights_and_busy_evenings(demo: Demo) -> None:
    hours = Counter(
        i.sent_at.hour for t in demo.talks for i in t.items if not i.author.ours and t.account in ("email", "social")
    )
    night, evening = sum(hours[h] for h in range(1, 5)) / 4, sum(hours[h] for h in range(18, 22)) / 4
    assert evening > 10 * night
    weekdays = Counter(t.start.weekday() for t in demo.talks)
    assert weekdays[0] > 1.15 * weekdays[5]


def rate(demo: Demo, kind: str, product: str, first: int, last: int) -> float:
    """Rows of a kind about orders of some days, per order."""
    bought = {
        r.external_id
        for r in demo.records
        if r.kind == "order" and r.product == product and first <= day_of(r.at) < last
    }
    return sum(r.kind == kind and r.refers_to in bought for r in demo.records) / len(bought)


def test_the_defect_shows_in_returns_contacts_and_complaints(demo: Demo) -> None:
    defect = story.DEFECT
    before = rate(demo, "return", defect.product, 0, 35)
    during = rate(demo, "return", defect.product, defect.first_day, 70)
    assert during > 2.5 * before
    contacts = [day_of(r.at) for r in demo.records if r.kind == "ticket" and r.facts["topic"] == "defect"]
    assert sum(day > defect.first_day for day in contacts) > 0.95 * len(contacts)
    assert len(contacts) > 50
    leaking = set(demo.truth["defect"]["orders"])
    lots = {r.facts["lot"] for r in demo.records if r.kind == "order" and r.external_id in leaking}
    assert lots == {defect.lot}


def test_the_rumour_shows_in_posts_and_not_in_returns(demo: Demo) -> None:
    rumour = story.RUMOUR
    days = Counter(day_of(t.start) for t in demo.talks if t.topic == "rumour")
    assert days.total() > 300
    assert set(days) <= set(range(rumour.first_day, rumour.last_day + 1))
    others = [p.name for p in company.PRODUCTS if p.name not in (rumour.product, story.DEFECT.product)]
    usual = sum(rate(demo, "return", p, 0, 80) for p in others) / len(others)
    assert rate(demo, "return", rumour.product, 40, 70) < 1.6 * usual


def test_the_carrier_s_week_shows_in_late_shipments_and_complaints(demo: Demo) -> None:
    failure = story.FAILURE
    late: dict[bool, list[bool]] = defaultdict(list)
    for r in demo.records:
        if r.kind == "shipment" and r.facts["carrier"] == failure.carrier and "late" in r.facts:
            late[failure.first_day <= day_of(r.at) < failure.last_day].append(r.facts["late"] == "yes")
    assert sum(late[True]) / len(late[True]) > 0.6
    assert sum(late[False]) / len(late[False]) < 0.15
    asked = Counter(day_of(t.start) for t in demo.talks if t.topic == "late")
    busy = sum(asked[d] for d in range(failure.first_day + 3, failure.last_day + 8)) / 12
    usual = sum(asked[d] for d in range(10, 60)) / 50
    assert busy > 2 * usual


def test_talk_goes_back_and_forth_and_some_of_it_waits(demo: Demo) -> None:
    states = Counter(talk.state for talk in demo.talks)
    assert min(states[s] for s in ("open", "closed", "apart")) > 100
    assert sum(len(t.items) > 3 for t in demo.talks) > 500
    waiting = [t for t in demo.talks if t.state == "open" and not t.items[-1].author.ours]
    assert 60 < len(waiting) < 500
    fresh = [t for t in waiting if NOW - t.items[-1].sent_at < timedelta(minutes=31)]
    assert len(fresh) >= 12
    assert sum(bool(t.notes) for t in demo.talks) > 100
    assert sum(i.kind is Kind.AUTOMATIC for t in demo.talks for i in t.items) > 50


def test_the_truth_knows_who_is_who(demo: Demo) -> None:
    persons = demo.truth["persons"]
    assert sum(len(names) > 1 for names in persons.values()) > 1000
    owners: dict[tuple[str, str], set[str]] = {}
    for who, names in persons.items():
        for kind, address in names.items():
            owners.setdefault((kind, address), set()).add(who)
    # A family has one telephone; everything else is one person's.
    assert {kind for (kind, _), people in owners.items() if len(people) > 1} <= {"phone", "store"}
    for talk in demo.talks:
        assert talk.customer.id in owners[talk.kind, talk.customer.addresses[talk.kind]]
        assert all(i.author.ours or i.author.address == talk.customer.addresses[talk.kind] for i in talk.items)
    names = {item.external_id for talk in demo.talks for item in talk.items}
    assert set(demo.truth["topics"]) <= names
    assert {n for pair in demo.truth["bounced"] for n in pair} <= names
    assert set(demo.truth["reposts"]) | set(demo.truth["reposts"].values()) <= names
    assert len(demo.truth["bounced"]) > 50


def test_business_records_hang_together(demo: Demo) -> None:
    orders = {r.external_id: r for r in demo.records if r.kind == "order"}
    assert len(orders) == sum(r.kind == "order" for r in demo.records)
    for record in demo.records:
        assert record.at <= NOW
        if record.kind in ("shipment", "return"):
            order = orders[record.refers_to]
            assert (record.product, record.customer) == (order.product, order.customer)
            assert record.at >= order.at
