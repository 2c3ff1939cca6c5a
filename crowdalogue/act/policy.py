"""What ought to happen with a message once it is read: plain data in, intents out, and why. No rows.

First form: what is urgent, and whether a conversation waits for an answer at all. Who is kept apart: judgement.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# A message leaves the queue only when its reader is this sure that nobody waits.
SURE_NO_ANSWER = 0.9
SURE_URGENT = 0.6


@dataclass(frozen=True, slots=True)
class Read:
    """A message as the policy sees it: labels with their confidence (0 to 1; 1 when a person said so)."""

    labels: Mapping[str, tuple[str, float]]
    known_customer: bool = False  # one of ours has answered them before
    silent: bool = False  # it has no words, only a file: nobody can say that it wants no answer

    def says(self, step: str, label: str, sure: float) -> bool:
        found = self.labels.get(step)
        return found is not None and found[0] == label and found[1] >= sure


@dataclass(frozen=True, slots=True)
class Intent:
    """What to do: `do` is a verb of act.handling or a column, `why` is shown on the conversation."""

    do: str  # priority | no_answer
    why: str
    value: int = 0


def decide(read: Read) -> Sequence[Intent]:
    """Intents for the conversation of one newly read customer message; none means: it waits as usual."""
    found: list[Intent] = []
    if read.says("urgency", "high", SURE_URGENT):
        found.append(Intent("priority", f"Urgent ({percent(read, 'urgency')} sure)", 2))
    if read.says("needs_answer", "no", SURE_NO_ANSWER) and not read.silent:
        found.append(Intent("no_answer", f"Wants no answer ({percent(read, 'needs_answer')} sure)"))
    return found


def percent(read: Read, step: str) -> str:
    return f"{read.labels[step][1]:.0%}"
