"""Alarms: what left its normal range, what people say of it, the rules behind it, and rules tried on the past."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from crowdalogue.act import alarm_account, alarms
from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.shapes import Id, Moment, Page, Paging, Text, Word, answers
from crowdalogue.errors import Failure, Refused
from crowdalogue.models import AlarmEpisode, AlarmRule, AlarmTrial, Audit, User
from crowdalogue.relate.alarm_series import Asked

router = Router()
Family = Literal["all", "negative", "topic", "product", "intent", "channel", "brand", "watch"]
Budget = Annotated[float, Field(ge=alarms.SMALLEST, le=alarms.LARGEST)]
Filters = Annotated[Text, Field(max_length=1000)]
Emails = Annotated[list[Word], Field(max_length=alarms.MOST_ADDRESSES)]
Webhook = Annotated[Text, Field(max_length=500)]


class AlarmOut(Schema):
    """`count` voices since `began`, where `expected` were usual. `past`: it lies before its rule, nobody was told.

    `state` is open, seen, muted, true or false; `ended` is null while it goes on. `filters` is the filter bar's address
    of the rule.
    """

    id: int
    rule: int | None
    family: str
    series: str
    key: str
    filters: str
    step_hours: int
    began: datetime
    raised_at: datetime
    last_at: datetime
    ended: datetime | None
    count: float
    expected: float
    peak: float
    state: str
    state_by: str | None
    state_at: datetime | None
    muted_until: datetime | None
    why: str
    past: bool


class AlarmDetail(AlarmOut):
    """`evidence`: people, texts, words, channels, places, causes, examples (ids of messages), what it explains, of
    series by days the change (since which day the level is another; voices a day before and since), and the picture
    (counts, expected and the upper end of the normal range, step by step)."""

    evidence: dict[str, Any]


def shown(row: AlarmEpisode) -> AlarmOut:
    return AlarmOut(**plain(row))


def plain(row: AlarmEpisode) -> dict[str, Any]:
    names = ("family", "key", "began", "raised_at", "last_at", "ended", "count", "expected", "peak", "state", "why")
    return {name: getattr(row, name) for name in names} | {
        "id": row.pk,
        "rule": row.rule_id,
        "series": row.name,
        "filters": row.query,
        "step_hours": row.hours,
        "state_by": str(row.state_by) if row.state_by else None,
        "state_at": row.state_at,
        "muted_until": row.muted_until,
        "past": bool(row.evidence.get("past")),
    }


def visible(request: HttpRequest, right: str = "explore") -> QuerySet[AlarmEpisode]:
    rows: QuerySet[AlarmEpisode] = AlarmEpisode.objects.seen_by(who(request, right))
    return rows.select_related("state_by")


def detail(request: HttpRequest, alarm_id: int) -> AlarmDetail:
    row: AlarmEpisode = fetch(visible(request), alarm_id, "alarm")
    return AlarmDetail(**plain(row), evidence=row.evidence)


@router.get("", response=answers(Page[AlarmOut]), operation_id="list_alarms", summary="Alarms, newest first")
def list_alarms(
    request: HttpRequest,
    page: Query[Paging],
    only: Annotated[Literal["", "waiting", "going_on", "judged"], Query("")],
) -> dict[str, object]:
    """`only`: those nobody looked at yet (of the last seven days, or going on), those that go on, those judged."""
    rows = visible(request)
    if only == "waiting":
        rows = alarms.waiting(rows)
    elif only == "going_on":
        rows = rows.filter(ended__isnull=True)
    elif only == "judged":
        rows = rows.filter(state__in=alarms.JUDGED)
    return cursors.page(f"alarms {only}", rows, page, shown)


@router.get("/{int:alarm_id}", response=answers(AlarmDetail), operation_id="get_alarm", summary="One alarm, whole")
def get_alarm(request: HttpRequest, alarm_id: Path[Id]) -> AlarmDetail:
    return detail(request, alarm_id)


@router.post(
    "/{int:alarm_id}/acknowledge",
    response=answers(AlarmDetail),
    operation_id="acknowledge_alarm",
    summary="Somebody looks after it",
)
def acknowledge_alarm(request: HttpRequest, alarm_id: Path[Id]) -> AlarmDetail:
    row: AlarmEpisode = fetch(visible(request), alarm_id, "alarm")
    alarms.acknowledge(who(request), row)
    return detail(request, alarm_id)


class AlarmMuteIn(Schema):
    until: Moment


@router.post(
    "/{int:alarm_id}/mute",
    response=answers(AlarmDetail),
    operation_id="mute_alarm",
    summary="Tell nobody of this series until then",
)
def mute_alarm(request: HttpRequest, alarm_id: Path[Id], body: AlarmMuteIn) -> AlarmDetail:
    row: AlarmEpisode = fetch(visible(request), alarm_id, "alarm")
    alarms.mute(who(request), row, body.until)
    return detail(request, alarm_id)


class AlarmVerdictIn(Schema):
    """`right` true: there was something to know; false: it counts against the promise."""

    right: bool
    why: Annotated[Text, Field(max_length=300)] = ""


@router.post(
    "/{int:alarm_id}/judge", response=answers(AlarmDetail), operation_id="judge_alarm", summary="Call it true or false"
)
def judge_alarm(request: HttpRequest, alarm_id: Path[Id], body: AlarmVerdictIn) -> AlarmDetail:
    row: AlarmEpisode = fetch(visible(request), alarm_id, "alarm")
    alarms.judge(who(request), row, body.right, body.why)
    return detail(request, alarm_id)


@router.post(
    "/{int:alarm_id}/undo",
    response=answers(AlarmDetail),
    operation_id="undo_alarm",
    summary="Put back its state before the newest change",
)
def undo_alarm(request: HttpRequest, alarm_id: Path[Id]) -> AlarmDetail:
    alarms.undo(fetch(visible(request), alarm_id, "alarm"))
    return detail(request, alarm_id)


# --- the promise


class AlarmWeekOut(Schema):
    monday: date
    promised: float
    raised: int
    judged_true: int
    judged_false: int


class AlarmPromise(Schema):
    """`week` is the one that runs; `weeks` those written down, the newest first. `promised`: false alarms at most."""

    week: AlarmWeekOut
    weeks: list[AlarmWeekOut]


@router.get("/promise", response=answers(AlarmPromise), operation_id="get_alarm_promise", summary="The kept promise")
def get_promise(request: HttpRequest) -> dict[str, Any]:
    who(request, "explore")
    week = alarm_account.account(alarm_account.monday_of(timezone.now()))
    return {"week": week_shown(week), "weeks": [week_shown(row) for row in alarm_account.weeks(52)]}


def week_shown(row: Any) -> AlarmWeekOut:
    names = ("monday", "promised", "raised", "judged_true", "judged_false")
    return AlarmWeekOut(**{name: getattr(row, name) for name in names})


# --- rules


class AlarmTell(Schema):
    """On the page, by e-mail, by webhook (also the incoming webhook of a chat)."""

    page: bool = True
    emails: Emails = []
    webhook: Webhook = ""


class AlarmSeriesOut(Schema):
    """`state` is watched, short (too little data to tell) or left_out; `needed` the count that would be an alarm."""

    key: str
    name: str
    step_hours: int
    state: str
    a_day: float
    expected: float | None
    needed: float | None


class AlarmRuleOut(Schema):
    """`budget`: false alarms in 30 days, of all its series together."""

    id: int
    name: str
    family: str
    filters: str
    budget: float
    tell: AlarmTell
    active: bool
    muted_until: datetime | None
    owner: int | None
    series: list[AlarmSeriesOut]
    created_at: datetime
    changed_at: datetime


def rule_shown(row: AlarmRule) -> AlarmRuleOut:
    return AlarmRuleOut(
        id=row.pk,
        name=row.name,
        family=row.family,
        filters=row.query,
        budget=row.budget,
        tell=AlarmTell(**row.tell),
        active=row.active,
        muted_until=row.muted_until,
        owner=row.owner_id,
        series=[
            AlarmSeriesOut(
                key=s.key,
                name=s.name,
                step_hours=s.hours,
                state=s.state,
                a_day=s.size,
                expected=s.expected,
                needed=s.needed,
            )
            for s in row.series.all()[: alarms.MOST_SERIES]
        ],
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def rules_of(request: HttpRequest, right: str = "explore") -> QuerySet[AlarmRule]:
    rows: QuerySet[AlarmRule] = AlarmRule.objects.seen_by(who(request, right))
    return rows.prefetch_related("series")


def one_rule(request: HttpRequest, rule_id: int) -> AlarmRuleOut:
    return rule_shown(fetch(rules_of(request), rule_id, "rule"))


@router.get("/rules", response=answers(Page[AlarmRuleOut]), operation_id="list_alarm_rules", summary="Rules of alarms")
def list_rules(request: HttpRequest, page: Query[Paging]) -> dict[str, object]:
    return cursors.page("alarm rules", rules_of(request), page, rule_shown)


class AlarmRuleIn(Schema):
    """`filters` as in the pages' addresses, such as `channel=email&language=de`; a period is left out."""

    name: Annotated[Word, Field(min_length=1, max_length=120)]
    family: Family
    filters: Filters = ""
    budget: Budget
    tell: AlarmTell = AlarmTell()
    active: bool = True
    owner: Id | None = None


def query_of(family: str, filters: str) -> str:
    """The filters, clean and without a period. Raises Refused."""
    try:
        return Asked(family, filters.lstrip("?")).clean()
    except Failure as failure:
        raise Refused(failure.text, status=422) from None


def owner_of(pk: int | None) -> User | None:
    found: User | None = fetch(User.objects.all(), pk, "user") if pk else None
    return found


@router.post("/rules", response=answers(AlarmRuleOut, 201), operation_id="create_alarm_rule", summary="Save a rule")
def create_rule(request: HttpRequest, body: AlarmRuleIn) -> Status[AlarmRuleOut]:
    user = who(request, "manage")
    row = alarms.save_rule(
        user,
        name=body.name,
        family=body.family,
        query=query_of(body.family, body.filters),
        budget=body.budget,
        tell=body.tell.dict(),
        active=body.active,
        owner=owner_of(body.owner),
    )
    note(user, row)
    return Status(201, one_rule(request, row.pk))


def note(user: User, row: AlarmRule, deed: str = "saved") -> None:
    Audit.objects.create(user=user, who=str(user), deed="changed_alarm_rule", what=f"{row.name}: {deed}"[:300])


class AlarmRulePatch(Schema):
    """What is left out stays. `muted_until` null: it tells people again."""

    name: Annotated[Word, Field(min_length=1, max_length=120)] | None = None
    family: Family | None = None
    filters: Filters | None = None
    budget: Budget | None = None
    tell: AlarmTell | None = None
    active: bool | None = None
    owner: Id | None = None
    muted_until: Moment | None = None


@router.get("/rules/{int:rule_id}", response=answers(AlarmRuleOut), operation_id="get_alarm_rule", summary="One rule")
def get_rule(request: HttpRequest, rule_id: Path[Id]) -> AlarmRuleOut:
    return one_rule(request, rule_id)


@router.patch(
    "/rules/{int:rule_id}", response=answers(AlarmRuleOut), operation_id="change_alarm_rule", summary="Change a rule"
)
def change_rule(request: HttpRequest, rule_id: Path[Id], body: AlarmRulePatch) -> AlarmRuleOut:
    user = who(request, "manage")
    row: AlarmRule = fetch(rules_of(request), rule_id, "rule")
    family = body.family or row.family
    alarms.save_rule(
        user,
        name=body.name or row.name,
        family=family,
        query=query_of(family, row.query if body.filters is None else body.filters),
        budget=row.budget if body.budget is None else body.budget,
        tell=body.tell.dict() if body.tell else row.tell,
        active=row.active if body.active is None else body.active,
        owner=owner_of(body.owner),
        rule=row,
    )
    if "muted_until" in body.model_fields_set:
        alarms.mute_rule(row, body.muted_until)
    note(user, row)
    return one_rule(request, rule_id)


@router.delete(
    "/rules/{int:rule_id}", response=answers(None, 204), operation_id="delete_alarm_rule", summary="Remove a rule"
)
def delete_rule(request: HttpRequest, rule_id: Path[Id]) -> Status[None]:
    """What it raised stays, for the account."""
    row: AlarmRule = fetch(rules_of(request, "manage"), rule_id, "rule")
    note(who(request), row, "removed")
    alarms.remove(row)
    return Status(204, None)


# --- tried on the past


class AlarmTrialIn(Schema):
    family: Family
    filters: Filters = ""
    budget: Budget = 1.0


class AlarmTrialOut(Schema):
    """`state` is waiting, running, done or failed. `result`: what it would have raised, once it is done."""

    id: int
    state: str
    done: int
    total: int
    reason: str
    result: dict[str, Any]


def trial_shown(row: AlarmTrial) -> AlarmTrialOut:
    return AlarmTrialOut(
        id=row.pk, state=row.state, done=row.done, total=row.total, reason=row.reason, result=row.result
    )


@router.post(
    "/trials", response=answers(AlarmTrialOut, 202), operation_id="try_alarm_rule", summary="Replay a rule over 90 days"
)
def try_rule(request: HttpRequest, body: AlarmTrialIn) -> Status[AlarmTrialOut]:
    """The worker does it within seconds; ask for the trial until it is done. Nobody is told of what it finds."""
    user = who(request, "explore")
    if AlarmTrial.objects.filter(state=AlarmTrial.State.WAITING).count() >= 20:
        raise Refused("Many rules are being tried just now. Try again in a minute.", status=429)
    query = query_of(body.family, body.filters)
    asked = {"name": "API", "family": body.family, "query": query, "budget": body.budget}
    return Status(202, trial_shown(AlarmTrial.objects.create(user=user, rule=asked)))


@router.get(
    "/trials/{int:trial_id}", response=answers(AlarmTrialOut), operation_id="get_alarm_trial", summary="One trial"
)
def get_trial(request: HttpRequest, trial_id: Path[Id]) -> AlarmTrialOut:
    who(request, "explore")
    return trial_shown(fetch(AlarmTrial.objects.all(), trial_id, "trial"))
