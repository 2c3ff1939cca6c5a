"""Alarms as people meet them: rules, episodes kept once, and what was said of them: seen, muted, true, false.

What rises and why is found elsewhere; here it comes as plain data and becomes rows.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now as the_time

from crowdalogue import live
from crowdalogue.act import alarm_notices
from crowdalogue.errors import Failure
from crowdalogue.models import AlarmEpisode, AlarmRule, AlarmSeries, Company, User

A_WEEK = 30 / 7  # false alarms in 30 days that "one a week" means
# What is watched after set-up: together at most one false alarm a week.
DEFAULTS = (
    ("Everything customers say", "all", 0.6),
    ("Negative messages", "negative", 0.6),
    ("Topics", "topic", 1.4),
    ("Products", "product", 0.5),
    ("Intents", "intent", 0.3),
    ("Channels", "channel", 0.4),
    ("Watches and competitors", "watch", 0.4),
)
SETTING = "alarms"  # in Company.rules: that the defaults were made once
SMALLEST, LARGEST = 0.01, 60.0  # budgets
MOST_RULES, MOST_ADDRESSES, MOST_SERIES = 100, 20, 300
HELD = {1: timedelta(hours=12), 24: timedelta(days=3)}  # a series that rises again so soon goes on
KEPT_STATES = 20
OPEN = AlarmEpisode.State.OPEN
JUDGED = (AlarmEpisode.State.TRUE, AlarmEpisode.State.FALSE)
RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Signal:
    """A rise as it is known now. `told` is False for what lies in the past: it is kept and nobody is told."""

    rule: int
    key: str
    family: str
    name: str
    query: str
    hours: int
    step_at: datetime
    raised_at: datetime
    began: datetime
    last_at: datetime
    over: bool
    count: float
    expected: float
    peak: float
    needed: float
    evidence: Mapping[str, Any] = field(default_factory=dict)
    told: bool = True


# --- rules


def make_defaults() -> bool:
    """The rules of a new install, once: what was changed or removed stays so. Returns whether they were made now."""
    with transaction.atomic():
        company = Company.objects.select_for_update().order_by("pk").first()
        if company is None or SETTING in company.rules:
            return False
        company.rules = {**company.rules, SETTING: {"defaults": the_time().isoformat()}}
        company.save(update_fields=["rules"])
        for name, family, budget in DEFAULTS:
            AlarmRule.objects.get_or_create(
                name=name, defaults={"family": family, "budget": budget, "tell": {"page": True}}
            )
    return True


def save_rule(
    user: User | None,
    *,
    name: str,
    family: str,
    query: str = "",
    budget: float,
    tell: Mapping[str, Any] | None = None,
    active: bool = True,
    owner: User | None = None,
    rule: AlarmRule | None = None,
) -> AlarmRule:
    """Make or change a rule; `query` was read by the caller. Raises Failure, worded for the field it begins with."""
    name = " ".join(name.split())[:120]
    if not name:
        raise Failure("The name is missing. Enter one, such as Late parcels.")
    if family not in AlarmRule.Family.values:
        raise Failure(f"What is watched must be one of: {', '.join(AlarmRule.Family.values)}.")
    if not (math.isfinite(budget) and SMALLEST <= budget <= LARGEST):
        raise Failure(f"The budget must lie between {SMALLEST:g} and {LARGEST:g} false alarms in 30 days.")
    same = AlarmRule.objects.filter(name__iexact=name).exclude(pk=rule.pk if rule else None)
    if same.exists():
        raise Failure(f"The name {name} is taken by another rule. Choose another.")
    if rule is None and AlarmRule.objects.count() >= MOST_RULES:
        raise Failure(f"There are {MOST_RULES} rules, which is as many as there may be. Remove one first.")
    row = rule or AlarmRule(owner=user)
    moved = bool(row.pk) and (row.family, row.query) != (family, query)
    row.name, row.family, row.query, row.budget, row.active = name, family, query[:1000], float(budget), active
    row.tell = checked(tell or {})
    row.owner = owner or row.owner
    if row.tell.get("webhook") and not row.secrets.get("webhook"):
        row.secrets = {**row.secrets, "webhook": secrets.token_urlsafe(32)}
    row.changed_at = the_time()
    with transaction.atomic():
        row.save()
        if moved:
            row.series.all().delete()
        live.announce("alarm_rule", row.pk)
    return row


def checked(tell: Mapping[str, Any]) -> dict[str, Any]:
    """Who is told, made clean: {"page", "emails", "webhook"}."""
    emails = [e.strip() for e in tell.get("emails") or () if e.strip()]
    if len(emails) > MOST_ADDRESSES:
        raise Failure(f"E-mail addresses: at most {MOST_ADDRESSES}. Use a distribution list for more.")
    for address in emails:
        try:
            validate_email(address)
        except ValidationError:
            raise Failure(f"E-mail addresses: {address[:60]} is none. Write them separated by commas.") from None
    webhook = str(tell.get("webhook") or "").strip()
    if webhook and (not webhook.startswith(("https://", "http://")) or len(webhook) > 500 or " " in webhook):
        raise Failure("The webhook must be an address that begins with https:// or http://.")
    return {"page": bool(tell.get("page", True)), "emails": list(dict.fromkeys(emails)), "webhook": webhook}


def mute_rule(rule: AlarmRule, until: datetime | None) -> None:
    """Tell nobody of what the rule raises until then; None: tell again."""
    AlarmRule.objects.filter(pk=rule.pk).update(muted_until=until, changed_at=the_time())
    live.announce("alarm_rule", rule.pk)


def switch(rule: AlarmRule, *, active: bool) -> None:
    AlarmRule.objects.filter(pk=rule.pk).update(active=active, changed_at=the_time())
    live.announce("alarm_rule", rule.pk)


def remove(rule: AlarmRule) -> None:
    """The rule goes; what it raised stays, for the account."""
    rule.delete()


# --- episodes


def keep(signals: Sequence[Signal], now: datetime) -> list[AlarmEpisode]:
    """Signals that are new become episodes, with their notices in the same transaction; known ones are brought up to
    date. Returns the new ones."""
    return [episode for signal in signals if (episode := _keep_one(signal, now))]


def known(rule: int, key: str, began: datetime) -> AlarmEpisode | None:
    """The newest episode of a series that a rise since `began` is part of."""
    rows = AlarmEpisode.objects.filter(rule_id=rule, key=key).order_by("-raised_at", "-id")[:10]
    return next((row for row in rows if row.last_at + HELD.get(row.hours, HELD[24]) >= began), None)


def _keep_one(signal: Signal, now: datetime) -> AlarmEpisode | None:
    there = known(signal.rule, signal.key, signal.began)
    if there is not None:
        update(there, signal, now)
        return None
    rule = AlarmRule.objects.get(pk=signal.rule)
    muted = muted_until(rule, signal.key, now)
    row = AlarmEpisode(
        rule=rule,
        **{name: getattr(signal, name) for name in ("key", "family", "query", "hours", "step_at", "raised_at")},
        **{name: getattr(signal, name) for name in ("began", "last_at", "count", "expected", "peak", "needed")},
        name=signal.name[:200],
        ended=signal.last_at if signal.over else None,
        state=AlarmEpisode.State.MUTED if muted else OPEN,
        muted_until=muted,
        evidence=dict(signal.evidence),
        changed_at=now,
    )
    try:
        with transaction.atomic():
            row.save()
            if signal.told and not muted:
                alarm_notices.queue(row, now)
            live.announce("alarm", row.pk)
    except IntegrityError:  # raised before, and over so long that it does not go on
        return None
    return row


def update(row: AlarmEpisode, signal: Signal, now: datetime) -> None:
    """What is known of an episode that goes on; its raising stays as it was."""
    over = signal.last_at if signal.over else None
    evidence = {**row.evidence, **signal.evidence}
    with transaction.atomic():
        AlarmEpisode.objects.filter(pk=row.pk).update(
            last_at=max(row.last_at, signal.last_at),
            ended=over,
            count=signal.count,
            expected=signal.expected,
            peak=max(row.peak, signal.peak),
            evidence=evidence,
            changed_at=now,
        )
        live.announce("alarm", row.pk)


def going_on(limit: int = 200) -> list[AlarmEpisode]:
    return list(AlarmEpisode.objects.filter(ended__isnull=True).select_related("rule").order_by("-raised_at")[:limit])


def end(row: AlarmEpisode, now: datetime) -> None:
    """Nothing more is seen of it: it was over with its last step."""
    AlarmEpisode.objects.filter(pk=row.pk, ended__isnull=True).update(ended=row.last_at, changed_at=now)
    live.announce("alarm", row.pk)


def muted_until(rule: AlarmRule, key: str, now: datetime) -> datetime | None:
    """Until when nobody wants to hear of a series: its rule is muted, or an earlier episode of it."""
    moments = list(
        AlarmEpisode.objects.filter(rule=rule, key=key, muted_until__gt=now).values_list("muted_until", flat=True)[:20]
    )
    if rule.muted_until and rule.muted_until > now:
        moments.append(rule.muted_until)
    return max((m for m in moments if m), default=None)


def keep_series(rule: int, rows: Sequence[AlarmSeries], now: datetime) -> None:
    """How the series of a rule stand; those that are there no more are forgotten."""
    wanted = rows[:MOST_SERIES]
    with transaction.atomic():
        if not AlarmRule.objects.filter(pk=rule).exists():
            return
        AlarmSeries.objects.bulk_create(
            wanted,
            update_conflicts=True,
            unique_fields=["rule", "key", "hours"],
            update_fields=["name", "state", "size", "expected", "needed", "decided_until", "checked_at"],
        )
        AlarmSeries.objects.filter(rule_id=rule, checked_at__lt=now).delete()


# --- what people say of them


def acknowledge(user: User, row: AlarmEpisode) -> AlarmEpisode:
    return set_state(user, row, AlarmEpisode.State.ACKNOWLEDGED)


def mute(user: User, row: AlarmEpisode, until: datetime) -> AlarmEpisode:
    """Nobody is told of this series again until then."""
    if until <= the_time():
        raise Failure("The mute must end in the future. Choose a longer time.")
    return set_state(user, row, AlarmEpisode.State.MUTED, muted_until=until)


def judge(user: User, row: AlarmEpisode, right: bool, why: str = "") -> AlarmEpisode:
    """True: there was something to know. False: it counts against the promise."""
    state = AlarmEpisode.State.TRUE if right else AlarmEpisode.State.FALSE
    return set_state(user, row, state, why=" ".join(why.split())[:300], muted_until=row.muted_until)


def set_state(
    user: User, row: AlarmEpisode, state: str, *, why: str = "", muted_until: datetime | None = None
) -> AlarmEpisode:
    """The state as a person sets it; the one before is kept for undo. The same again changes nothing."""
    with transaction.atomic():
        row = AlarmEpisode.objects.select_for_update().get(pk=row.pk)
        if (row.state, row.why, row.muted_until) == (state, why, muted_until):
            return row
        row.past = [*row.past, before_of(row)][-KEPT_STATES:]
        row.state, row.state_by, row.state_at = state, user, the_time()
        row.why, row.muted_until, row.changed_at = why, muted_until, the_time()
        row.save(update_fields=["past", "state", "state_by", "state_at", "why", "muted_until", "changed_at"])
        live.announce("alarm", row.pk)
    return row


def before_of(row: AlarmEpisode) -> dict[str, Any]:
    return {
        "state": row.state,
        "by": row.state_by_id,
        "at": row.state_at.isoformat() if row.state_at else None,
        "why": row.why,
        "muted_until": row.muted_until.isoformat() if row.muted_until else None,
    }


def undo(row: AlarmEpisode) -> bool:
    """Put back the state before the newest one. Returns whether there was one."""
    with transaction.atomic():
        row = AlarmEpisode.objects.select_for_update().get(pk=row.pk)
        if not row.past:
            return False
        *rest, last = row.past
        by = User.objects.filter(pk=last["by"]).first() if last["by"] else None
        row.past, row.state, row.state_by, row.why = rest, last["state"], by, last["why"]
        row.state_at = datetime.fromisoformat(last["at"]) if last["at"] else None
        row.muted_until = datetime.fromisoformat(last["muted_until"]) if last["muted_until"] else None
        row.changed_at = the_time()
        row.save(update_fields=["past", "state", "state_by", "state_at", "why", "muted_until", "changed_at"])
        live.announce("alarm", row.pk)
    return True


# --- lists


def waiting(rows: QuerySet[AlarmEpisode] | None = None, now: datetime | None = None) -> QuerySet[AlarmEpisode]:
    """Episodes nobody looked at yet: open, and going on or raised in the last seven days."""
    rows = AlarmEpisode.objects.all() if rows is None else rows
    since = (now or the_time()) - RECENT
    return rows.filter(state=OPEN).filter(Q(ended__isnull=True) | Q(raised_at__gte=since))
