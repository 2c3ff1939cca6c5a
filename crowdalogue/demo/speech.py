"""How a customer or an agent says something on a channel: phrases put together, with moods and slips."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from crowdalogue.demo import company, story
from crowdalogue.demo.company import Product
from crowdalogue.demo.grammar import say
from crowdalogue.demo.people import Customer
from crowdalogue.demo.phrases import Language, Phrases, Topic
from crowdalogue.demo.phrases.english import ENGLISH
from crowdalogue.demo.phrases.french import FRENCH
from crowdalogue.demo.phrases.german import GERMAN
from crowdalogue.demo.phrases.spanish import SPANISH
from crowdalogue.demo.phrases.swedish import SWEDISH

LANGUAGES: dict[str, Language] = {x.code: x for x in (ENGLISH, GERMAN, FRENCH, SPANISH, SWEDISH)}
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
}
WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "sv": "måndag tisdag onsdag torsdag fredag lördag söndag",
}
MONEY = {"en": "£{}", "de": "{} Euro", "fr": "{} euros", "es": "{} euros", "sv": "{}0 kr"}
NEAR = {
    "damaged": "fault",
    "wrong_item": "late",
    "churn": "service",
    "warranty": "how_to",
    "praise_service": "praise",
    "cancel": "return",
}
SHORT = {"please": "pls", "you": "u", "because": "cos", "thanks": "thx", "with": "w", "are": "r", "really": "rly"}
_WORD = re.compile(r"[^\W\d_]{4,}")


def slots_for(
    random: Random,
    customer: Customer,
    product: Product,
    when: datetime,
    *,
    order: str = "",
    carrier: str = "",
    lot: str = "",
    agent: str = "",
    since: datetime | None = None,
    by_hand: bool = False,
) -> dict[str, str]:
    """The words of the moment. `since` is when what is talked about happened; notes are in the team's language."""
    code = "en" if by_hand else customer.language
    past = since or when - timedelta(days=random.randrange(3, 20))
    use, howto = random.choice(product.uses)
    ahead = when + timedelta(days=random.randrange(1, 5))
    months, weekdays = MONTHS[code].split(), WEEKDAYS[code].split()
    return {
        "product": say(random.choice((product.name, product.name, short_name(product.name))), {}, random),
        "thing": product.thing,
        "part": random.choice(product.parts),
        "fault": random.choice(product.faults),
        "use": use,
        "howto": howto,
        "good": random.choice(product.good),
        "other": random.choice([p.name for p in company.PRODUCTS if p is not product]),
        "order": order or f"BC-{random.randrange(61000, 69999)}",
        "carrier": carrier or random.choice(company.CARRIERS)[0],
        "lot": lot or story.DEFECT.lot,
        "serial": f"{product.name[:2].upper()}{random.randrange(10**6, 10**7)}",
        "days": str(max(2, (when - past).days)),
        "years": str(random.choice((2, 3, 4, 5, 6, 8))),
        "page": str(random.randrange(4, 38)),
        "date": f"{past.day} {months[past.month - 1]}" if code != "de" else f"{past.day}. {months[past.month - 1]}",
        "weekday": weekdays[ahead.weekday()],
        "month": months[past.month - 1],
        "city": customer.city,
        "country": random.choice(("Iceland", "the US", "Switzerland", "Norway", "Japan")),
        "amount": MONEY[code].format(product.price),
        "fee": MONEY[code].format(random.choice((5, 8, 10, 12, 15, 20))),
        "relative": random.choice(company.RELATIVES),
        "rival": random.choice(company.RIVALS)[0],
        "agent": agent or random.choice(company.AGENTS),
        "first": customer.first,
        "last": customer.last,
        "dot": random.choice((".", ".", "!", "", " 🙂", "…")),
        "refund_or_new": random.choice(("refund", "replacement")),
    }


def short_name(name: str) -> str:
    """People say Fathom, or Fathom blender, as often as the full name."""
    return name.split()[0] if name.split()[0] not in ("Tarn", "Rill") else name


def pick(random: Random, phrases: Phrases, slots: Mapping[str, str]) -> str:
    return say(phrases[int(random.random() * len(phrases))], slots, random)


def topic_of(language: Language, topic: str) -> Topic:
    """The topic in that language, or the nearest one it has."""
    return language.topics.get(topic) or language.topics[NEAR.get(topic, "how_to")]


def matter(random: Random, topic: Topic, slots: Mapping[str, str], length: float) -> list[str]:
    """The sentences of a customer: the matter itself, perhaps more, perhaps what is wanted."""
    said = [pick(random, topic.what, slots)]
    if topic.more and random.random() < length:
        said.append(pick(random, topic.more, slots))
    if topic.more and random.random() < length * 0.35:
        said.append(pick(random, topic.more, slots))
    if topic.ask and random.random() < 0.35 + length * 0.5:
        said.append(pick(random, topic.ask, slots))
    return list(dict.fromkeys(said))


def letter(random: Random, customer: Customer, sentences: list[str], slots: Mapping[str, str]) -> str:
    language = LANGUAGES[customer.language]
    greeting = pick(random, language.greetings, slots) if random.random() < 0.9 else ""
    closing = pick(random, language.closings, slots)
    name = random.choice((customer.name, customer.name, customer.first, f"{customer.first[0]}. {customer.last}"))
    if len(sentences) > 2 and random.random() < 0.5:
        body = " ".join(sentences[:-1]) + "\n\n" + sentences[-1]
    else:
        body = " ".join(sentences)
    return "\n\n".join(filter(None, (greeting, roughen(random, body, customer, "email"), f"{closing}\n{name}")))


def answer(random: Random, customer: Customer, kind: str, sentence: str, slots: Mapping[str, str]) -> str:
    """What an agent writes: whole letters by mail, a line or two elsewhere."""
    language = LANGUAGES[customer.language]
    if kind == "email":
        greeting = pick(random, language.agent_greetings, slots)
        return f"{greeting}\n\n{sentence}\n\n{pick(random, language.agent_closings, slots)}"
    sentence = sentence[:1].upper() + sentence[1:]
    if kind in ("social", "review"):
        who = customer.addresses["social"] + " " if kind == "social" else ""
        if kind == "review" and random.random() < 0.7:
            who = pick(random, language.agent_greetings, slots) + " "
        return f"{who}{sentence}" + ("" if "– " in sentence else f" – {slots['agent']}")
    return sentence if random.random() < 0.4 else f"{pick(random, language.agent_greetings, slots)} {sentence}"


def roughen(random: Random, text: str, customer: Customer, kind: str) -> str:
    """Moods and slips: a hurried chat in lower case, a letter too few, three exclamation marks."""
    loose = {"email": 0.35, "review": 0.5, "webchat": 1.0, "social": 0.9}.get(kind, 0.0)
    if random.random() < (1 - customer.careful) * loose * 1.6:
        text = slip(random, text)
    if customer.language == "en" and kind in ("webchat", "social") and random.random() < (1 - customer.careful) * 0.8:
        text = " ".join(SHORT.get(word, word) for word in text.split(" "))
    if kind == "webchat" and random.random() < 0.55:
        text = text[:1].lower() + text[1:] if not text.startswith(("I ", "I'")) else "i" + text[1:]
        text = text.rstrip(".") if random.random() < 0.7 else text
    if customer.mood < -0.45 and random.random() < 0.3 * (loose + 0.4):
        text = text.rstrip(".!") + random.choice(("!!", "!!!", "!", " !!"))
    if customer.mood < -0.75 and random.random() < 0.25:
        text = shout(random, text)
    if customer.mood > 0.5 and kind in ("webchat", "social") and random.random() < 0.2:
        text += random.choice((" :)", " 🙂", " 😊", " 🙏"))
    return text


def slip(random: Random, text: str) -> str:
    """One typing error in one longer word."""
    words = [m for m in _WORD.finditer(text) if m[0].islower()]
    if not words:
        return text
    word = random.choice(words)
    at = word.start() + 1 + int(random.random() * (len(word[0]) - 2))
    how = random.random()
    if how < 0.4:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if how < 0.75:
        return text[:at] + text[at + 1 :]
    return text[:at] + text[at] + text[at:]


def shout(random: Random, text: str) -> str:
    parts = text.split(". ")
    at = int(random.random() * len(parts))
    parts[at] = parts[at].upper()
    return ". ".join(parts)
