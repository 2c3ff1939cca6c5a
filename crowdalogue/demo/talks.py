"""Conversations: who says what when, in turns, until it is solved, dropped or cut off by now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from crowdalogue.channels.base import Author, Incoming, Interaction, Kind
from crowdalogue.demo import company, speech, story
from crowdalogue.demo.company import Product
from crowdalogue.demo.people import Customer
from crowdalogue.demo.phrases import Language, notes, public
from crowdalogue.demo.phrases.praise import BUTS, MIDDLING, TITLES

US = {
    "email": "care@brindlecove.example.com",
    "social": "@brindlecove",
    "webchat": "brindlecove",
    "review": "brindlecove",
}
PUBLIC = ("social", "review", "listening")
CLOSED_AFTER = timedelta(days=2)
BROKEN = ("defect", "fault", "damaged", "wrong_item")
TROUBLE = (*BROKEN, "late", "refund", "service", "churn", "return", "cancel")
CONTENT = ("praise", "praise_service", "idea", "mention", "review")  # nobody waits for an answer to these


@dataclass
class Talk:
    """One conversation. `account` is the channel it is on; competitors' talk is on "listening"."""

    account: str
    number: int
    customer: Customer
    topic: str
    product: str = ""
    items: list[Incoming] = field(default_factory=list)
    notes: list[tuple[datetime, str]] = field(default_factory=list)
    echoes: list[Interaction] = field(default_factory=list)
    state: str = "open"  # open, closed, apart
    ends: datetime | None = None  # when it was closed
    why: str = ""

    @property
    def start(self) -> datetime:
        first = self.items[0].sent_at
        assert first is not None
        return first

    @property
    def kind(self) -> str:
        return "social" if self.account == "listening" else self.account


_ARRIVED = re.compile("arrived|refund|Geld|angekommen|arrivé|llegó|kom idag")


def plain_thanks(language: Language) -> tuple[str, ...]:
    """Thanks that speak of no parcel and no money."""
    return tuple(phrase for phrase in language.thanks if not _ARRIVED.search(phrase))


def outcome_of(topic: str) -> tuple[str, ...]:
    sorts = {"late": "late", "refund": "money", "service": "money", "churn": "money", "return": "broken"}
    return notes.OUTCOMES[sorts.get(topic, "broken" if topic in BROKEN else "question")]


class Teller:
    """Makes talks. All chance comes from one `Random`; whatever would be said after `now` is not said yet."""

    def __init__(self, random: Random, now: datetime, start: datetime) -> None:
        self.random, self.now, self.start = random, now, start
        self.talks: list[Talk] = []
        self.reposts: dict[str, str] = {}
        self.bounced: list[tuple[int, int]] = []

    def day_of(self, when: datetime) -> float:
        return (when - self.start) / timedelta(days=1)

    # --- one message

    def new(self, account: str, customer: Customer, topic: str, product: Product | None = None) -> Talk:
        return Talk(account, len(self.talks) + 1, customer, topic, product.name if product else "")

    def name_of(self, talk: Talk, number: int) -> str:
        if talk.account == "email":
            return f"<demo-{talk.number}-{number}@brindlecove.example.com>"
        return f"demo-{talk.account}-{talk.number}-{number}"

    def say(self, talk: Talk, at: datetime, text: str, *, ours: bool = False, agent: str = "", **more: Any) -> None:
        kind, customer = talk.kind, talk.customer
        address = customer.addresses[kind]
        facts: dict[str, Any] = {"city": customer.city, "language": customer.language}
        they = Author(address, customer.name_on(kind), facts=facts)
        we = Author(US.get(kind, "brindlecove"), "Brindlecove", ours=True, brand=company.BRAND)
        extra = {**more.pop("extra", {}), **({"agent": agent} if agent else {})}
        number = len(talk.items)
        talk.items.append(
            Incoming(
                external_id=self.name_of(talk, number),
                author=we if ours else they,
                text=text,
                sent_at=at.replace(microsecond=number),  # equal times keep their order
                parents=(self.name_of(talk, number - 1),) if number else (),
                to=(they,) if ours else (),
                public=talk.account in PUBLIC,
                extra=extra,
                **more,
            )
        )

    def keep(self, talk: Talk) -> Talk | None:
        """The talk as it stands now: what has not happened yet is left out. None if nothing has."""
        talk.items = [item for item in talk.items if item.sent_at is not None and item.sent_at <= self.now]
        talk.notes = [note for note in talk.notes if note[0] <= self.now]
        if not talk.items:
            return None
        self.talks.append(talk)
        return talk

    # --- whole conversations

    def converse(
        self,
        kind: str,
        customer: Customer,
        topic: str,
        product: Product,
        at: datetime,
        *,
        slots: Mapping[str, str],
        silent: bool | None = None,
    ) -> Talk | None:
        """A customer writes, an agent answers, and so on. `silent`: nobody answers; None: as usual there."""
        if kind in ("phone", "store"):
            return self.by_hand(kind, customer, topic, product, at, slots)
        random = self.random
        talk = self.new(kind, customer, topic, product)
        at = self.open(talk, topic, at, slots)
        quiet = (
            silent if silent is not None else random.random() < story.SILENCE[kind] + (0.3 if topic in CONTENT else 0)
        )
        if kind == "webchat" and not story.at_work(at):
            self.say(talk, at + timedelta(seconds=4), self.out_of_hours(customer), ours=True, kind=Kind.AUTOMATIC)
        if quiet:
            self.chase(talk, at, slots)
        else:
            self.exchange(talk, topic, at, slots)
        kept = self.keep(talk)
        if kept:
            self.settle(kept, quiet)
        return kept

    def open(self, talk: Talk, topic: str, at: datetime, slots: Mapping[str, str]) -> datetime:
        """The customer's first words; returns when the last of them were sent."""
        random, kind, customer = self.random, talk.kind, talk.customer
        language = speech.LANGUAGES[customer.language]
        known = speech.topic_of(language, topic)
        length = {"email": 0.75, "webchat": 0.3, "social": 0.25}.get(kind, 0.6)
        said = speech.matter(random, known, slots, length)
        if kind == "email":
            subjects = language.subjects.get(topic) or language.subjects[speech.NEAR.get(topic, "how_to")]
            subject = speech.pick(random, subjects, slots)
            if random.random() < 0.15:
                subject = subject.lower()
            self.say(talk, at, speech.letter(random, customer, said, slots), subject=subject)
            return at
        if kind == "social":
            tags = public.HAPPY_TAGS if topic in CONTENT else public.TAGS
            text = random.choice(public.AT) + " ".join(said) + random.choice(tags)
            self.say(talk, at, speech.roughen(random, text, customer, kind))
            return at
        if random.random() < 0.35:  # chats often begin with no more than a hello
            hello = speech.pick(random, language.greetings, slots).rstrip(",:")
            said[0] = f"{hello}{random.choice((', ', '. ', '! ', ' '))}{said[0]}"
        parts = [" ".join(said)] if len(said) == 1 or random.random() < 0.5 else said
        for number, part in enumerate(parts):
            at += timedelta(seconds=random.uniform(15, 70)) * (number > 0)
            self.say(talk, at, speech.roughen(random, part, customer, kind))
        return at

    def out_of_hours(self, customer: Customer) -> str:
        texts = {
            "en": "We are here from 7 to 22, at weekends from 10 to 18. Your message waits at the top of the list.",
            "de": "Wir sind von 7 bis 22 Uhr da, am Wochenende von 10 bis 18. Ihre Nachricht steht ganz oben.",
            "fr": "Nous sommes là de 7 h à 22 h, le week-end de 10 h à 18 h. Votre message est en tête de liste.",
            "es": "Atendemos de 7 a 22 h, los fines de semana de 10 a 18 h. Su mensaje queda el primero de la lista.",
            "sv": "Vi är här 7–22, helger 10–18. Ditt meddelande ligger överst i listan.",
        }
        return texts[customer.language]

    def chase(self, talk: Talk, at: datetime, slots: Mapping[str, str]) -> None:
        """Nobody answers; some ask again."""
        wait = {"email": (20, 90), "webchat": (0.1, 0.5), "social": (10, 60), "review": (48, 90)}[talk.kind]
        patience = self.random.random()
        while patience < 0.35 and talk.topic not in CONTENT and talk.kind != "review":
            at = self.awake(at + timedelta(hours=self.random.uniform(*wait)))
            self.reply(talk, at, speech.LANGUAGES[talk.customer.language].chasing, slots)
            patience += 0.25

    def awake(self, at: datetime) -> datetime:
        """Most people who would write at night write in the morning."""
        if at.hour >= 7 or self.random.random() < 0.08:
            return at
        return at.replace(hour=7) + timedelta(hours=self.random.random() * 3)

    def reply(self, talk: Talk, at: datetime, phrases: tuple[str, ...], slots: Mapping[str, str]) -> None:
        text = speech.roughen(self.random, speech.pick(self.random, phrases, slots), talk.customer, talk.kind)
        if talk.kind == "email" and self.random.random() < 0.45:
            text += f"\n\n{talk.customer.first}"
        subject = "Re: " + talk.items[0].subject if talk.items[0].subject else ""
        self.say(talk, at, text, subject=subject)

    def help(self, talk: Talk, at: datetime, phrases: tuple[str, ...], slots: Mapping[str, str]) -> datetime:
        """An agent answers what was said at `at`; returns when."""
        when = story.answered_at(self.random, talk.kind, at, self.day_of(at))
        sentence = speech.pick(self.random, phrases, slots)
        text = speech.answer(self.random, talk.customer, talk.kind, sentence, slots)
        subject = "Re: " + talk.items[0].subject if talk.items[0].subject else ""
        self.say(talk, when, text, ours=True, agent=slots["agent"], subject=subject)
        return when

    def exchange(self, talk: Talk, topic: str, at: datetime, slots: Mapping[str, str]) -> None:
        random, language = self.random, speech.LANGUAGES[talk.customer.language]
        known = speech.topic_of(language, topic)
        pause = {"email": (0.3, 14), "webchat": (0.008, 0.06), "social": (0.1, 6), "review": (5, 40)}[talk.kind]

        def later() -> timedelta:
            return timedelta(hours=random.uniform(*pause))

        if topic not in (*CONTENT, "how_to", "buying", "stock") and talk.kind != "review" and random.random() < 0.32:
            broken = topic in BROKEN
            at = self.help(
                talk,
                at,
                language.agent_asks if broken else language.agent_asks[: 2 if language.code == "en" else 1],
                slots,
            )
            if random.random() < 0.12:
                return  # the customer never came back
            at = self.awake(at + later())
            self.reply(talk, at, language.details if broken else language.details[:1], slots)
        answers = public.RUMOUR_ANSWERS if topic == "rumour" else known.answer
        at = self.help(talk, at, answers, slots)
        self.note(talk, at, slots)
        if talk.kind == "review" or topic == "rumour":
            return
        if random.random() < 0.2 and topic in TROUBLE:
            at = self.awake(at + later() * 3)
            self.reply(talk, at, language.unsolved, slots)
            at = self.help(talk, at, language.agent_follow_ups, slots)
        if random.random() < (0.2 if topic in CONTENT else 0.36):
            at = self.awake(at + later() * 2)
            self.reply(talk, at, language.thanks if topic in TROUBLE else plain_thanks(language), slots)
            if random.random() < 0.45:
                self.help(talk, at, language.agent_ends, slots)

    def note(self, talk: Talk, at: datetime, slots: Mapping[str, str]) -> None:
        if self.random.random() < 0.07:
            before = at - timedelta(minutes=self.random.uniform(1, 4))
            talk.notes.append((before, speech.pick(self.random, notes.COLLEAGUES, slots)))

    def by_hand(
        self, kind: str, customer: Customer, topic: str, product: Product, at: datetime, slots: Mapping[str, str]
    ) -> Talk | None:
        """A call or a visit, written down by whoever took it, in the language of the team."""
        random = self.random
        at = story.next_shift(at) + timedelta(minutes=random.random() * 30) * (not story.at_work(at))
        talk = self.new(kind, customer, topic, product)
        starts = notes.CALL_STARTS if kind == "phone" else notes.VISIT_STARTS
        matter = notes.MATTERS.get(topic) or notes.MATTERS["how_to"]
        text = speech.pick(random, starts, slots) + speech.pick(random, matter, slots)
        self.say(talk, at, text[:1].upper() + text[1:], extra={"by_hand": True})
        if random.random() >= story.SILENCE[kind]:
            when = story.answered_at(random, kind, at, self.day_of(at))
            told = speech.pick(random, outcome_of(topic), slots)
            if random.random() < 0.6:
                told += " " + speech.pick(random, notes.TAILS, slots)
            self.say(talk, when, told, ours=True, agent=slots["agent"], extra={"by_hand": True})
        kept = self.keep(talk)
        if kept:
            self.settle(kept, len(kept.items) == 1)
        return kept

    def settle(self, talk: Talk, quiet: bool) -> None:
        """Closed once it is over; what nobody answered is mostly closed without an answer after some days."""
        random, last = self.random, talk.items[-1]
        assert last.sent_at is not None
        done = last.author.ours and last.kind == Kind.MESSAGE
        age = self.now - last.sent_at
        if done or (len(talk.items) > 1 and not quiet):
            closes = age > CLOSED_AFTER and random.random() < 0.94
        elif talk.topic in CONTENT:
            closes = age > timedelta(hours=12)
        else:
            closes = age > timedelta(days=4) and random.random() < 0.85
        if closes:
            talk.state = "closed"
            talk.ends = last.sent_at + timedelta(hours=random.uniform(2, 40))

    # --- other talk

    def review(
        self, customer: Customer, product: Product, stars: int, at: datetime, slots: Mapping[str, str], topic: str
    ) -> Talk | None:
        random = self.random
        talk = self.new("review", customer, "review" if stars >= 3 else topic, product)
        words = dict(slots)
        language = speech.LANGUAGES[customer.language]
        if stars >= 4 or customer.language != "en":
            known = speech.topic_of(language, "praise" if stars >= 4 else topic)
            said = speech.matter(random, known, words, 0.7)
        elif stars == 3:
            words["but"] = speech.pick(random, BUTS, words)
            said = ["".join(speech.pick(random, (p,), words) for p in MIDDLING[random.randrange(len(MIDDLING)) :][:1])]
        else:
            said = speech.matter(random, speech.topic_of(language, topic), words, 0.8)
        title = speech.pick(random, TITLES[stars], words) if customer.language == "en" else f"{stars}/5"
        text = speech.roughen(random, " ".join(said), customer, "review")
        self.say(talk, at, text, subject=title, extra={"rating": stars, "product": product.name, "verified": True})
        if random.random() > story.SILENCE["review"] - (0.4 if stars < 3 else 0):
            known = speech.topic_of(language, "praise" if stars >= 3 else topic)
            self.help(talk, at, known.answer, words)
        kept = self.keep(talk)
        if kept:
            self.settle(kept, len(kept.items) == 1)
        return kept

    def post(self, account: str, customer: Customer, topic: str, text: str, at: datetime, **extra: Any) -> Talk | None:
        """A public post to nobody in particular."""
        talk = self.new(account, customer, topic)
        self.say(talk, at, text, extra=extra)
        kept = self.keep(talk)
        if kept and (account == "listening" or self.now - at > timedelta(hours=6)):
            kept.state, kept.ends = "closed", at + timedelta(minutes=1)
            kept.why = "About a competitor" if account == "listening" else "Said to nobody in particular"
        return kept

    def spam(self, account: str, customer: Customer, at: datetime) -> None:
        talk = self.new(account, customer, "spam")
        text = speech.pick(self.random, public.SPAM, {"city": customer.city})
        subject = text.split("!")[0].split(",")[0][:60] if account == "email" else ""
        self.say(talk, at, text, subject=subject)
        if self.keep(talk) and self.now - at > timedelta(days=2):
            talk.state, talk.ends, talk.why = "apart", at + timedelta(minutes=30), "Spam"
