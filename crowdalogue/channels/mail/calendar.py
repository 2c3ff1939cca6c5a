"""Invitations: what, when and where, from the calendar parts of a mail."""

from __future__ import annotations

from datetime import date
from typing import Any

from crowdalogue.channels.mail.charsets import clean

__all__ = ["events"]

MAX_BYTES = 300_000
MAX_EVENTS = 10


def events(source: bytes) -> list[dict[str, str]]:
    """Up to ten events as {"summary", "start", "end", "place", "method"}; [] where it cannot be read."""
    from icalendar import Calendar

    try:
        calendar: Any = Calendar.from_ical(source[:MAX_BYTES])
        method = str(calendar.get("METHOD", ""))
        return [_event(event, method) for event in calendar.walk("VEVENT")[:MAX_EVENTS]]
    except Exception:  # noqa: BLE001 - the library names no base for what a broken calendar raises
        return []


def _event(event: Any, method: str) -> dict[str, str]:
    facts = {
        "summary": str(event.get("SUMMARY", "")),
        "start": _when(event.get("DTSTART")),
        "end": _when(event.get("DTEND")),
        "place": str(event.get("LOCATION", "")),
        "method": method,
    }
    return {name: clean(value)[:500] for name, value in facts.items() if value}


def _when(value: Any) -> str:
    moment = getattr(value, "dt", None)
    return moment.isoformat() if isinstance(moment, date) else ""
