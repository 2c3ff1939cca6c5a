"""The one filter bar as plain data: what is shown, written to an address and read back from one.

The same words serve pages, API and command line. Nothing here touches the store: names of brands and tags stay
names until `scope` looks them up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from crowdalogue.errors import Failure

PERIODS = {
    "today": "today",
    "7d": "last 7 days",
    "28d": "last 28 days",
    "90d": "last 90 days",
    "365d": "last 365 days",
    "all": "all time",
}
SENTIMENTS = ("negative", "neutral", "positive")
INTENTS = (
    "question",
    "complaint",
    "praise",
    "idea",
    "purchase_intent",
    "churn_risk",
    "review",
    "spam",
    "other",
)
# Fields with a fixed choice: value -> what a person reads. The empty value is the default where there is none else.
CHOICES: dict[str, dict[str, str]] = {
    "whose": {"own": "our brands", "competitor": "competitors", "any": "all brands"},
    "direction": {"in": "from customers", "out": "from us", "note": "internal notes", "any": "both ways"},
    "needs_answer": {"": "all", "yes": "yes", "no": "no", "read": "yes or no"},
    "wait": {
        "": "all",
        "started": "began a wait",
        "decided": "answered or overdue",
        "promised": "promise kept or broken",
        "answered": "answered",
        "unanswered": "not answered",
        "kept": "promise kept",
        "broken": "promise broken",
        "first": "first response given",
    },
    "bought": {"": "all", "yes": "verified purchase", "no": "not verified"},
    "apart": {
        "": "left out",
        "any": "counted too",
        "only": "only these",
        "spam": "only spam",
        "troll": "only trolling",
        "bot": "only automatic accounts",
        "echo": "only our own words",
        "blocked": "only blocked authors",
        "deleted": "only taken back",
    },
}
LABELS = {
    "period": "Period",
    "brand": "Brand",
    "whose": "Whose",
    "channel": "Channel",
    "direction": "Direction",
    "sentiment": "Sentiment",
    "intent": "Intent",
    "language": "Language",
    "urgency": "Urgency",
    "needs_answer": "Needs an answer",
    "tag": "Tag",
    "wait": "Waits",
    "weekday": "Weekday",
    "hour": "Hour",
    "author": "Author",
    "rated": "Rated",
    "bought": "Purchase",
    "product": "Product",
    "topic": "Topic",
    "country": "Country",
    "hearsay": "First-hand",
    "category": "Category",
    "watch": "Watch",
    "about": "About",
    "apart": "Kept apart or taken back",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MANY = (
    *("brand", "channel", "sentiment", "intent", "language", "urgency", "tag", "product", "topic", "watch", "about"),
    *("country", "hearsay", "category"),
)
RATED = ("rated_from", "rated_to")
_TOPIC = re.compile(r"[0-9]{1,9}(?= |$)")
NONE = "-"  # in an address: messages without a brand, or not yet read


@dataclass(frozen=True)
class Filters:
    """What is shown. Empty means all, except that numbers are of our own brands and from customers."""

    period: str = "28d"
    start: date | None = None  # both ends given: instead of a period, both days included
    end: date | None = None
    brand: tuple[str, ...] = ()
    whose: str = "own"
    channel: tuple[str, ...] = ()
    direction: str = "in"
    sentiment: tuple[str, ...] = ()
    intent: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    needs_answer: str = ""
    tag: tuple[str, ...] = ()
    wait: str = ""
    weekday: int | None = None  # 0 is Monday
    hour: int | None = None
    author: int | None = None  # as in the columns: a person, or minus a handle
    rated_from: float | None = None  # 0 to 1, from the worst to the best the source allows; see relate.given
    rated_to: float | None = None
    bought: str = ""
    product: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()  # numbers of topics, or names; see relate.topicnames
    country: tuple[str, ...] = ()  # two letters; und where a place is named that may be in several
    hearsay: tuple[str, ...] = ()  # first_hand, hearsay
    category: tuple[str, ...] = ()  # names of taught categories that it is in
    watch: tuple[str, ...] = ()  # names of watches that caught it
    about: tuple[str, ...] = ()  # brands that it was sent to or that a watch heard named
    apart: str = ""

    def to_pairs(self) -> list[tuple[str, str]]:
        """Names and values for an address, in a fixed order, without what is the default anyway."""
        pairs: list[tuple[str, str]] = []
        if self.start and self.end:
            pairs += [("from", self.start.isoformat()), ("to", self.end.isoformat())]
        elif self.period != DEFAULT.period:
            pairs.append(("period", self.period))
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("period", "start", "end") or value == getattr(DEFAULT, field.name):
                continue
            pairs += [(field.name, str(v)) for v in (value if isinstance(value, tuple) else (value,))]
        return pairs

    def to_query(self, **changes: Any) -> str:
        """The address' query string, with some fields changed."""
        return urlencode(replace(self, **changes).to_pairs())

    def is_narrowed(self, name: str) -> bool:
        """Whether this field leaves anything out, compared with the usual view."""
        if name == "period":
            return bool(self.start) or self.period != DEFAULT.period
        if name == "rated":
            return any(self.is_narrowed(end) for end in RATED)
        return bool(getattr(self, name) != getattr(DEFAULT, name))

    def cleared(self, name: str) -> Filters:
        """The same with one field back at its usual value."""
        if name == "period":
            return replace(self, period=DEFAULT.period, start=None, end=None)
        if name == "rated":
            return replace(self, rated_from=None, rated_to=None)
        return replace(self, **{name: getattr(DEFAULT, name)})

    def with_(self, **changes: Any) -> Filters:
        """The same with some fields changed."""
        return replace(self, **changes)

    def with_period(self, period: str) -> Filters:
        """The same for one of PERIODS."""
        return replace(self, period=period, start=None, end=None)

    def days(self, zone: ZoneInfo, now: datetime) -> tuple[date, date] | None:
        """First and last local day shown, both included; None for all time."""
        if self.start and self.end:
            return self.start, self.end
        if self.period == "all":
            return None
        today = now.astimezone(zone).date()
        length = 1 if self.period == "today" else int(self.period[:-1])
        return today - timedelta(days=length - 1), today

    def bounds(self, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime] | None:
        """Start (included) and end (left out) as moments; None for all time."""
        days = self.days(zone, now)
        return days and (_midnight(days[0], zone), _midnight(days[1] + timedelta(days=1), zone))

    def before(self, zone: ZoneInfo, now: datetime) -> Filters | None:
        """The stretch of the same length just before; None for all time."""
        days = self.days(zone, now)
        if days is None:
            return None
        length = days[1] - days[0] + timedelta(days=1)
        return replace(self, start=days[0] - length, end=days[1] - length)


DEFAULT = Filters()
EVERYTHING = Filters(period="all", whose="any")


def parse(given: str | Mapping[str, Any] | Iterable[tuple[str, str]], base: Filters = DEFAULT) -> Filters:
    """Filters from a query string, a QueryDict or pairs; names that are no filter are left alone.

    Raises Failure, worded for the person, on a value that is not understood.
    """
    pairs = list(_pairs(given))
    found: dict[str, Any] = {}
    for name, raw in pairs:
        value = raw.strip()
        value = short_topic(value) if name == "topic" else value
        if name in MANY and value:
            found[name] = (*found.get(name, ()), value) if value not in found.get(name, ()) else found[name]
        elif name in CHOICES and value:
            found[name] = _choice(name, value)
        elif name in ("weekday", "hour", "author") and value:
            found[name] = _number(name, value)
        elif name in RATED and value:
            found[name] = _rated(value)
    filters = replace(base, **found)
    return _with_period(filters, dict(pairs))


def short_topic(label: str) -> str:
    """Of "17 late parcel" the number alone: names change, numbers stay. A name without a number stays a name."""
    found = _TOPIC.match(label)
    return found[0] if found else label


def _pairs(given: str | Mapping[str, Any] | Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    if isinstance(given, str):
        return parse_qsl(given.lstrip("?"))
    if isinstance(given, Mapping):
        lists = given.lists() if hasattr(given, "lists") else given.items()
        return [(k, str(v)) for k, vs in lists for v in (vs if isinstance(vs, (list, tuple)) else [vs])]
    return given


def _choice(name: str, value: str) -> str:
    if value not in CHOICES[name]:
        raise Failure(
            f"{LABELS[name]} cannot be “{value[:40]}”. Choose one of: {', '.join(filter(None, CHOICES[name]))}."
        )
    return value


def _number(name: str, value: str) -> int:
    top = {"weekday": 6, "hour": 23}.get(name)
    digits = value.removeprefix("-")
    number = int(value) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    if number is None or (top is not None and not 0 <= number <= top):
        raise Failure(f"{LABELS[name]} must be a number{f' from 0 to {top}' if top else ''}.")
    return number


def _rated(value: str) -> float:
    """Stars out of five are whole numbers (4) or 4/5; a share is written 0.75 or 75%."""
    try:
        if value.endswith("%"):
            share = float(value[:-1]) / 100
        elif value.isdecimal() or value.endswith("/5"):
            share = (float(value.removesuffix("/5")) - 1) / 4
        else:
            share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise Failure("Rated must be stars from 1 to 5, or a share such as 0.75 or 75%.")
    return share


def _with_period(filters: Filters, given: dict[str, str]) -> Filters:
    start, end = given.get("from", "").strip(), given.get("to", "").strip()
    if start or end:
        first, last = _day(start or end), _day(end or start)
        if first > last:
            raise Failure("The period ends before it begins. Swap the two dates.")
        return replace(filters, start=first, end=last)
    period = given.get("period", "").strip()
    if not period:
        return filters
    if period not in PERIODS:
        raise Failure(f"Period cannot be “{period[:40]}”. Choose one of: {', '.join(PERIODS)}, or two dates.")
    return replace(filters, period=period, start=None, end=None)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1990 <= day.year <= 2200:
        raise Failure(f"“{text[:40]}” is not a day. Write it as 2026-03-31.")
    return day


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
