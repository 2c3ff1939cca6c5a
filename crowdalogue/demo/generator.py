"""The whole company from a seed: pure, the same every time for the same seed and moment."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from crowdalogue.demo import company, orders, people, speech, story, traces
from crowdalogue.demo.orders import Order, Record
from crowdalogue.demo.people import Customer
from crowdalogue.demo.phrases import public
from crowdalogue.demo.talks import Talk, Teller

# How many of each at full size; a scale multiplies them.
CUSTOMERS, ORDERS = 6800, 13200
LOOSE = {"stock": 380, "buying": 520, "churn": 170, "service": 200, "idea": 240, "warranty": 240, "how_to": 400}
MENTIONS, RIVAL_POSTS, SPAM = 820, 860, 520
FRESH = 14  # written in the last half hour, waiting with a promise that is about to break


@dataclass
class Demo:
    """Everything that is loaded, and the truth that is not."""

    talks: list[Talk]  # by the time of their first message
    records: list[Record]
    customers: list[Customer]
    truth: dict[str, Any] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        return sum(len(talk.items) for talk in self.talks)


def generate(seed: int, now: datetime, scale: float = 1.0) -> Demo:
    """Make the company as of `now` (aware, in the company's zone). `scale` 1 is about 20,000 messages."""
    random = Random(f"{seed}")  # noqa: S311  chance for a story, not for a secret
    start = (now - timedelta(days=story.DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    customers = people.make_customers(random, max(40, math.ceil(CUSTOMERS * scale)))
    traces.share_telephones(seed, customers)
    bought = orders.make_orders(random, customers, math.ceil(ORDERS * scale), start)
    bought = [order for order in bought if order.at <= now]
    teller = Teller(random, now, start)
    for order in bought:
        talk_about(teller, order)
    for tell in (tell_loose, tell_rumour, tell_mentions, tell_rivals, tell_spam):
        tell(teller, customers, scale)
    tell_fresh(teller, customers)
    talks = sorted(teller.talks, key=lambda talk: (talk.start, talk.number))
    left = traces.leave(seed, customers, bought, talks)
    traces.echo(seed, talks, now)
    records = [
        traces.mark_record(record, left[order.customer.id])
        for order in bought
        for record in orders.records_of(order, now)
    ] + tickets(talks)
    truth = truth_of(teller, bought)
    truth["addresses"] = traces.addresses_of(customers, left, {order.customer.id for order in bought})
    return Demo(talks, sorted(records, key=lambda r: (r.at, r.external_id)), customers, truth)


# --- what orders make people say


def talk_about(teller: Teller, order: Order) -> None:
    """Each thing that went wrong or well may be said, somewhere; big trouble on more channels than one."""
    chance = teller.random.random
    arrived = order.delivered
    if order.late and chance() < 0.5:
        begin(teller, order, "late", order.promised + timedelta(days=teller.random.uniform(0.3, 3)))
    if order.leaks and chance() < 0.72:
        begin(teller, order, "defect", arrived + timedelta(days=teller.random.uniform(1, 14)))
    if order.faulty and chance() < 0.6:
        begin(teller, order, "fault", arrived + timedelta(days=teller.random.uniform(3, 40)))
    if order.damaged and chance() < 0.75:
        begin(teller, order, "damaged", arrived + timedelta(hours=teller.random.uniform(1, 30)))
    if order.returned:
        if chance() < 0.3:
            begin(teller, order, "return", order.returned - timedelta(days=1))
        if chance() < 0.22:
            begin(teller, order, "refund", order.returned + timedelta(days=teller.random.uniform(6, 14)))
    small = {"wrong_item": 0.012, "invoice": 0.018, "address": 0.014, "cancel": 0.014, "how_to": 0.06}
    for topic, share in small.items():
        if chance() < share:
            after = timedelta(hours=teller.random.uniform(0.2, 20))
            begin(teller, order, topic, (order.at if topic in ("address", "cancel") else arrived) + after)
    happy = not (order.late or order.leaks or order.faulty or order.damaged)
    if happy and chance() < 0.055:
        topic = "praise" if chance() < 0.7 else "praise_service"
        begin(teller, order, topic, arrived + timedelta(days=teller.random.uniform(1, 30)))
    if chance() < (0.11 if happy else 0.2):
        write_review(teller, order, happy)


def begin(teller: Teller, order: Order, topic: str, when: datetime) -> None:
    """A conversation about an order; one left unanswered may be begun again on another channel."""
    random, customer = teller.random, order.customer
    if topic == "fault" and customer.language != "en" and order.product.name == "Rill Water Jug":
        topic = "return"  # their phrases speak of things with a plug
    when = waking(teller, when)
    if when < teller.start or when > teller.now:
        return
    kind = choose_kind(random, topic)
    slots = words_for(teller, order, when, kind)
    talk = teller.converse(kind, customer, topic, order.product, when, slots=slots)
    if talk is None or kind in ("phone", "store") or any(i.author.ours for i in talk.items) or random.random() > 0.35:
        return
    other = random.choice([k for k in ("phone", "webchat", "social", "email") if k != kind])
    again = waking(teller, when + timedelta(days=random.uniform(1, 4)))
    second = teller.converse(other, customer, topic, order.product, again, slots=words_for(teller, order, again, other))
    if second is not None:
        teller.bounced.append((talk.number, second.number))


def words_for(teller: Teller, order: Order, when: datetime, kind: str = "") -> Mapping[str, str]:
    since = order.delivered if order.delivered < when else order.at
    return speech.slots_for(
        teller.random, order.customer, order.product, when,
        order=order.number, carrier=order.carrier, lot=order.lot, since=since,
        by_hand=kind in ("phone", "store"),
    )  # fmt: skip


def waking(teller: Teller, when: datetime) -> datetime:
    """The same day, at an hour when people write."""
    return story.moment(teller.random, teller.start, (when - teller.start) / timedelta(days=1) // 1)


def choose_kind(random: Random, topic: str) -> str:
    shares = {"email": 36, "webchat": 27, "social": 14, "phone": 15, "store": 8}
    if topic in ("invoice", "refund"):
        shares |= {"email": 55, "social": 6}
    if topic in ("praise", "idea"):
        shares |= {"social": 40, "phone": 5}
    if topic in ("late", "cancel", "address"):
        shares |= {"store": 1, "phone": 20}
    return random.choices(list(shares), list(shares.values()))[0]


def write_review(teller: Teller, order: Order, happy: bool) -> None:
    random = teller.random
    when = waking(teller, order.delivered + timedelta(days=random.uniform(2, 25)))
    if not teller.start <= when <= teller.now:
        return
    stars = random.choices((5, 4, 3, 2), (55, 27, 13, 5))[0]
    topic = "fault"
    if not happy:
        stars = random.choices((1, 2, 3), (55, 30, 15))[0]
        topic = "defect" if order.leaks else "late" if order.late else "damaged" if order.damaged else "fault"
    teller.review(order.customer, order.product, stars, when, words_for(teller, order, when), topic)


# --- what is said besides


def random_moment(teller: Teller) -> datetime:
    days = range(story.DAYS)
    day = teller.random.choices(days, [story.weight_of(d, teller.start) for d in days])[0]
    return story.moment(teller.random, teller.start, day)


def tell_loose(teller: Teller, customers: list[Customer], scale: float) -> None:
    random = teller.random
    for topic, count in LOOSE.items():
        for _ in range(math.ceil(count * scale)):
            customer, product, when = random.choice(customers), random.choice(company.PRODUCTS), random_moment(teller)
            if when <= teller.now:
                kind = choose_kind(random, topic)
                slots = speech.slots_for(random, customer, product, when, by_hand=kind in ("phone", "store"))
                teller.converse(kind, customer, topic, product, when, slots=slots)


def tell_rumour(teller: Teller, customers: list[Customer], scale: float) -> None:
    """Posts and reposts that a speaker listens; some are said to us and answered. No order is touched."""
    random = teller.random
    product = company.BY_NAME[story.RUMOUR.product]
    copied: list[tuple[str, str]] = []
    english = [c for c in customers if c.language == "en"]
    moments = sorted(
        story.moment(random, teller.start, story.rumour_day(random))
        for _ in range(math.ceil(story.RUMOUR.posts * scale))
    )
    for when in moments:
        customer = random.choice(english)
        if copied and random.random() < 0.22:
            original, text = random.choice(copied[:3])
            teller_text = text if random.random() < 0.6 else f"RT {customer.addresses['social']}: {text}"
            if talk := teller.post("social", customer, "rumour", teller_text, when):
                teller.reposts[talk.items[0].external_id] = original
            continue
        slots = speech.slots_for(random, customer, product, when)
        fresh = len(copied) < len(public.RUMOUR_POSTS)
        text = public.RUMOUR_POSTS[len(copied)] if fresh else speech.pick(random, public.RUMOUR, slots)
        text = text if fresh else speech.roughen(random, text, customer, "social")
        if "@brindlecove" in text and random.random() < 0.6:
            talk = teller.new("social", customer, "rumour", product)
            teller.say(talk, when, text)
            if random.random() < 0.75:
                teller.exchange(talk, "rumour", when, slots)
            if teller.keep(talk):
                teller.settle(talk, len(talk.items) == 1)
        elif (talk_ := teller.post("social", customer, "rumour", text, when)) and fresh:
            copied.append((talk_.items[0].external_id, text))


def tell_mentions(teller: Teller, customers: list[Customer], scale: float) -> None:
    random = teller.random
    for _ in range(math.ceil(MENTIONS * scale)):
        customer, product, when = random.choice(customers), random.choice(company.PRODUCTS), random_moment(teller)
        slots = speech.slots_for(random, customer, product, when)
        text = speech.pick(random, public.MENTIONS, slots) + random.choice(public.HAPPY_TAGS)
        talk = teller.post("social", customer, "mention", speech.roughen(random, text, customer, "social"), when)
        if talk and random.random() < 0.12:  # somebody likes it so much that they post it again
            by = random.choice(customers)
            again = when + timedelta(hours=random.uniform(0.2, 20))
            copy = teller.post(
                "social", by, "mention", f"RT {customer.addresses['social']}: {talk.items[0].text}", again
            )
            if copy:
                teller.reposts[copy.items[0].external_id] = talk.items[0].external_id


def tell_rivals(teller: Teller, customers: list[Customer], scale: float) -> None:
    """What people post about competitors: never to us, never waiting for us. One of them has a bad week."""
    random = teller.random
    english = [c for c in customers if c.language == "en"]
    for _ in range(math.ceil(RIVAL_POSTS * scale)):
        rival, handle = random.choices(company.RIVALS, (6, 4))[0]
        when = random_moment(teller)
        bad_week = rival == "Quillmark" and 45 <= teller.day_of(when) <= 51
        tone = random.choices(("bad", "good", "neutral"), (75, 10, 15) if bad_week else (32, 33, 35))[0]
        for _ in range(3 if bad_week else 1):
            customer = random.choice(english)
            slots = speech.slots_for(random, customer, random.choice(company.PRODUCTS), when)
            words = {**slots, "rival": rival, "rivalhandle": handle}
            text = speech.roughen(random, speech.pick(random, public.RIVAL_POSTS[tone], words), customer, "social")
            teller.post("listening", customer, "rival", text, when, brand=rival)


def tell_spam(teller: Teller, customers: list[Customer], scale: float) -> None:
    random = teller.random
    count = math.ceil(SPAM * scale)
    senders = [people.make_customer(random, 900_000 + n) for n in range(max(3, count // 3))]
    for _ in range(count):
        account = random.choices(("email", "social", "webchat"), (60, 30, 10))[0]
        teller.spam(account, random.choice(senders), random_moment(teller))


def tell_fresh(teller: Teller, customers: list[Customer]) -> None:
    """The last half hour, whatever the hour: messages that wait now."""
    random = teller.random
    topics = ("late", "defect", "fault", "refund", "how_to", "buying", "return", "damaged", "service", "stock")
    for number in range(FRESH):
        customer, product = random.choice(customers), random.choice(company.PRODUCTS)
        topic = topics[number % len(topics)]
        product = company.BY_NAME[story.DEFECT.product] if topic == "defect" else product
        when = teller.now - timedelta(minutes=2 + number * 2, seconds=random.randrange(50))
        kind = ("email", "webchat", "email", "social")[number % 4]
        talk = teller.new(kind, customer, topic, product)
        teller.open(talk, topic, when, speech.slots_for(random, customer, product, when))
        teller.keep(talk)


# --- business data and truth


def tickets(talks: list[Talk]) -> list[Record]:
    """Each service contact is a ticket of the service desk: not praise, not public talk."""
    made = []
    for talk in talks:
        contact = talk.account in ("email", "webchat", "phone", "store")
        if contact and talk.topic not in ("praise", "praise_service", "idea", "spam"):
            state = "solved" if talk.state == "closed" else "open"
            facts = {"topic": talk.topic, "channel": talk.account}
            name, who = f"T{talk.number:06d}", (talk.kind, talk.customer.addresses[talk.kind])
            made.append(
                Record("ticket", name, talk.customer.id, talk.start, talk.product, 1, None, state, "", facts, who)
            )
    return made


def truth_of(teller: Teller, bought: list[Order]) -> dict[str, Any]:
    """What a perfect listener would know; kept beside the rows for tests of identity, topics and verdicts."""
    used: dict[str, dict[str, str]] = {}
    for talk in teller.talks:
        used.setdefault(talk.customer.id, {})[talk.kind] = talk.customer.addresses[talk.kind]
    first = {talk.number: talk.items[0].external_id for talk in teller.talks}
    return {
        "persons": used,
        "topics": {first[talk.number]: talk.topic for talk in teller.talks},
        "counts": dict(Counter(talk.topic for talk in teller.talks)),
        "bounced": [[first[a], first[b]] for a, b in teller.bounced],
        "reposts": teller.reposts,
        "defect": {
            "product": story.DEFECT.product,
            "lot": story.DEFECT.lot,
            "from": (teller.start + timedelta(days=story.DEFECT.first_day)).date().isoformat(),
            "orders": [order.number for order in bought if order.leaks],
        },
        "rumour": {
            "product": story.RUMOUR.product,
            "from": (teller.start + timedelta(days=story.RUMOUR.first_day)).date().isoformat(),
            "to": (teller.start + timedelta(days=story.RUMOUR.last_day)).date().isoformat(),
        },
        "failure": {
            "carrier": story.FAILURE.carrier,
            "from": (teller.start + timedelta(days=story.FAILURE.first_day)).date().isoformat(),
            "to": (teller.start + timedelta(days=story.FAILURE.last_day)).date().isoformat(),
        },
    }
