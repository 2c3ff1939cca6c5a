"""Two words of a name as customers say them together: "verify my identity", where the words alone are "identity" and
"verify"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

BETWEEN = 2  # words that say nothing, at most, between those of the name
OFTEN = 0.2  # share of the messages that say all the words, in which they stand like that
FEWEST = 3  # such messages
READ = 500  # characters of a message that are looked at

# A thought ends before these: what follows belongs to another one.
_ENDS = """
    but because if when so since while then than i it aber weil wenn mais quand pero porque cuando men när
"""
ENDS = frozenset(_ENDS.split())

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def together(words: Sequence[str], messages: Iterable[str], empty: Collection[str]) -> str | None:
    """How most messages say all of `words` in one go, or None where too few do.

    `empty`: the words that say nothing by themselves; only they may stand between.
    """
    wanted, found, looked_at = set(words), Counter[str](), 0
    for message in messages:
        looked_at += 1
        found.update(_spans(wanted, message, empty))
    if not found:
        return None
    best, count = min(found.items(), key=lambda item: (-item[1], len(item[0]), item[0]))
    return best if count >= max(FEWEST, OFTEN * looked_at) else None


def _spans(wanted: set[str], message: str, empty: Collection[str]) -> set[str]:
    """The shortest runs of words in one message that hold all the wanted ones, each once."""
    text = message[:READ].casefold().replace("’", "'")
    tokens = list(_WORD.finditer(text))
    longest, found = len(wanted) + BETWEEN, set()
    for first, token in enumerate(tokens):
        if token[0] not in wanted:
            continue
        missing = wanted - {token[0]}
        for last in range(first + 1, min(first + longest, len(tokens))):
            word = tokens[last][0]
            if text[tokens[last - 1].end() : tokens[last].start()] not in (" ", "-"):
                break  # a sentence or a line ends here
            if word in missing:
                missing.discard(word)
                if not missing:
                    found.add(" ".join(t[0] for t in tokens[first : last + 1]))
                    break
            elif word in wanted or word in ENDS or word not in empty:
                break
    return found
