"""The filter bar of every page with numbers: chips whose choices are links, so an address is a view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from crowdalogue.errors import Failure
from crowdalogue.models import Account, Brand, Category, Tag, Watch
from crowdalogue.relate import measures, topicnames, volume
from crowdalogue.relate.filters import (
    CHOICES,
    DEFAULT,
    EVERYTHING,
    INTENTS,
    LABELS,
    MANY,
    NONE,
    PERIODS,
    SENTIMENTS,
    Filters,
    parse,
)
from crowdalogue.relate.scope import Scope
from crowdalogue.web import drill
from crowdalogue.web.words import exact

ALWAYS = ("period", "brand", "channel")
MORE = ("whose", "direction", "sentiment", "intent", "language", "urgency", "needs_answer", "tag", "wait")
BESIDE = (
    "topic",
    "country",
    "hearsay",
    "rated",
    "bought",
    "product",
    "category",
    "watch",
    "apart",
)  # offered only where there is something to find
PLAIN = ("weekday", "hour", "author", "about")  # chips without choices
STARS: dict[str, tuple[str, float | None, float | None]] = {
    "any": ("with a rating", 0.0, None),
    "best": ("best: 5 of 5", 1.0, None),
    "good": ("4 of 5 and better", 0.75, None),
    "middle": ("about 3 of 5", 0.375, 0.625),
    "bad": ("2 of 5 and worse", None, 0.25),
}
MOST = 60  # choices of one chip


@dataclass(frozen=True)
class Option:
    words: str
    url: str
    here: bool


@dataclass(frozen=True)
class Chip:
    """One filter: its name, what is chosen, and its choices as links."""

    name: str
    key: str
    label: str
    on: bool
    options: list[Option]
    without: str


def read(request: HttpRequest) -> tuple[Filters, str]:
    """Filters of the address, and what was wrong with them (then the usual view is shown)."""
    try:
        return parse(request.GET), ""
    except Failure as failure:
        return DEFAULT, failure.text


def bar(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    """What filters_numbers.html draws: chips, the rest behind "Filter", and what a form has to keep."""
    kept = [(k, v) for k, vs in request.GET.lists() for v in vs if k in ("measure", "by", "across")]
    beside = volume.said_beside()
    more = (*MORE, *(n for n in BESIDE if beside[n] or filters.is_narrowed(n)))
    chips = {name: _chip(request, filters, name) for name in (*ALWAYS, *more)}
    shown = [chips[n] for n in ALWAYS] + [chips[n] for n in more if filters.is_narrowed(n)]
    shown += [_plain(request, filters, n) for n in PLAIN if filters.is_narrowed(n)]
    narrowed = any(filters.is_narrowed(n) for n in (*ALWAYS, *more, *PLAIN))
    return {
        "chips": shown,
        "more": [c for n, c in chips.items() if n in more and not filters.is_narrowed(n) and len(c.options) > 1],
        "clear": address(request, DEFAULT) if narrowed else "",
        "kept": kept + [(k, v) for k, v in filters.to_pairs() if k not in ("period", "from", "to")],
        "start": filters.start,
        "end": filters.end,
    }


def in_words(filters: Filters) -> str:
    """What is shown, as a line: Period: last 28 days. Brand: our brands. Direction: from customers. Channel: E-mail."""
    first = ("period", "brand", "direction")  # what they leave out is not seen by who has only the line
    rest = (n for n in (*ALWAYS, *MORE, *BESIDE, *PLAIN) if n not in first and filters.is_narrowed(n))
    names = (*first, *(n for n in rest if n != "whose" or filters.brand))
    return ". ".join(f"{LABELS[n]}: {_plainly(filters, n) if n in PLAIN else _label(filters, n)}" for n in names)


def address(request: HttpRequest, filters: Filters) -> str:
    """This page with other filters; what else the address says (a measure, say) is kept, a page number is not."""
    query = request.GET.copy()
    for key in list(query):
        if key not in ("measure", "by", "across"):
            del query[key]
    head = query.urlencode()
    return "?" + "&".join(filter(None, (head, filters.to_query())))


def _chip(request: HttpRequest, filters: Filters, name: str) -> Chip:
    options = [
        Option(words, address(request, _toggled(filters, name, value)), _is_chosen(filters, name, value))
        for value, words in _choices(name)
    ]
    if name == "rated":
        options.insert(0, Option("All", address(request, filters.cleared(name)), not filters.is_narrowed(name)))
    if name in MANY:
        chosen = getattr(filters, name)
        options.insert(0, Option("All", address(request, filters.cleared(name)), not chosen))
    return Chip(
        name, LABELS[name], _label(filters, name), filters.is_narrowed(name), options, _without(request, filters, name)
    )


def _plain(request: HttpRequest, filters: Filters, name: str) -> Chip:
    return Chip(name, LABELS[name], _plainly(filters, name), True, [], _without(request, filters, name))


def _plainly(filters: Filters, name: str) -> str:
    value = getattr(filters, name)
    said = {"author": "one person", "about": ", ".join(value) if isinstance(value, tuple | list) else ""}
    return said[name] if name in said else drill.name_of(name, value)


def _without(request: HttpRequest, filters: Filters, name: str) -> str:
    return address(request, filters.cleared(name))


def _toggled(filters: Filters, name: str, value: str) -> Filters:
    if name == "period":
        return replace(filters, period=value, start=None, end=None)
    if name == "rated":
        return replace(filters, rated_from=STARS[value][1], rated_to=STARS[value][2])
    chosen: Any = value
    if name in MANY:
        now = getattr(filters, name)
        chosen = tuple(v for v in now if v != value) if value in now else (*now, value)
    changes: dict[str, Any] = {name: chosen}
    return replace(filters, **changes)


def _is_chosen(filters: Filters, name: str, value: str) -> bool:
    if name == "period":
        return not filters.start and filters.period == value
    if name == "rated":
        return (filters.rated_from, filters.rated_to) == STARS[value][1:]
    return value in getattr(filters, name) if name in MANY else getattr(filters, name) == value


def _label(filters: Filters, name: str) -> str:
    if name == "period":
        if filters.start and filters.end:
            first, last = drill.name_of("day", filters.start), drill.name_of("day", filters.end)
            return first if filters.start == filters.end else f"{first} to {last}"
        return PERIODS[filters.period]
    if name == "rated":
        return _rated(filters)
    if name not in MANY:
        return CHOICES[name][getattr(filters, name)]
    values = getattr(filters, name)
    if name == "brand" and not values and not filters.is_narrowed("whose"):
        return CHOICES["whose"][filters.whose]
    if name == "topic":
        return ", ".join(topicnames.said(values)) or "all"
    return ", ".join(drill.name_of(name, v) for v in values) if values else "all"


def _rated(filters: Filters) -> str:
    """Stars in words: 2 of 5 and worse, or 75% and better of any scale."""
    for words, low, high in STARS.values():
        if (filters.rated_from, filters.rated_to) == (low, high):
            return words
    low, high = filters.rated_from, filters.rated_to
    ends = [f"from {low:.0%}" if low is not None else "", f"to {high:.0%}" if high is not None else ""]
    return " ".join(filter(None, ends)) or "all"


def _choices(name: str) -> list[tuple[str, str]]:
    if name == "period":
        return list(PERIODS.items())
    if name in CHOICES:
        return list(CHOICES[name].items())
    if name == "rated":
        return [(key, words) for key, (words, _low, _high) in STARS.items()]
    if name == "category":
        return [(c, c) for c in Category.objects.order_by("name").values_list("name", flat=True)[:MOST]]
    if name == "watch":
        return [(w, w) for w in Watch.objects.order_by("name").values_list("name", flat=True)[:MOST]]
    if name == "topic":
        return [*((str(t.pk), str(t)) for t in topicnames.largest(MOST)), (NONE, drill.name_of(name, NONE))]
    if name == "sentiment":
        return [(s, drill.name_of(name, s)) for s in (*SENTIMENTS, NONE)]
    if name == "intent":
        return [(i, drill.name_of(name, i)) for i in (*INTENTS, NONE)]
    if name == "channel":
        kinds = Account.objects.order_by("kind").values_list("kind", flat=True).distinct()[:MOST]
        return [(k, drill.name_of(name, k)) for k in kinds]
    if name == "brand":
        return [(b, b) for b in Brand.objects.order_by("competitor", "name").values_list("name", flat=True)[:MOST]]
    if name == "tag":
        return [(t, t) for t in Tag.objects.values_list("name", flat=True)[:MOST]]
    # Languages, urgencies, products there are.
    rows = measures.table(Scope.of(EVERYTHING), "messages", (name,), limit=MOST)
    return [(r[name], drill.name_of(name, r[name])) for r in rows]


def fresh(as_of: datetime | None) -> str:
    """How old the numbers are, in words: 20 seconds ago."""
    if as_of is None:
        return ""
    seconds = int((timezone.now() - as_of).total_seconds())
    if seconds < 5:
        return "just now"
    if seconds < 60:
        return f"{seconds} seconds ago"
    if seconds < 3600:
        return "a minute ago" if seconds < 120 else f"{seconds // 60} minutes ago"
    return exact(as_of)
