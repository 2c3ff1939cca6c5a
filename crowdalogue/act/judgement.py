"""Who is kept from the queues, and why: spam, trolls, bots and our own echoes. Plain data in, a verdict out; no rows.

Criticism never: what reads as a complaint, a question or a review, or comes from somebody we have served, is kept
apart by no rule but an administrator's own block. A verdict by rule is only ever about who sends and how, or about
what the reader is very sure of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

KINDS = {"spam": "Spam", "troll": "Trolling", "bot": "Automatic account", "echo": "Our own words", "blocked": "Blocked"}
CRITICISM = ("complaint", "question", "churn_risk", "review", "idea", "praise", "purchase_intent")


@dataclass(frozen=True, slots=True)
class Rules:
    """What an administrator may change (Company.rules["apart"])."""

    spam_sure: float = 0.9  # how sure the reader must be that it is spam, 0 to 1
    copies: int = 5  # accounts that send the same text with a link within a day
    flood: int = 20  # messages of one account within ten minutes
    trolled: int = 3  # messages of an account that people judged trolling, until it is one by rule
    bots: bool = True  # accounts that say they are automatic
    hide: tuple[str, ...] = ()  # kinds that are also hidden where they were said, on our own pages
    block_after: int = 0  # block an account there after so many of its messages were judged so; 0: never

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Rules:
        """From stored settings; what is absent or of the wrong sort is the default."""
        usual = cls()
        known: dict[str, Any] = {}
        for f in fields(cls):
            value, default = (given or {}).get(f.name), getattr(usual, f.name)
            if isinstance(default, tuple):
                known[f.name] = tuple(k for k in value if k in KINDS) if isinstance(value, list | tuple) else default
            elif isinstance(default, bool):
                known[f.name] = value if isinstance(value, bool) else default
            elif isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
                known[f.name] = type(default)(value)
            else:
                known[f.name] = default
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Seen:
    """A newly read customer message and what is known of its author."""

    labels: Mapping[str, tuple[str, float]] = field(default_factory=dict)  # step -> (label, confidence 0 to 1)
    has_link: bool = False
    ours: bool = False  # the author is one of our own accounts
    blocked_why: str = ""  # why somebody blocked the author; empty: not blocked
    bot: bool = False  # the account says it is automatic
    known_customer: bool = False  # answered before, or in the business's records
    copies: int = 0  # different accounts that sent this text within a day, this one included
    lately: int = 0  # messages of the author within ten minutes, this one included
    trolled: int = 0  # messages of the author that people judged trolling

    def says(self, step: str, label: str, sure: float) -> bool:
        found = self.labels.get(step)
        return found is not None and found[0] == label and found[1] >= sure


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind` is one of KINDS, `why` is shown, `confidence` from 0 to 1."""

    kind: str
    why: str
    confidence: float = 1.0


def judge(seen: Seen, rules: Rules) -> Verdict | None:
    """The first rule that holds; None: it waits like every message."""
    if seen.ours:
        return Verdict("echo", "Written by one of our own accounts")
    if seen.blocked_why:
        return Verdict("blocked", f"Its author is blocked: {seen.blocked_why}")
    if seen.known_customer:
        return None
    if seen.trolled >= rules.trolled > 0:
        return Verdict("troll", f"Your team judged {seen.trolled} earlier messages of this account to be trolling", 0.9)
    if is_criticism(seen):
        return None
    if seen.says("intent", "spam", rules.spam_sure):
        sure = seen.labels["intent"][1]
        return Verdict("spam", f"Looks like spam ({sure:.0%} sure)", sure)
    if seen.has_link and seen.copies >= rules.copies > 0:
        return Verdict("spam", f"The same text with a link came from {seen.copies} accounts within a day", 0.95)
    if seen.lately >= rules.flood > 0:
        return Verdict("bot", f"The account sent {seen.lately} messages within ten minutes", 0.9)
    if rules.bots and seen.bot:
        return Verdict("bot", "The account says that it is automatic", 0.95)
    return None


def is_criticism(seen: Seen, sure: float = 0.5) -> bool:
    """Whether the reader takes it for something a customer would say."""
    label, confidence = seen.labels.get("intent", ("", 0.0))
    return label in CRITICISM and confidence >= sure


def outward(verdict: Verdict, rules: Rules, public: bool, judged: int) -> tuple[str, ...]:
    """What is also done where it was said, on our own public pages: deeds such as hide and block.

    `judged` is how many messages of the author were judged so, this one included.
    """
    if not public or verdict.kind not in rules.hide:
        return ()
    return ("hide", "block") if 0 < rules.block_after <= judged else ("hide",)
