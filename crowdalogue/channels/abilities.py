"""What every channel can do, in words: for its page and for docs/channels.md.

`python -m crowdalogue.channels.abilities` prints the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from crowdalogue.channels import channel_kinds
from crowdalogue.channels.base import Channel

HEADINGS = ("channel", "receives", "back-fill", "answers", "files", "edits", "receipts", "moderation", "tried against")
MEDIA = {"": "no", "in": "received", "both": "both ways"}


@dataclass(frozen=True, slots=True)
class Abilities:
    """One line of the table; every field is a few plain words."""

    channel: str
    receives: str
    backfill: str
    answers: str
    files: str
    edits: str
    receipts: str
    moderation: str
    tried: str


def abilities_of(channel: type[Channel]) -> Abilities:
    return Abilities(
        channel=channel.label,
        receives=listed(
            [
                ("webhook", channel.receives_hooks),
                ("asked", channel.polls),
                ("search", channel.searches),
                ("its own page", not (channel.receives_hooks or channel.polls) and channel.replies),
                ("by hand", not (channel.receives_hooks or channel.polls or channel.replies)),
            ]
        ),
        backfill=yes(channel.backfills),
        answers=answers_of(channel),
        files=MEDIA[channel.media],
        edits=yes(channel.edits),
        receipts=yes(channel.receipts),
        moderation=", ".join(d for d in channel.deeds if not d.startswith("un")) or "no",
        tried=channel.tried or "entered by hand in tests",
    )


def answers_of(channel: type[Channel]) -> str:
    if not channel.replies:
        return "no"
    ways = ", ".join(channel.modes) or "yes"
    limits = [f"{channel.longest:,} long"] if channel.longest else []
    if channel.window:
        limits.append(f"{channel.window.total_seconds() / 3600:g} h window")
    return f"{ways} ({', '.join(limits)})" if limits else ways


def yes(can: bool) -> str:
    return "yes" if can else "no"


def listed(parts: Iterable[tuple[str, bool]]) -> str:
    return ", ".join(words for words, holds in parts if holds)


def table(kinds: Sequence[type[Channel]] | None = None) -> str:
    """The table of docs/channels.md, in the order of the labels."""
    rows = [HEADINGS, ("---",) * len(HEADINGS)]
    rows += [astuple(abilities_of(kind)) for kind in (kinds or tuple(channel_kinds().values()))]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
