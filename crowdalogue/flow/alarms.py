"""Alarms: looked for hour by hour, kept once, told; and rules replayed over the past before they are switched on.

relate says what rises and why; act keeps it and tells people. One worker at a time looks, by a lease that runs out.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from crowdalogue import live
from crowdalogue.act import alarm_account, alarm_notices, alarms
from crowdalogue.act.alarms import Signal
from crowdalogue.errors import Failure
from crowdalogue.flow import trying, turns
from crowdalogue.models import AlarmRule, AlarmSeries, AlarmTrial, AlarmTurn
from crowdalogue.relate import alarm_causes, alarm_evidence, alarm_series, alarm_shifts, alarm_watch, facts
from crowdalogue.relate.alarm_series import Asked
from crowdalogue.relate.alarm_shifts import Shifts
from crowdalogue.relate.alarm_watch import Found, Raised, Rise, Rule, Standing
from crowdalogue.relate.scope import company_zone

log = logging.getLogger(__name__)

TURN = "decide"
LEASE = timedelta(minutes=15)
CONTEXT = timedelta(days=14)  # before what is decided: alarms that may go on and explain what rises now
LATEST = timedelta(days=7)  # a worker that was away decides so much of the past
HISTORY = timedelta(days=90)  # what a new rule is filled with, and what a trial replays
MOST_HISTORY = 60  # alarms of the past that are kept, the newest
DRAWN = {1: 14 * 24, 24: 60}  # steps of a picture, at most
AFTER = {1: 24, 24: 7}  # steps that are drawn after an alarm
TRIAL_LEASE = timedelta(minutes=10)


def watch_alarms() -> bool:
    """One turn of the worker: tell what waits, then look whether anything left its normal range. Returns whether
    anything was told, so that the loop goes on at once."""
    told = tell()
    now = timezone.now()
    turn = claim(now)
    if turn is None:
        return told > 0
    try:
        until = look(turn, now)
    finally:
        AlarmTurn.objects.filter(pk=turn.pk).update(until=timezone.now())
    if until is not None:
        AlarmTurn.objects.filter(pk=turn.pk).update(ended_at=until)
    return told > 0


def claim(now: datetime) -> AlarmTurn | None:
    """The right to look, for a while: None where another worker has it."""
    return turns.claim(TURN, now, LEASE)


def look(turn: AlarmTurn, now: datetime) -> datetime | None:
    """Decide the hours that ended since the last look, or at once where a count reached what an alarm needs.

    Returns up to when it was decided; None where nothing was due.
    """
    as_of = facts.as_of()
    if as_of is None:
        return None
    alarms.make_defaults()
    rules = list(AlarmRule.objects.filter(active=True).order_by("pk")[: alarms.MOST_RULES])
    end = min(now, as_of)
    if not rules or (turn.ended_at and hour_of(turn.ended_at) == hour_of(end) and not reached(rules, end)):
        return None
    decide(rules, turn.ended_at, end)
    alarm_account.write(now)
    return end


def hour_of(moment: datetime) -> int:
    return int(moment.timestamp()) // 3600


def plain(rule: AlarmRule) -> Rule | None:
    """The rule as relate takes it; None where its filters are not understood any more."""
    try:
        asked = Asked(rule.family, rule.query)
        asked.filters()
    except Failure as failure:
        log.warning("alarm rule %s: %s", rule.pk, failure.text)
        return None
    return Rule(rule.pk, asked, rule.budget)


def reached(rules: Sequence[AlarmRule], end: datetime) -> bool:
    """Whether a series already counts in its unfinished step what would raise an alarm."""
    today = end.astimezone(company_zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    waiting: dict[int, list[AlarmSeries]] = defaultdict(list)
    rows = AlarmSeries.objects.filter(rule__in=[r.pk for r in rules], needed__isnull=False, decided_until__gte=today)
    for row in rows[: alarms.MOST_SERIES * len(rules)]:
        waiting[row.rule_id].append(row)
    for rule in rules:
        made = plain(rule) if waiting[rule.pk] else None
        if made is None:
            continue
        nodes = {n.key: n for n in alarm_watch.nodes_between(made, today, end)}
        for row in waiting[rule.pk]:
            node = nodes.get(row.key)
            if node and row.decided_until and row.needed is not None:
                count = node.total(hour_of(row.decided_until), hour_of(end) + 1)
                same_hour = row.hours == 24 or hour_of(row.decided_until) == hour_of(end)
                if same_hour and count >= row.needed:
                    return True
    return False


def decide(rules: Sequence[AlarmRule], last: datetime | None, end: datetime) -> list[int]:
    """Look at all rules together, keep what is new, bring up to date what goes on. Returns the new episodes' ids."""
    mine = [asked for rule in rules if (asked := plain(rule))]
    new = {r.pk for r in rules if not r.series.exists()}
    since = max(last, end - LATEST) if last else end
    start = min(since - CONTEXT, end - HISTORY) if new else since - CONTEXT
    found = alarm_watch.replay(mine, start, end)
    fresh = [r for r in found.raised if r.raised_at > (end - HISTORY if r.rise.rule.mark in new else since)]
    told_from = end - timedelta(days=1)
    made: list[int] = []
    for raised in fresh[-MOST_HISTORY:]:
        past = raised.rise.rule.mark in new and raised.raised_at < told_from
        signal = signal_of(raised, end, past=past)
        made += [row.pk for row in alarms.keep([signal], end)]
    refresh(found, end, set(made))
    for one in mine:
        alarms.keep_series(one.mark, [series_row(r, s, end) for r, s in found.standings if r == one], end)
    return made


def refresh(found: Found, end: datetime, made: set[int]) -> None:
    """Episodes that go on: their newest figures, or their end."""
    by_key: dict[tuple[int, str], list[Raised]] = defaultdict(list)
    for raised in found.raised:
        by_key[raised.rise.rule.mark, raised.rise.node.key].append(raised)
    for row in alarms.going_on():
        if row.pk in made:
            continue
        known = by_key.get((row.rule_id or 0, row.key), ())
        mine = next((r for r in known if r.rise.began <= row.last_at and r.rise.last_at >= row.began), None)
        if mine is not None:
            alarms.update(row, signal_of(mine, end, past=bool(row.evidence.get("past"))), end)
        elif row.last_at + alarms.HELD.get(row.hours, alarms.HELD[24]) < end:
            alarms.end(row, end)


def series_row(rule: Rule, standing: Standing, now: datetime) -> AlarmSeries:
    """A count that reached what it needs has raised its alarm: it waits for the next step."""
    node, needed = standing.node, standing.needed
    begun = standing.step_at
    if needed is not None and begun and node.total(hour_of(begun), hour_of(now) + 1) >= needed:
        needed = None
    return AlarmSeries(
        rule_id=rule.mark,
        key=node.key,
        name=node.name[:200],
        hours=standing.hours,
        state=standing.state,
        size=round(standing.size, 2),
        expected=standing.expected,
        needed=needed,
        decided_until=standing.step_at,
        checked_at=now,
    )


# --- what is kept of a rise


def signal_of(raised: Raised, end: datetime, *, past: bool) -> Signal:
    """A rise with all that explains it, as plain data."""
    newest = max([raised.rise, *(r for r in raised.later if same(r, raised.rise))], key=lambda r: r.last_at)
    rise = raised.rise
    until = min(max(rise.last_at, newest.last_at, raised.raised_at), end)
    count, expected = rise.so_far(min(max(rise.last_at, raised.raised_at), end))
    return Signal(
        rule=rise.rule.mark,
        key=rise.node.key,
        family=rise.node.asked.family,
        name=rise.node.name,
        query=rise.node.asked.query,
        hours=rise.axis.hours,
        step_at=rise.step_at,
        raised_at=raised.raised_at,
        began=rise.began,
        last_at=until,
        over=newest.over,
        count=count,
        expected=round(expected, 2),
        peak=rise.episode.peak,
        needed=rise.episode.needed,
        evidence=evidence_of(raised, until, end) | {"past": past},
        told=not past,
    )


def same(one: Rise, other: Rise) -> bool:
    return (one.node.asked, one.node.key) == (other.node.asked, other.node.key)


def evidence_of(raised: Raised, until: datetime, end: datetime) -> dict[str, Any]:
    rise = raised.rise
    found = alarm_evidence.evidence(rise.node, rise.began, until)
    ids = alarm_watch.heard_of(rise.node, rise.began, until)
    found["causes"] = alarm_causes.causes(found, ids, rise.began, until, company_zone())
    found["explains"] = [{"name": o.node.name, "family": o.node.kind, "share": s} for o, s in raised.explains]
    also = {(r.node.name, r.node.kind) for r in raised.later if not same(r, rise)}
    found["also"] = [{"name": name, "family": family} for name, family in sorted(also)[:10]]
    found["picture"] = picture_of(rise, end)
    found["change"] = change_of(rise)
    return found


def change_of(rise: Rise) -> dict[str, Any] | None:
    """Of a series by days: from which day on its level is another, and voices a day before and since."""
    if not isinstance(rise.watched, Shifts):
        return None
    last = min(rise.episode.end, len(rise.watched.seen)) - 1
    change = alarm_shifts.changed(rise.watched.seen, last, rise.axis.weekday)
    if change is None:
        return None
    day = rise.axis.begins(change.day).isoformat()
    return {"day": day, "before": number(change.before), "since": number(change.since)}


def picture_of(rise: Rise, end: datetime) -> dict[str, Any]:
    """Counts, the usual and the upper end of the normal range, step by step, up to a while after the rise.

    `span`: how many steps a count adds up, of days those that stood out together.
    """
    hours, watched = rise.axis.hours, rise.watched
    span = watched.window(rise.episode.raised) if isinstance(watched, Shifts) else 1
    counts, expected, limits = drawn(rise, span)
    last = min(len(counts), rise.episode.end + AFTER[hours])
    first = max(0, last - DRAWN[hours])
    return {
        "hours": hours,
        "span": span,
        "start": rise.axis.begins(first).isoformat(),
        "counts": [number(x) for x in counts[first:last]],
        "expected": [number(x) for x in expected[first:last]],
        "limit": [number(x) for x in limits[first:last]],
        "from": rise.episode.start - first,
        "raised": rise.episode.raised - first,
    }


def drawn(rise: Rise, span: int) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    watched = rise.watched
    if isinstance(watched, Shifts):
        return watched.drawn(span)  # type: ignore[return-value]
    counts = rise.axis.fold(rise.node)
    return counts, watched.expected, [watched.limit(i) for i in range(len(counts))]  # type: ignore[return-value]


def number(value: float) -> float | None:
    return round(float(value), 2) if np.isfinite(value) else None


# --- telling


def tell(limit: int = 20) -> int:
    """Notices that are due, one after the other. Returns how many were tried."""
    due = alarm_notices.due(timezone.now(), limit)
    return trying.each(due, alarm_notices.deliver, done=alarm_notices.mark_sent, problem=alarm_notices.mark_problem)


# --- trying on the past


def replay_alarm_trials() -> bool:
    """Carry out one trial that waits, or that a worker left. Returns whether there was one."""
    now = timezone.now()
    waiting = AlarmTrial.objects.filter(state=AlarmTrial.State.WAITING)
    left = AlarmTrial.objects.filter(state=AlarmTrial.State.RUNNING, claimed_at__lt=now - TRIAL_LEASE)
    trial = waiting.order_by("pk").first() or left.order_by("pk").first()
    if trial is None:
        return False
    mine = AlarmTrial.objects.filter(pk=trial.pk, state=trial.state, claimed_at=trial.claimed_at)
    if not mine.update(state=AlarmTrial.State.RUNNING, claimed_at=now, done=0):
        return True
    try:
        result = try_alarm_rule(trial.rule, told=lambda done, total: progress(trial.pk, done, total))
    except Failure as failure:
        finish(trial.pk, AlarmTrial.State.FAILED, reason=failure.text)
    except Exception:
        finish(trial.pk, AlarmTrial.State.FAILED, reason="It broke off for a reason of ours; see the log.")
        raise
    else:
        finish(trial.pk, AlarmTrial.State.DONE, result=result)
    return True


def try_alarm_rule(rule: dict[str, Any], told: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """What a rule (family, query, budget) would have raised in the last ninety days. Raises Failure."""
    asked = Asked(str(rule.get("family", "")), str(rule.get("query", "")))
    if asked.family not in alarm_series.FAMILIES:
        raise Failure(f"What is watched must be one of: {', '.join(alarm_series.FAMILIES)}.")
    asked.filters()
    end = min(timezone.now(), facts.as_of() or timezone.now())
    found = alarm_watch.replay([Rule(0, asked, float(rule.get("budget", 1.0)))], end - HISTORY, end, told)
    return result_of(found)


def result_of(found: Found) -> dict[str, Any]:
    """A replay as JSON: what was raised, over how many days that could be decided, and which series are too small."""
    states = [s for _rule, s in found.standings]
    first = alarm_series.beginning(found.end, days=400)
    decided = max(0.0, (found.end - max(found.start, first + timedelta(days=28))) / timedelta(days=1))
    return {
        "start": found.start.isoformat(),
        "end": found.end.isoformat(),
        "days": round(decided, 1),
        "watched": len({(s.node.key) for s in states if s.state == "watched"}),
        "short": sorted({s.node.name for s in states} - {s.node.name for s in states if s.state == "watched"})[:20],
        "raised": [tried(one) for one in found.raised[-200:]],
    }


def tried(one: Raised) -> dict[str, Any]:
    count, expected = one.rise.so_far(max(one.rise.last_at, one.raised_at))
    return {
        "series": one.rise.node.name,
        "key": one.rise.node.key,
        "family": one.rise.node.asked.family,
        "began": one.rise.began.isoformat(),
        "raised_at": one.raised_at.isoformat(),
        "ended": one.rise.last_at.isoformat(),
        "count": round(count, 1),
        "expected": round(expected, 1),
        "explains": [other.node.name for other, _share in one.explains],
    }


def progress(pk: int, done: int, total: int) -> None:
    AlarmTrial.objects.filter(pk=pk).update(done=done, total=total, claimed_at=timezone.now())


def finish(pk: int, state: str, *, result: dict[str, Any] | None = None, reason: str = "") -> None:
    AlarmTrial.objects.filter(pk=pk).update(
        state=state, result=result or {}, reason=reason[:2000], ended_at=timezone.now()
    )
    live.announce("alarm_trial", pk)
