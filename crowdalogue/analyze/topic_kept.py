"""What people decided about topics, kept through a fit that found them anew. Pure functions, no database.

- What was split off a topic that people shaped goes back into it: a fit does not take apart what they put together.
- A topic that people shaped and that the fit no longer finds keeps its messages.
- A message that a person placed is where they placed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdalogue.analyze.continuity import MOST

STAKE = 0.2  # share of a found topic's known messages from which on a topic of before has a part in it

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Kept:
    """`place`: for each message the position of its topic in `ids`; `ids`: the id it had before, None for a new one.

    The first positions are those of the topics that were found; the rest are topics that the fit did not find.
    `into`: found topics that went back into another position.
    """

    place: Ints
    ids: tuple[int | None, ...]
    into: Mapping[int, int]


def keep(
    found: Ints,
    ids: Sequence[int | None],
    before: Ints,
    placed: Ints,
    shaped: Mapping[int, Floats],
    vectors: Floats,
) -> Kept:
    """`found`: each message's topic by the fit, a position in `ids`; `before` its topic of before, -1 for none.

    `placed`: the topic a person gave it, -1 where nobody did. `shaped`: topics that people shaped, with their middles.
    """
    numbers = list(ids)
    position = {id: p for p, id in enumerate(numbers) if id is not None}
    for id in sorted({*shaped, *np.unique(placed[placed >= 0]).tolist()} - position.keys()):
        position[id] = len(numbers)
        numbers.append(id)
    into = _broken_off(found, ids, before, shaped, position)
    place = np.array([into.get(p, p) for p in range(len(ids))], np.int64)[found]
    place = _not_found_again(place, before, shaped, position, len(ids), vectors)
    for id in np.unique(placed[placed >= 0]).tolist():
        place[placed == id] = position[id]
    return Kept(place, tuple(numbers), into)


def _broken_off(
    found: Ints, ids: Sequence[int | None], before: Ints, shaped: Mapping[int, Floats], position: Mapping[int, int]
) -> dict[int, int]:
    """Found topics without an id of before, of whose messages most were in one topic that people shaped."""
    into = {}
    for p, id in enumerate(ids):
        if id is not None:
            continue
        old = before[found == p]
        values, counts = np.unique(old[old >= 0], return_counts=True)
        if len(values) and counts.max() >= MOST * len(old) and int(values[counts.argmax()]) in shaped:
            into[p] = position[int(values[counts.argmax()])]
    return into


def _not_found_again(
    place: Ints,
    before: Ints,
    shaped: Mapping[int, Floats],
    position: Mapping[int, int],
    count: int,
    vectors: Floats,
) -> Ints:
    """Topics that the fit threw together with others keep their messages; a new one goes to the nearer of the two."""
    lost = [id for id in shaped if position[id] >= count]
    result = place.copy()
    for id in lost:
        result[before == id] = position[id]
    for p in np.unique(place).tolist():
        here = place == p
        old = before[here]
        known = max(int((old >= 0).sum()), 1)
        guests = [id for id in lost if (old == id).sum() >= STAKE * known]
        rest = here & ~np.isin(before, guests)
        fresh = here & (before < 0)
        if not guests or not fresh.any():
            continue
        middles = [vectors[rest & (before >= 0)].sum(axis=0)] if (rest & (before >= 0)).any() else []
        middles += [shaped[id] for id in guests]
        owners = ([p] if len(middles) > len(guests) else []) + [position[id] for id in guests]
        units = [m / max(float(np.linalg.norm(m)), 1e-9) for m in middles]
        result[fresh] = np.array(owners)[(vectors[fresh] @ np.stack(units).T).argmax(axis=1)]
    return result
