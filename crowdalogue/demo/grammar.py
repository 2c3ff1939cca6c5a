"""Sentences from phrases: `[one|another]` is a choice, `<slot>` a word of the moment; choices may hold choices."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from random import Random

Node = str | tuple["Sequence_", ...]
Sequence_ = tuple[Node, ...]


@lru_cache(maxsize=8192)
def read(pattern: str) -> Sequence_:
    """A pattern as nested choices. Raises ValueError where a bracket is not closed."""
    sequence, at = _sequence(pattern, 0, top=True)
    if at != len(pattern):
        raise ValueError(f"a bracket too many: {pattern!r}")
    return sequence


def _sequence(pattern: str, at: int, *, top: bool) -> tuple[Sequence_, int]:
    nodes: list[Node] = []
    start = at
    while at < len(pattern):
        sign = pattern[at]
        if sign in "|]" and not top:
            break
        if sign != "[":
            at += 1
            continue
        if at > start:
            nodes.append(pattern[start:at])
        choices: list[Sequence_] = []
        while True:
            choice, at = _sequence(pattern, at + 1, top=False)
            choices.append(choice)
            if at >= len(pattern):
                raise ValueError(f"a bracket not closed: {pattern!r}")
            if pattern[at] == "]":
                break
        nodes.append(tuple(choices))
        at += 1
        start = at
    if at > start:
        nodes.append(pattern[start:at])
    return tuple(nodes), at


def say(pattern: str, slots: Mapping[str, str], random: Random) -> str:
    """One sentence of a pattern. A slot that is not given stays as it is, so that tests find it."""
    text = _say(read(pattern), random)
    while "<" in text:
        start = text.index("<")
        end = text.find(">", start)
        name = text[start + 1 : end]
        if end < 0 or name not in slots:
            break
        text = text[:start] + (say(slots[name], slots, random) if "[" in slots[name] else slots[name]) + text[end + 1 :]
    return text


def _say(sequence: Sequence_, random: Random) -> str:
    return "".join(
        node if isinstance(node, str) else _say(node[int(random.random() * len(node))], random) for node in sequence
    )
