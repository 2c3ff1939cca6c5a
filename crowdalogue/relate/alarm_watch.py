"""Rules looked at over the columns: which series leave their normal range, when, and which of them explains the rest.

    found = replay([Rule(1, Asked("topic"), 1.0)], start, end)
    found.raised[0].rise.node.name, found.raised[0].rise.raised_at, found.raised[0].explains

Each hour is decided from its past only, so a replay says what would have been raised. Series of at least BUSY voices a
day are watched by the hour (relate/alarms.py), and all by sums of days besides (relate/alarm_shifts.py), as rises of
small series and slow ones show in days only. A rule's budget is shared out among what it watches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import ibis
import numpy as np
from ibis import _

from crowdalogue.relate import alarm_nodes, alarm_series, alarm_shifts, alarms
from crowdalogue.relate.alarm_nodes import Rising
from crowdalogue.relate.alarm_series import HOUR_S, LARGEST, Asked, Axis, Node
from crowdalogue.relate.alarm_shifts import Shifts
from crowdalogue.relate.alarms import Episode, Watched
from crowdalogue.relate.engine import Expression, Tables
from crowdalogue.relate.scope import Scope

BUSY = 24.0  # voices a day from which on a series is watched by the hour
LEAST_SIZE = 0.1  # voices a day below which a series is not watched at all
HEARD = 4_000  # messages of one rise that are compared with another's
HELD = {1: timedelta(hours=12), 24: timedelta(days=3)}  # how long after its last step an alarm still explains others

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Rule:
    """`budget`: false episodes in 30 days, of all its series together. `mark` is given back with what is found."""

    mark: Any
    asked: Asked
    budget: float


@dataclass(frozen=True)
class Rise:
    """A series outside its normal range, as the steps until the end of the look show it."""

    rule: Rule
    node: Node
    axis: Axis
    watched: Watched | Shifts
    episode: Episode

    @property
    def began(self) -> datetime:
        return self.axis.begins(self.episode.start)

    @property
    def step_at(self) -> datetime:
        """Start of the step that showed it."""
        return self.axis.begins(self.episode.raised)

    @property
    def last_at(self) -> datetime:
        """End of its last step, at most the end of the look."""
        return self.axis.begins(self.episode.end)

    @property
    def raised_at(self) -> datetime:
        """End of the hour in which the step's count reached what an alarm needs."""
        first, last = _hour(self.step_at), _hour(self.axis.begins(self.episode.raised + 1))
        total = 0.0
        for hour in range(first, last):
            total += self.node.total(hour, hour + 1)
            if total >= self.episode.needed - 1e-6:
                return _time(hour + 1)
        return _time(last)

    @property
    def over(self) -> bool:
        return len(self.axis) - self.episode.end > alarms.QUIET

    def so_far(self, until: datetime) -> tuple[float, float]:
        """Voices since it began until then, and how many were usual; the usual of a day that is not over in part."""
        count = self.node.total(_hour(self.began), _hour(until))
        expected = 0.0
        for step in range(self.episode.start, self.episode.end):
            begin, end = self.axis.begins(step), self.axis.begins(step + 1)
            if begin >= until:
                break
            part = min(1.0, (until - begin) / (end - begin))
            expected += part * float(np.nan_to_num(self.watched.expected[self._before(step)]))
        return count, expected

    def _before(self, step: int) -> int:
        """The step whose usual holds: of days the same weekday before it began, as the rise itself is not usual."""
        if self.axis.hours == 1:
            return step
        weeks = -(-(step - self.episode.start + 1) // 7)
        return max(step - 7 * weeks, 0)


@dataclass(frozen=True)
class Standing:
    """How one series stands at the end of the look. `needed`: the count from which its step would be an alarm."""

    node: Node
    hours: int
    state: str  # watched, short, left_out
    size: float  # voices a day of late
    expected: float | None = None
    needed: float | None = None
    step_at: datetime | None = None  # start of the step that is not over


@dataclass
class Raised:
    """An alarm: the rise it is about, what it explains (with shares), and rises it explained later."""

    rise: Rise
    raised_at: datetime
    explains: list[tuple[Rise, float]] = field(default_factory=list)
    later: list[Rise] = field(default_factory=list)


@dataclass
class Found:
    """`raised` by time; `standings` of every series by rule; `rises` counts all before they were explained."""

    raised: list[Raised]
    standings: list[tuple[Rule, Standing]]
    rises: int
    start: datetime
    end: datetime


def replay(rules: Sequence[Rule], start: datetime, end: datetime, told: Told | None = None) -> Found:
    """What these rules raise from `start` to `end`, and how their series stand then.

    Raises Failure for filters that are not understood. `told` hears (series done, series in all).
    """
    begin = alarm_series.beginning(end, days=alarm_series.PAST + max((end - start).days, 0))
    counted = [(rule, _scope(rule), nodes) for rule in rules for nodes in [_nodes(rule, begin, end)]]
    total, done = sum(min(len(nodes), LARGEST) for _rule, _s, nodes in counted), 0
    standings: list[tuple[Rule, Standing]] = []
    rises: list[Rise] = []
    for rule, scope, nodes in counted:
        plans = list(_plans(nodes, scope, begin, end))
        share = rule.budget / max(len(plans), 1)
        for node, axis in plans:
            standing, mine = _look(rule, node, axis, share, end)
            standings.append((rule, standing))
            rises += [rise for rise in mine if rise.raised_at > start]
            if axis.hours == 24 and told:
                done += 1
                told(done, total)
        standings += [(rule, _left_out(node, end)) for node in nodes[LARGEST:][:50]]
    return Found(_explained(rises, end), standings, len(rises), start, end)


def _nodes(rule: Rule, begin: datetime, end: datetime) -> list[Node]:
    found = alarm_series.nodes(_scope(rule), rule.asked, begin, end)
    return [n for n in found if n.asked.family in ("all", "negative") or n.size(end) >= LEAST_SIZE]


def nodes_between(rule: Rule, start: datetime, end: datetime) -> list[Node]:
    """The rule's series with their voices of a short time: for a look at the step that is not over."""
    return alarm_series.nodes(_scope(rule), rule.asked, start, end)


def _scope(rule: Rule) -> Scope:
    return Scope.of(rule.asked.filters())


def _plans(nodes: Sequence[Node], scope: Scope, begin: datetime, end: datetime) -> Iterator[tuple[Node, Axis]]:
    """What is watched at which steps."""
    axes = {hours: Axis.of(scope, begin, end, hours) for hours in (1, 24)}
    for node in nodes[:LARGEST]:
        if node.size(end) >= BUSY:
            yield node, axes[1]
        yield node, axes[24]


def _look(rule: Rule, node: Node, axis: Axis, budget: float, end: datetime) -> tuple[Standing, list[Rise]]:
    size = node.size(end)
    if not len(axis):
        return Standing(node, axis.hours, "short", size), []
    watched = follow(node, axis, budget)
    last = len(axis) - 1
    needed = watched.limit(last)
    if math.isnan(needed):
        return Standing(node, axis.hours, "short", size, step_at=axis.begins(last)), []
    expected = round(float(watched.expected[last]), 3)
    # A count is whole: 7.2 needed is 8.
    standing = Standing(node, axis.hours, "watched", size, expected, math.ceil(needed - 1e-9), axis.begins(last))
    return standing, [Rise(rule, node, axis, watched, episode) for episode in watched.episodes]


def follow(node: Node, axis: Axis, budget: float) -> Watched | Shifts:
    """The series hour by hour or day by day: what was usual, from which count on there is an alarm, and the rises."""
    counts = axis.fold(node)
    if axis.hours == 24:
        return alarm_shifts.watch(counts, budget, axis.weekday)
    return alarms.watch(counts, budget, axis.per_day, axis.first)


def _left_out(node: Node, end: datetime) -> Standing:
    return Standing(node, 24, "left_out", node.size(end))


# --- which of them is raised


def _explained(rises: Iterable[Rise], end: datetime) -> list[Raised]:
    """Rises in the order they were known; those of one hour are weighed against each other and against what goes on."""
    raised: list[Raised] = []
    ordered = sorted(rises, key=lambda rise: (rise.raised_at, rise.node.key, rise.axis.hours))
    for at, together in groupby(ordered, key=lambda rise: rise.raised_at):
        going_on = [known for known in raised if _held(known) >= at]
        fresh: list[Rise] = []
        for rise in together:
            same = next((k for k in going_on if _same(k.rise, rise)), None)
            if same is not None:
                same.later.append(rise)
            elif not any(_same(other, rise) for other in fresh):
                fresh.append(rise)
        if fresh:
            raised += _weighed(fresh, going_on, at)
    return raised


def _held(known: Raised) -> datetime:
    """Until when an alarm explains others: a while after the last step of it, or of the same series raised again."""
    same = [rise for rise in (known.rise, *known.later) if _same(known.rise, rise)]
    return max(rise.last_at + HELD[rise.axis.hours] for rise in same)


def _same(one: Rise, other: Rise) -> bool:
    return (one.node.asked, one.node.key) == (other.node.asked, other.node.key)


def _weighed(fresh: Sequence[Rise], going_on: Sequence[Raised], at: datetime) -> list[Raised]:
    if len(fresh) == 1 and not going_on:
        return [Raised(fresh[0], at)]
    now = [_rising(rise, at) for rise in fresh]
    before = [_rising(known.rise, at, known) for known in going_on]
    chosen, attached = alarm_nodes.choose(now, before)
    for one, parent in attached:
        parent.mark.later.append(one.mark)
    return [Raised(c.rising.mark, at, [(other.mark, share) for other, share in c.explains]) for c in chosen]


def _rising(rise: Rise, until: datetime, mark: Any = None) -> Rising:
    count, expected = rise.so_far(until)
    heard = frozenset(heard_of(rise.node, rise.began, until))
    return Rising(rise.node.name, rise.node.kind, count, expected, heard, mark or rise)


def heard_of(node: Node, began: datetime, until: datetime, limit: int = HEARD) -> list[int]:
    """Messages of a series in a time, the newest first, of near-copies one a day."""
    scope = alarm_series.within(Scope.of(node.asked.filters()), began, until - timedelta(seconds=1))

    def build(tables: Tables) -> Expression:
        rows = of_key(scope, node, alarm_series.voices(scope, tables))
        return rows.select("id").order_by(ibis.desc("id"))

    return [row["id"] for row in scope.ask(("alarm heard", node.asked.family, node.key), build, limit=limit)]


def of_key(scope: Scope, node: Node, rows: Expression) -> Expression:
    """Rows of one series of a family."""
    family, (_kind, _colon, value) = node.kind, node.key.partition(":")
    if family == "all":
        return rows
    if family == "negative":
        return rows.filter(_.sentiment == scope.code("negative"))
    if family == "product":
        return rows.filter(_["product"] == value)
    if family == "topic":
        return rows.filter(_["topic"] == int(value))
    if family == alarm_series.GROUP:
        return rows.filter(_["topic"].isin(alarm_series.topics_with(int(value))))
    if family == alarm_series.COMPLAINT:
        return rows.filter((_["product"] == value) & (_.intent == scope.code(family)))
    if family == "category":
        return rows.filter(_.categories.contains(int(value)))
    if node.key.startswith("brand:"):
        return rows.filter(_.brand == int(value))
    if node.key.startswith("watch:"):
        return rows.filter(_.watches.contains(int(value)))
    return rows.filter(_[family] == scope.code(value))


def _hour(moment: datetime) -> int:
    """The hour since 1970 that a moment lies in; of a moment on the hour the one that begins then."""
    return int(moment.timestamp()) // HOUR_S


def _time(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * HOUR_S, UTC)
