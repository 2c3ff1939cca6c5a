# ruff: noqa: SIM905  (rows of words are read more easily)
"""What ties two addresses to one human: read from words and facts, weighed by stated rules. No rows here.

A `Clue` says that whoever writes from one address also has another one. Clues that meet at the same address or
order tie two persons; `weigh` says how sure that is. A display name alone never ties anybody: names only make
other evidence stronger or weaker. docs/people.md states the same rules for people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crowdalogue.channels.mail.incoming import normalised
from crowdalogue.channels.manual import normalise_phone

AUTO = 0.95  # from here on two persons become one by themselves
SUGGEST = 0.5  # from here on a person is asked

VERIFIED = "verified_sign_in"
SAME = "same_address"
ORDER = "order"
SIGNATURE = "signature"
OWN_WORD = "own_word"
LINK = "link"

# How sure each sort of clue is by itself, before names and other clues are looked at.
SURE = {
    "customer": 0.999,  # our own sign-in vouches for the customer number
    "verified": 0.99,  # the channel checked the address
    "same": 0.985,  # the number given in the store is the number that calls
    "on_order": 0.96,  # both stand on the same order
    "signature": 0.94,
    "own_word": 0.92,  # typed or said by the customer
    "order": 0.9,  # the order number was named
    "product": 0.973,  # and the product that was ordered too
    "link_back": 0.97,  # two profiles link to each other
    "link": 0.6,
}
NAMES = {"same": 6.0, "first": 2.0, "unknown": 1.0, "other": 0.08}  # what names do to the odds
PEN_NAME = 0.3  # another name where people go by pen names, in public
SHARED = 0.6  # an address that people of different names use says little
MANY = 8  # claims without verification after which an address says nothing

# Boxes that many people read.
ROLES = frozenset(
    "abuse accounts admin billing care careers contact customer customercare customerservice dpo finance hello help "
    "helpdesk hi hr info inquiries invoice jobs kontakt mail mailer-daemon marketing news newsletter no-reply noreply "
    "notifications office order orders postmaster press privacy reply sales security service shop store support team "
    "webmaster".split()
)

_EMAIL = re.compile(r"(?<![\w.+@-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_PHONE = re.compile(r"(?<![\w.])(?:\+|00|\()?\d[\d \t().\u00a0/-]{6,20}\d(?!\w)")
_LETTERED = re.compile(r"(?<![\w-])#?([A-Za-z]{1,5}[-–]?\d{4,14})(?![\w-])")
_NUMBERED = re.compile(
    r"(?:order|bestell\w*|auftrag\w*|commande|pedido|best[äa]llning\w*|#)\D{0,14}(\d{5,14})(?![\w-])", re.I
)
# Said of oneself, in the languages the steps read.
_OWN = re.compile(
    r"\b(?:my|our|mine|i'?m|reach me|contact me|write (?:to )?me|mail me|e-?mail me|call me|ring me|text me|registered|"
    r"account|ordered|bought|under|meine?r?|unter|erreichen|mon|ma|mes|adresse|joindre|mi|correo|llámame|min|mitt|nås)\b",
    re.I,
)
_THEIRS = re.compile(
    r"\b(?:his|her|their|he|she|your|husband|wife|mother|father|mum|mom|dad|sister|brother|son|daughter|friend|neighbou?r|"
    r"colleague|boss|partner|flatmate|aunt|uncle|seine?r?|ihre?r?|sa|su|hans|hennes)\b(?:'s)?",
    re.I,
)
_BEFORE = 60  # characters before an address that say whose it is
_LABEL = re.compile(
    r"^\s*(?:(?:tel|phone|mobile|mob|cell|m|t|p|handy|telefon|tél|téléphone|móvil|mobil)\b\.?:?)?\s*", re.I
)
_LINES = 7  # of an e-mail's end that may be a signature
_LONGEST = 4000  # characters of a message that are read for clues
_FEW = 6  # clues of one sort in one message


@dataclass(frozen=True, slots=True)
class Clue:
    """The one who writes from here also has `value`. `kind` is email, phone, customer, page, or order."""

    kind: str
    value: str
    evidence: str  # VERIFIED, ORDER, ...
    confidence: float
    why: str  # plain words, such as "signed an e-mail with +15550100199"


@dataclass(frozen=True, slots=True)
class Tie:
    """Why two persons may be one. `through` is what they share; the same thing counts once."""

    evidence: str
    confidence: float
    why: str
    through: str


@dataclass(frozen=True, slots=True)
class Verdict:
    confidence: float
    evidence: str
    reason: str


# --- clues in facts


def from_facts(facts: Mapping[str, Any]) -> Iterator[Clue]:
    """Clues in what a channel says of its author (names as in channels.base.Author)."""
    customer = text_of(facts, "customer_id")
    if customer:
        yield Clue("customer", customer, VERIFIED, SURE["customer"], f"signed in as customer {customer}")
    for kind, said in (("email", "e-mail address"), ("phone", "number")):
        value = address(kind, text_of(facts, kind))
        if value and facts.get(f"{kind}_verified") is True:
            yield Clue(kind, value, VERIFIED, SURE["verified"], f"proved to own the {said} {value}")
        elif value:
            yield Clue(kind, value, OWN_WORD, SURE["own_word"], f"gave the {said} {value}")
    yield from (Clue("page", page, LINK, SURE["link"], f"links to {page}") for page in links_of(facts))


def text_of(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    return str(value).strip()[:200] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def links_of(facts: Mapping[str, Any]) -> list[str]:
    """Pages a profile links to: in `links`, and in what it says about itself."""
    named = facts.get("links")
    found = [str(x) for x in named] if isinstance(named, list | tuple) else []
    found += re.findall(r"https?://\S{4,200}", text_of(facts, "about"))
    return list(dict.fromkeys(page_of(x) for x in found if page_of(x)))[:_FEW]


def page_of(url: str) -> str:
    """One spelling of the address of a profile page; empty for what is no page of somebody."""
    plain = re.sub(r"^https?://(?:www\.|m\.)?", "", url.strip().casefold()).split("?")[0].split("#")[0].rstrip("/.,)")
    return plain[:300] if "/" in plain and "." in plain.split("/")[0] else ""


def address(kind: str, value: str) -> str:
    """The one spelling of an e-mail address or number, empty where it cannot tell anybody from others."""
    if not value:
        return ""
    if kind == "email":
        found = normalised(value)
        box, at, host = found.rpartition("@")
        return "" if not at or "." not in host or box.split("+")[0] in ROLES else found
    if kind == "phone":
        number = normalise_phone(value)
        digits = number.lstrip("+")
        return number if digits.isdecimal() and 7 <= len(digits) <= 15 and len(set(digits)) > 2 else ""
    return value.strip()


# --- clues in words


def from_message(text: str, extra: Mapping[str, Any], *, channel: str) -> Iterator[Clue]:
    """Clues in one message: what the customer says of themselves, an e-mail's signature, orders named."""
    text = text[:_LONGEST]
    yield from own_words(text)
    if channel == "email":
        yield from signature(text)
    for number in orders_in(text, extra):
        yield Clue("order", number, ORDER, SURE["order"], f"named order {number}")


def own_words(text: str) -> Iterator[Clue]:
    """Addresses the writer calls their own, or that are all there is (the answer to a question)."""
    for kind, pattern, said in (("email", _EMAIL, "e-mail address"), ("phone", _PHONE, "number")):
        if kind == "email" and "@" not in text:
            continue
        for hit in list(pattern.finditer(text))[:_FEW]:
            value = address(kind, hit[0].strip())
            if value and is_own(text, hit.start(), hit.end()) and not (kind == "phone" and vague(value)):
                yield Clue(kind, value, OWN_WORD, SURE["own_word"], f"said that their {said} is {value}")


def vague(number: str) -> bool:
    """A number without its country may be anybody's, an order's or a date."""
    return not number.startswith("+")


def is_own(text: str, start: int, end: int) -> bool:
    before = re.split(r"[.!?\n]\s", text[max(0, start - _BEFORE) : start])[-1]
    if _THEIRS.search(before):
        return False
    if _OWN.search(before):
        return True
    rest = re.sub(r"[\W\d_]+", " ", text[:start] + " " + text[end:]).split()
    return len(rest) <= 4 and not _THEIRS.search(text)


def signature(text: str) -> Iterator[Clue]:
    """Numbers and addresses that stand alone on one of the last short lines of a mail."""
    lines = [line.strip() for line in text.rstrip().splitlines()]
    for line in lines[max(1, len(lines) - _LINES) :]:
        if not 6 < len(line) <= 60:
            continue
        bare = _LABEL.sub("", line)
        for kind, pattern, said in (("phone", _PHONE, "number"), ("email", _EMAIL, "address")):
            hit = pattern.search(bare)
            if hit and len(bare) - len(hit[0]) <= 12 and (value := address(kind, hit[0])):
                yield Clue(kind, value, SIGNATURE, SURE["signature"], f"signs e-mails with the {said} {value}")


def orders_in(text: str, extra: Mapping[str, Any]) -> list[str]:
    """What may be order numbers; whether they are is asked of the business's own records."""
    named = text_of(extra, "order") or text_of(extra, "order_number") or text_of(extra, "reference")
    found = [named] if named else []
    found += [hit[1].replace("–", "-") for hit in list(_LETTERED.finditer(text))[:_FEW]]
    found += [hit[1] for hit in list(_NUMBERED.finditer(text))[:_FEW]]
    return list(dict.fromkeys(x.upper()[:120] for x in found))[:_FEW]


def order_tie(
    number: str, product: str, ordered_at: datetime, text: str, extra: Mapping[str, Any], said_at: datetime
) -> Tie | None:
    """An order named before it was made, or years after, is a slip of the finger."""
    if not ordered_at - timedelta(days=1) <= said_at <= ordered_at + timedelta(days=3 * 366):
        return None
    words = {w for w in plain(product).split() if len(w) > 3}
    said = set(plain(f"{text} {text_of(extra, 'product')}").split())
    if words & said:
        return Tie(ORDER, SURE["product"], f"named order {number} and what was ordered", f"order:{number}")
    return Tie(ORDER, SURE["order"], f"named order {number}", f"order:{number}")


def from_record(kind: str, number: str, facts: Mapping[str, Any]) -> Iterator[Clue]:
    """What a record of the business says of whose it is."""
    what = f"{kind} {number}"
    if customer := text_of(facts, "customer_number"):
        yield Clue("customer", customer, ORDER, SURE["customer"], f"{what} was made by customer {customer}")
    for name in ("email", "phone"):
        if value := address(name, text_of(facts, name)):
            yield Clue(name, value, ORDER, SURE["on_order"], f"{what} was made with {value}")


# --- names


def plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(c for c in folded if not unicodedata.combining(c))))


def name_of(shown: str) -> tuple[str, str] | None:
    """(first, last) of a display name, last perhaps empty or an initial; None for a nickname or an address."""
    if "@" in shown or any(c.isdigit() for c in shown) or "_" in shown:
        return None
    words = [w for w in plain(re.sub(r"\([^)]*\)|[,|/].*", " ", shown)).split() if w not in _TITLES]
    if not words or len(words) > 5 or (len(words) == 1 and len(words[0]) < 2):
        return None
    return words[0], words[-1] if len(words) > 1 else ""


_TITLES = frozenset("mr mrs ms miss dr prof herr frau mme mlle monsieur madame sr sra senor senora".split())


def compare(one: str, other: str) -> str:
    """same: first and last agree; first: only the first is known of one; other: they differ; else unknown."""
    a, b = name_of(one), name_of(other)
    if a is None or b is None:
        return "unknown"
    if a[1] and b[1] and (a[1], a[0]) == b:
        return "same"
    if not alike(a[0], b[0]):
        return "other"
    if not (a[1] and b[1]):
        return "first"
    if not alike(a[1], b[1]):
        return "other"
    return "same" if min(len(a[1]), len(b[1])) > 1 else "first"


def alike(one: str, other: str) -> bool:
    """Equal, an initial, or a short form (alex, alexander)."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and (len(short) == 1 or len(short) > 2)


def compare_all(ones: Iterable[str], others: Iterable[str]) -> str:
    """The best that any two names say."""
    others = list(others)
    seen = {compare(one, other) for one in ones for other in others}
    return next((r for r in ("same", "first", "other") if r in seen), "unknown")


def different_people(names: Sequence[Iterable[str]]) -> int:
    """How many people of different names there are at least among these sets of names."""
    apart: list[list[str]] = []
    for some in names:
        listed = [n for n in some if name_of(n)]
        if listed and all(compare_all(listed, known) == "other" for known in apart):
            apart.append(listed)
    return len(apart)


# --- weighing


def weigh(ties: Sequence[Tie], names: str, *, public: bool = False) -> Verdict | None:
    """How sure it is that two persons are one, or None where nothing ties them.

    The odds of independent ties are multiplied, the same thing counting once; names move the odds.
    `public`: one of the two is known from public places only, where people go by pen names.
    """
    best: dict[str, Tie] = {}
    for tie in ties:
        if tie.through not in best or best[tie.through].confidence < tie.confidence:
            best[tie.through] = tie
    if not best:
        return None
    ranked = sorted(best.values(), key=lambda t: (-t.confidence, t.through))
    odds = NAMES[names] if not (public and names == "other") else PEN_NAME
    for tie in ranked:
        odds *= tie.confidence / (1 - tie.confidence)
    said = [tie.why for tie in ranked[:3]]
    said += {"same": ["the names agree"], "first": ["the first names agree"], "other": ["the names differ"]}.get(
        names, []
    )
    reason = "; ".join(said)[:299]
    return Verdict(min(0.9999, odds / (1 + odds)), ranked[0].evidence, reason[:1].upper() + reason[1:])


def damped(confidence: float, *, verified: bool, people: int, claims: int) -> float:
    """What an address is worth as a tie when several people use it. 0: nothing."""
    if people > 3 or (claims > MANY and not verified):
        return 0.0
    if people > 1:
        return min(confidence, SHARED)
    return confidence
