"""What people leave of themselves on a channel: a sign-in, a typed address, a signature, an order's number.

Made after the talks, from chance of its own, so that the story stays the same. Some leave nothing, some type a wrong
address or somebody else's order, some share a telephone with the family, and many share a name: identity is to find
out what can be found out, and no more.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from crowdalogue.channels.base import Author, Incoming, Interaction
from crowdalogue.demo.orders import Order, Record
from crowdalogue.demo.people import Customer, plain
from crowdalogue.demo.talks import Talk

FAMILIES = 0.08  # of the pairs share the telephone of somebody with their name in their town
ACCOUNT, NO_ORDER_ACCOUNT = 0.9, 0.5  # have signed up in the shop
OTHER_MAIL = 0.08  # order with another address than they write from
PHONE_ON_ORDER = 0.9
SIGNED_IN = {"webchat": 0.6, "social": 0.82, "store": 0.5}  # of those with an account; social: connected for points
TYPED = {"webchat": 0.7, "store": 0.65}  # of the others are asked for an address and give one
SAYS = {"webchat": 0.35, "social": 0.45}  # of the rest say it in words
LINKS = 0.1  # of the rest in public have profiles that link to each other
SIGNS = 0.3  # mails with a telephone number under them
REFERENCE = 0.9  # reviews whose platform passes the order on
WRONG_ADDRESS = 0.03  # typed somebody else's
WRONG_ORDER = 0.02  # named somebody else's: a present, a slip
FOLLOWERS = (4.9, 1.5)  # of the logarithm: a median of 134, one in a hundred has more than 4,400
ECHOED = 0.3  # of posts are liked, mostly once
VERIFIED = 0.01  # by the platform, of those with many followers ten times as many

WORDS = {
    "en": ("My e-mail is {}.", "You can reach me at {}", "The account is under {}."),
    "de": ("Meine E-Mail ist {}.", "Sie erreichen mich unter {}"),
    "fr": ("Mon adresse est {}.", "Vous pouvez me joindre à {}"),
    "es": ("Mi correo es {}.",),
    "sv": ("Min e-post är {}.", "Ni når mig på {}"),
}
NUMBER_SHAPES = ("{}", "Tel. {}", "Mobile: {}", "T {}")
_ORDER = re.compile(r"BC-\d{5}")


@dataclass
class Trace:
    """What one customer leaves. `number` is the shop's name for them, empty without an account."""

    number: str = ""
    shop_mail: str = ""
    shop_phone: str = ""
    facts: dict[str, dict[str, Any]] = field(
        default_factory=lambda: defaultdict(dict)
    )  # channel -> facts of their profile there
    says: dict[str, str] = field(default_factory=dict)  # channel -> address they mention
    signs: str = ""


def share_telephones(seed: int, customers: Sequence[Customer]) -> None:
    """Some pairs of one family have one telephone. Called before anybody says anything."""
    random = Random(f"{seed}-families")  # noqa: S311
    homes: dict[tuple[str, str], list[Customer]] = defaultdict(list)
    for person in customers:
        homes[person.last, person.city].append(person)
    for family in homes.values():
        for one, other in zip(family[::2], family[1::2], strict=False):
            if one.first != other.first and random.random() < FAMILIES:
                if other.addresses["store"] == other.addresses["phone"]:
                    other.addresses["store"] = one.addresses["phone"]
                other.addresses["phone"] = one.addresses["phone"]


def leave(seed: int, customers: Sequence[Customer], bought: Sequence[Order], talks: Sequence[Talk]) -> dict[str, Trace]:
    """Give every customer their traces and put them into what they said. Returns customer id -> trace."""
    random = Random(f"{seed}-traces")  # noqa: S311
    ordered: dict[str, list[Order]] = defaultdict(list)
    for order in bought:
        ordered[order.customer.id].append(order)
    numbers = list(range(204_000, 204_000 + len(customers)))
    random.shuffle(numbers)
    traces = {
        person.id: make_trace(random, person, f"K{number}", person.id in ordered, customers)
        for person, number in zip(customers, numbers, strict=True)
    }
    for talk in talks:
        if (trace := traces.get(talk.customer.id)) is not None and talk.topic != "spam":
            put_into(random, talk, trace, ordered.get(talk.customer.id, []), bought)
    return traces


def echo(seed: int, talks: Sequence[Talk], now: datetime) -> None:
    """Some posts are liked by people who post themselves."""
    random = Random(f"{seed}-echoes")  # noqa: S311
    posts = [talk for talk in talks if talk.kind == "social" and talk.topic != "spam"]
    for talk in posts:
        first = talk.items[0]
        while first.sent_at is not None and not first.author.ours and random.random() < ECHOED:
            by, at = random.choice(posts).customer, first.sent_at + timedelta(hours=random.expovariate(0.3))
            name = by.addresses["social"]
            if at <= now and name != first.author.address:
                author = Author(name, by.name_on("social"))
                talk.echoes.append(
                    Interaction(f"like:{name}:{first.external_id}", author, "like", at, first.external_id)
                )


def make_trace(random: Random, person: Customer, number: str, buyer: bool, customers: Sequence[Customer]) -> Trace:
    chance = random.random
    trace = Trace(shop_mail=person.addresses["email"])
    if buyer and chance() < OTHER_MAIL:
        trace.shop_mail = f"{plain(person.last)}.home{person.id[1:]}@example.org"
    trace.number = number if chance() < (ACCOUNT if buyer else NO_ORDER_ACCOUNT) else ""
    trace.shop_phone = person.addresses["phone"] if buyer and chance() < PHONE_ON_ORDER else ""
    trace.signs = person.addresses["phone"] if chance() < SIGNS else ""
    for kind in ("webchat", "social", "store"):
        mail = random.choice(customers).addresses["email"] if chance() < WRONG_ADDRESS else person.addresses["email"]
        if trace.number and chance() < SIGNED_IN[kind]:
            proof = {"email": trace.shop_mail, "email_verified": True} if kind == "webchat" else {}
            trace.facts[kind] |= {"customer_id": trace.number, **proof}
        elif chance() < TYPED.get(kind, 0):
            trace.facts[kind] |= {"email": mail}
        elif chance() < SAYS.get(kind, 0):
            trace.says[kind] = mail
        elif kind == "social" and chance() < LINKS:
            here, there = (person.addresses[k].lstrip("@") for k in ("social", "review"))
            pages = (f"https://social.example.com/{here}", f"https://reviews.example.com/u/{there}")
            trace.facts["social"] |= {"url": pages[0], "about": f"I test things: {pages[1]}"}
            trace.facts["review"] |= {"url": pages[1], "links": [pages[0]]}
    trace.facts["social"] |= renown(random)
    return trace


def renown(random: Random) -> dict[str, Any]:
    """How many follow somebody, as the platform says with every post."""
    followers = int(random.lognormvariate(*FOLLOWERS))
    known = random.random() < VERIFIED * (10 if followers > 2000 else 1)
    return {
        "followers": followers,
        "posts": int(random.lognormvariate(5.5, 1.2)),
        **({"verified": True} if known else {}),
    }


def put_into(random: Random, talk: Talk, trace: Trace, own: Sequence[Order], bought: Sequence[Order]) -> None:
    kind = talk.kind
    theirs = [i for i, item in enumerate(talk.items) if not item.author.ours]
    wrong = bought[int(random.random() * len(bought))].number if bought and random.random() < WRONG_ORDER else ""
    words = ""
    if kind in trace.says:
        shapes = WORDS[talk.customer.language]
        words = shapes[int(random.random() * len(shapes))].format(trace.says[kind])
    where = said_in(kind, theirs)
    for at in theirs:
        item = talk.items[at]
        text = item.text
        if wrong:
            text = _ORDER.sub(wrong, text)
        if at == theirs[0] and kind == "email" and trace.signs:
            shape = NUMBER_SHAPES[len(trace.number + trace.signs + talk.customer.first) % len(NUMBER_SHAPES)]
            text = f"{text}\n{shape.format(spelled(trace.signs, talk.number))}"
        secret = bool(words) and at == where
        item = replace(item, text=f"{text} {words}" if secret else text, public=item.public and not secret)
        if facts := trace.facts.get(kind):
            item = replace(item, author=replace(item.author, facts={**item.author.facts, **facts}))
        talk.items[at] = item
    if kind == "review" and theirs and random.random() < REFERENCE:
        refer(talk, theirs[0], own, wrong)


def said_in(kind: str, theirs: Sequence[int]) -> int:
    """Where an address is mentioned: in chat with the first words, on a public channel in a later, private message."""
    if kind == "webchat":
        return theirs[0] if theirs else -1
    return theirs[1] if len(theirs) > 1 else -1


def refer(talk: Talk, at: int, own: Sequence[Order], wrong: str) -> None:
    item: Incoming = talk.items[at]
    said = item.sent_at
    mine = [o.number for o in own if o.product.name == talk.product and said is not None and o.at <= said]
    number = wrong or (mine[-1] if mine else "")
    if number:
        talk.items[at] = replace(item, extra={**item.extra, "order": number})


def spelled(number: str, turn: int) -> str:
    """A number as people write it."""
    digits = number.removeprefix("+1")
    return (f"+1 {digits[:3]} {digits[3:6]} {digits[6:]}", f"+1 ({digits[:3]}) {digits[3:6]}-{digits[6:]}", number)[
        turn % 3
    ]


def mark_record(record: Record, trace: Trace) -> Record:
    """An order as the shop keeps it: whose, by the shop's own number and what was typed at the till."""
    facts = {k: v for k, v in record.facts.items() if k != "customer"}
    known = {"email": trace.shop_mail, "phone": trace.shop_phone, "customer_number": trace.number}
    return replace(record, facts={**facts, **{k: v for k, v in known.items() if v}}, contact=("email", trace.shop_mail))


def addresses_of(
    customers: Sequence[Customer], traces: dict[str, Trace], buyers: set[str]
) -> dict[str, list[list[str]]]:
    """The truth: every address each customer has, on whatever channel."""
    found = {}
    for person in customers:
        pairs = [[kind, address] for kind, address in person.addresses.items()]
        if person.id in buyers:
            trace = traces[person.id]
            pairs += [["email", trace.shop_mail]] + ([["phone", trace.shop_phone]] if trace.shop_phone else [])
        found[person.id] = [list(x) for x in dict.fromkeys(map(tuple, pairs))]
    return found
