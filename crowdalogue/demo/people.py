"""The customers: names, languages, addresses on several channels. Who is who is known here, and only here."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from unicodedata import normalize

from crowdalogue.demo import company


@dataclass
class Customer:
    """One human. `addresses` is channel -> what they are called there; the truth that identity tests look up."""

    id: str
    first: str
    last: str
    language: str
    city: str
    addresses: dict[str, str] = field(default_factory=dict)
    mood: float = 0.0  # -1 short-tempered .. 1 sunny
    careful: float = 0.8  # how well they type
    since: int = 0  # years a customer

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    def name_on(self, kind: str) -> str:
        """What a channel shows: full names by mail and phone, a first name in chat, a nickname in public."""
        if kind == "webchat":
            return self.first
        if kind == "review":
            return f"{self.first} {self.last[0]}."
        if kind == "social":
            return self.addresses["social"].lstrip("@").replace("_", " ").title()
        return self.name


def make_customers(random: Random, count: int) -> list[Customer]:
    return [make_customer(random, number) for number in range(1, count + 1)]


def make_customer(random: Random, number: int) -> Customer:
    language = random.choices([code for code, _ in company.LANGUAGES], [share for _, share in company.LANGUAGES])[0]
    person = Customer(
        id=f"p{number:05d}",
        first=random.choice(company.FIRST[language]),
        last=random.choice(company.LAST[language]),
        language=language,
        city=random.choice(company.CITIES[language]),
        mood=max(-1.0, min(1.0, random.gauss(0.1, 0.45))),
        careful=min(1.0, max(0.2, random.gauss(0.78, 0.2))),
        since=random.choices((0, 1, 2, 3, 5, 8), (30, 25, 18, 12, 10, 5))[0],
    )
    random.random()  # once a trait; what people leave of themselves is made in demo/traces.py
    person.addresses = addresses_of(random, person, number)
    return person


def addresses_of(random: Random, person: Customer, number: int) -> dict[str, str]:
    first, last = plain(person.first), plain(person.last)
    host = random.choice(("example.com", "example.net", "example.org", "mail.example.com"))
    shape = random.choice(("{f}.{l}{n}", "{f}{l}{n}", "{f1}{l}{n}", "{l}.{f}{n}", "{f}_{l}{n}"))
    local = shape.format(f=first, f1=first[0], l=last, n=number)
    nick = f"{random.choice(company.NICKS)}_{random.choice(company.ANIMALS)}{number}"
    own = random.random() < 0.3  # some go by their own name in public
    return {
        "email": f"{local}@{host}",
        "phone": f"+1555{number % 10_000_000:07d}",
        "webchat": f"visitor-{number:05d}{random.randrange(16**4):04x}",
        "social": f"@{first}{last}{number}" if own else f"@{nick}",
        "review": f"{first}-{last[0]}-{number}" if own else nick.replace("_", "-"),
        "store": f"+1555{number % 10_000_000:07d}" if random.random() < 0.6 else f"{person.name} ({number})".casefold(),
    }


def plain(name: str) -> str:
    return "".join(c for c in normalize("NFD", name).casefold() if c.isascii() and c.isalpha())
