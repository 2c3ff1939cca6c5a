"""Two groups of messages, made by the filter bar, compared: what sets the people who wrote them apart.

    found = contrast(parse("channel=email"), parse("channel=sms"))
    found.rows[0].kind, found.rows[0].value, found.figures.ratio[0]

People are counted, not messages: near-copies are one text, whoever wrote twice is one author, and an author has a
label or a word once however often. Messages in both groups count in the first only, so "against all" is "against the
rest". At most MOST newest messages of each group are read; how many there are is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

import ibis
import numpy as np
from ibis import _

from crowdalogue.models import Message
from crowdalogue.relate import comparison, facts, measures, topicnames
from crowdalogue.relate.comparison import FEWEST_PEOPLE, FEWEST_WITH, MOVE, RATE, SHARED, Compared
from crowdalogue.relate.engine import Expression, Tables
from crowdalogue.relate.filters import Filters
from crowdalogue.relate.phrases import distinct, phrases
from crowdalogue.relate.scope import Scope

Array: TypeAlias = Any

MOST = 50_000  # messages of a group, the newest
LABELS = (
    *("intent", "sentiment", "urgency", "needs_answer", "topic", "channel", "brand", "language"),
    *("country", "hearsay"),
)
STRATA = ("channel", "brand", "month", "language")
# 0 stands for none
CODED = ("brand", "channel", "language", "sentiment", "intent", "urgency", "topic", "country", "hearsay")
AT_ONCE = 5_000  # texts in one question to the store
MANY = 1.5  # times as many messages an author: worth a word
BOTH = 0.1  # share of the smaller group's people who are in both groups: worth a word
PARTS = 6  # strata that are shown of a warning, the largest


@dataclass(frozen=True)
class Group:
    """`messages` pass the filters, the `read` newest were looked at; `texts` are left without copies and overlap."""

    filters: Filters
    messages: int
    read: int
    texts: int
    authors: int


@dataclass(frozen=True)
class Warned:
    """A third variable tells another story: `ratio` with its values kept apart, `crude` with them thrown together.

    `parts` are the largest values: (name, k1, n1, k2, n2).
    """

    by: str
    turned: bool  # the other direction; else much stronger or weaker
    ratio: float
    low: float
    high: float
    crude: float
    parts: tuple[tuple[str, int, int, int, int], ...]


@dataclass(frozen=True)
class Row:
    """A label or word. `at` is its place in `Contrast.figures`."""

    kind: str  # one of LABELS, or "word"
    value: str
    at: int
    warned: tuple[Warned, ...] = ()


@dataclass(frozen=True)
class Contrast:
    """Rows by evidence, those that stand first. `refused` says why there are none."""

    one: Group
    two: Group
    rows: tuple[Row, ...] = ()
    figures: Compared | None = None
    looks: int = 0  # features that were tested
    in_both: int = 0  # messages of both groups, counted in the first
    shared: int = 0  # people in both groups
    chosen_by: tuple[str, ...] = ()  # labels left out, because the groups are chosen by them
    unchecked: tuple[str, ...] = ()  # variables of which the groups share too little to check
    cautions: tuple[str, ...] = ()
    refused: str = ""


@dataclass
class _Pile:
    """The messages of both groups as columns: one place a message."""

    group: Array  # 0 or 1
    ids: Array
    author: Array  # from 0
    columns: dict[str, Array] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return int(self.author.max()) + 1 if len(self.author) else 0

    def only(self, which: Array) -> _Pile:
        return _Pile(
            self.group[which], self.ids[which], self.author[which], {k: v[which] for k, v in self.columns.items()}
        )


@dataclass
class _Family:
    """Features of one kind: `message[i]` has feature `feature[i]`, of those messages where it is `known`."""

    kind: str
    values: list[str]
    message: Array
    feature: Array
    known: Array


def contrast(one: Filters, two: Filters, *, now: datetime | None = None, most: int = MOST) -> Contrast:
    """Compare what the filters show. Kept for a minute while nothing new is counted."""
    moment = now or datetime.now(UTC).replace(second=0, microsecond=0)
    return _contrast(str(facts.folder()), facts.as_of(), one, two, moment, min(most, MOST))


@lru_cache(maxsize=8)
def _contrast(_place: str, _as_of: datetime | None, one: Filters, two: Filters, now: datetime, most: int) -> Contrast:
    scopes = Scope.of(one, now=now), Scope.of(two, now=now)
    fetched = [_fetch(scope, most) for scope in scopes]
    read = [len(given["id"]) for given in fetched]
    in_both = np.isin(fetched[1]["id"], fetched[0]["id"])
    fetched[1] = {name: column[~in_both] for name, column in fetched[1].items()}
    pile = _pile(fetched)
    groups = [
        Group(
            filters,
            measures.figure(scope, "messages")["n"],
            read[g],
            int((pile.group == g).sum()),
            len(np.unique(pile.author[pile.group == g])),
        )
        for g, (filters, scope) in enumerate(zip((one, two), scopes, strict=True))
    ]
    chosen_by = tuple(name for name in LABELS if one.is_narrowed(name) or two.is_narrowed(name))
    people = [group.authors for group in groups]
    if min(people) < FEWEST_PEOPLE:
        refused = (
            f"Too few to say: n = {people[0]:,} and {people[1]:,} people. "
            f"At least {FEWEST_PEOPLE} are needed in each group. Take a longer period or fewer filters."
        )
        return Contrast(groups[0], groups[1], in_both=int(in_both.sum()), chosen_by=chosen_by, refused=refused)
    families = [f for name in LABELS if name not in chosen_by and (f := _labels(pile, name, scopes[0]))]
    families.append(_words(pile))
    figures, owners = _count(pile, families)
    order = np.lexsort((-np.abs(figures.z), ~figures.said, ~figures.stands))
    standing = [int(i) for i in order if figures.stands[i]]
    strata = [s for s in STRATA if s not in chosen_by and not (s == "month" and _periods_differ(one, two))]
    warned, unchecked = _warnings(pile, families, owners, standing, strata, scopes[0])
    rows = tuple(_row(families, owners, int(i), warned.get(int(i), ())) for i in order)
    shared = sum(people) - pile.people
    return Contrast(
        groups[0],
        groups[1],
        rows,
        figures,
        looks=int(figures.said.sum()),
        in_both=int(in_both.sum()),
        shared=shared,
        chosen_by=chosen_by,
        unchecked=unchecked,
        cautions=_cautions(groups, shared),
    )


def _row(families: list[_Family], owners: list[tuple[int, int]], i: int, warned: tuple[Warned, ...]) -> Row:
    family, place = owners[i]
    return Row(families[family].kind, families[family].values[place], i, warned)


def _periods_differ(one: Filters, two: Filters) -> bool:
    return (one.period, one.start, one.end) != (two.period, two.start, two.end)


def _cautions(groups: list[Group], shared: int) -> tuple[str, ...]:
    said = []
    rates = [group.texts / group.authors for group in groups]
    if max(rates) >= MANY * min(rates):
        said.append(
            f"An author of the first group wrote {rates[0]:.1f} messages, one of the second {rates[1]:.1f}. Who writes "
            "more has more occasions to be counted with anything, so look at differences in one direction with care."
        )
    if shared > BOTH * min(group.authors for group in groups):
        said.append(f"{shared:,} people are in both groups and counted in each. Intervals are then a little too wide.")
    return tuple(said)


# --- the messages


def _fetch(scope: Scope, most: int) -> dict[str, Array]:
    """The newest messages of a scope as columns."""

    def build(tables: Tables) -> Expression:
        rows = scope.messages(tables).order_by([ibis.desc("sent_at"), ibis.desc("id")])
        return rows.select("id", "author", "copies", "needs_answer", *CODED, day=scope.day(_.quarter))

    rows = scope.ask("contrast", build, limit=most)
    names = ("id", "author", "copies", *CODED, "day")
    columns = {name: np.array([row[name] or 0 for row in rows], dtype=np.int64) for name in names}
    answers = {None: 0, False: 1, True: 2}
    columns["needs_answer"] = np.array([answers[row["needs_answer"]] for row in rows], dtype=np.int64)
    return columns


def _pile(fetched: list[dict[str, Array]]) -> _Pile:
    """Both groups, of each near-copy only the first of its group, with authors counted from 0."""
    kept = []
    for given in fetched:
        order = np.argsort(given["id"])
        _groups, first = np.unique(given["copies"][order], return_index=True)
        kept.append({name: column[order][first] for name, column in given.items()})
    whole = {name: np.concatenate([part[name] for part in kept]) for name in kept[0]}
    group = np.repeat([0, 1], [len(part["id"]) for part in kept])
    # A message without an author is somebody, but nobody we have met: one author for each.
    unknown = -(2**62) + whole["id"]
    _people, author = np.unique(np.where(whole["author"] == 0, unknown, whole["author"]), return_inverse=True)
    days = whole.pop("day").astype("datetime64[D]")
    whole["month"] = days.astype("datetime64[M]").astype(np.int64) + 1
    return _Pile(group, whole["id"], author, whole)


# --- what they have


def _labels(pile: _Pile, name: str, scope: Scope) -> _Family | None:
    codes = pile.columns[name]
    known = codes > 0
    found = np.unique(codes[known])
    if name == "needs_answer":
        found = found[found == 2]
    elif len(found) < 2:  # everybody has it, or nobody
        return None
    message = np.flatnonzero(np.isin(codes, found))
    topics = topicnames.labels(found.tolist()) if name == "topic" else {}
    values = [topics.get(int(code)) or _said(name, int(code), scope) for code in found]
    return _Family(name, values, message, np.searchsorted(found, codes[message]), known)


def _said(name: str, code: int, scope: Scope) -> str:
    if name == "needs_answer":
        return "yes" if code == 2 else "no"
    if name == "month":
        return str(np.datetime64(code - 1, "M")) if code else "-"
    return scope.names.get(code, "-") if name == "brand" else scope.word(code)


def _words(pile: _Pile) -> _Family:
    """Words and phrases, of messages that have a text."""
    texts = dict(_texts(pile.ids))
    known = np.array([bool(texts.get(i)) for i in pile.ids.tolist()], dtype=bool)
    at = np.flatnonzero(known)
    used = phrases((texts[i] for i in pile.ids[at].tolist()), range(len(at)), fewest=FEWEST_WITH)
    return _Family("word", used.names, at[used.owner] if len(used.owner) else used.owner, used.name, known)


def _texts(ids: Array) -> Iterator[tuple[int, str]]:
    wanted = np.unique(ids).tolist()
    for start in range(0, len(wanted), AT_ONCE):
        yield from Message.objects.filter(pk__in=wanted[start : start + AT_ONCE]).values_list("id", "text")


def _count(pile: _Pile, families: list[_Family]) -> tuple[Compared, list[tuple[int, int]]]:
    """Every feature of every family compared in one go, and to whom each place belongs."""
    columns: list[list[Array]] = [[], [], [], []]
    owners: list[tuple[int, int]] = []
    for number, family in enumerate(families):
        for g in (0, 1):
            people = len(np.unique(pile.author[family.known & (pile.group == g)]))
            columns[2 * g].append(_people_with(pile, family, g))
            columns[2 * g + 1].append(np.full(len(family.values), people))
        owners += [(number, i) for i in range(len(family.values))]
    return comparison.compare(*(np.concatenate(c) for c in columns)), owners


def _people_with(pile: _Pile, family: _Family, g: int) -> Array:
    here = pile.group[family.message] == g
    size = max(len(family.values), 1)
    keys = distinct(pile.author[family.message[here]] * size + family.feature[here])
    return np.bincount(keys % size, minlength=len(family.values))[: len(family.values)]


# --- third variables


def _warnings(
    pile: _Pile,
    families: list[_Family],
    owners: list[tuple[int, int]],
    standing: list[int],
    strata: list[str],
    scope: Scope,
) -> tuple[dict[int, tuple[Warned, ...]], tuple[str, ...]]:
    """Of the features that stand: what a third variable does to them; and which variables could not be checked."""
    warned: dict[int, tuple[Warned, ...]] = {}
    unchecked: list[str] = []
    for by in strata:
        codes, values = _numbered(pile.columns[by])
        if len(values) < 2:
            continue
        for number, family in enumerate(families):
            mine = [i for i in standing if owners[i][0] == number]
            if not mine or family.kind == by:
                continue
            k, n = _by_strata(pile, family, [owners[i][1] for i in mine], codes, len(values))
            found = comparison.mantel_haenszel(k[0], n[0], k[1], n[1])
            if found.shared < SHARED:
                unchecked += [by] if by not in unchecked else []
                continue
            for row in np.flatnonzero(found.turned | found.moved):
                parts = _parts(k[:, row], n, [_said(by, v, scope) for v in values])
                ratio, low, high, crude = (float(x[row]) for x in (found.ratio, found.low, found.high, found.crude))
                one = Warned(by, bool(found.turned[row]), ratio, low, high, crude, parts)
                warned[mine[row]] = (*warned.get(mine[row], ()), one)
    return warned, tuple(unchecked)


def _numbered(codes: Array) -> tuple[Array, list[int]]:
    values, places = np.unique(codes, return_inverse=True)
    return places, [int(v) for v in values]


def _by_strata(pile: _Pile, family: _Family, which: list[int], codes: Array, size: int) -> tuple[Array, Array]:
    """People by group (first), feature and stratum, and by group and stratum. Who is in two strata counts in both."""
    place = np.full(len(family.values), -1)
    place[which] = np.arange(len(which))
    chosen = place[family.feature] >= 0
    message, feature = family.message[chosen], place[family.feature[chosen]]
    k, n = np.zeros((2, len(which), size), np.int64), np.zeros((2, size), np.int64)
    for g in (0, 1):
        here = pile.group[message] == g
        cell = feature[here] * size + codes[message[here]]
        keys = distinct(pile.author[message[here]] * (len(which) * size) + cell)
        k[g] = np.bincount(keys % (len(which) * size), minlength=len(which) * size).reshape(len(which), size)
        all_of = family.known & (pile.group == g)
        n[g] = np.bincount(distinct(pile.author[all_of] * size + codes[all_of]) % size, minlength=size)
    return k, n


def _parts(k: Array, n: Array, names: list[str]) -> tuple[tuple[str, int, int, int, int], ...]:
    """The strata with both groups, those with most people who have it first."""
    order = np.argsort(-k.sum(0), kind="stable")
    shown = [s for s in order if n[:, s].min() > 0][:PARTS]
    return tuple((names[s], int(k[0, s]), int(n[0, s]), int(k[1, s]), int(n[1, s])) for s in shown)


# --- for programs


def plain(found: Contrast, *, rows: int = 500) -> dict[str, Any]:
    """The comparison as JSON-ready data, at most so many rows; an infinite ratio is null."""
    return {
        "one": _group(found.one),
        "two": _group(found.two),
        "refused": found.refused,
        "method": {
            "false_discovery_rate": RATE,
            "interval": 0.95,
            "fewest_people_in_a_group": FEWEST_PEOPLE,
            "fewest_people_with_a_feature": FEWEST_WITH,
            "warned_if_strata_move_the_ratio_by": MOVE,
            "most_messages_of_a_group": MOST,
        },
        "looks": found.looks,
        "messages_in_both": found.in_both,
        "people_in_both": found.shared,
        "left_out": list(found.chosen_by),
        "unchecked": list(found.unchecked),
        "cautions": list(found.cautions),
        "stand": sum(bool(found.figures.stands[r.at]) for r in found.rows) if found.figures else 0,
        "rows": [_plain_row(found.figures, row) for row in found.rows[:rows]] if found.figures else [],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "filters": group.filters.to_query(),
        "messages": group.messages,
        "read": group.read,
        "texts": group.texts,
        "authors": group.authors,
    }


FIGURES = ("ratio", "ratio_low", "ratio_high", "points", "points_low", "points_high", "p", "q", "z")


def _plain_row(figures: Compared, row: Row) -> dict[str, Any]:
    at, said = row.at, bool(figures.said[row.at])
    out: dict[str, Any] = {
        "kind": row.kind,
        "value": row.value,
        "too_few": not said,
        "stands": bool(figures.stands[at]),
    }
    out |= {name: int(getattr(figures, name)[at]) for name in ("k1", "n1", "k2", "n2")}
    out |= {name: _number(getattr(figures, name)[at]) if said else None for name in FIGURES}
    out["warnings"] = [
        {
            "by": w.by,
            "turned": w.turned,
            **{name: _number(getattr(w, name)) for name in ("ratio", "low", "high", "crude")},
            "parts": [dict(zip(("value", "k1", "n1", "k2", "n2"), part, strict=True)) for part in w.parts],
        }
        for w in row.warned
    ]
    return out


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None
