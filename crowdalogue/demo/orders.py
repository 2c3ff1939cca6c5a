"""What the business itself knows: orders, shipments, returns. What people say follows from these."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from crowdalogue.demo import company, story
from crowdalogue.demo.company import Product
from crowdalogue.demo.people import Customer


@dataclass
class Order:
    """One product bought, and its fate."""

    number: str
    customer: Customer
    product: Product
    day: float
    at: datetime
    quantity: int
    carrier: str
    lot: str
    shipped: datetime
    promised: datetime
    delivered: datetime
    late: bool
    leaks: bool  # the defect shows on this one
    faulty: bool
    damaged: bool
    returned: datetime | None = None
    why_returned: str = ""


@dataclass(frozen=True)
class Record:
    """A row of business data, as BusinessRecord will hold it."""

    kind: str  # order, shipment, return, ticket
    external_id: str
    customer: str
    at: datetime
    product: str
    quantity: int = 1
    amount: int | None = None
    state: str = ""
    refers_to: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    contact: tuple[str, str] | None = None  # channel and address the business knows them by


def make_orders(random: Random, customers: list[Customer], count: int, start: datetime) -> list[Order]:
    """`count` orders over the quarter and the two weeks before it, so that the first days have something to say."""
    days = list(range(-14, story.DAYS))
    chosen = sorted(random.choices(days, [story.weight_of(d, start) for d in days], k=count))
    weights = [p.weight for p in company.PRODUCTS]
    return [
        make_order(random, number, random.choice(customers), random.choices(company.PRODUCTS, weights)[0], day, start)
        for number, day in enumerate(chosen, 1)
    ]


def make_order(random: Random, number: int, customer: Customer, product: Product, day: int, start: datetime) -> Order:
    at = story.moment(random, start, day)
    carrier = random.choices([name for name, _ in company.CARRIERS], [share for _, share in company.CARRIERS])[0]
    shipped = (at + timedelta(days=random.choice((0, 1, 1, 1, 2)))).replace(hour=17, minute=random.randrange(60))
    if shipped < at:
        shipped += timedelta(days=1)
    promised = (shipped + timedelta(days=3)).replace(hour=20, minute=0, second=0, microsecond=0)
    travelled = timedelta(days=random.choice((1, 1, 2, 2, 3)), hours=random.uniform(-6, 3))
    stuck = story.in_failure((shipped - start) / timedelta(days=1), carrier)
    late = random.random() < (story.FAILURE.late_share if stuck else story.BASE_LATE)
    if late:
        low, high = story.FAILURE.delay if stuck else (4, 8)
        travelled = timedelta(days=random.uniform(low, high))
    bad = story.in_lot(random, day, product.name)
    leaks = bad and random.random() < story.DEFECT.fails
    order = Order(
        number=f"BC-{70000 + number * 3 + random.randrange(3)}",
        customer=customer,
        product=product,
        day=day,
        at=at,
        quantity=random.choices((1, 2, 3), (92, 6, 2))[0],
        carrier=carrier,
        lot=story.DEFECT.lot if bad else f"{product.name[0]}-{2190 + (day + 14) // 9}",
        shipped=shipped,
        promised=promised,
        delivered=shipped + travelled,
        late=late,
        leaks=leaks,
        faulty=not leaks and random.random() < 0.05,
        damaged=random.random() < 0.02,
    )
    decide_return(random, order)
    return order


def decide_return(random: Random, order: Order) -> None:
    """The rumour plays no part here: that is what tells it from the defect."""
    chance, why = 0.035, random.choice(("too big", "too loud", "changed my mind", "gift not wanted"))
    if order.leaks:
        chance, why = 0.62, "leaks"
    elif order.faulty:
        chance, why = 0.4, "faulty"
    elif order.damaged:
        chance, why = 0.5, "arrived damaged"
    elif order.late:
        chance, why = 0.09, "came too late"
    if random.random() < chance:
        order.returned = order.delivered + timedelta(days=random.uniform(2, 16))
        order.why_returned = why


def records_of(order: Order, now: datetime) -> list[Record]:
    """The order, its shipment, its return: as far as they have happened."""
    price = order.product.price * order.quantity
    gone = order.shipped <= now
    arrived = order.delivered <= now
    returned = order.returned is not None and order.returned <= now
    state = "returned" if returned else "delivered" if arrived else "shipped" if gone else "packing"
    facts = {"lot": order.lot, "city": order.customer.city}
    made = [
        Record("order", order.number, order.customer.id, order.at, order.product.name, order.quantity, price, state,
               facts={**facts, "country": company.COUNTRIES[order.customer.language]})
    ]  # fmt: skip
    if gone:
        overdue = not arrived and now > order.promised
        shipping = "delivered" if arrived else "late" if overdue else "on its way"
        times = {"carrier": order.carrier, "promised": order.promised.isoformat(timespec="minutes")}
        if arrived:
            times["delivered"] = order.delivered.isoformat(timespec="minutes")
            times["late"] = "yes" if order.delivered > order.promised else "no"
        made.append(
            Record("shipment", "S" + order.number[2:], order.customer.id, order.shipped, order.product.name,
                   order.quantity, None, shipping, order.number, {**facts, **times})
        )  # fmt: skip
    if returned and order.returned is not None:
        done = now - order.returned > timedelta(days=6)
        made.append(
            Record("return", "R" + order.number[2:], order.customer.id, order.returned, order.product.name,
                   order.quantity, price, "refunded" if done else "received", order.number,
                   {**facts, "reason": order.why_returned})
        )  # fmt: skip
    return made
