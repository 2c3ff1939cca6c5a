"""What somebody typed into a search box, as data. Nothing that can be typed is an error.

refund late              both words
"never arrived"          these words in this order
deliver*                 words that begin so
refund OR money          either
-spam                    without
channel:email brand:"North Pier" from:anna in: out: note: before:2026-03 after:2026-02-10
is:apart is:deleted        what was kept apart, or taken back where it was said: left out unless asked for
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

MOST_TERMS = 24  # more than anybody types; bounds the work of a pasted page
LONGEST_TERM = 120  # characters
SHORTEST_PREFIX = 3  # letters before the star: shorter ones stand for a large share of all words

_PART = re.compile(r'(-?)(?:([A-Za-z]+):)?(?:"([^"]*)"?(\*?)|([^\s"]*))')
_MARKS = re.compile("[\u0300-\u036f]")
WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
_AGO = re.compile(r"(\d{1,4})\s*(d|w|m)")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
STATES = ("apart", "deleted")
_DIRECTIONS = {"in": "in", "out": "out", "note": "note", "notes": "note"}


@dataclass(frozen=True, slots=True)
class Term:
    """One word, or several in a row. `words` are folded; `text` is as typed."""

    text: str
    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Every group of `wanted` must be met by one of its terms; none of `unwanted` may be there.

    `since` counts, `until` does not: both are days in the reader's zone.
    """

    wanted: tuple[tuple[Term, ...], ...] = ()
    unwanted: tuple[Term, ...] = ()
    channels: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    states: tuple[str, ...] = ()  # of STATES: only messages in one of them; empty: those in none
    since: date | None = None
    until: date | None = None
    problem: str = ""

    @property
    def empty(self) -> bool:
        filters = (self.channels, self.brands, self.authors, self.directions, self.states)
        return not (self.wanted or any(filters) or self.dated)

    @property
    def dated(self) -> bool:
        return self.since is not None or self.until is not None

    @property
    def terms(self) -> tuple[Term, ...]:
        """What to highlight."""
        return tuple(term for group in self.wanted for term in group)


@dataclass(slots=True)
class _Draft:
    wanted: list[list[Term]] = field(default_factory=list)
    unwanted: list[Term] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    joining: bool = False  # the last part was OR

    def want(self, term: Term) -> None:
        if self.joining and self.wanted:
            self.wanted[-1].append(term)
        else:
            self.wanted.append([term])
        self.joining = False

    @property
    def size(self) -> int:
        return sum(map(len, self.wanted)) + len(self.unwanted)


def fold(text: str) -> str:
    """Lower case and without accents, as both stores keep words."""
    return text.lower() if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFD", text)).lower()


def words_of(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(fold(text)))


def parse(typed: str, filters: Mapping[str, str] | None = None, *, today: date | None = None) -> Query:
    """Never raises. `filters` are fields given beside the words, such as {"channel": "email", "direction": "in"}."""
    draft = _Draft()
    for part in _PART.finditer(_clean(typed)):
        _take(draft, *part.groups())
        if draft.size >= MOST_TERMS:
            draft.problems.append(f"Only the first {MOST_TERMS} words were used.")
            break
    for name, value in (filters or {}).items():
        if value:
            draft.fields.setdefault(name, []).append(_clean(str(value)))
    return _finish(draft, today or date.today())  # noqa: DTZ011  callers with a zone pass today


def _clean(typed: str) -> str:
    """Without what no store takes: NUL and halves of characters."""
    return typed[:4000].replace("\x00", " ").encode("utf-8", "ignore").decode()


def _take(draft: _Draft, minus: str, name: str | None, phrase: str | None, star: str | None, bare: str | None) -> None:
    value = (phrase if phrase is not None else bare) or ""
    known = name is not None and _is_field(name.lower())
    if name and not known:  # "re:" or "https:" is not ours: words like any other
        value, name = f"{name}:{value}", None
    if known and name:
        if minus:
            draft.problems.append(f"A minus before {name.lower()}: is not understood and was left out.")
        else:
            _take_field(draft, name.lower(), value)
        return
    if phrase is None and value in ("OR", "|") and not minus:
        draft.joining = bool(draft.wanted)
        return
    prefix = star == "*" or (phrase is None and value.endswith("*"))
    term = _term(draft, value, prefix)
    if term and minus:
        draft.unwanted.append(term)
    elif term:
        draft.want(term)


def _take_field(draft: _Draft, name: str, value: str) -> None:
    if name not in _DIRECTIONS:
        if value:
            draft.fields.setdefault(name, []).append(value)
        return
    draft.fields.setdefault("direction", []).append(_DIRECTIONS[name])
    if value and (term := _term(draft, value, value.endswith("*"))):
        draft.want(term)


def _is_field(name: str) -> bool:
    return name in _DIRECTIONS or name in ("channel", "brand", "from", "is", "before", "after")


def _term(draft: _Draft, text: str, prefix: bool) -> Term | None:
    text = text[:LONGEST_TERM]
    words = words_of(text)
    if not words:
        return None
    if prefix and len(words[-1]) < SHORTEST_PREFIX:
        draft.problems.append(f"{words[-1]}* was read as the word itself: a beginning needs {SHORTEST_PREFIX} letters.")
        prefix = False
    return Term(text, words, prefix)


def _finish(draft: _Draft, today: date) -> Query:
    fields = draft.fields
    query = Query(
        wanted=tuple(map(tuple, draft.wanted)),
        unwanted=tuple(draft.unwanted),
        channels=_lower(fields.get("channel")),
        brands=_lower(fields.get("brand")),
        authors=tuple(fields.get("from", ())),
        directions=_lower(fields.get("direction")),
        states=_states(draft),
    )
    since, until = _day(draft, "after", today), _day(draft, "before", today)
    query = replace(query, since=since, until=until)
    if query.empty and query.unwanted:
        draft.problems.append("Add a word to look for: a word with a minus only leaves messages out.")
    return replace(query, problem=" ".join(dict.fromkeys(draft.problems)))


def _states(draft: _Draft) -> tuple[str, ...]:
    asked = _lower(draft.fields.get("is"))
    if any(name not in STATES for name in asked):
        draft.problems.append("After is: stands apart or deleted.")
    return tuple(name for name in STATES if name in asked)


def _lower(values: list[str] | None) -> tuple[str, ...]:
    return tuple(value.strip().lower() for value in values or ())


def _day(draft: _Draft, name: str, today: date) -> date | None:
    value = draft.fields.get(name, [""])[-1].strip().lower()
    if not value:
        return None
    day = read_day(value, today)
    if day is None:
        draft.problems.append(f"{name}: needs a day such as {today.isoformat()}, a month, a year, today or 7d.")
    return day


def read_day(value: str, today: date) -> date | None:
    """2026, 2026-03, 2026-03-14, today, yesterday, 7d, 2w, 3m (ago). None when it is no day."""
    if value in ("today", "yesterday"):
        return today - timedelta(days=value == "yesterday")
    if ago := _AGO.fullmatch(value):
        days = int(ago[1]) * {"d": 1, "w": 7, "m": 30}[ago[2]]
        return max(date(1970, 1, 1), today - timedelta(days=days))
    if not (given := _DATE.fullmatch(value)):
        return None
    try:
        return date(int(given[1]), int(given[2] or 1), int(given[3] or 1))
    except ValueError:
        return None
