"""What a source said beside the words: a rating, whether it was bought, of what, where, and how many follow the author.

Sources write these into `Message.extra` and `Handle.facts` under the names of `channels.base.Incoming`. Here they
become typed values; what is missing or not credible is None. Taken from the stored text of the JSON, which is parsed
only where one of the names occurs: most messages have none of them.

The share of a rating is its way from the worst to the best the source allows, from 0 to 1:
(rating - least) / (most - least).
The least is 1 where the most is 5, for nobody can give no star at all, and 0 on every other scale (0 to 10, 0 to 100).
Without a most, or beyond it, there is no share: 4 may be nearly the best or nearly the worst.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

STARS = 5.0
LONGEST = 120  # characters of a product, version or place
MOST_FOLLOWERS = 10**12
_SAID = re.compile(r'"(?:rating|rating_max|verified_purchase|product|version|place)"\s*:')
_KNOWN = re.compile(r'"(?:followers|verified|place)"\s*:')


class Said(NamedTuple):
    """Of a message: `rating` as given, `share` from 0 (worst) to 1 (best)."""

    rating: float | None = None
    most: float | None = None
    share: float | None = None
    bought: bool | None = None
    product: str | None = None
    version: str | None = None
    place: str | None = None


class Author(NamedTuple):
    followers: int | None = None
    verified: bool | None = None
    place: str | None = None


NOTHING, NOBODY = Said(), Author()


def said(extra: str | None) -> Said:
    """From the JSON text of `Message.extra`."""
    if not extra or not _SAID.search(extra):
        return NOTHING
    return said_in(_loaded(extra))


def said_in(extra: Mapping[str, Any]) -> Said:
    rating, most = number(extra.get("rating")), number(extra.get("rating_max"))
    return Said(
        rating,
        most,
        share_of(rating, most),
        truth(extra.get("verified_purchase")),
        *(word(extra.get(name)) for name in ("product", "version", "place")),
    )


def author(facts: str | None) -> Author:
    """From the JSON text of `Handle.facts`."""
    if not facts or not _KNOWN.search(facts):
        return NOBODY
    return author_in(_loaded(facts))


def author_in(found: Mapping[str, Any]) -> Author:
    followers = number(found.get("followers"))
    count = int(followers) if followers is not None and 0 <= followers <= MOST_FOLLOWERS else None
    return Author(count, truth(found.get("verified")), word(found.get("place")))


def least_of(most: float) -> float:
    return 1.0 if most == STARS else 0.0


def share_of(rating: float | None, most: float | None) -> float | None:
    """0 to 1; None where the scale is unknown or the rating is not on it."""
    if rating is None or most is None or most <= least_of(most) or not least_of(most) <= rating <= most:
        return None
    return (rating - least_of(most)) / (most - least_of(most))


def number(value: Any) -> float | None:
    """A finite number, also where a source wrote it as text."""
    if isinstance(value, str) and len(value) <= 30:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None


def truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def word(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return " ".join(value.split())[:LONGEST] or None


def _loaded(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
