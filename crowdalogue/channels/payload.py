"""Values out of a provider's JSON, each checked where it is taken out, so that a fault names its field.

What is absent is empty; what is there and of the wrong sort raises `NotUnderstood`, never another error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from crowdalogue.channels.base import Item, NotUnderstood, Unknown
from crowdalogue.channels.jsonbody import clean, load, read_moment

__all__ = ["each", "flag", "listed", "load_object", "moment", "number", "part", "parts", "word"]


def load_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is. Raises `NotUnderstood`."""
    found = load(body)
    if not isinstance(found, dict):
        raise NotUnderstood("The body is JSON, but no object.")
    return found


def part(item: dict[str, Any], name: str) -> dict[str, Any]:
    """The object at `name`; an empty one where there is none."""
    found = item.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise NotUnderstood(f'"{name}" must be an object.')
    return found


def listed(item: dict[str, Any], name: str) -> list[Any]:
    """The list at `name`; an empty one where there is none."""
    found = item.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise NotUnderstood(f'"{name}" must be a list.')
    return found


def parts(item: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of the list at `name`."""
    found = listed(item, name)
    if not all(isinstance(one, dict) for one in found):
        raise NotUnderstood(f'"{name}" must be a list of objects.')
    return found


def word(item: dict[str, Any], name: str, *, needed: bool = False) -> str:
    """The text (or number, as text) at `name`, without characters no store holds; empty where there is none."""
    found = item.get(name)
    if found is None or found == "":
        if needed:
            raise NotUnderstood(f'"{name}" is missing.')
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise NotUnderstood(f'"{name}" must be text.')
    return clean(str(found))


def number(item: dict[str, Any], name: str) -> int | None:
    """The whole number at `name`, also where it is written as text."""
    found = item.get(name)
    if found is None or found == "":
        return None
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise NotUnderstood(f'"{name}" must be a number.')
    try:
        return int(found)
    except (ValueError, OverflowError):
        raise NotUnderstood(f'"{name}" must be a number.') from None


def flag(item: dict[str, Any], name: str) -> bool:
    return item.get(name) is True


def moment(item: dict[str, Any], name: str) -> datetime | None:
    """The time at `name`: seconds since 1970 or ISO 8601. What cannot be a time is none."""
    found = item.get(name)
    if found is None or found == "" or isinstance(found, bool):
        return None
    at = read_moment(found)
    return at if at is not None and 1970 <= at.year < 2200 else None


def each(things: Iterable[Any], read: Callable[[dict[str, Any]], Iterable[Item]], what: str) -> list[Item]:
    """Everything `read` makes of the things of a batch; a broken one becomes `Unknown` and never loses the others."""
    found: list[Item] = []
    for place, thing in enumerate(things, 1):
        try:
            if not isinstance(thing, dict):
                raise NotUnderstood("it must be an object.")
            found.extend(read(thing))
        except NotUnderstood as fault:
            found.append(Unknown(f"{what} {place}: {fault.text}"))
    return found
