"""What is measured, each with the words that define it, counted over the columns by any dimension.

    rows = table(scope, "answered", ("channel",))
    [{"channel": "email", "n": 120, "value": 0.95, "low": 0.89, "high": 0.98, "hits": 114, "few": False}, ...]

A share is between 0 and 1 with Wilson's 95 % interval. Times are seconds; the q-quantile interpolates linearly
between the two nearest values, as numpy does by default, and its 95 % interval is made of order statistics, so it
asks nothing of how the times are spread. `few` says that there are fewer than FEW: pages then show no number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
from ibis import _

from crowdalogue.models import Category, Conversation
from crowdalogue.relate import engine, topicnames
from crowdalogue.relate.engine import Expression, Tables
from crowdalogue.relate.filters import INTENTS, NONE, SENTIMENTS
from crowdalogue.relate.scope import Scope, is_over
from crowdalogue.relate.statistics import FEW, Z, wilson

Row = dict[str, Any]


@dataclass(frozen=True)
class Measure:
    """One thing that can be counted. `unit` is count, share or seconds; `of` is the table it is counted in."""

    name: str
    label: str
    unit: str
    of: str
    definition: str
    value: Callable[
        [Any, Callable[[str], int]], Expression
    ]  # count: the aggregate; share: what is a hit; seconds: the column
    only: Callable[[Any], Expression] | None = None  # rows that take part
    q: float = 0.5
    link: tuple[tuple[str, Any], ...] = ()  # filters that show the messages its n counts
    hit: tuple[tuple[str, Any], ...] = ()  # of a share: those that show its hits
    mean: bool = False  # of a share: the mean of values between 0 and 1 instead of a count of hits


def _customers_first(w: Any) -> Expression:
    return w["first"] & w.opened_by_customer


def _decided() -> Expression:
    """Answered, or too late to be answered in time: what can be said to be answered or not."""
    return _.answered_at.notnull() | is_over()


WITHOUT = "Without what is kept apart (spam, trolls, bots, our own echoes), what was taken back, and internal notes."

ALL = (
    Measure(
        "messages",
        "Messages",
        "count",
        "messages",
        f"Messages of the period that pass the filters, copies, reposts and what was overheard included. {WITHOUT}",
        lambda t, _code: t.count(),
    ),
    Measure(
        "texts",
        "Unique texts",
        "count",
        "messages",
        f"Messages after near-copies are collapsed: a text sent a hundred times counts once. {WITHOUT}",
        lambda t, _code: t.copies.nunique(),
    ),
    Measure(
        "authors",
        "Unique authors",
        "count",
        "messages",
        f"Persons who wrote. Several accounts known to be one person count once. {WITHOUT}",
        lambda t, _code: t.author.nunique(),
    ),
    Measure(
        "conversations",
        "Conversations opened by customers",
        "count",
        "waits",
        "Conversations whose earliest message is a customer’s, by the day of that message.",
        lambda t, _code: t.count(),
        only=_customers_first,
        link=(("wait", "started"),),
    ),
    Measure(
        "negative",
        "Negative share",
        "share",
        "messages",
        f"Messages read as negative, of all that have been read. Corrections by people count. {WITHOUT}",
        lambda t, code: t.sentiment == code("negative"),
        only=lambda t: t.sentiment != 0,
        link=(("sentiment", SENTIMENTS),),
        hit=(("sentiment", ("negative",)),),
    ),
    Measure(
        "positive",
        "Positive share",
        "share",
        "messages",
        f"Messages read as positive, of all that have been read. Corrections by people count. {WITHOUT}",
        lambda t, code: t.sentiment == code("positive"),
        only=lambda t: t.sentiment != 0,
        link=(("sentiment", SENTIMENTS),),
        hit=(("sentiment", ("positive",)),),
    ),
    Measure(
        "complaints",
        "Complaint share",
        "share",
        "messages",
        f"Messages read as complaints, of all whose intent has been read. {WITHOUT}",
        lambda t, code: t.intent == code("complaint"),
        only=lambda t: t.intent != 0,
        link=(("intent", INTENTS),),
        hit=(("intent", ("complaint",)),),
    ),
    Measure(
        "wanting",
        "Share that needs an answer",
        "share",
        "messages",
        f"Messages read as needing an answer, of all that have been read. {WITHOUT}",
        lambda t, _code: t.needs_answer,
        only=lambda t: t.needs_answer.notnull(),
        link=(("needs_answer", "read"),),
        hit=(("needs_answer", "yes"),),
    ),
    Measure(
        "rating",
        "Mean rating",
        "share",
        "messages",
        "Mean of the ratings given, each as its way from the worst (0%) to the best (100%) its source allows: 4 of 5 "
        "stars are 75%, 7 of 10 points 70%. Ratings whose scale is not known are left out. The interval is Wilson’s, "
        f"which for values between 0 and 1 is never too narrow. {WITHOUT}",
        lambda t, _code: t.rating_share,
        only=lambda t: t.rating_share.notnull(),
        link=(("rated_from", 0.0),),
        mean=True,
    ),
    Measure(
        "answered",
        "Answered share",
        "share",
        "waits",
        "A wait begins with a customer’s first unanswered message and ends with our answer; automatic replies do not "
        "end it. This is the share of waits begun in the period that we have answered. Left out: waits whose promise "
        "has not run out yet, messages judged to need no answer, what is kept apart, taken back or only overheard.",
        lambda t, _code: t.answered_at.notnull(),
        link=(("wait", "decided"),),
        hit=(("wait", "answered"),),
    ),
    Measure(
        "kept",
        "Promises kept",
        "share",
        "waits",
        "Waits with a promised time, begun in the period: the share answered by then. A promise counts as broken from "
        "the moment its time has passed.",
        lambda t, _code: t.answered_at.notnull() & (t.answered_at <= t.due_at),
        only=lambda t: t.due_at.notnull(),
        link=(("wait", "promised"),),
        hit=(("wait", "kept"),),
    ),
    Measure(
        "opened_answered",
        "First messages answered",
        "share",
        "waits",
        "Conversations that a customer opened in the period: the share that got a response at all. Left out: those "
        "whose promise has not run out yet.",
        lambda t, _code: t.answered_at.notnull(),
        only=_customers_first,
        link=(("wait", "decided"),),
        hit=(("wait", "answered"),),
    ),
    *(
        Measure(
            f"first_response{'_business' if business else ''}{'_p90' if q > 0.5 else ''}",
            f"First response, {'p90' if q > 0.5 else 'median'}{', business time' if business else ''}",
            "seconds",
            "waits",
            f"From a customer’s opening message to our first response, in {'business' if business else 'calendar'} "
            f"time, over conversations a customer opened in the period and we answered: "
            f"{'nine in ten were answered within this' if q > 0.5 else 'half were answered within this'}. "
            "Unanswered ones have no time yet; see the answered share beside it.",
            (lambda t, _code: t.business_s) if business else (lambda t, _code: t.calendar_s),
            only=_customers_first,
            q=q,
            link=(("wait", "first"),),
        )
        for business in (False, True)
        for q in (0.5, 0.9)
    ),
)
MEASURES = {m.name: m for m in ALL}

# name -> what a person reads; what only messages have is named below.
DIMENSIONS = {
    "day": "Day",
    "week": "Week",
    "hour": "Hour of the day",
    "weekday": "Weekday",
    "channel": "Channel",
    "brand": "Brand",
    "sentiment": "Sentiment",
    "intent": "Intent",
    "language": "Language",
    "urgency": "Urgency",
    "direction": "Direction",
    "product": "Product",
    "topic": "Topic",
    "country": "Country",
    "hearsay": "First-hand",
    "category": "Category",
}
OF_MESSAGES = frozenset(
    {"sentiment", "intent", "language", "urgency", "direction", "product", "topic", "country", "hearsay", "category"}
)
IN_TEXT = frozenset({"product", "topic", "category"})
IN_TIME = frozenset({"day", "week", "hour", "weekday"})
EPOCH = date(1970, 1, 1)


def dimensions(measure: Measure) -> dict[str, str]:
    """What this measure can be split by."""
    return {k: v for k, v in DIMENSIONS.items() if measure.of == "messages" or k not in OF_MESSAGES}


def table(scope: Scope, name: str, by: tuple[str, ...] = (), *, limit: int = engine.MOST_ROWS) -> list[Row]:
    """The measure, split by the dimensions: in order of time, else the largest n first.

    Each row has its dimensions, `n`, `value` (None where there is none), `low`, `high`, `few`, and `hits` for a
    share (of a mean: what its values add up to). Days are dates (weeks their Monday), weekdays 0 to 6 from Monday,
    brands their names.
    """
    measure = MEASURES[name]

    def build(tables: Tables) -> Expression:
        rows = _rows(scope, measure, tables)
        rows = rows.mutate(**{d: _dimension(scope, d) for d in by}) if by else rows
        counted = _aggregate(scope, rows, measure, by)
        order = [ibis.asc(d, nulls_first=False) for d in by if d in IN_TIME] + [ibis.desc("n")]
        return counted.order_by([*order, *(ibis.asc(d, nulls_first=False) for d in by if d not in IN_TIME)])

    rows = scope.ask((name, by), build, limit=limit)
    if "topic" in by:
        topics = topicnames.labels(row["topic"] for row in rows if row["topic"])
        rows = [{**row, "topic": topics.get(row["topic"])} for row in rows]
    if "category" in by:
        inside = dict(Category.objects.filter(pk__in={row["category"] for row in rows}).values_list("pk", "name"))
        rows = [{**row, "category": inside[row["category"]]} for row in rows if row["category"] in inside]
    return [_finished(scope, measure, by, row) for row in rows]


def figure(scope: Scope, name: str) -> Row:
    """The measure over everything in scope, as one row."""
    return table(scope, name)[0]


def waiting_now(scope: Scope, rows: Any = None) -> Any:
    """Conversations that wait for us at this moment, as a query of rows: open, with an unanswered message that
    needs an answer. Read from the store itself, so never behind; of the filters brand and channel count."""
    rows = Conversation.objects.all() if rows is None else rows
    rows = rows.filter(state="open", needs_answer=True, waiting_since__isnull=False)
    f = scope.filters
    if f.channel:
        rows = rows.filter(kind__in=f.channel)
    if f.brand:
        rows = rows.filter(brand__name__in=f.brand)
    elif f.whose == "competitor":
        rows = rows.filter(brand__competitor=True)
    elif f.whose == "own":
        rows = rows.exclude(brand__competitor=True)
    return rows


# --- parts of a question


def _rows(scope: Scope, measure: Measure, tables: Tables) -> Expression:
    rows = scope.messages(tables) if measure.of == "messages" else scope.waits(tables)
    if measure.only:
        rows = rows.filter(measure.only(_))
    if measure.of == "waits" and measure.unit == "share":
        rows = rows.filter(_decided())
    return rows


def _dimension(scope: Scope, name: str) -> Expression:
    if name == "week":
        day = scope.day(_.quarter)
        return day - (day + 3) % 7
    if name in IN_TIME:
        return getattr(scope, name)(_.quarter)
    # A message in several categories counts in each, and one in none in none.
    return _.categories.unnest() if name == "category" else _[name]


def _aggregate(scope: Scope, rows: Expression, measure: Measure, by: tuple[str, ...]) -> Expression:
    if measure.unit == "count":
        return rows.group_by(by).agg(n=measure.value(_, scope.code)) if by else rows.agg(n=measure.value(_, scope.code))
    if measure.unit == "share":
        value = measure.value(_, scope.code)
        parts = {"n": _.count(), "hits": value.sum() if measure.mean else _.count(where=value)}
        return rows.group_by(by).agg(**parts) if by else rows.agg(**parts)
    rows = rows.mutate(x=measure.value(_, scope.code)).filter(_.x.notnull())
    parts = {"n": _.count(), "value": _.x.quantile(measure.q), "xs": _.x.collect(order_by=_.x)}
    counted = rows.group_by(by).agg(**parts) if by else rows.agg(**parts)
    return _with_order_interval(counted, measure.q)


def _with_order_interval(counted: Expression, q: float) -> Expression:
    """The values at the ranks of statistics.quantile_ranks, null where n is too small for them."""
    spread = Z * (_.n.cast("float64") * (q * (1 - q))).sqrt()
    ranks = counted.mutate(l=(_.n * q - spread).floor(), u=(_.n * q + spread).ceil() + 1)
    exists = (_.l >= 1) & (_.u <= _.n)
    return ranks.mutate(
        low=ibis.ifelse(exists, _.xs[(_.l - 1).cast("int64")], None),
        high=ibis.ifelse(exists, _.xs[(_.u - 1).cast("int64")], None),
    ).drop("xs", "l", "u")


def _finished(scope: Scope, measure: Measure, by: tuple[str, ...], row: Row) -> Row:
    n = row["n"] or 0
    out: Row = {d: _named(scope, d, row[d]) for d in by}
    out["n"] = n
    if measure.unit == "count":
        return {**out, "value": n, "low": None, "high": None, "few": False}
    if measure.unit == "share":
        low, high = wilson(row["hits"], n) or (None, None)
        value = row["hits"] / n if n else None
        return {**out, "value": value, "low": low, "high": high, "few": n < FEW, "hits": row["hits"] or 0}
    value = row["value"] if n else None
    return {**out, "value": value, "low": row["low"], "high": row["high"], "few": n < FEW}


def _named(scope: Scope, dimension: str, value: Any) -> Any:
    if dimension in ("day", "week"):
        return EPOCH + timedelta(days=value)
    if dimension == "brand":
        return scope.names.get(value, NONE)
    if dimension in IN_TEXT:
        return value or NONE
    return value if dimension in IN_TIME else scope.word(value)
