"""Values out of a provider's JSON: what is absent or of the wrong sort is empty, what must be there is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from crowdalogue.channels.base import Item, NotUnderstood, Unknown
from crowdalogue.channels.jsonbody import clean, load, read_moment, take

__all__ = ["body_of", "digest", "each", "flag", "link", "must", "objects", "tidy", "when", "whole", "words"]

FAULTS = (NotUnderstood, KeyError, TypeError, ValueError, AttributeError, OverflowError)


def body_of(body: bytes) -> dict[str, Any]:
    """The JSON object of a delivery. Raises `NotUnderstood`."""
    found = load(body)
    if not isinstance(found, dict):
        raise NotUnderstood("The body is not a JSON object.")
    return found


def words(item: Any, path: str = "") -> str:
    """The text at a path such as `user.name`, without control characters; numbers as text; empty: none."""
    value = take(item, path) if path else item
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return clean(str(value))


def must(item: Any, path: str) -> str:
    """The text at a path that every item has. Raises `NotUnderstood` naming it."""
    found = words(item, path).strip()
    if not found:
        raise NotUnderstood(f'"{path}" is missing.')
    return found


def whole(item: Any, path: str) -> int | None:
    """The whole number at a path, also where it is written as text."""
    value = take(item, path)
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def flag(item: Any, path: str) -> bool:
    return take(item, path) is True


def when(item: Any, path: str = "") -> datetime | None:
    """The moment at a path (ISO 8601, mail date, seconds or milliseconds since 1970); None where it makes no sense."""
    value = take(item, path) if path else item
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        moment = read_moment(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment and 1970 <= moment.year < 2200 else None


def objects(item: Any, path: str = "", at_most: int = 10_000) -> list[dict[str, Any]]:
    """The objects of the list at a path; anything else in it is left out."""
    value = take(item, path) if path else item
    return [v for v in value[:at_most] if isinstance(v, dict)] if isinstance(value, list) else []


def link(item: Any, path: str = "") -> str:
    """A web address that may become a link; anything else is empty."""
    found = words(item, path).strip()
    return found if found.startswith(("https://", "http://")) and len(found) <= 2000 else ""


def tidy(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that say something."""
    return {name: value for name, value in facts.items() if value not in (None, "", [], {})}


def digest(text: str | bytes) -> str:
    """64 characters that stand for a text."""
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode("utf-8", "replace")).hexdigest()


def each(parts: Iterable[Any], read: Callable[[Any], Item | Iterable[Item]], what: str) -> list[Item]:
    """Every part read; one that cannot be becomes an `Unknown` and the others are kept."""
    found: list[Item] = []
    for number, part in enumerate(parts, 1):
        try:
            items = read(part)
            found.extend(items if isinstance(items, list | tuple) else [items])  # type: ignore[list-item]
        except FAULTS as fault:
            why = fault.text if isinstance(fault, NotUnderstood) else type(fault).__name__
            found.append(Unknown(f"{what} {number} could not be read: {why}"))
    return found
