"""What customers and agents say, by hand: see grammar.py for how a phrase is written.

A topic has `what` (the matter), `more` (detail, feeling) and `ask` (what is wanted); any of the last two may be left
out when it is said. Everything here is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

Phrases = tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    what: Phrases
    more: Phrases = ()
    ask: Phrases = ()
    answer: Phrases = ()  # what an agent replies


@dataclass(frozen=True)
class Language:
    """All that is said in one language."""

    code: str
    topics: dict[str, Topic]
    greetings: Phrases
    closings: Phrases
    thanks: Phrases  # a customer's last word
    chasing: Phrases  # a customer who waits for an answer
    details: Phrases  # a customer giving what was asked for
    unsolved: Phrases  # a customer for whom it did not work
    agent_greetings: Phrases
    agent_asks: Phrases  # an agent who needs to know more
    agent_follow_ups: Phrases  # after the details came
    agent_ends: Phrases  # after thanks
    agent_closings: Phrases
    subjects: dict[str, Phrases]
